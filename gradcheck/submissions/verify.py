"""One submission, from its file to a result.

The submission's process only evaluates. Here the problems are drawn, the differences taken, and
the verdict is that of `check_gradient` on every draw, merged.
"""

import contextlib
import dataclasses
import itertools
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck.checking import check_gradient
from gradcheck.errors import GradcheckError, GradientInterfaceError, SubmissionError, UsageError
from gradcheck.methods.setting import RTOL
from gradcheck.report import Report, agreed
from gradcheck.submissions.batched import BatchedLoss
from gradcheck.submissions.binding import Binding, Draw, Options, Params
from gradcheck.submissions.bindings import bind
from gradcheck.submissions.conventions import NAMES
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.result import Plot, SubmissionResult
from gradcheck.submissions.sandbox import Sandbox, available

EXAMPLES = Path(__file__).parent.parent / "examples"
Gradient = dict[str, Any]
# How much farther from the network's own gradient one may be than from the differences of forward.
_AS_FAR = 10
_FEW = 4  # evaluations of forward may serve anything
Illustrate = Callable[[Report, BatchedLoss, Params, Gradient], tuple[Plot, ...]]


def verify(file: str, options: Options, illustrate: Illustrate | None = None) -> SubmissionResult:
    """Decide whether the backward pass in a file is right.

    Parameters
    ----------
    file : str
        Its path, or ``example:NAME`` for one that comes with gradcheck.
    options : Options
    illustrate : callable, optional
        Makes the plots of the result from its report, and the loss, params and gradient of a problem.

    Returns
    -------
    SubmissionResult
        Also where the file cannot be judged: its outcome then is the `SubmissionError`.

    Raises
    ------
    UsageError
        If there is no such file, or the options cannot be met.
    """
    began = time.perf_counter()
    level, path = available(options.sandbox), locate(file)
    known: dict[str, Any] = {}
    outcome: Report | SubmissionError
    try:
        with Sandbox(path.parent, level, options.timeout) as sandbox:
            submission = Submission(sandbox, path, ("*",) if options.adapter else NAMES)
            outcome = _outcome(submission, options, known, illustrate)
    except SubmissionError as error:
        outcome = error
    known = {**known, "flags": tuple(sorted(known.get("flags", ())))}
    return SubmissionResult(file, outcome, options.seed, time.perf_counter() - began, level, **known)


def locate(file: str) -> Path:
    """Return the absolute path of a file, or of an example by its name.

    Parameters
    ----------
    file : str

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        If there is no such file.
    """
    kind, _, name = file.partition(":")
    if kind == "example":
        path = EXAMPLES / f"{name.replace('-', '_')}.py"
        names = sorted(f"example:{example.stem.replace('_', '-')}" for example in EXAMPLES.glob("*.py"))
        if f"example:{name}" not in names:
            raise UsageError(f"there is no {file!r}", expected=", ".join(names))
        return path
    path = Path(file).resolve()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is no file" if path.exists() else "does not exist"
        raise UsageError(
            f"{file!r} {what}",
            expected="the path of one Python file or notebook",
            do="for a folder of submissions see `gradcheck grade`" if path.is_dir() else "",
        )
    return path


def _outcome(
    submission: Submission, options: Options, known: dict[str, Any], illustrate: Illustrate | None
) -> Report:
    """Judge a submission; what is understood on the way is known even if it fails."""
    known["shape"], binding = bind(submission, options)
    known["understood"] = (*submission.understood, *binding.understood)
    known["flags"] = binding.flags
    _refuse_constant(binding, options.seed)
    report = _judge(submission, binding, options)
    known["understood"] = (*submission.understood, *binding.understood)
    binding.flags |= set(report.flags)
    if report.ok and "mutates" in binding.flags:
        raise SubmissionError(
            "interface",
            "backward changes the parameters; the gradients that it returns are right",
            do="leave the update of the parameters to the training loop",
        )
    if report.ok and options.numeric == "fail" and "numeric" in binding.flags:
        raise SubmissionError(
            "interface",
            "backward takes differences of forward, or seems to; it is to propagate the error back",
            given="; ".join(note for note in report.notes if "finite difference" in note),
            do="compute the gradient layer by layer from delta, without another call of forward",
        )
    if illustrate:
        with contextlib.suppress(GradcheckError):  # what is known already needs no picture
            draw = next(binding.draws(options.seed))
            loss = BatchedLoss(binding.loss(draw), draw.params, submission)
            known["plots"] = illustrate(report, loss, draw.params, binding.gradient(draw))
    return report


def _judge(submission: Submission, binding: Binding, options: Options) -> Report:
    """Check the draws in general position; the special ones only if those refute nothing."""
    first, *others = binding.draws(options.seed)
    general = _repeated(binding, first)
    general += [(draw, binding.gradient(draw)) for draw in others if not draw.name]
    reports = [_checked(submission, binding, *case, options) for case in general]
    report = reduce(Report.merge, reports)
    if report.ok and "numeric" not in report.flags:
        report = _counted(report, submission, first)
    if report.verdict == "mismatch" or "nondeterministic" in report.flags:
        findings = binding.explain(general, options.rtol or RTOL) or agreed(reports)
        return dataclasses.replace(report, findings=findings)
    if "numeric" in report.flags:
        return report  # at d = y and the like differences leave noise, of which nothing is to be learned
    special = [(draw, binding.gradient(draw)) for draw in others if draw.name]
    found = (_checked(submission, binding, *case, options) for case in special)
    # Without biases nothing depends on the parameters at x = 0.
    return reduce(Report.merge, (other for other in found if "trivial" not in other.flags), report)


def _checked(
    submission: Submission, binding: Binding, draw: Draw, gradient: Gradient, options: Options
) -> Report:
    loss = BatchedLoss(binding.loss(draw), draw.params, submission)
    try:
        report = check_gradient(loss, draw.params, gradient, rtol=options.rtol, seed=options.seed)
    except GradientInterfaceError as error:
        where = draw.name or "parameters in general position"
        raise SubmissionError("interface", f"the loss of forward: {error.problem}", given=where) from error
    if not draw.name:
        return _confirmed(report, binding, draw, gradient, options) if report.ok else report
    if report.ok:
        return report
    return dataclasses.replace(report, notes=(*report.notes, f"{report.verdict} at {draw.name}"))


def _counted(report: Report, submission: Submission, draw: Draw) -> Report:
    """Return the report, flagged if backward runs forward once for each entry, as differences do.

    The complex step gives the digits of a right formula: there is nothing else by which to know it.
    """
    entries = sum(np.size(value) for value in draw.params.values())
    times = submission.repeats(draw.params, draw.x, draw.d)
    if times < max(entries, _FEW):
        return report
    note = f"backward runs forward {times} times for {entries} entries: is it itself a finite difference?"
    return dataclasses.replace(report, notes=(*report.notes, note), flags=(*report.flags, "numeric"))


def _confirmed(report: Report, binding: Binding, draw: Draw, gradient: Gradient, options: Options) -> Report:
    """Return the report, or a mismatch with the network that forward is said to compute.

    A process that is asked for one point at a time can tell the points of a difference from others,
    and make the values there up so that they suit a wrong gradient. What the network would give there
    is known here.
    """
    reference = binding.reference(draw)
    if reference is None:
        return report
    rtol = max(options.rtol or RTOL, _AS_FAR * report.max_relative_error)
    for method in ("auto", "entries"):  # a certificate may be stricter than rtol
        other = check_gradient(reference, draw.params, gradient, rtol=rtol, method=method, seed=options.seed)
        if other.verdict != "mismatch":
            return report
    if "forward-differs" not in binding.flags:
        binding.flags.add("forward-differs")
        binding.understood.insert(
            0,
            "forward gives values near a problem that are not those of the network that it computes at the "
            "problem itself: judged by that network",
        )
    return other


def _repeated(binding: Binding, draw: Draw) -> list[tuple[Draw, Gradient]]:
    """Return one gradient of the draw, or all of three that should be equal and are not."""
    gradients = [binding.gradient(draw) for _ in range(3)]
    one, two, three = ({name: np.asarray(g[name]) for name in g} for g in gradients)
    if all(np.array_equal(one[name], two[name], equal_nan=True) for name in one):
        return [(draw, gradients[0])]
    grows = all(np.allclose(three[name] - two[name], two[name] - one[name]) for name in one)
    binding.flags.add("accumulates" if grows else "nondeterministic")
    return [(draw, gradient) for gradient in gradients]


def _refuse_constant(binding: Binding, seed: int) -> None:
    """Refuse a forward that does not depend on any parameter: there is nothing to check."""
    general = [draw for draw in binding.draws(seed) if not draw.name]
    for draw, other in itertools.pairwise(general):
        if draw.params.keys() != other.params.keys():
            continue
        loss = binding.loss(draw)
        start = loss(draw.params)
        if any(loss({**draw.params, n: other.params[n]}) != start for n in draw.params):
            break
    else:
        binding.flags.add("trivial")
        raise SubmissionError(
            "interface",
            "forward does not depend on its parameters, so that there is no gradient to check",
            expected=f"an output that changes with {', '.join(general[0].params)}",
            do="read the parameters from the network that forward is given",
        )
