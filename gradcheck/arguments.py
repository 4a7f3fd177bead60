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
    """The names of arguments, and which of them are no constants."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._all = list(params)
        self._varying = [name for name, node in params.items() if any(True for _ in leaf_nodes(node))]

    def given_to(self, result: Any, source: _Function) -> dict[str, Any]:
        """Return the gradients that a function returned, by name."""
        names = self._all
        if isinstance(result, dict) and (len(names) > 1 or set(result) <= set(names)):
            return result
        listed = isinstance(result, tuple | list)
        if len(names) == 1 and not (listed and len(result) == 1):
            return {names[0]: result}
        for matching in (names, self._varying):
            if listed and len(result) == len(matching):
                return dict(zip(matching, result, strict=True))
        count = len(result) if listed else 1
        raise GradientInterfaceError(
            f"{count} gradient{'s' * (count != 1)} for {len(names)} arguments",
            given=f"{type(result).__name__} from {getattr(source, '__qualname__', 'the function')}",
            expected=f"a tuple in the order {', '.join(names)}, or a dict by these names",
            do="return None for what is constant, or give it as an integer",
        )
