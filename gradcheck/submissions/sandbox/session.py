"""The only way to talk to a submission's process: requests, answers, one clock, and its end."""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gradcheck.errors import GradcheckError, SubmissionError
from gradcheck.submissions import wire
from gradcheck.submissions.sandbox.launching import launch, remove
from gradcheck.submissions.sandbox.levels import available

_LAST_WORDS = 1 << 12
_PATIENCE = 1.0
_START = 60.0  # seconds until the process is there; those of a submission count from then
_BY_SIGNAL = 128  # what a shell, and bubblewrap, adds to the number


class Sandbox:
    """A child process that loads one file and runs its functions; a context manager.

    Parameters
    ----------
    folder : Path
        Of the file, absolute: what it may read, and where it imports from first. It works in an
        empty folder of its own, with links to what is here, which is removed afterwards.
    level : str
        One of `gradcheck.submissions.sandbox.LEVELS`.
    timeout : float
        Seconds of wall time for everything together.

    Attributes
    ----------
    level : {"bubblewrap", "process", "none"}
    measures : tuple of str
        What is in force inside of the process, in words.

    Raises
    ------
    UsageError
        If the level is not to be had on this system.
    """

    def __init__(self, folder: Path, level: str, timeout: float) -> None:
        self.level = available(level)
        self._folder, self._timeout = folder, timeout

    def __enter__(self) -> Self:
        self._scratch = tempfile.mkdtemp(prefix="gradcheck-")
        self._process = launch(self._folder, self.level, self._timeout, self._scratch)
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)
        self._received = bytearray()
        self._deadline = time.monotonic() + _START
        try:
            self.measures = self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self._deadline = time.monotonic() + self._timeout
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._requests, self._answers, self._process.stderr):
            stream.close()
        remove(self._scratch)

    def _begin(self) -> tuple[str, ...]:
        """Wait for the first word of the process, which it says before it loads anything."""
        try:
            return tuple(wire.read(self._take))
        except SubmissionError as error:
            os.set_blocking(self._process.stderr.fileno(), False)
            words = (self._process.stderr.read(_LAST_WORDS) or b"").decode(errors="replace")
            raise GradcheckError(
                "the process for the submission did not start",
                given=words.strip().rpartition("\n")[2] or str(error),
                do="take another --sandbox" if self.level == "bubblewrap" else "",
            ) from error

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
        try:
            code = self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            return SubmissionError("crashed", "the submission closed the pipe that its answers come by")
        if self.level == "bubblewrap" and code > _BY_SIGNAL:
            code = _BY_SIGNAL - code
        if code == -signal.SIGXCPU:
            return SubmissionError("timeout", "the submission used up its processor time")
        if code < 0:
            return SubmissionError("crashed", f"the submission's process was killed by {_signal_name(-code)}")
        return SubmissionError(
            "exit",
            f"the submission ended its own process with exit code {code}",
            do="remove os._exit() from the file; an exit code is not an answer",
        )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
