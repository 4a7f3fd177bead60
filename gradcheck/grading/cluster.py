"""An existing Dask cluster as the executor; it begins the tasks of a lost worker again by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradcheck
from gradcheck.errors import UsageError, missing_extra

_PATIENCE = 20.0


def version() -> str:
    """Return the version of gradcheck, where this runs."""
    return gradcheck.__version__


@contextmanager
def cluster(address: str) -> Iterator[tuple[Any, int]]:
    """Connect to a scheduler.

    Parameters
    ----------
    address : str
        Such as ``tcp://127.0.0.1:8786``.

    Yields
    ------
    executor
        With the interface of `concurrent.futures.Executor`.
    int
        How many tasks keep its workers busy.

    Raises
    ------
    UsageError
        If Dask is missing, there is no scheduler or worker, or the workers have another gradcheck.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise missing_extra("runs on a Dask cluster", "distributed", "dask") from error
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            "no Dask scheduler answers",
            given=f"--dask {address}",
            expected="the address that `dask scheduler` printed, such as tcp://127.0.0.1:8786",
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise UsageError("the Dask cluster has no worker", do=f"begin one: dask worker {address}")
        _refuse_other_versions(client)
        yield client.get_executor(pure=False), 2 * threads


def _refuse_other_versions(client: Any) -> None:
    found = client.run(version, on_error="return")
    others = {worker: what for worker, what in found.items() if what != version()}
    if others:
        worker, what = next(iter(others.items()))
        raise UsageError(
            "a worker of the Dask cluster has another gradcheck",
            given=f"{worker}: {what!r}",
            expected=f"gradcheck {version()} on every worker",
        )
