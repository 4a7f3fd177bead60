"""Worker processes for submissions: one that dies takes down nothing but what it was doing.

`concurrent.futures.ProcessPoolExecutor` gives up everything when one of its processes is killed,
and leaves them behind when it is killed itself. Here a thread looks after each process, and a
process ends with its parent.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

_SPAWN = multiprocessing.get_context("spawn")


class WorkerLost(Exception):  # noqa: N818 (what happened)
    """A worker process died, or did not answer in time."""


class Workers:
    """So many worker processes, with the ``submit`` of an executor; a context manager.

    Parameters
    ----------
    count : int
    limit : float
        Seconds for one task; after them its process is ended.
    """

    def __init__(self, count: int, limit: float) -> None:
        self._limit = limit
        self._threads = ThreadPoolExecutor(count)
        self._all = [_Process() for _ in range(count)]
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._all:
            self._idle.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._all:
            process.close()
        self._threads.shutdown()

    def submit(self, task: Callable[..., Any], /, *items: Any) -> "Future[Any]":
        """Run ``task(*items)`` in one of the processes; both must be fit for pickle.

        Returns
        -------
        Future
            It raises `WorkerLost` if the process does not live to answer.
        """
        return self._threads.submit(self._run, task, items)

    def _run(self, task: Callable[..., Any], items: tuple[Any, ...]) -> Any:
        process = self._idle.get()
        try:
            return process.ask(task, items, self._limit)
        finally:
            self._idle.put(process)


class _Process:
    """One process, begun when it is needed and not yet closed."""

    def __init__(self) -> None:
        self._process: Any = None
        self._closed = False
        self._beginning = threading.Lock()

    def ask(self, task: Callable[..., Any], items: tuple[Any, ...], limit: float) -> Any:
        with self._beginning:
            if self._closed:
                raise WorkerLost("the run was interrupted")
            if self._process is None:
                self._begin()
        try:
            self._pipe.send((task, items))
            if self._pipe.poll(limit):
                return self._pipe.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise WorkerLost("the worker process died") from error
        self.end()
        raise WorkerLost(f"the worker process did not answer within {limit:g} s")

    def _begin(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def close(self) -> None:
        with self._beginning:
            self._closed = True
        self.end()

    def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.join(5)
        process.kill()
        process.join()
        self._pipe.close()


def _serve(pipe: Connection) -> None:
    """Answer until the other end is closed or dead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Leave by way of the context managers, so that the submission's own process is ended, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task, items = pipe.recv()
            pipe.send(task(*items))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
