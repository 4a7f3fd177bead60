"""Arguments of a function by name: what varies among them, and the gradients that are returned for them."""

import inspect
from collections.abc import Callable
from typing import Any

from gradcheck.errors import GradientInterfaceError
from gradcheck.parameters import leaf_nodes

_Function = Callable[..., Any]


def named(function: _Function, args: Any) -> dict[str, Any]:
    """Return the arguments by their names in the signature, or by position where it has none."""
    args = args if isinstance(args, tuple | list) else (args,)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [str(i) for i in range(len(names), len(args))]
    return dict(zip(names, args, strict=False))


class Names:
    """The names of arguments, and which of them are no constants.

    Parameters
    ----------
    params : dict
        Arguments by name.
    source : str
        What messages call the function that returns the gradients.
    """

    def __init__(self, params: dict[str, Any], source: str) -> None:
        self._source = source
        self._all = list(params)
        self._varying = [name for name, node in params.items() if any(True for _ in leaf_nodes(node))]

    def given_to(self, result: Any) -> dict[str, Any]:
        """Return the gradients that a function returned, by name."""
        names, listed = self._all, isinstance(result, tuple | list)
        if isinstance(result, dict) and (len(names) > 1 or set(result) <= set(names)):
            return result
        if len(self._varying) == 1 and not listed and result is not None:
            return {self._varying[0]: result}
        if len(names) == 1 and listed and len(result) != 1:  # the argument is a list itself
            return {names[0]: result}
        for matching in (names, self._varying):
            if listed and len(result) == len(matching):
                return dict(zip(matching, result, strict=True))
        count = len(result) if listed else int(result is not None)
        raise GradientInterfaceError(
            f"{count or 'no'} gradient{'s' * (count > 1)} for {len(names)} argument{'s' * (len(names) > 1)}",
            given=f"{type(result).__name__} from {self._source}",
            expected=f"a tuple in the order {', '.join(names)}, or a dict by these names",
            do="add the missing return"
            if result is None
            else "return one for each, None for integers and other constants",
        )
