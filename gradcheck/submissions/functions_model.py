"""A model of free functions: forward, maybe a loss, and backward, around a nest of parameters.

This module imports nothing of gradcheck but what likewise imports nothing of it, since the
submission's process loads it.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck.submissions.arrangement import arrangements
from gradcheck.submissions.calling import ROLES, call
from gradcheck.submissions.models import BATCH, HIDDEN, INPUTS, PENALTY, Flat, Model, construct
from gradcheck.submissions.source import Source, Unfit, parameters

# Names by which functions and globals go, the usual ones first.
FORWARD = "forward|forward_pass|feedforward|feed_forward|forward_prop|forwardprop|fprop|predict"
LOSS = (
    "loss|loss_fn|loss_func|loss_function|compute_loss|calculate_loss|calc_loss|get_loss|cost|compute_cost|"
    "mse|mse_loss|cross_entropy|cross_entropy_loss"
)
BACKWARD = (
    "backward|backward_pass|backprop|back_prop|backpropagation|back_propagation|backpropagate|bprop|grad|"
    "grads|gradient|gradients|compute_grad*|calculate_grad*|calc_grad*|get_grad*|loss_grad"
)
START = (
    "init_param*|initialize*|init_network|init_weights|init_model|init|make_params|create_params|"
    "random_params|build_model|make_network|create_network"
)
VALUES = "params|parameters|network|weights|model|net"
ANY_LAYOUT = ("a batch", "one sample", "samples in columns", "one column")
ANY_TARGET = ("real", "one-hot", "classes", "probabilities")
# What a function that updates the parameters is called with: one step, of a rate that keeps all digits.
RATE = 1.0
STEPPED = {"rate": RATE, "epochs": 1, "batch": BATCH, "reg": PENALTY}
_MARKS = ("d", "grad_", "g_", "nabla_", "delta_")


class FunctionsModel(Model):
    """Functions that get what they need as arguments, by name or else by place.

    Parameters
    ----------
    source : Source
    forward, loss : callable or None
        Not both None.
    backward : callable
    nest : nest of arrays
        The parameters, as the functions take them.
    origin : str
    names : callable, optional
        Makes the name of a parameter from its path.
    """

    def __init__(
        self,
        source: Source,
        forward: Callable[..., Any] | None,
        loss: Callable[..., Any] | None,
        backward: Callable[..., Any],
        nest: Any,
        origin: str,
        names: Callable[[str], str] = str,
    ) -> None:
        self._source, self._forward, self._loss, self._backward = source, forward, loss, backward
        self._nest, self.origin, self._names = nest, origin, names
        self.offers = tuple(name for name, f in (("output", forward), ("loss", loss)) if f)
        shapes = {name: np.shape(value) for name, value in self.parameters().items()}
        self._read = next(arrangements(shapes), None)

    def parameters(self) -> Flat:
        """Return the leaves of the nest."""
        return {self._names(path): value for path, value in leaves(self._nest)}

    def set(self, params: Flat) -> None:
        """Make the nest anew."""
        self._nest = rebuilt(self._nest, iter(params.values()))

    def output(self, x: Any) -> Any:
        """Return y, picked from what forward returns."""
        return self._run(x)["y"]

    def loss(self, x: Any, d: Any) -> Any:
        """Return what the loss gives for y and d, or for the parameters, x and d."""
        assert self._loss is not None
        pool = {**self._run(x), "d": d, "reg": PENALTY}
        places = ("y", "d") if len(parameters(self._loss)) == 2 and "y" in pool else ("params", "x", "d")
        value = call(self._loss, pool, places)
        return value[0] if isinstance(value, tuple) else value

    def gradient(self, x: Any, d: Any) -> Any:
        """Return what backward gives, by the names of the parameters."""
        pool = {**self._run(x), "d": d, "reg": PENALTY}
        found = call(self._backward, pool, ("params", "x", "d"))
        return by_name(found, self.parameters(), self._source.returned(self._backward.__name__))

    def _run(self, x: Any) -> dict[str, Any]:
        """Return all that forward takes and returns, by role and by name."""
        pool = {"params": self._nest, "x": x, "reg": PENALTY, **self.parameters()}
        if self._forward is None:
            return pool
        returned = call(self._forward, pool, ("params", "x")[-len(parameters(self._forward)) :])
        if (
            isinstance(returned, list)
            and returned
            and all(isinstance(value, np.ndarray) for value in returned)
        ):
            return {**pool, "y": returned[-1], "cache": returned}
        if not isinstance(returned, tuple):
            return {**pool, "y": returned}
        names = self._source.returned(self._forward.__name__)
        own = {name: value for name, value in zip(names, returned, strict=False) if name}
        which = _output(names, returned, self._output_size(x))
        rest = [value for i, value in enumerate(returned) if i != which]
        return {**pool, **own, "y": returned[which], "cache": rest[0] if len(rest) == 1 else tuple(rest)}

    def _output_size(self, x: Any) -> int:
        """Return the number of entries that the output for x must have, 0 if it cannot be told."""
        return np.size(x) // self._read.widths[0] * self._read.widths[-1] if self._read else 0


def takes_apart(*functions: Callable[..., Any] | None) -> bool:
    """Tell whether one of the functions takes W1 by itself."""
    return any("w1" in map(str.lower, parameters(function)) for function in functions if function)


def found_parameters(source: Source, outputs: int, *, columns: bool) -> tuple[Any, str]:
    """Return the parameters of a file and where they come from, in words.

    Parameters
    ----------
    source : Source
    outputs : int
    columns : bool
        As in `made`, for a file that neither makes nor holds them.

    Returns
    -------
    nest, origin : nest of arrays, str
    """
    start = source.first(START)
    if start:
        return construct(start, outputs), f"{start.__name__}()"
    for name in source.names([VALUES]):
        if isinstance(source[name], dict | list | tuple):
            return source[name], f"the file's global `{name}`"
    return made(source, outputs, columns=columns), "the names in the file"


def leaves(nest: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return the arrays of a nest of dict, list and tuple with their names, in order."""
    if isinstance(nest, Mapping):
        pairs = [(str(key), value) for key, value in nest.items()]
    elif isinstance(nest, list | tuple):
        pairs = [(str(i), value) for i, value in enumerate(nest)]
    else:
        return [(path, nest)]
    return [leaf for key, value in pairs for leaf in leaves(value, f"{path}.{key}" if path else key)]


def rebuilt(nest: Any, values: Any) -> Any:
    """Return a nest of the same structure with other leaves, taken in order."""
    if isinstance(nest, Mapping):
        return {key: rebuilt(value, values) for key, value in nest.items()}
    if isinstance(nest, list | tuple):
        return type(nest)([rebuilt(value, values) for value in nest])
    return next(values)


def by_name(found: Any, params: Flat, returned: list[str | None]) -> Any:
    """Return gradients by the names of the parameters.

    Parameters
    ----------
    found : nest
        A dict, whose other keys are left out, or the gradients in the order of the parameters.
    params : dict of str to array
    returned : list of (str or None)
        How the function calls what it returns.

    Returns
    -------
    nest
        As it is if it cannot be told which is which.
    """
    if isinstance(found, tuple) and sum(isinstance(item, dict) for item in found) == 1:
        found = next(item for item in found if isinstance(item, dict))
    if isinstance(found, Mapping):
        return {name: value for key, value in leaves(found) if (name := _parameter(key, params))}
    if not isinstance(found, list | tuple):
        return found
    names = [_parameter(name or "", params) for name in returned]
    if sorted(filter(None, names)) == sorted(params) and len(returned) == len(found):
        return {name: value for name, value in zip(names, found, strict=True) if name}
    values = [value for _, value in leaves(found)]
    return dict(zip(params, values, strict=True)) if len(values) == len(params) else found


def made(source: Source, outputs: int, *, columns: bool) -> Flat:
    """Return parameters W1, b1, W2, ... for a file that names them and makes none.

    Parameters
    ----------
    source : Source
    outputs : int
    columns : bool
        Whether W is (out, in) and b (out, 1), instead of (in, out) and (out,).

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    Unfit
        If the file does not name them.
    """
    texts = {node.value for node in ast.walk(source.tree) if isinstance(node, ast.Constant)}
    texts |= {node.arg for node in ast.walk(source.tree) if isinstance(node, ast.arg)}
    W = next((letter for letter in ("W", "w") if f"{letter}1" in texts), "")
    if not W:
        raise Unfit(
            "the file makes no parameters", expected="a function such as init_params(), or names W1, b1"
        )
    depth = max(layer for layer in range(1, 10) if f"{W}{layer}" in texts)
    widths = (INPUTS, *(HIDDEN * depth)[: depth - 1], outputs)
    params: Flat = {}
    for layer in range(1, depth + 1):
        shape = widths[layer - 1 : layer + 1]
        params[f"{W}{layer}"] = np.zeros(shape[::-1] if columns else shape)
        if f"b{layer}" in texts:
            params[f"b{layer}"] = np.zeros((widths[layer], 1) if columns else widths[layer])
    return params


def _parameter(key: str, params: Flat) -> str:
    """Return the parameter whose gradient has that name, "" if there is none."""
    plain = key.removesuffix("_grad")
    candidates = [plain, *(plain.removeprefix(mark) for mark in _MARKS)]
    head, _, last = plain.rpartition(".")
    candidates += [f"{head}.{last.removeprefix(mark)}" for mark in _MARKS if head]
    return next((name for name in candidates if name in params), "")


def _output(names: list[str | None], returned: tuple[Any, ...], size: int) -> int:
    """Return which of the values is y: by its size and name; beside a cache the first; else the last."""
    fitting = [i for i, value in enumerate(returned) if isinstance(value, np.ndarray) and value.size == size]
    if len(names) == len(returned):
        for i, name in enumerate(names):
            if i in fitting and (name or "").lower() in ("y", *ROLES["y"]):
                return i
    if len(returned) == 2 and isinstance(returned[1], dict | tuple | list):
        return 0
    return fitting[-1] if fitting else len(returned) - 1
