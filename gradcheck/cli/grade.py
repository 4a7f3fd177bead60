"""`gradcheck grade DIR --out DIR`: a folder of submissions."""

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

from gradcheck.cli.options import Commands, add_parser, count, names
from gradcheck.cli.submission import add_options, stated
from gradcheck.errors import (
    GradcheckError,
    GradientInconclusive,
    GradientMismatch,
    SubmissionError,
    UsageError,
)
from gradcheck.execution import Advance, progress
from gradcheck.formats.text import told
from gradcheck.grading.exporting import PLACES, export
from gradcheck.grading.feedback import LEVELS
from gradcheck.grading.grade import Graded, Plan, grade
from gradcheck.grading.rubric import Rubric, load
from gradcheck.grading.summary import summary
from gradcheck.grading.workers import Workers
from gradcheck.submissions.result import exit_code


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_parser(
        commands,
        "grade",
        "check a folder of submissions",
        "Checks every submission in a folder: each file, archive and folder in it is one student's. "
        "The exit code is 0 only if all are a match, with the forward pass that it should be.",
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="of the submissions")
    add("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    add("--formats", type=names, default=tuple(PLACES), metavar="NAME,...",
        help=f"of {', '.join(PLACES)} (default: all)")  # fmt: skip
    add("--rubric", type=Path, metavar="FILE", help="weights, a TOML file (default: see the README)")
    add("--help-level", choices=LEVELS, default=Plan.level, dest="level",
        help="how much students are told (default: hint)")  # fmt: skip
    add("--file", metavar="NAME", help="the file to judge where a student has several")
    add("--workers", type=count, default=os.cpu_count() or 1, metavar="N",
        help="processes (default: one a processor)")  # fmt: skip
    add("--dask", metavar="ADDRESS", help="of a Dask scheduler, in the place of --workers")
    add("--resume", action="store_true", help="go on with the run whose results are in --out")
    add_options(parser)
    parser.set_defaults(run=run, seed=None)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    unknown = [name for name in chosen.formats if name not in PLACES]
    if unknown:
        raise UsageError("there is no such format", given=", ".join(unknown), expected=", ".join(PLACES))
    plan = Plan(
        folder=chosen.folder,
        out=chosen.out,
        options=stated(chosen),
        seed=chosen.seed,
        file=chosen.file,
        rubric=load(chosen.rubric) if chosen.rubric else Rubric(),
        level=chosen.level,
        resume=chosen.resume,
    )
    with _Progress() as progressed:
        try:
            graded = grade(plan, partial(_executor, chosen), progressed)
        except KeyboardInterrupt:
            progressed.tell_how_to_go_on()
            raise
    export(graded.results, plan.out, chosen.formats)
    _warn(graded)
    print(summary(graded.results))
    print()
    print(told(f"written to {plan.out}: {', '.join(PLACES[name] for name in chosen.formats)}"))
    return _exit_code(graded.results)


class _Progress:
    """A bar on a terminal, and what to say when it is interrupted; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._advance: Advance | None = None
        self._done = self._total = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __call__(self, done: int, total: int) -> None:
        if self._advance is None and sys.stderr.isatty():
            self._advance = self._stack.enter_context(progress(total, "gradcheck, submissions"))
        if self._advance:
            self._advance(done - self._done)
        self._done, self._total = done, total

    def tell_how_to_go_on(self) -> None:
        self._stack.close()
        words = f"interrupted: {self._done} of {self._total} submissions have their result"
        command = shlex.join(
            ["gradcheck", *(word for word in sys.argv[1:] if word != "--resume"), "--resume"]
        )
        print(f"\ngradcheck: {words}\n  do:       go on with {command}", file=sys.stderr)


@contextmanager
def _executor(chosen: argparse.Namespace) -> Iterator[tuple[Any, int]]:
    if chosen.dask:
        from gradcheck.grading.cluster import cluster  # Dask takes a while to import

        with cluster(chosen.dask) as executor:
            yield executor
    else:
        with Workers(chosen.workers, limit=60 + 10 * chosen.timeout) as workers:
            yield workers, 2 * chosen.workers


def _warn(graded: Graded) -> None:
    if graded.passed_over:
        more = ", ..." if graded.passed_over[5:] else ""
        names = ", ".join(graded.passed_over[:5]) + more
        print(told(f"gradcheck: passed over, no submissions: {names}"), file=sys.stderr)
    if graded.unknown:
        unknown = f"the rubric names parameters that no submission has: {', '.join(graded.unknown)}"
        print(told(f"gradcheck: {unknown}"), file=sys.stderr)


def _exit_code(results: list[dict[str, Any]]) -> int:
    """Return the code of what a teacher should look at first."""
    if any(result.get("reason") == "internal" for result in results):
        return GradcheckError.exit_code
    codes = {exit_code(result["verdict"], result["flags"]) for result in results}
    kinds = (GradientMismatch, SubmissionError, GradientInconclusive)
    return next((kind.exit_code for kind in kinds if kind.exit_code in codes), 0)
