"""A folder of submissions from beginning to end: found, judged, stored, scored."""

import dataclasses
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.grading.feedback import feedback
from gradcheck.grading.finding import DATABASE, Source, find
from gradcheck.grading.judging import refusal
from gradcheck.grading.reading import read
from gradcheck.grading.rubric import Rubric
from gradcheck.grading.running import Task, run
from gradcheck.grading.scoring import scored
from gradcheck.grading.store import Store
from gradcheck.submissions.binding import Options

# Options that a run can go on with in another way: they do not decide what is asked.
_FREE = ("timeout", "sandbox")


@dataclass(frozen=True)
class Plan:
    """What is to be graded, and how.

    Attributes
    ----------
    folder, out : Path
        Of the submissions; of the results.
    options : Options
    seed : int or None
        Of the problems, the same for the whole class; None draws one and keeps it.
    file : str or None
        Name of the file to judge where a submission has several.
    rubric : Rubric
    level : str
        Of help, one of `gradcheck.grading.feedback.LEVELS`.
    resume : bool
        Whether to go on with the results in `out`.
    """

    folder: Path
    out: Path
    options: Options = field(default_factory=Options)
    seed: int | None = None
    file: str | None = None
    rubric: Rubric = field(default_factory=Rubric)
    level: str = "hint"
    resume: bool = False


@dataclass(frozen=True)
class Graded:
    """A class that was graded.

    Attributes
    ----------
    results : list of dict
        One for each student: the fields of a submission's result, ``student``, the fields of
        `gradcheck.grading.scoring.scored`, ``help_level`` and ``feedback``.
    passed_over : list of str
        Files of the folder that are no submissions.
    unknown : list of str
        Parameters that the rubric names and no submission has.
    """

    results: list[dict[str, Any]]
    passed_over: list[str]
    unknown: list[str]


def grade(
    plan: Plan,
    executor: Callable[[], AbstractContextManager[tuple[Any, int]]],
    advance: Callable[[int, int], None],
) -> Graded:
    """Grade a folder.

    Parameters
    ----------
    plan : Plan
    executor : callable
        Gives a context manager of an executor and of how many tasks it is handed at once.
    advance : callable
        ``advance(done, total)``, called as results are written.

    Returns
    -------
    Graded

    Raises
    ------
    UsageError
        If the folders or options cannot be used.
    GradcheckError
        If the executor is lost; what has been judged is kept.
    """
    sources, passed_over = find(plan.folder, plan.out)
    _prepare(plan.out, resume=plan.resume)
    with Store(plan.out / DATABASE) as store:
        options = _agreed(store, plan)
        pending = _Pending(sources, store, plan.file)
        advance(pending.done, len(sources))
        with executor() as (workers, at_once):
            for task, result in run(workers, pending, options, at_once):
                store.put(task.student, task.parcel.digest, result)
                pending.done += 1
                advance(pending.done, len(sources))
        kept = store.results()
    results = [_graded(source, kept[source.student], plan) for source in sources]
    parameters = {name for result in results for name in result["parameters"]}
    return Graded(results, passed_over, plan.rubric.unknown(parameters))


class _Pending:
    """The submissions that have no result yet; those that cannot be read get theirs on the way."""

    def __init__(self, sources: list[Source], store: Store, file: str | None) -> None:
        self._sources, self._store, self._file = sources, store, file
        self.done = 0

    def __iter__(self) -> Iterator[Task]:
        known = self._store.digests()
        for source in self._sources:
            try:
                parcel = read(source, self._file)
            except SubmissionError as error:
                self._store.put(source.student, "", refusal(source.origin, error))
                self.done += 1
                continue
            if known.get(source.student) == parcel.digest:
                self.done += 1
            else:
                yield Task(source.student, source.origin, parcel)


def _prepare(out: Path, *, resume: bool) -> None:
    """Make the folder of the results, or see that it is fit to be gone on with."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        filled = any(out.iterdir())
    except OSError as error:
        raise UsageError(f"the folder {str(out)!r} cannot be made", given=error.strerror or "") from error
    if filled and not (out / DATABASE).is_file():
        raise UsageError(f"{str(out)!r} holds other files", do="name a new folder with --out")
    if filled and not resume:
        raise UsageError(
            f"{str(out)!r} holds the results of a run",
            do="go on with it by --resume, or name another folder with --out",
        )


def _agreed(store: Store, plan: Plan) -> Options:
    """Return the options of the run: what it was begun with, and what is free."""
    kept = store.options()
    seed = kept.get("seed", secrets.randbits(32)) if plan.seed is None else plan.seed
    options = dataclasses.replace(plan.options, seed=seed)
    store.agree({n: v for n, v in dataclasses.asdict(options).items() if n not in _FREE})
    return options


def _graded(source: Source, result: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Return a result with all that is not kept of it: the student and what the plan makes of it."""
    own = {"student": source.student, "help_level": plan.level, "feedback": feedback(result, plan.level)}
    return {**result, **scored(result, plan.rubric), **own}
