"""A submission that is a set of layers: each backward pass is judged by random cotangents."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradcheck.errors import SubmissionError
from gradcheck.report import Finding
from gradcheck.submissions.binding import Draw, Params
from gradcheck.submissions.gradients import checked_gradient
from gradcheck.submissions.layer_references import differs, promised
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.values import described, equal, real

_DRAWS = 2
_CLOSE = 1e-9


class LayersBinding:
    """The layers of a submission; the loss of a draw is the sum of one's output times a cotangent.

    Parameters
    ----------
    submission : Submission
        Bound to its convention.
    template : dict of str to array
        ``layer.input``, one for each.
    origin : str
        Which layers they are, in words.
    """

    def __init__(self, submission: Submission, template: Params, origin: str) -> None:
        self._submission = submission
        self._layers: dict[str, Params] = {}
        for name, value in template.items():
            self._layers.setdefault(name.rpartition(".")[0], {})[name] = value
        self.understood = [f"layers by themselves, each with random inputs and cotangents: {origin}"]
        self.flags: set[str] = set()

    def compare(self, seed: int) -> None:
        """Notice layers whose forward pass is not what their name says."""
        other: list[str] = []
        for layer, inputs in self._layers.items():
            params = _drawn(inputs, [seed, len(other)])
            if differs(layer, params, self._output(layer, params)):
                other.append(layer)
        if other:
            self.flags.add("forward-differs")
            self.understood.insert(
                0,
                f"the forward pass of {', '.join(other)} is not what the name says: look at it first, since "
                "the backward pass is judged against it",
            )

    def draws(self, seed: int) -> Iterator[Draw]:
        """Yield problems of each layer."""
        for number, (layer, inputs) in enumerate(self._layers.items()):
            for i in range(_DRAWS):
                rng = np.random.default_rng([seed, number, i, 1])
                params = _drawn(inputs, [seed, number, i])
                shape = np.shape(self._output(layer, params))
                dout = rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
                yield Draw("", params, None, dout)

    def loss(self, draw: Draw) -> Callable[[Params], float]:
        """Return the sum of the output times the cotangent."""
        layer = _layer(draw)
        return lambda params: float(np.sum(self._output(layer, params, np.shape(draw.d)) * draw.d))

    def reference(self, draw: Draw) -> Callable[[Params], float] | None:
        """Return the same of what the layer's name promises, if that is its output."""
        layer = _layer(draw)
        expected, output = promised(layer, draw.params), self._output(layer, draw.params)
        if expected is None or expected.shape != output.shape:
            return None
        if not np.allclose(output, expected, _CLOSE, _CLOSE):
            return None
        return lambda params: float(np.sum(promised(layer, params) * draw.d))

    def gradient(self, draw: Draw) -> dict[str, Any]:
        """Return what the layer's backward pass gives for the cotangent."""
        returned, after = self._submission.gradient(draw.params, None, draw.d)
        shapes = {name: np.shape(value) for name, value in draw.params.items()}
        gradient = checked_gradient(returned, shapes)
        if not equal(after, draw.params):
            self.flags.add("mutates")
        return gradient

    def explain(self, cases: Sequence[tuple[Draw, dict[str, Any]]], rtol: float) -> tuple[Finding, ...]:
        """Return nothing: the catalogue is one of networks."""
        return ()

    def _output(self, layer: str, params: Params, shape: tuple[int, ...] | None = None) -> Any:
        out = self._submission.evaluate("output", params, None)
        array = real(out)
        if array is None or shape not in (None, array.shape):
            raise SubmissionError(
                "interface",
                f"the output of {layer} is no array of real numbers, always in the same shape",
                given=described(out),
                expected="an array" if shape is None else f"an array, shape {shape}",
            )
        return array


def _layer(draw: Draw) -> str:
    return next(iter(draw.params)).rpartition(".")[0]


def _drawn(inputs: Params, seed: list[int]) -> Params:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=np.shape(value)) for name, value in inputs.items()}
