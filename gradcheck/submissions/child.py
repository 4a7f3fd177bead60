"""The submission's own process: it loads the file and calls its functions, nothing else.

It holds no secret: no expected value, no tolerance, no verdict. Requests come in and answers
go out over what were its standard streams; the submission itself gets the null device.
This module imports nothing of gradcheck but what likewise imports nothing of it.
"""

import ast
import json
import os
import random
import sys
import traceback
import types
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, BinaryIO

import numpy as np

from gradcheck.submissions import notebooks, rows, selection, wire
from gradcheck.submissions.confinement import confine
from gradcheck.submissions.conventions import CONVENTIONS
from gradcheck.submissions.source import Source
from gradcheck.submissions.supplied import LastResort

MODULE = "submission"
_LINKS = 1000


def _given(tree: ast.Module) -> list[str]:
    """Return the names that need not be made by a file, since its convention sets them."""
    names = selection.names_bound(tree)
    return [
        name
        for convention in CONVENTIONS.values()
        if all(any(selection.fits(name, need) for name in names) for need in convention.NEEDS)
        for name in getattr(convention, "GIVEN", ())
    ]


class Runner:
    """Loads one file and answers requests about it.

    Parameters
    ----------
    helpers : str
        Path of the course's helper module.
    """

    def __init__(self, helpers: str) -> None:
        self.path = ""
        self.resort = LastResort(helpers)
        sys.meta_path.append(self.resort)

    def load(self, path: str, names: Sequence[str], whole: bool) -> dict[str, Any]:
        """Run the file, or only what the names rest on, and describe what those names are."""
        self.path = path
        with open(path, "rb") as file:
            text: str | bytes = file.read()
        tree = ast.parse(notebooks.code_of(text) if path.endswith(".ipynb") else text, path)
        part = tree if whole else selection.select(tree, names, _given(tree))
        self.module = types.ModuleType(MODULE)
        self.module.__file__ = path
        sys.modules[MODULE] = self.module
        sys.argv = [path]
        np.random.seed(0)  # noqa: NPY002 (the generator that submissions use)
        random.seed(0)
        exec(compile(part, path, "exec"), vars(self.module))  # noqa: S102 (what this process is for)
        self.source = Source(tree, self.module, whole)
        names = [*self.source.names(names), *_given(tree)]
        found = {name: vars(self.module)[name] for name in names if name in vars(self.module)}
        return {
            "values": {name: value for name, value in found.items() if not callable(value)},
            "names": names,
            "skipped": len(tree.body) - len(part.body),
            "supplied": sorted(set(self.resort.supplied)),
        }

    def bind(self, shape: str, variant: Any) -> dict[str, Any]:
        """Make the file's model."""
        self.model = CONVENTIONS[shape].bind(self.source, variant)
        return {
            "parameters": self.model.parameters(),
            "offers": self.model.offers,
            "origin": self.model.origin,
        }

    def evaluate(self, what: str, params: dict[str, Any], data: Sequence[Any]) -> Any:
        """Return an output or loss of the model."""
        if params:
            self.model.set(params)
        return getattr(self.model, what)(*data)

    def gradient(self, params: dict[str, Any], data: Sequence[Any]) -> list[Any]:
        """Return the gradient of the model, and its parameters afterwards."""
        return [self.evaluate("gradient", params, data), self.model.parameters()]

    def repeats(self, params: dict[str, Any], data: Sequence[Any]) -> int:
        """Return how often the gradient runs the function that gives the value, or the output."""
        what = self.model.offers[-1]
        outer = self._calls(what, params, data if what == "loss" else data[:1], outermost=True)
        inner = self._calls("gradient", params, data, outermost=False)
        return max((inner[code] for code in outer), default=0)

    def _calls(
        self, what: str, params: dict[str, Any], data: Sequence[Any], *, outermost: bool
    ) -> Counter[types.CodeType]:
        calls: Counter[types.CodeType] = Counter()

        def note(frame: types.FrameType, event: str, argument: object) -> None:
            caller = frame.f_back.f_code.co_filename if frame.f_back else ""
            if event == "call" and frame.f_code.co_filename == self.path != caller * outermost:
                calls[frame.f_code] += 1

        sys.setprofile(note)
        try:
            self.evaluate(what, params, data)
        finally:
            sys.setprofile(None)
        return calls

    def run(self, values: dict[str, Any], calls: Sequence[Any], give: Sequence[Any]) -> list[Any]:
        """Set globals, call functions one after another, and return the values asked for."""
        for name, value in values.items():
            setattr(self.module, name, value)
        results: list[Any] = []
        for name, arguments in calls:
            results.append(vars(self.module)[name](*self._resolve(arguments, results)))
        return [self._resolve(item, results) for item in give]

    def run_many(self, name: str, requests: Any, count: int) -> Any:
        """Answer many requests that travel as one, each as if it came alone."""
        return rows.stack([self.answer(name, request) for request in rows.unstack(requests, count)])

    def answer(self, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the result of one of the methods, or the exception that it raised."""
        try:
            return {"result": getattr(self, call)(**arguments)}
        except BaseException as error:  # noqa: BLE001, RUF100 (sys.exit is one of them)
            return {"error": described(error, self.path)}

    def _resolve(self, value: Any, results: Sequence[Any]) -> Any:
        if isinstance(value, list):
            return [self._resolve(item, results) for item in value]
        if not isinstance(value, wire.Ref):
            return value
        first, *items = value.path
        found = results[first] if isinstance(first, int) else vars(self.module)[first]
        for item in items:
            found = found[item]
        return found


def described(error: BaseException, path: str) -> dict[str, Any]:
    """Return an exception as data: its type, text, and the last line of the file that it passed."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines = [error.lineno]
    try:
        text = str(error)
    except Exception:  # noqa: BLE001, RUF100 (their exception, their __str__)
        text = ""
    bases = [base.__name__ for base in type(error).__mro__]
    told = {key: str(getattr(error, key, ""))[:500] for key in ("given", "expected")}
    return {
        "type": bases[0],
        "bases": bases,
        "text": text[:500],
        "line": lines[-1] if lines else None,
        **told,
    }


def private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take the standard streams for the frames and leave the null device in their place."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    return requests, answers


def serve(runner: Runner, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request with one frame until there are no more."""

    def take(size: int) -> bytes:
        data = requests.read(size)
        if len(data) < size:
            os._exit(0)
        return data

    while True:
        request = wire.read(take)
        try:
            answer = wire.pack(runner.answer(request["call"], request["arguments"]))
        except wire.WireError as error:
            answer = wire.pack({"error": described(error, runner.path)})
        answers.write(answer)
        answers.flush()


def move_in(scratch: str, visible: Sequence[str]) -> None:
    """Work in a folder of one's own, where what may be read can be found by its name alone."""
    os.chdir(scratch)
    for place in visible:
        entries = (
            [place] if os.path.isfile(place) else [entry.path for entry in islice(os.scandir(place), _LINKS)]
        )
        for entry in entries:
            os.symlink(entry, os.path.basename(entry))


def main(facts: str) -> None:
    """Serve requests about a file.

    Parameters
    ----------
    facts : str
        As JSON: its ``folder``, the course's ``helpers``, files and folders that are ``visible`` of the
        submission and ``readable`` at all, the folder to work in (``scratch``), and ``seconds`` of
        processor time, 0 without limits.
    """
    known = json.loads(facts)
    requests, answers = private_streams()
    move_in(known["scratch"], known["visible"])
    os.environ["MPLBACKEND"] = "Agg"
    writable = [known["scratch"], os.devnull]
    measures = confine(known["seconds"], known["readable"], writable) if known["seconds"] else []
    answers.write(wire.pack(measures))
    answers.flush()
    # The folder comes before everything, but after the imports of this process.
    sys.path.insert(0, known["folder"])
    serve(Runner(known["helpers"]), requests, answers)
