"""Tasks on an executor: results in the order of the tasks, whoever runs them; a bar that shows how far.

Nothing here depends on the number of workers: what a task is, is decided by its caller.
"""

import importlib.util
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from gradcheck.errors import UsageError

T = TypeVar("T")
Advance = Callable[[int], None]


class Executor(Protocol):
    """What is needed of `concurrent.futures.Executor`; loky's and Dask's have it too."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Return a future with ``result()`` and ``cancel()``."""


def in_order(executor: Executor, task: Callable[..., T], items: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Run ``task(*item)`` for each item, and yield the results in the order of the items.

    Parameters
    ----------
    executor : Executor
    task : callable
    items : iterable of tuple

    Raises
    ------
    UsageError
        If a task cannot be sent to another process.
    Exception
        What the first task that fails raised; those not yet begun are cancelled.
    """
    futures: list[tuple[Any, tuple[Any, ...]]] = []
    try:
        futures.extend((executor.submit(task, *item), item) for item in items)
        for future, item in futures:
            try:
                yield future.result()
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                _refuse_unpicklable((task, item), error)
                raise
    finally:
        for future, _ in futures:
            future.cancel()


@contextmanager
def progress(total: int, label: str) -> Iterator[Advance]:
    """Show on standard error how many of `total` are done, with rich if it is installed.

    Yields
    ------
    callable
        ``advance(count)``: so many more are done.
    """
    if importlib.util.find_spec("rich"):
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            row = bar.add_task(label, total=total)
            yield lambda count: bar.advance(row, count)
        return
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        print(f"\r{label}: {done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        yield advance
    finally:
        print(file=sys.stderr)


def _refuse_unpicklable(sent: Any, error: Exception) -> None:
    """Raise if `error` is what pickling a task gives, and not what the task itself raised."""
    try:
        pickle.dumps(sent)
    except Exception as own:  # whatever the user's objects raise
        if str(own) == str(error):
            raise UsageError(
                "the loss cannot be sent to another process",
                given=str(own),
                expected="a loss that pickle takes: a function at the top level of a module, or its partial",
                do="use threads, or an executor that sends any function (loky, Dask)",
            ) from error
