"""Which reference network a submission computes, found by comparing values.

All activations, losses and penalties that gradcheck knows are tried on several problems; what
reproduces every output and every loss to round-off is what the submission computes.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck.networks import ACTIVATIONS, LOSSES, DenseNetwork
from gradcheck.networks.penalties import PENALTIES

_MIXED = ("relu", "tanh", "sigmoid", "identity")
# What people add inside a logarithm, where it is large enough to be seen.
EPSILONS = (1e-8, 1e-7, 1e-6, 1e-5)
# A loss over classes takes logits; a submission that returns their probabilities computes these.
LOGITS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "softmax": ("softmax_cross_entropy", np.log),
    "sigmoid": ("binary_cross_entropy", lambda y: np.log(y) - np.log1p(-y)),
}


@dataclass(frozen=True)
class Seen:
    """One problem in rows, and what the submission computed.

    Attributes
    ----------
    params : mapping of str to ndarray
        ``W1`` (in, out), ``b1`` (out,), ...
    x : ndarray, shape (N, in)
    d : ndarray, shape (N, K)
    y : ndarray, shape (N, K), or None
    loss : float or None
    close : float
        How much two equal values may differ, relatively.
    """

    params: Mapping[str, Any]
    x: Any
    d: Any
    y: Any
    loss: float | None
    close: float

    def output_of(self, activations: Sequence[str]) -> Any:
        """Return the output of a network with these activations."""
        target = np.zeros((len(self.x), self.params[f"W{len(activations)}"].shape[1]))
        return DenseNetwork(activations).forward(self.params, self.x, target).y


@dataclass(frozen=True)
class Loss:
    """A loss that reproduces all values seen.

    Attributes
    ----------
    name : str
        Of `gradcheck.networks.LOSSES`.
    factor : float
        The submission's loss is so many times that of `name`.
    penalty : float
        Strength of its L2 penalty.
    epsilon : float
        What it adds inside its logarithm.
    logits : bool
        Whether `name` takes the pre-activations of the output.
    """

    name: str
    factor: float = 1.0
    penalty: float = 0.0
    epsilon: float = 0.0
    logits: bool = False

    def network(self, activations: Sequence[str]) -> DenseNetwork:
        """Return the reference network under this loss; its gradients lack the factor."""
        names = (*activations[:-1], "identity") if self.logits else activations
        penalties = {"l2": self.penalty / self.factor} if self.penalty else {}
        return DenseNetwork(names, self.name, penalties)

    def delta(self, y: Any, d: Any, activation: str) -> Any:
        """Return dE/du of the pre-activation u of an output with this activation; NaN if y does not tell."""
        if self.logits:
            return self.factor * LOSSES[self.name].gradient(LOGITS[activation][1](y), d)
        slope = ACTIVATIONS[activation].from_output
        known = slope is not None and ACTIVATIONS[activation].elementwise
        return self.factor * LOSSES[self.name].gradient(y, d) * (slope(y) if known and slope else np.nan)

    def value(self, y: Any, d: Any, activation: str) -> float:
        """Return the loss, without its penalty, of an output with this activation."""
        logits = LOGITS[activation][1](y) if self.logits else y
        return self.factor * float(LOSSES[self.name].value(logits, d))


def usual_losses(
    name: str, activation: str, samples: int, outputs: int, *, is_free: bool, is_single: bool = False
) -> list[Loss]:
    """Return losses that a submission without one may mean, the usual one first: means, then sums.

    Parameters
    ----------
    name : str
        The usual one.
    activation : str
        Of the output.
    samples, outputs : int
        N and K.
    is_free : bool
        Whether it may also be a cross entropy of a sigmoid, or squares without the 1/2 or averaged over
        the outputs. If not, gradients of these are mistakes.
    is_single : bool, optional
        Whether there is one sample without an axis that counts it. Helpers that divide by ``len(d)``
        then divide by the number of outputs.

    Returns
    -------
    list of Loss
    """
    over_classes = LOGITS.get(activation, ("",))[0]
    first = over_classes if activation == "softmax" else name
    squares = ["half_squared_error"] if samples == 1 else ["mean_squared_error", "half_squared_error"]
    names: dict[str, None] = {}
    for usual in filter(None, (first, name, over_classes if is_free else "")):
        names |= dict.fromkeys(squares if usual == "mean_squared_error" else [usual])
    found = [Loss(name, logits=name == over_classes) for name in names]
    sums = [replace(loss, factor=float(samples)) for loss in found if LOSSES[loss.name].averages]
    found += [loss for loss in sums if samples > 1 and loss.name != "mean_squared_error"]
    factors = (2.0, 1 / outputs, 2 / outputs) if is_free else (1 / outputs,) if is_single else ()
    of_squares = [loss for loss in found if loss.name.endswith("squared_error")]
    return found + [replace(loss, factor=factor) for factor in dict.fromkeys(factors) for loss in of_squares]


def activations_that_fit(seen: Sequence[Seen], depth: int, stated: str | None) -> tuple[str, ...] | None:
    """Return the activations of a network that reproduces every output, None if there is none.

    Parameters
    ----------
    seen : sequence of Seen
        With outputs.
    depth : int
        Number of layers.
    stated : str or None
        The activation of the hidden layers, if it is known.

    Returns
    -------
    tuple of str or None
    """
    for names in _activations(depth, stated):
        if all(np.allclose(case.y, case.output_of(names), case.close, case.close) for case in seen):
            return names
    return None


def output_of(seen: Sequence[Seen]) -> str:
    """Return the activation that an output may have, judged by its range alone.

    Parameters
    ----------
    seen : sequence of Seen
        With outputs.

    Returns
    -------
    {"softmax", "sigmoid", "identity"}
    """
    if not all(np.all((case.y > 0) & (case.y < 1)) for case in seen):
        return "identity"
    sums = all(np.allclose(case.y.sum(axis=1), 1) for case in seen)
    return "softmax" if sums and seen[0].y.shape[1] > 1 else "sigmoid"


def loss_that_fits(seen: Sequence[Seen], activations: Sequence[str], stated: str | None) -> Loss | None:
    """Return the loss that reproduces every value, None if there is none.

    Parameters
    ----------
    seen : sequence of Seen
        With outputs and losses.
    activations : sequence of str
    stated : str or None
        Name of the loss, if it is known.

    Returns
    -------
    Loss or None
    """
    fits = []
    for name, logits, epsilon, value in _candidates(activations[-1]):
        if stated in (None, name) and all(_takes(name, case) for case in seen):
            with np.errstate(all="ignore"):
                terms = [value(case.y, case.d) for case in seen]
            found = _factor_and_penalty(terms, seen)
            if found is not None:
                fits.append(Loss(name, *found, epsilon, logits))
    return min(fits, key=lambda fit: abs(np.log(fit.factor)), default=None)


def network_that_fits(
    seen: Sequence[Seen], depth: int, activation: str | None, loss: str | None
) -> tuple[tuple[str, ...], Loss] | None:
    """Return activations and loss that reproduce every loss, where outputs are not to be had.

    Parameters
    ----------
    seen : sequence of Seen
        With losses.
    depth : int
    activation, loss : str or None
        What is stated.

    Returns
    -------
    (tuple of str, Loss) or None
    """
    for names in _activations(depth, activation):
        found = loss_that_fits([replace(case, y=case.output_of(names)) for case in seen], names, loss)
        if found is not None:
            return names, found
    return None


def _activations(depth: int, stated: str | None) -> Iterator[tuple[str, ...]]:
    """Yield one activation for all hidden layers, then common ones mixed; outputs vary fastest.

    Outputs of gelu, which are rare, come last: it is slow to import.
    """
    hidden = [stated] if stated else list(ACTIVATIONS)
    uniform = [(name,) * (depth - 1) for name in hidden] if depth > 1 else [()]
    mixed = [] if stated else [m for m in itertools.product(_MIXED, repeat=depth - 1) if len(set(m)) > 1]
    chosen = [(*names, output) for names in (*uniform, *mixed) for output in ACTIVATIONS]
    yield from sorted(chosen, key=lambda names: names[-1] == "gelu")


Value = Callable[[Any, Any], float]


def _candidates(activation: str) -> Iterator[tuple[str, bool, float, Value]]:
    """Yield losses of an output: name, whether it takes logits, epsilon, and the function."""
    if activation in LOGITS:
        over_classes, logits = LOGITS[activation]
        yield over_classes, True, 0.0, lambda y, d: LOSSES[over_classes].value(logits(y), d)
    for squash, (over_classes, _) in LOGITS.items():
        if activation in (squash, "identity"):
            f = ACTIVATIONS["identity" if activation == squash else squash].f
            for epsilon in EPSILONS:
                yield over_classes, activation == squash, epsilon, partial(_WITH[over_classes], epsilon, f)
    for name, loss in LOSSES.items():
        yield name, False, 0.0, loss.value


def _cross_entropy(epsilon: float, f: Callable[[Any], Any], y: Any, d: Any) -> float:
    return float(-np.sum(d * np.log(f(y) + epsilon)) / len(y))


def _binary_cross_entropy(epsilon: float, f: Callable[[Any], Any], y: Any, d: Any) -> float:
    p = f(y)
    return float(-np.sum(d * np.log(p + epsilon) + (1 - d) * np.log(1 - p + epsilon)) / len(y))


_WITH = {"softmax_cross_entropy": _cross_entropy, "binary_cross_entropy": _binary_cross_entropy}


def _takes(name: str, case: Seen) -> bool:
    if LOSSES[name].target == "classes":
        return bool(np.allclose(np.sum(case.d, axis=1), 1))
    return True


def _factor_and_penalty(terms: Iterable[float], seen: Sequence[Seen]) -> tuple[float, float] | None:
    """Return c and s of ``loss = c term + s sum(W**2) / 2`` if that holds for all problems."""
    sums = [
        sum(float(PENALTIES["l2"].cost(W).sum()) for name, W in case.params.items() if name[0] == "W")
        for case in seen
    ]
    losses = np.array([case.loss for case in seen], dtype=float)
    matrix = np.column_stack([list(terms), sums])
    if not (np.isfinite(matrix).all() and np.isfinite(losses).all()):
        return None
    (factor, penalty), *_ = np.linalg.lstsq(matrix, losses, rcond=None)
    if factor <= 0 or not np.allclose(
        matrix @ (factor, penalty), losses, rtol=max(case.close for case in seen), atol=0
    ):
        return None
    negligible = abs(penalty) * max(sums) < 1e-12 * np.max(np.abs(losses))
    return float(factor), 0.0 if negligible else float(penalty)
