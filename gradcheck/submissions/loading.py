"""A submission as its file defines it: loaded in a sandbox, described, and callable.

First only what the wanted names rest on is run. Where that does not suffice, because running it
fails or a function misses a name later, the whole file is run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcheck.errors import SubmissionError
from gradcheck.submissions.sandbox import Sandbox

_REASONS = {"SyntaxError": "syntax", "MemoryError": "memory", "SystemExit": "exit", "ImportError": "import"}


@dataclass(frozen=True)
class Signature:
    """How a function of the file is called.

    Attributes
    ----------
    parameters : tuple of str
        Those without a default.
    returns : tuple of str or None
        Names in its last ``return``; None for an expression.
    line : int
        Where it is defined; 0 if elsewhere.
    """

    parameters: tuple[str, ...]
    returns: tuple[str | None, ...]
    line: int


class Submission:
    """A file loaded in a sandbox.

    Parameters
    ----------
    sandbox : Sandbox
        Entered; it lives as long as the submission is used.
    path : Path
        Of the file, absolute.
    names : sequence of str
        Top-level names that a convention may use.

    Attributes
    ----------
    functions : dict of str to Signature
        Which of the names are functions.
    values : dict of str to nest
        The others.
    understood : list of str
        How it was loaded, in words.

    Raises
    ------
    SubmissionError
        If it does not load.
    """

    def __init__(self, sandbox: Sandbox, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self._sandbox, self._names = sandbox, list(names)
        self.is_whole = False
        try:
            self._load(whole=False)
        except SubmissionError as error:
            if error.reason in ("timeout", "crashed", "syntax"):
                raise
            self.run_whole()

    def run_whole(self) -> None:
        """Load again, running every statement of the file.

        Raises
        ------
        SubmissionError
            If it does not load.
        """
        self._load(whole=True)

    @property
    def understood(self) -> list[str]:
        """How the file was loaded, in words."""
        words = []
        if self.is_whole:
            words.append("ran the whole file, since its definitions alone do not suffice")
        elif self._skipped:
            words.append(f"left out {self._skipped} top-level statements that the functions do not need")
        if self._supplied:
            words.append(f"supplied, since the file's folder has none: {', '.join(self._supplied)}")
        return words

    def run(self, values: dict[str, Any], calls: Sequence[Any], give: Sequence[Any]) -> list[Any]:
        """Set globals, call functions, and return the values asked for.

        Parameters
        ----------
        values : dict of str to nest
            Globals to set.
        calls : sequence of (str, list)
            Names of functions and their arguments.
        give : sequence of Ref
            What to return.

        Returns
        -------
        list

        Raises
        ------
        SubmissionError
            If a function raises, does not end, or ends the process.
        """
        request = {"values": values, "calls": [list(call) for call in calls], "give": list(give)}
        answer = self._sandbox.ask("run", **request)
        if "error" in answer and "NameError" in answer["error"]["bases"] and not self.is_whole:
            self.run_whole()
            answer = self._sandbox.ask("run", **request)
        if "error" in answer:
            raise self._raised(answer["error"], f"{calls[-1][0]} raises", "crashed")
        result = answer["result"]
        if not isinstance(result, list) or len(result) != len(give):
            raise _nonsense()
        return result

    def _load(self, *, whole: bool) -> None:
        answer = self._sandbox.ask("load", path=str(self.path), names=self._names, whole=whole)
        if "error" in answer:
            raise self._raised(answer["error"], "the file does not load:", "import")
        self.is_whole = whole
        try:
            self._describe(answer["result"])
        except (KeyError, TypeError, AttributeError) as error:
            raise _nonsense() from error

    def _describe(self, found: dict[str, Any]) -> None:
        self.values: dict[str, Any] = found["values"]
        self.functions = {
            name: Signature(tuple(f["parameters"][: f["required"]]), tuple(f["returns"]), f["line"])
            for name, f in found["functions"].items()
        }
        self._skipped: int = found["skipped"]
        self._supplied: list[str] = found["supplied"]

    def _raised(self, error: dict[str, Any], what: str, otherwise: str) -> SubmissionError:
        if not isinstance(error, dict) or error.keys() < {"type", "text", "bases", "line"}:
            raise _nonsense()
        reason = next((_REASONS[base] for base in error["bases"] if base in _REASONS), otherwise)
        line = f", line {error['line']}" if error["line"] else ""
        return SubmissionError(
            reason,
            f"{what} {error['type']}" + (f": {error['text']}" if error["text"] else ""),
            given=f"{self.path.name}{line}",
            do="remove the call of exit" if reason == "exit" else "",
        )


def _nonsense() -> SubmissionError:
    return SubmissionError("crashed", "the submission's process answered nonsense")
