"""A submission as its file defines it: loaded in a sandbox, described, and callable.

First only what the wanted names rest on is run. Where that does not suffice, because running it
fails or a function misses a name later, the whole file is run.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gradcheck.errors import SubmissionError
from gradcheck.submissions import rows
from gradcheck.submissions.answers import checked, nonsense, printable, texts
from gradcheck.submissions.sandbox import Sandbox

T = TypeVar("T")
R = TypeVar("R")
_REASONS = {"SyntaxError": "syntax", "MemoryError": "memory", "SystemExit": "exit", "ImportError": "import"}


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
    names : list of str
        Which of the names it has, methods as ``Class.method``.
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
        self._is_collecting = False
        self._ready: Any = None
        self._bound: dict[str, Any] = {}
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

    def start_afresh(self) -> None:
        """Load again, so that nothing is left of earlier calls; not what takes long, a whole file."""
        if not self.is_whole:
            self._load(whole=False)

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
        given = {"values": values, "calls": [list(call) for call in calls], "give": list(give)}
        result = self._asked(calls[-1][0], "run", given)
        if not isinstance(result, list) or len(result) != len(give):
            raise nonsense()
        return result

    def bind(self, shape: str, variant: Any) -> dict[str, Any]:
        """Make the model of a convention, and describe it.

        Parameters
        ----------
        shape : str
            Of the convention.
        variant : nest
            One of its ``VARIANTS``.

        Returns
        -------
        dict
            ``parameters``, ``offers`` and ``origin`` of
            `gradcheck.submissions.models.Model`.

        Raises
        ------
        SubmissionError
            If the file cannot be called so.
        """
        self._bound = {"shape": shape, "variant": variant}
        found = self._asked("the file", "bind", self._bound)
        if not isinstance(found, dict) or not {"parameters", "offers", "origin"} <= found.keys():
            raise nonsense()
        (origin,) = texts([found["origin"]])
        return {
            "parameters": found["parameters"],
            "offers": texts(found["offers"]),
            "origin": printable(origin),
        }

    def evaluate(self, what: str, params: dict[str, Any], *data: Any) -> Any:
        """Return an output or a loss of the model that was bound.

        Parameters
        ----------
        what : {"output", "loss"}
        params : dict of str to array or float
        *data
            x, and d for the loss.

        Returns
        -------
        nest

        Raises
        ------
        SubmissionError
            If the submission raises, does not end, or ends the process.
        """
        return self._asked(f"its {what}", "evaluate", {"what": what, "params": params, "data": data})

    def gradient(self, params: dict[str, Any], *data: Any) -> tuple[Any, Any]:
        """Return the gradient of the model that was bound, and its parameters afterwards.

        Parameters
        ----------
        params : dict of str to array or float
        *data
            x and d.

        Returns
        -------
        gradient, parameters : nest

        Raises
        ------
        SubmissionError
            As `evaluate`.
        """
        found = self._asked("its backward", "gradient", {"params": params, "data": data})
        if not isinstance(found, list) or len(found) != 2:
            raise nonsense()
        return found[0], found[1]

    def repeats(self, params: dict[str, Any], *data: Any) -> int:
        """Return how often the gradient runs the function whose gradient it is.

        Parameters
        ----------
        params : dict of str to array or float
        *data
            x and d.

        Returns
        -------
        int
            Of no weight against a process that means to deceive.

        Raises
        ------
        SubmissionError
            As `evaluate`.
        """
        found = self._asked("its backward", "repeats", {"params": params, "data": data})
        if type(found) is not int:
            raise nonsense()
        return found

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return what a function gives for each item, the calls of all items sent as one batch.

        Parameters
        ----------
        function : callable
            Calls `run` or `evaluate`, as a rule once; what it does before is done twice.
        items : sequence

        Returns
        -------
        list

        Raises
        ------
        SubmissionError
            As `run`.
        """
        requests = [self._first_request(function, item) for item in items]
        first = requests[0] if requests else None
        if first is None or len(requests) < 2 or None in requests:
            return [function(item) for item in items]
        given = rows.stack([request.arguments for request in requests if request])
        batch = {"name": first.call, "requests": given, "count": len(requests)}
        answer = checked(self._sandbox.ask("run_many", **batch))
        try:
            answers = rows.unstack(self._result(answer, "a call raises", "crashed"), len(requests))
        except ValueError as error:
            raise nonsense() from error
        results = []
        for item, self._ready in zip(items, answers, strict=True):
            results.append(function(item))
        return results

    def _first_request(self, function: Callable[[T], R], item: T) -> "_Collected | None":
        self._is_collecting = True
        try:
            function(item)
        except _Collected as collected:
            return collected
        finally:
            self._is_collecting = False
        return None

    def _asked(self, who: str, call: str, arguments: dict[str, Any]) -> Any:
        """Return the answer to a request; where a name is missing, after running the whole file."""
        if self._is_collecting:
            raise _Collected(call, arguments)
        ready, self._ready = self._ready, None
        answer = checked(self._sandbox.ask(call, **arguments) if ready is None else ready)
        if "NameError" in answer["error"]["bases"] and not self.is_whole:
            self.run_whole()
            if self._bound:
                self._sandbox.ask("bind", **self._bound)
            answer = checked(self._sandbox.ask(call, **arguments))
        return self._result(answer, f"{who} raises", "crashed")

    def _load(self, *, whole: bool) -> None:
        answer = self._sandbox.ask("load", path=str(self.path), names=self._names, whole=whole)
        found = self._result(checked(answer), "the file does not load:", "import")
        if not isinstance(found, dict) or not {"names", "skipped", "supplied"} <= found.keys():
            raise nonsense()
        self.is_whole = whole
        self.names, self._supplied = texts(found["names"]), texts(found["supplied"])
        self._skipped = found["skipped"] if type(found["skipped"]) is int else 0

    def _result(self, answer: dict[str, Any], what: str, otherwise: str) -> Any:
        if "result" in answer:
            return answer["result"]
        error = answer["error"]
        if "Unfit" in error["bases"]:
            told = {key: str(error[key]) for key in ("given", "expected")}
            raise SubmissionError("interface", str(error["text"]), **told)
        reason = next((_REASONS[base] for base in error["bases"] if base in _REASONS), otherwise)
        line = f", line {error['line']}" if error["line"] else ""
        raise SubmissionError(
            reason,
            f"{what} {error['type']}" + (f": {error['text']}" if error["text"] else ""),
            given=f"{self.path.name}{line}",
            do="remove the call of exit" if reason == "exit" else "",
        )


class _Collected(BaseException):
    """A request of which only the arguments were wanted; nothing that is run may catch it."""

    def __init__(self, call: str, arguments: dict[str, Any]) -> None:
        self.call, self.arguments = call, arguments
