"""The form of the course note: two layers, a global dict `network`, forward and backward.

``forward(network, x)`` returns ``(z1, y)``; ``backward(x, d, z1, y)`` reads the global and
returns a dict of gradients. One sample at a time, x (in,), or a batch, x (N, in). W2 may be a
vector and b2 a number.
"""

from typing import Any

import numpy as np

from gradcheck.submissions.arrangement import arrangements
from gradcheck.submissions.calling import ROLES, call
from gradcheck.submissions.models import Flat, Model
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "course-note"
KIND = "network"
FORM = "a global dict `network` (or init_network()), forward(network, x) and backward(x, d, z1, y)"
NEEDS = ("forward", "backward", "network|init_network")
USES = ()
LAYOUTS = ("one sample", "a batch", "a batch of one")
TARGETS = ("real", "one-hot")
IS_FREE = False
VARIANTS = (None,)
USUAL_LOSS = "mean_squared_error"


def bind(source: Source, variant: None) -> Model:
    """Return the file's own network, with its own sizes."""
    for network, origin in _found(source):
        widths = _widths(network)
        if widths:
            return CourseNote(source, network, widths, origin)
    if not source.is_whole:
        raise NameError("network")
    raise Unfit(
        "the sizes of the network cannot be found out",
        given="no global `network` with arrays W1 and W2, and no init_network() that gives one",
        expected="network = {'W1': (in, hidden), 'b1': (hidden,), 'W2': (hidden,), 'b2': a number}",
    )


class CourseNote(Model):
    """Functions around a global dict."""

    offers = ("output",)

    def __init__(self, source: Source, network: Flat, widths: tuple[int, ...], origin: str) -> None:
        self._source, self._outputs, self.origin = source, widths[-1], origin
        self.set(network)

    def parameters(self) -> Flat:
        """Return the global, whatever became of it."""
        network: Flat = self._source["network"]
        return network

    def set(self, params: Flat) -> None:
        """Set the global."""
        vars(self._source.module)["network"] = params

    def output(self, x: Any) -> Any:
        """Return y."""
        values, which = self._forward(x)
        return values[which]

    def gradient(self, x: Any, d: Any) -> Any:
        """Return what backward gives after forward."""
        values, which = self._forward(x)
        backward = self._source["backward"]
        names = self._source.returned("forward")
        own = names if len(names) == len(values) else [None] * len(values)
        keys = [name or f"value {i}" for i, name in enumerate(own)]
        if keys[which] not in parameters(backward):
            keys[which] = "y"
        pool = {"params": self.parameters(), "x": x, "d": d} | dict(zip(keys, values, strict=True))
        return call(backward, pool, ("x", "d", *keys))

    def _forward(self, x: Any) -> tuple[list[Any], int]:
        """Return the values of forward, and which of them is y."""
        forward = self._source["forward"]
        places = ("params", "x") if len(parameters(forward)) > 1 else ("x",)
        returned = call(forward, {"params": self.parameters(), "x": x}, places)
        values = list(returned) if isinstance(returned, tuple | list) else [returned]
        size = (1 if np.ndim(x) == 1 else len(x)) * self._outputs
        sizes = [_count(value) for value in values]
        fitting = [i for i, count in enumerate(sizes) if count == size]
        if not fitting:
            raise Unfit(
                "forward returns no output of the size that W2 gives",
                given=f"{len(sizes)} values of {', '.join(map(str, sizes))} entries",
                expected=f"one of {size}",
            )
        names = self._source.returned("forward")
        named = [i for i, name in enumerate(names) if (name or "").lower() in ("y", *ROLES["y"])]
        return values, next((i for i in named if i in fitting), fitting[-1])


def _found(source: Source) -> list[tuple[Any, str]]:
    found = []
    if "network" in source:
        found.append((source["network"], "the file's global `network`"))
    if "init_network" in source and not parameters(source["init_network"]):
        found.append((source["init_network"](), "the file's init_network()"))
    return found


def _widths(network: Any) -> tuple[int, ...]:
    """Return the numbers of units, () if it is no network."""
    if not isinstance(network, dict) or not all(map(_count, network.values())):
        return ()
    found = next(arrangements({name: np.shape(value) for name, value in network.items()}), None)
    return found.widths if found else ()


def _count(value: Any) -> int:
    """Return the number of entries, 0 for what is no array of real numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        return 0
    return array.size if array.dtype.kind in "fiu" else 0
