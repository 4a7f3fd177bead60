"""Random problems against an implementation until one fails, and then the smallest that does.

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
from pathlib import Path
from typing import Any, Unpack
from unittest import SkipTest

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import Flaky, Unsatisfiable

from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.fuzzing.result import Failure, FuzzResult
from gradcheck.fuzzing.subjects import NetworkSubject, Reference, Subject
from gradcheck.fuzzing.tally import Tally
from gradcheck.networks.bounds import BoundOptions, read_bounds
from gradcheck.report import Report

PART = 100
DATABASE = Path(".hypothesis") / "gradcheck-fuzz"
_SMALLEST_TARGET = 1e-17
_REPLAY = (Phase.reuse, Phase.shrink)
_SEARCH = (Phase.generate, Phase.target, Phase.shrink)


def fuzz(
    subject: Subject | None = None,
    name: str = "reference",
    *,
    examples: int = 1000,
    seed: int = 0,
    rtol: float | None = None,
    advance: Callable[[int], None] | None = None,
    **bounds: Unpack[BoundOptions],
) -> FuzzResult:
    """Check the gradient at random problems, and find the smallest that fails.

    Parameters
    ----------
    subject : Subject, optional
        What is judged. Default: the reference networks.
    name : str, optional
        What it is called in the result and in the database.
    examples : int, optional
        Number of problems.
    seed : int, optional
        Of the first part of the examples; the next has the next one.
    rtol : float, optional
        As in `check_gradient`.
    advance : callable, optional
        ``advance(count)`` is told how many more problems have been examined.
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    FuzzResult

    Raises
    ------
    UsageError
        If an argument is out of range, or no problem within the bounds can be judged.
    """
    if examples < 1:
        raise UsageError("there must be an example", given=f"examples={examples!r}", expected="at least 1")
    began = time.perf_counter()
    key = hashlib.sha256(repr(read_bounds(bounds)).encode()).hexdigest()[:8]
    database = DATABASE / f"{name.replace(':', '.')}-{key}"
    subject = subject or NetworkSubject(Reference())
    run = _Run(subject, subject.problems(**bounds), rtol, seed, database, advance)
    run.replay()
    replayed = run.failure is not None
    run.search(examples)
    return FuzzResult(
        name=name,
        drawn=subject.drawn,
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
    """What is found while problems are examined."""

    def __init__(
        self,
        subject: Subject,
        strategy: hypothesis.strategies.SearchStrategy[Any],
        rtol: float | None,
        seed: int,
        database: Path,
        advance: Callable[[int], None] | None,
    ) -> None:
        self._subject, self._strategy, self._rtol, self._seed = subject, strategy, rtol, seed
        self._database, self._advance = DirectoryBasedExampleDatabase(database), advance or _unseen
        self._forget()

    def _forget(self) -> None:
        self.tally = Tally()
        self.examined = self.constant = self.inconclusive = 0
        self.undecided: str | None = None
        self.failure: Failure | None = None

    def replay(self) -> None:
        """Examine what an earlier run has kept; if it no longer fails, nothing is left of it."""
        self._explore(settings(phases=_REPLAY), self._seed)
        if self.failure is None:
            self._forget()

    def search(self, examples: int) -> None:
        """Examine so many problems, or until one fails, and make that one as small as it gets."""
        for number, done in enumerate(range(0, examples, PART)):
            if self.failure is None:
                chosen = settings(phases=_SEARCH, max_examples=min(PART, examples - done))
                self._explore(chosen, self._seed + number)
        if not self.examined:
            raise UsageError("no problem within the bounds can be judged", do="widen the bounds")
        before = None
        while self.failure != before:  # Hypothesis gives up early
            before = self.failure
            self._explore(settings(phases=_REPLAY), self._seed)

    def _explore(self, chosen: settings, seed: int) -> None:
        """Examine what Hypothesis draws; the last failure left is the smallest.

        Hypothesis skips a test that has no example to replay.
        """

        def examine(problem: Any) -> None:
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
            quiet(hypothesis.seed(seed)(hypothesis.given(self._strategy)(examine)))()

    def _examine(self, problem: Any, seed: int) -> None:
        first = self.failure is None  # later ones are attempts to make the first one smaller
        if first:
            self.examined += 1
            self._advance(1)
        report = self._checked(problem)
        if first:
            self._count(report, problem, seed)
        # What is inconclusive has no error that is known: it is nothing to go towards.
        error = 0.0 if report.verdict == "inconclusive" else report.max_relative_error
        hypothesis.target(math.log10(min(max(error, _SMALLEST_TARGET), 1.0)))
        if report.verdict == "mismatch":
            self.failure = Failure("mismatch", str(report), problem.code)
            raise _Wrong

    def _checked(self, problem: Any) -> Report:
        try:
            return self._subject.check(problem, self._rtol)
        except (Exception, SystemExit) as error:
            if error is self._subject.watch.raised:
                advice = f"\n\n{self._subject.advice}" if self._subject.advice else ""
                self.failure = Failure("raised", _shown(error) + advice, problem.code)
            elif isinstance(error, GradientInterfaceError):
                self.failure = Failure("interface", str(error), problem.code)
            else:
                raise
            raise _Broken from error

    def _count(self, report: Report, problem: Any, seed: int) -> None:
        if report.verdict != "inconclusive":
            self.tally.add(report, seed)
        elif "trivial" in report.flags:
            self.constant += 1
        else:
            self.inconclusive += 1
            self.undecided = self.undecided or problem.code


class _Wrong(Exception):  # noqa: N818 (it only leaves Hypothesis)
    """The gradient of a problem is a mismatch."""


class _Broken(Exception):  # noqa: N818
    """The implementation raised, or does not keep the interface."""


def _shown(error: BaseException) -> str:
    """Return the traceback from the implementation's first line on."""
    shown = traceback.TracebackException.from_exception(error)
    own = max((i for i, frame in enumerate(shown.stack) if frame.name == "watched"), default=-1)
    shown.stack = traceback.StackSummary.from_list(shown.stack[own + 1 :])
    shown.__cause__ = shown.__context__ = None
    return "".join(shown.format()).rstrip()


def _unseen(count: int) -> None:
    """Show no progress."""
