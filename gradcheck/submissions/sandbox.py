"""The process in which a submission runs, and the only way to talk to it.

The process gets a session of its own, limits on memory, processor time and file size, a bare
environment and one wall clock for everything; its whole group is killed at the end. That
keeps accidents away. It does not hide files or the network from a submission.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.submissions import course_functions, wire

LEVELS = ("auto", "process", "none", "bubblewrap")
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# The runner must import neither the package (a submission may not need it) nor by a path that a
# file of the submission could shadow, so its two packages are put in place by hand.
_START = """
import sys, types
for name, path in (("gradcheck", sys.argv[1]), ("gradcheck.submissions", sys.argv[2])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from gradcheck.submissions.child import main
for name in [name for name in sys.modules if name.startswith("gradcheck")]:
    del sys.modules[name]
main(sys.argv[3], sys.argv[4], int(sys.argv[5]))
"""


class Sandbox:
    """A child process that loads one file and runs its functions; a context manager.

    Parameters
    ----------
    folder : Path
        Of the file: its working folder, and where it imports from first.
    level : {"auto", "process", "none"}
        "none" is a child process too, under the wall clock alone.
    timeout : float
        Seconds of wall time for everything together.

    Raises
    ------
    UsageError
        If the level is not to be had on this system.
    """

    def __init__(self, folder: Path, level: str, timeout: float) -> None:
        self.level = available(level)
        self._folder, self._timeout = folder, timeout

    def __enter__(self) -> Self:
        package = Path(__file__).parent
        seconds = 0 if self.level == "none" else int(self._timeout) + 2
        places = (package.parent, package, self._folder, course_functions.__file__, seconds)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= dict.fromkeys(_ONE_THREAD, "1") | {"PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and runner)
            [sys.executable, "-P", "-B", "-c", _START, *map(str, places)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=os.sep,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)
        self._received = bytearray()
        self._deadline = time.monotonic() + self._timeout
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._requests.close()
        self._answers.close()

    def ask(self, call: str, **arguments: Any) -> Any:
        """Send one request and return the answer: ``{"result": ...}`` or ``{"error": ...}``.

        Parameters
        ----------
        call : {"load", "run"}
        **arguments
            Of that method of `gradcheck.submissions.child.Runner`.

        Returns
        -------
        dict

        Raises
        ------
        SubmissionError
            If there is no answer: the time is over, or the process ended.
        """
        try:
            self._send(wire.pack({"call": call, "arguments": arguments}))
            answer = wire.read(self._take)
        except wire.WireError as error:
            raise SubmissionError(
                "crashed", "the submission's process answered nonsense", given=str(error)
            ) from error
        if not isinstance(answer, dict) or not answer.keys() & {"result", "error"}:
            raise SubmissionError("crashed", "the submission's process answered nonsense")
        return answer

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._wait([], [self._requests])
            try:
                view = view[os.write(self._requests.fileno(), view) :]
            except BrokenPipeError:
                raise self._ended() from None

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            self._wait([self._answers], [])
            part = os.read(self._answers.fileno(), 1 << 16)
            if not part:
                raise self._ended()
            self._received += part
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def _wait(self, reads: list[Any], writes: list[Any]) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not any(select.select(reads, writes, [], left)):
            raise SubmissionError(
                "timeout",
                f"the submission was still running after {self._timeout:g} s",
                do="look for a loop that does not end, or give it more time with --timeout",
            )

    def _ended(self) -> SubmissionError:
        code = self._process.wait(timeout=5)
        if code == -signal.SIGXCPU:
            return SubmissionError("timeout", "the submission used up its processor time")
        if code < 0:
            name = signal.Signals(-code).name
            return SubmissionError("crashed", f"the submission's process was killed by {name}")
        return SubmissionError(
            "exit",
            f"the submission ended its own process with exit code {code}",
            do="remove os._exit() from the file; an exit code is not an answer",
        )


def available(level: str) -> str:
    """Return the level that is meant, ``"auto"`` being the strongest there is.

    Parameters
    ----------
    level : str
        One of `LEVELS`.

    Returns
    -------
    {"process", "none"}

    Raises
    ------
    UsageError
        If it is not to be had.
    """
    if level == "bubblewrap":
        raise UsageError(
            "this version of gradcheck cannot run a submission under bubblewrap",
            given="--sandbox bubblewrap",
            expected="auto, process or none",
            do="take --sandbox process, and only for files that may read yours",
        )
    if os.name != "posix":
        raise UsageError("submissions run on Linux and macOS only", given=f"os.name = {os.name!r}")
    return "process" if level == "auto" else level
