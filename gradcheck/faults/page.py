"""All known mistakes as one page of Markdown, each with a worked example: `gradcheck explain --page`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from gradcheck.faults.catalogue import Fault, NetworkFault
from gradcheck.faults.mutation import plant
from gradcheck.faults.pattern import Pattern
from gradcheck.faults.registry import FAMILIES, FAULTS
from gradcheck.networks import LAYERS, LOSSES, DenseNetwork, Network, Objective
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers import Conv2d, Dense
from gradcheck.networks.layers.layer import Example, normal

_DENSE = (
    DenseNetwork(("sigmoid", "identity")),
    DenseNetwork(("tanh", "sigmoid", "identity"), "softmax_cross_entropy", {"l2": 0.3}),
    DenseNetwork(("relu", "tanh", "sigmoid"), "mean_squared_error", {"l1": 0.2}),
    DenseNetwork(("gelu", "relu", "softmax"), "huber"),
    DenseNetwork(("silu", "identity"), "binary_cross_entropy"),
)
_SHAPES = ((3, (2, 5, 3, 4)), (3, (3, 3, 3, 3)))  # samples, widths; some mistakes need square weights
_HEAD = """\
# Known mistakes in backward passes

Written by `gradcheck explain --page`. Rows of x are samples; u_l = z_(l-1) W_l + b_l is the pre-activation,
z_l = f(u_l) the activation, delta_l = dE/du_l. Each example shows the first wrong entries of a gradient.
"""


@dataclass(frozen=True)
class Worked:
    """A mistake with numbers: the first wrong entries of a gradient.

    Attributes
    ----------
    where : str
        The network.
    message : str
        What was computed instead.
    parameter : str
    places, right, wrong : list of str
        Indices of the entries, and their right and wrong derivatives.
    """

    where: str
    message: str
    parameter: str
    places: list[str]
    right: list[str]
    wrong: list[str]


def page() -> str:
    """Return the page.

    Returns
    -------
    str
    """
    parts = [_HEAD]
    for title, family in FAMILIES.items():
        parts.append(f"## {title}\n")
        parts += [_entry(fault) for fault in family]
    return "\n".join(parts).rstrip() + "\n"


def worked(code: str) -> Worked | None:
    """Return the mistake worked out where it shows in the digits of an example.

    Parameters
    ----------
    code : str
        Of `FAULTS`.

    Returns
    -------
    Worked or None
        None if it shows nowhere (of complex gradients, or below these digits), or only says where a
        mistake is.
    """
    known = isinstance(FAULTS[code], NetworkFault | Pattern)
    return next(_examples(code), None) if known else None


def _entry(fault: Fault) -> str:
    rows = [
        f"### `{fault.code}`\n\n{_sentence(fault.name)}\n",
        f"- written: `{fault.formula}`",
        f"- leaves right: {fault.leaves_right}",
        f"- {fault.frequency}",
        f"- {fault.hint}",
    ]
    example = worked(fault.code)
    return "\n".join([*rows, *(_shown(example) if example else ())]) + "\n"


def _examples(code: str) -> Iterator[Worked]:
    for objective, params in _points():
        for mutant in plant(objective, params, [code]):
            right, wrong = objective.gradient(params), mutant.gradient(params)
            for name in right:
                if places := _places(right[name], wrong[name]):
                    where = f"`{objective.network!r}` with x {np.shape(objective.x)}"
                    numbers = ([f"{g[name][place]:.4g}" for place in places] for g in (right, wrong))
                    labels = [f"[{', '.join(map(str, place))}]" for place in places]
                    yield Worked(where, mutant.message, name, labels, *numbers)


def _shown(example: Worked) -> Iterator[str]:
    yield f"\nIn {example.where}: {example.message}.\n"
    yield _row([f"dE/d{example.parameter}", *example.places])
    yield _row(["---"] * (len(example.places) + 1))
    yield _row(["right", *example.right])
    yield _row(["wrong", *example.wrong])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _places(right: Array, wrong: Array) -> list[tuple[int, ...]]:
    """Return the first three entries that differ in the digits that are shown."""
    seen = np.argwhere(np.abs(wrong - right) > 1e-3 * np.maximum(np.abs(wrong), np.abs(right)))
    return [tuple(map(int, place)) for place in seen[:3]]


@cache
def _points() -> tuple[tuple[Objective, Gradient], ...]:
    """Return networks at points where every mistake shows somewhere, the simplest first."""
    rng = np.random.default_rng(0)
    points = [_dense(rng, network, *shape) for network in _DENSE for shape in _SHAPES]
    examples = [*LAYERS.values(), Example(Conv2d(2, 3), normal(2, 2, 5, 4))]
    points += [_layered(rng, example) for example in examples]
    return tuple((objective, params) for objective, params in points if params)


def _dense(
    rng: np.random.Generator, network: DenseNetwork, samples: int, widths: tuple[int, ...]
) -> tuple[Objective, Gradient]:
    params: Gradient = {}
    for layer, (rows, columns) in enumerate(pairwise(widths[: network.depth + 1]), 1):
        params |= {f"W{layer}": rng.normal(size=(rows, columns)), f"b{layer}": rng.normal(size=columns)}
    x = rng.normal(size=(samples, widths[0]))
    return Objective(
        network, x, _target(rng, network.criterion.name, (samples, widths[network.depth]))
    ), params


def _target(rng: np.random.Generator, loss: str, shape: tuple[int, ...]) -> Any:
    if LOSSES[loss].target == "classes":
        return rng.integers(shape[-1], size=shape[:-1])
    return rng.uniform(size=shape) if LOSSES[loss].target == "probabilities" else rng.normal(size=shape)


def _layered(rng: np.random.Generator, example: Example) -> tuple[Objective, Gradient]:
    """Put a dense layer, which needs the layer's dx, before it."""
    x: Any = example.draw_input(rng)
    floats = isinstance(x, np.ndarray) and x.dtype.kind == "f"
    network = Network([*([Dense(x.shape[-1])] if floats else []), example.layer])
    params: Params = network.draw(rng, x)
    y, _ = network.body.forward(params, x)
    return Objective(network, x, rng.normal(size=y.shape)), dict(params)


def _sentence(text: str) -> str:
    first = text.split()[0]
    return f"{text[0].upper() if first.islower() else text[0]}{text[1:]}."
