"""A loaded file as conventions see it: what it defines, and how that is called.

This module imports nothing of gradcheck but what likewise imports nothing of it, since the
submission's process loads it.
"""

import ast
import functools
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any

from gradcheck.submissions import selection

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Unfit(Exception):  # noqa: N818 (no error of anybody: another convention may fit)
    """The file cannot be called in this way.

    Parameters
    ----------
    problem : str
        One sentence.
    given, expected : str, optional
        Lines of the message.
    """

    def __init__(self, problem: str, *, given: str = "", expected: str = "") -> None:
        super().__init__(problem)
        self.given, self.expected = given, expected


class Source:
    """What a file defines.

    Parameters
    ----------
    tree : ast.Module
        All of the file, whether it was run or not.
    module : module
        What running it gave.
    is_whole : bool
        Whether all of it was run. If not, a `NameError` asks for the rest.
    """

    def __init__(self, tree: ast.Module, module: types.ModuleType, is_whole: bool) -> None:
        self.tree, self.module, self.is_whole = tree, module, is_whole
        self._returned: dict[str, list[str | None]] = {}

    def __getitem__(self, name: str) -> Any:
        try:
            return vars(self.module)[name]
        except KeyError:
            raise Unfit(f"the file has no {name!r}") from None

    def __contains__(self, name: str) -> bool:
        return name in vars(self.module)

    def names(self, patterns: Iterable[str]) -> list[str]:
        """Return what fits one of the patterns (see `fits`): ``name``, or ``Class.method`` of a class."""
        every = []
        for name, value in vars(self.module).items():
            own = isinstance(value, type) and value.__module__ == self.module.__name__
            every += [name, *(f"{name}.{method}" for method in dir(value) if own)]
        patterns = list(patterns)
        return [name for name in every if any(selection.fits(name, pattern) for pattern in patterns)]

    def first(self, pattern: str) -> Any:
        """Return the function that fits the pattern, in the order of its alternatives; None if none."""
        for part in pattern.split("|"):
            for name in self.names([part]):
                if callable(self[name]):
                    return self[name]
        return None

    def classes(self, *methods: str) -> list[Any]:
        """Return the file's own classes that have all these methods, in its order."""
        return [
            value
            for value in vars(self.module).values()
            if isinstance(value, type)
            and value.__module__ == self.module.__name__
            and all(callable(getattr(value, method, None)) for method in methods)
        ]

    def returned(self, name: str) -> list[str | None]:
        """Return the names in the last ``return`` of a function, None for an expression."""
        if name not in self._returned:
            definitions = [n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
            self._returned[name] = selection.returned_names(definitions[-1]) if definitions else []
        return self._returned[name]


def parameters(function: Callable[..., Any], *, required: bool = True) -> list[str]:
    """Return the names of a function's positional parameters, ``self`` left out.

    Parameters
    ----------
    function : callable
        Also a class: that of its constructor.
    required : bool
        Whether those with a default are left out.

    Returns
    -------
    list of str
    """
    found = [p for p in signature(function) if p.kind in _POSITIONAL]
    return [p.name for p in found if not required or p.default is inspect.Parameter.empty]


@functools.lru_cache
def signature(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """Return the parameters of a function; it is asked for at every evaluation, and slow to find out."""
    return tuple(inspect.signature(function).parameters.values())
