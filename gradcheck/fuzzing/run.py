"""Random networks against an implementation until one fails, and then the smallest that does.

Examples are drawn in parts of `PART`, each with a seed of its own, so that the seed of a part finds
its worst case again. The search is steered towards larger relative errors. What failed is kept in a
Hypothesis database and replayed first by the next run with the same implementation and bounds.
"""

import contextlib
import hashlib
import math
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Unpack
from unittest import SkipTest

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import Flaky, Unsatisfiable

from gradcheck.checking import check_gradient
from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.fuzzing.implementation import Implementation, Reference
from gradcheck.fuzzing.result import Failure, FuzzResult
from gradcheck.fuzzing.tally import Tally
from gradcheck.networks.arrays import Gradient
from gradcheck.networks.bounds import BoundOptions, read_bounds
from gradcheck.report import Report
from gradcheck.strategies import NetworkProblem, problems

PART = 100
DATABASE = Path(".hypothesis") / "gradcheck-fuzz"
_SMALLEST_TARGET = 1e-17
_REPLAY = (Phase.reuse, Phase.shrink)


def fuzz(
    implementation: Implementation | None = None,
    name: str = "reference",
    *,
    examples: int = 1000,
    seed: int = 0,
    rtol: float | None = None,
    advance: Callable[[int], None] | None = None,
    **bounds: Unpack[BoundOptions],
) -> FuzzResult:
    """Check the gradient of random networks, and find the smallest that fails.

    Parameters
    ----------
    implementation : Implementation, optional
        ``loss(network, params, x, d)`` and ``gradient(network, params, x, d)`` of a
        `gradcheck.networks.DenseNetwork`. Default: the reference networks.
    name : str, optional
        What it is called in the result and in the database.
    examples : int, optional
        Number of networks.
    seed : int, optional
        Of the first part of the examples; the next has the next one.
    rtol : float, optional
        As in `check_gradient`.
    advance : callable, optional
        ``advance(count)`` is told how many more networks have been examined.
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    FuzzResult

    Raises
    ------
    UsageError
        If an argument is out of range, or no network within the bounds can be judged.
    """
    if examples < 1:
        raise UsageError("there must be an example", given=f"examples={examples!r}", expected="at least 1")
    began = time.perf_counter()
    key = hashlib.sha256(repr(read_bounds(bounds)).encode()).hexdigest()[:8]
    database = DATABASE / f"{name.replace(':', '.')}-{key}"
    new_run = partial(_Run, implementation or Reference(), rtol, database, advance or (lambda _: None))
    strategy = problems(**bounds)
    run = new_run()
    run.explore(strategy, settings(phases=_REPLAY), seed)
    replayed = run.failure is not None
    run = run if replayed else new_run()
    parts = [min(PART, examples - done) for done in range(0, examples, PART)]
    for number, size in enumerate(parts):
        if run.failure is None:
            phases = [Phase.generate, Phase.target, Phase.shrink]
            run.explore(strategy, settings(phases=phases, max_examples=size), seed + number)
    run.shrink_on(strategy, seed)
    if not run.examined:
        raise UsageError("no network within the bounds can be judged", do="widen the bounds")
    return FuzzResult(
        name=name,
        examined=run.examined,
        constant=run.constant,
        inconclusive=run.inconclusive,
        undecided=run.undecided,
        parameters=tuple(run.tally.rows()),
        failure=run.failure,
        replayed=replayed,
        kept=str(database) if run.failure else None,
        seed=seed,
        part=PART,
        seconds=time.perf_counter() - began,
    )


class _Run:
    """What is found while networks are examined."""

    def __init__(
        self,
        implementation: Implementation,
        rtol: float | None,
        database: Path,
        advance: Callable[[int], None],
    ) -> None:
        self._implementation, self._rtol, self._advance = implementation, rtol, advance
        self._database = DirectoryBasedExampleDatabase(database)
        self.tally = Tally()
        self.examined = self.constant = self.inconclusive = 0
        self.undecided: str | None = None
        self.failure: Failure | None = None

    def explore(
        self, strategy: hypothesis.strategies.SearchStrategy[NetworkProblem], chosen: settings, seed: int
    ) -> None:
        """Examine what Hypothesis draws; the last failure left is that of the smallest network.

        Hypothesis skips a test that has no example to replay.
        """

        def examine(problem: NetworkProblem) -> None:
            self._examine(problem, seed)

        quiet = settings(
            chosen,
            database=self._database,
            deadline=None,
            derandomize=False,  # the default where CI is set, without a database
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        with contextlib.suppress(_Wrong, _Broken, Flaky, Unsatisfiable, SkipTest):
            # In this order: a seed takes the database from settings made before it.
            quiet(hypothesis.seed(seed)(hypothesis.given(strategy)(examine)))()

    def shrink_on(self, strategy: hypothesis.strategies.SearchStrategy[NetworkProblem], seed: int) -> None:
        """Go on from the kept failure until it gets no smaller: Hypothesis gives up early."""
        before = None
        while self.failure != before:
            before = self.failure
            self.explore(strategy, settings(phases=_REPLAY), seed)

    def _examine(self, problem: NetworkProblem, seed: int) -> None:
        first = self.failure is None  # later ones are attempts to make the first one smaller
        if first:
            self.examined += 1
            self._advance(1)
        report = self._checked(problem)
        if first:
            self._count(report, problem, seed)
        hypothesis.target(math.log10(min(max(report.max_relative_error, _SMALLEST_TARGET), 1.0)))
        if report.verdict == "mismatch":
            self.failure = Failure("mismatch", str(report), problem.code)
            raise _Wrong

    def _checked(self, problem: NetworkProblem) -> Report:
        calls = _Calls(self._implementation, problem)
        try:
            return check_gradient(calls.loss, dict(problem.params), calls.gradient, rtol=self._rtol)
        except GradientInterfaceError as error:
            cause = calls.raised or error
        except (Exception, SystemExit) as error:
            if error is not calls.raised:
                raise
            cause = error
        reason, message = ("raised", _shown(cause)) if cause is calls.raised else ("interface", str(cause))
        self.failure = Failure(reason, message, problem.code)
        raise _Broken from cause

    def _count(self, report: Report, problem: NetworkProblem, seed: int) -> None:
        if report.verdict != "inconclusive":
            self.tally.add(report, seed)
            return
        if "trivial" in report.flags:
            self.constant += 1
            return
        self.inconclusive += 1
        self.undecided = self.undecided or problem.code


class _Wrong(Exception):  # noqa: N818 (it only leaves Hypothesis)
    """The gradient of a network is a mismatch."""


class _Broken(Exception):  # noqa: N818
    """The implementation raised, or does not keep the interface."""


class _Calls:
    """The implementation's loss and gradient of one problem; remembers what they raise."""

    def __init__(self, implementation: Implementation, problem: NetworkProblem) -> None:
        self._implementation, self._problem = implementation, problem
        self.raised: BaseException | None = None

    def loss(self, params: Gradient) -> Any:
        return self._call(self._implementation.loss, params)

    def gradient(self, params: Gradient) -> Any:
        return self._call(self._implementation.gradient, params)

    def _call(self, function: Callable[..., Any], params: Gradient) -> Any:
        problem = self._problem
        try:
            return function(problem.network, params, problem.x.copy(), problem.d.copy())
        except (Exception, SystemExit) as error:
            self.raised = error
            raise


def _shown(error: BaseException) -> str:
    """Return the traceback from the implementation's first line on."""
    shown = traceback.TracebackException.from_exception(error)
    own = max((i for i, frame in enumerate(shown.stack) if frame.filename == __file__), default=-1)
    shown.stack = traceback.StackSummary.from_list(shown.stack[own + 1 :])
    shown.__cause__ = shown.__context__ = None
    return "".join(shown.format()).rstrip()
