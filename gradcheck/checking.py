"""The doors of the library: check a gradient, or assert that it is right."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Literal, NamedTuple, TypedDict, Unpack, get_args

import numpy as np

from gradcheck import execution
from gradcheck.assertion import assert_match
from gradcheck.decision import Verdict, worst_of
from gradcheck.derivatives.noise import Noise
from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.execution import Executor
from gradcheck.methods import directions, entries
from gradcheck.methods.certificate import Certified
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.remarks import describe, suspicion
from gradcheck.methods.setting import RTOL, Setting, assumed_setting, measured_setting
from gradcheck.problem import Problem
from gradcheck.report import Finding, ParameterReport, Report

Method = Literal["auto", "entries", "directions"]

MOST_ENTRIES = 5000  # above, method="auto" takes directions
_NOISY, _DOUBLE = 1e3, 2.0**-53  # unit round-offs of the loss; that of double precision at the least


class Options(TypedDict, total=False):
    """Keywords of `check_gradient` that every kind takes, with the same meaning."""

    rtol: float | None
    method: Method
    seed: int
    executor: Executor | None
    progress: bool


class GradientOptions(Options, total=False):
    """All keywords of `check_gradient`."""

    vectorized: bool


def check_gradient(
    loss: Callable[[Any], Any],
    params: Any,
    gradient: Any = None,
    *,
    rtol: float | None = None,
    method: Method = "auto",
    seed: int = 0,
    vectorized: bool = False,
    executor: Executor | None = None,
    progress: bool = False,
) -> Report:
    """Decide whether a gradient is right.

    Parameters
    ----------
    loss : callable
        ``loss(params)``, a real number. With `gradient` None it returns ``(value, gradient)``.
    params : number, array, or any nest of dict, list, tuple, namedtuple, dataclass of them
        The point. Integers, booleans, strings and None are constants. It is never changed.
    gradient : callable or nest, optional
        ``gradient(params)``, or the gradient itself: the same nest of derivatives. That of a
        complex parameter w is ``dE/dRe(w) + i dE/dIm(w)``; the report has an entry for each part.
    rtol : float, optional
        The relative error of an entry that matters to you, at least 1e-12 and less than 1. Default
        1e-6, or 1e-3 where the loss or the gradient computes in single precision only. It is no
        tolerance for the numeric side, which measures its own error.
    method : {"auto", "entries", "directions"}
        ``"entries"`` checks every entry, at a cost of two evaluations for each. ``"directions"``
        certifies all of them at once, at a cost that does not depend on their number, and finds
        the wrong ones where the certificate fails. ``"auto"`` takes directions above 5,000
        entries, and looks at every entry where they leave something open.
    seed : int
        Of what is drawn at random; the same seed gives the same Report.
    vectorized : bool
        Whether `loss` also takes all leaves stacked along a new first axis (numbers become arrays of
        shape (count,)) and returns one value for each element; it is called so where all entries
        are checked, after a comparison with the plain loss. Leaves that stay as they are have a first
        axis of 1 if the loss broadcasts them.
    executor : concurrent.futures.Executor, optional
        Runs the evaluations where all entries are checked: threads (for a loss that several may call
        at once), processes (for one that pickle takes), loky, a Dask client's executor. The Report
        does not depend on it.
    progress : bool
        Whether to show on standard error how many entries are done.

    Returns
    -------
    Report

    Raises
    ------
    GradientInterfaceError
        If loss, params and gradient do not fit each other.
    UsageError
        If another argument is out of range.

    Examples
    --------
    >>> import numpy as np, gradcheck
    >>> def loss(w): return 0.5 * np.sum(w**2)
    >>> gradcheck.check_gradient(loss, np.array([1.0, 2.0]), lambda w: w).verdict
    'match'
    """
    began = time.perf_counter()
    refuse_bad_options(rtol, method, seed, executor)
    problem = Problem(loss, params, gradient)
    if not problem.size:
        raise GradientInterfaceError("there is nothing to check", given="only parameters of size 0")
    problem.executor = executor
    with np.errstate(all="ignore"):  # beside the point the loss may overflow or leave its domain
        found = _at_once(problem, rtol, seed) if _takes_directions(problem, method) else None
        if found is None:
            found = _examined(problem, measured_setting(problem, rtol, seed), method, vectorized, progress)
        setting = found.setting
        suspected = suspicion(problem.leaves, found.evidence, setting.rtol)
        if suspected:
            problem.flag(*suspected)
        verdict = _verdict(problem, setting, [p.verdict for p in found.reports.values()])
        wrong = verdict == "mismatch"
        remarks = tuple(describe(problem, found.evidence, setting))
        findings = _diagnosed(loss, problem, found.evidence, setting.rtol) if wrong else ()
    return Report(
        verdict=verdict,
        parameters=found.reports,
        method=found.method,
        evaluations=problem.evaluations,
        seed=int(seed),
        seconds=time.perf_counter() - began,
        false_pass_probability=found.false_pass_probability,
        findings=findings,
        notes=(*problem.notes, *_precision_notes(problem, setting, rtol), *found.notes, *remarks),
        flags=tuple(problem.flags),
    )


class _Examined(NamedTuple):
    """The method used, the result and what was measured of each leaf, and what goes with them."""

    method: str
    setting: Setting
    reports: dict[str, ParameterReport]
    evidence: dict[int, LeafEvidence]
    notes: tuple[str, ...]
    false_pass_probability: float | None = None


def _takes_directions(problem: Problem, method: Method) -> bool:
    return method == "directions" or (method == "auto" and problem.size > MOST_ENTRIES)


def _at_once(problem: Problem, rtol: float | None, seed: int) -> _Examined | None:
    """Certify a right gradient before the noise of the loss is measured, if that is possible."""
    setting = assumed_setting(problem, rtol, seed)
    found = directions.at_once(problem, setting)
    if found is None or problem.evaluate() != problem.value:  # `measured_setting` flags it
        return None
    return _by_directions(setting, found)


def _by_directions(setting: Setting, found: Certified) -> _Examined:
    known = (found.reports, found.evidence, found.notes, found.false_pass_probability)
    return _Examined("directions", setting, *known)


def _examined(
    problem: Problem, setting: Setting, method: Method, vectorized: bool, progress: bool
) -> _Examined:
    if _takes_directions(problem, method):
        found = directions.examine(problem, setting)
        settled = all(p.verdict != "inconclusive" for p in found.reports.values())
        # What differs so loudly between equal calls drowns each entry, too.
        hopeless = setting.differs and _is_noisy(problem, setting.noise)
        if settled or hopeless or method == "directions":
            return _by_directions(setting, found)
    problem.vectorized = vectorized
    size = problem.size
    with execution.progress(size, "gradcheck, entries") if progress else nullcontext() as problem.advance:
        evidence = entries.examine(problem, setting)
    reports = {
        leaf.name: leaf_evidence.report(leaf, setting.rtol)
        for leaf, leaf_evidence in zip(problem.leaves, evidence, strict=True)
    }
    return _Examined("entries", setting, reports, dict(enumerate(evidence)), ())


def assert_gradient(
    loss: Callable[[Any], Any], params: Any, gradient: Any = None, **options: Unpack[GradientOptions]
) -> None:
    """Fail unless a gradient is right; the message is the report's table.

    Under pytest the report is shown at the end of the run, too, and the options that are left out
    are those of the run.

    Parameters
    ----------
    loss, params, gradient
        As in `check_gradient`.
    **options
        ``rtol``, ``method``, ``seed``, ``vectorized``, ``executor``, ``progress`` as in `check_gradient`.

    Raises
    ------
    GradientMismatch
        If the gradient is wrong.
    GradientInconclusive
        If it can be neither confirmed nor refuted.
    """
    __tracebackhide__ = True
    assert_match(check_gradient, loss, params, gradient, **options)


def _diagnosed(
    loss: Callable[[Any], Any], problem: Problem, evidence: dict[int, LeafEvidence], rtol: float
) -> tuple[Finding, ...]:
    from gradcheck.diagnosis import diagnose  # slow to import, and most gradients are right

    return diagnose(loss, problem, evidence, rtol)


def _verdict(problem: Problem, setting: Setting, verdicts: list[Verdict]) -> Verdict:
    verdict = worst_of(verdicts)
    if setting.variation == 0 and verdict != "mismatch" and not any(np.any(a) for a in problem.analytic):
        problem.flag("trivial", "the loss does not depend on any parameter: there is nothing to confirm")
        return "inconclusive"
    return verdict


def _is_noisy(problem: Problem, noise: Noise) -> bool:
    return noise.relative > _NOISY * max(problem.unit_roundoff, _DOUBLE)


def _precision_notes(problem: Problem, setting: Setting, asked: float | None) -> list[str]:
    notes, noise = [], setting.noise
    if problem.unit_roundoff > np.finfo(np.float32).eps:
        notes.append("the loss returns half precision: derivatives by differences are coarse")
    elif noise.single:
        notes.append(f"the loss computes in single precision (noise {noise.relative:.0e} of its value)")
    elif _is_noisy(problem, noise):
        notes.append(f"the loss is noisy: {noise.level:.1e}, {noise.relative:.0e} of its value")
    gradients = list(zip(problem.leaves, problem.analytic, strict=True))
    for narrow in ("float16", "float32"):
        of = [leaf.name for leaf, a in gradients if a.dtype == narrow]
        notes += [f"the gradient of {', '.join(of)} is in {narrow}"] if of else []
    if asked is None and setting.rtol != RTOL:
        notes.append(f"rtol is {setting.rtol:.0e} for single precision")
    return notes


def refuse_bad_options(
    rtol: float | None = None, method: str = "auto", seed: int = 0, executor: Executor | None = None
) -> None:
    """Refuse options of `check_gradient` that are out of range.

    Raises
    ------
    UsageError
    """
    if rtol is not None and not (isinstance(rtol, float | int | np.floating) and 1e-12 <= rtol < 1):
        raise UsageError(
            "rtol is out of range",
            given=f"{rtol!r}",
            expected="a number that is at least 1e-12 and less than 1",
            do="leave it out for 1e-6, or 1e-3 where something computes in single precision",
        )
    if method not in get_args(Method):
        raise UsageError(
            "there is no such method", given=repr(method), expected=", ".join(map(repr, get_args(Method)))
        )
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise UsageError("the seed cannot be used", given=repr(seed), expected="an integer >= 0")
    if executor is not None and not hasattr(executor, "submit"):
        raise UsageError(
            "the executor cannot run tasks",
            given=type(executor).__name__,
            expected="None, or an object with the interface of concurrent.futures.Executor",
        )
