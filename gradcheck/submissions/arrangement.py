"""Which parameter of a submission is W1, b1, W2, ... of a dense network, and how it is stored."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Shapes = Mapping[str, tuple[int, ...]]
_BIAS = re.compile(r"b[a-z]?|bias|biases")


@dataclass(frozen=True)
class Arrangement:
    """The parameters of a dense network, as a submission names and stores them.

    Attributes
    ----------
    widths : tuple of int
        Numbers of units, from the input to the output.
    weights : tuple of str
        Name of each layer's weights.
    biases : tuple of (str or None)
        Of each layer's biases; None for a layer without, or whose weights hold them.
    transposed : bool
        Whether weights are (out, in).
    with_bias : bool
        Whether weights are (out, 1 + in), the first column being the biases.
    """

    widths: tuple[int, ...]
    weights: tuple[str, ...]
    biases: tuple[str | None, ...]
    transposed: bool = False
    with_bias: bool = False

    @property
    def own_names(self) -> dict[str, str]:
        """The submission's name of each of W1, b1, W2, ..."""
        names = {f"W{layer}": name for layer, name in enumerate(self.weights, 1)}
        biases = self.weights if self.with_bias else self.biases
        return names | {f"b{layer}": name for layer, name in enumerate(biases, 1) if name}

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.weights)

    def in_rows(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters, or their gradients, as W1 (in, out), b1 (out,), W2, ..."""
        rows: dict[str, Any] = {}
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), 1):
            before, after = self.widths[layer - 1 : layer + 1]
            matrix = np.asarray(values[weight])
            if self.with_bias:
                rows[f"b{layer}"], matrix = matrix[:, 0], matrix[:, 1:]
            shape = (after, before) if self.transposed else (before, after)
            rows[f"W{layer}"] = matrix.reshape(shape).T if self.transposed else matrix.reshape(shape)
            if bias is not None:
                rows[f"b{layer}"] = np.reshape(values[bias], after)
        return rows

    def __str__(self) -> str:
        inputs, *hidden, outputs = self.widths
        units = [f"{inputs} inputs", *([f"{' and '.join(map(str, hidden))} hidden units"] if hidden else [])]
        stored = ", W stored (out, in)" if self.transposed else ""
        stored += ", biases in its first column" if self.with_bias else ""
        others = [f"{own} is {name}" for name, own in self.own_names.items() if own != name]
        stored += f", {', '.join(others)}" if others and not self.with_bias else ""
        return f"network of {', '.join(units)} and {outputs} output{'s' if outputs > 1 else ''}{stored}"


def arrangements(shapes: Shapes) -> Iterator[Arrangement]:
    """Yield the ways to read parameters as those of a dense network, the usual one first.

    Parameters
    ----------
    shapes : mapping of str to tuple of int

    Yields
    ------
    Arrangement
    """
    named = any(re.search("[a-z]", name.lower()) for name in shapes)
    biases = _in_order([name for name in shapes if (is_bias(name) if named else len(shapes[name]) < 2)])
    weights = _in_order([name for name in shapes if name not in biases])
    matrices = [_matrix(shapes[name]) for name in weights]
    if not weights or None in matrices:
        return
    paired = _paired(weights, biases)
    pairs = [pair for pair in matrices if pair is not None]
    for transposed in (False, True):
        chain = [pair[::-1] for pair in pairs] if transposed else pairs
        widths = (chain[0][0], *(after for _, after in chain))
        if _chained(chain) and len(paired) - paired.count(None) == len(biases):
            sizes = [int(np.prod(shapes[b])) if b else None for b in paired]
            if all(size in (None, width) for size, width in zip(sizes, widths[1:], strict=True)):
                yield Arrangement(widths, tuple(weights), tuple(paired), transposed)
    chain = [(before - 1, after) for after, before in pairs]
    if not biases and _chained(chain) and chain[0][0] > 0:
        widths = (chain[0][0], *(after for _, after in chain))
        yield Arrangement(widths, tuple(weights), (None,) * len(weights), transposed=True, with_bias=True)


def is_bias(name: str) -> bool:
    """Tell by its name whether a parameter holds biases: ``b1``, ``biases.0``, ``bias_h``."""
    return any(_BIAS.fullmatch(word) for word in re.findall("[a-z]+", name.lower()))


def _in_order(names: Sequence[str]) -> list[str]:
    numbers = [re.findall(r"\d+", name)[-1:] for name in names]
    if not all(numbers):
        return list(names)
    return [name for _, name in sorted(zip((int(n[0]) for n in numbers), names, strict=True))]


def _matrix(shape: tuple[int, ...]) -> tuple[int, int] | None:
    if len(shape) == 1 and shape[0]:
        return shape[0], 1
    return (shape[0], shape[1]) if len(shape) == 2 and min(shape) else None


def _paired(weights: Sequence[str], biases: Sequence[str]) -> list[str | None]:
    if len(weights) == len(biases):
        return list(biases)
    number = {tuple(re.findall(r"\d+", name)): name for name in biases}
    return [number.get(tuple(re.findall(r"\d+", name))) for name in weights]


def _chained(pairs: Sequence[tuple[int, int]]) -> bool:
    return all(left[1] == right[0] for left, right in itertools.pairwise(pairs))
