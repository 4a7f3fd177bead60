"""All tasks through one executor, threads, processes or a cluster: exactly one result for each."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gradcheck.errors import GradcheckError, SubmissionError
from gradcheck.execution import Executor
from gradcheck.grading.judging import judge, refusal
from gradcheck.grading.reading import Parcel
from gradcheck.submissions.binding import Options

ATTEMPTS = 2


@dataclass(frozen=True)
class Task:
    """A submission to be judged."""

    student: str
    origin: str
    parcel: Parcel


def run(
    executor: Executor,
    tasks: Iterable[Task],
    options: Options,
    at_once: int,
    work: Callable[..., dict[str, Any]] = judge,
) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Judge submissions, and yield each with its result as soon as there is one.

    Parameters
    ----------
    executor : Executor
        Of `concurrent.futures` futures.
    tasks : iterable of Task
        Taken from as there is room, so that not all need to be held at once.
    options : Options
    at_once : int
        How many are handed to the executor before it has answered.
    work : callable
        ``work(origin, parcel, options)``, a result.

    Raises
    ------
    GradcheckError
        If the executor itself is lost.
    """
    waiting = iter(tasks)
    running: dict[Any, tuple[Task, int]] = {}

    def begin(task: Task, attempt: int) -> None:
        running[executor.submit(work, task.origin, task.parcel, options)] = task, attempt

    while True:
        for task in islice(waiting, at_once - len(running)):
            begin(task, 1)
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task, attempt = running.pop(future)
            try:
                yield task, future.result()
            except CancelledError as error:
                raise GradcheckError("the workers are gone", do="go on with --resume") from error
            except Exception as error:
                if attempt < ATTEMPTS:
                    begin(task, attempt + 1)
                else:
                    yield task, refusal(task.origin, _lost(error))


def _lost(error: Exception) -> SubmissionError:
    return SubmissionError(
        "crashed",
        f"the submission ended the process that judges it, {ATTEMPTS} times",
        given=str(error).strip().partition("\n")[0] or type(error).__name__,
        do="look at the file before you run it anywhere; a stronger --sandbox keeps it away",
    )
