"""Which known mistake explains a wrong gradient.

A fault is accepted only if the gradient that it would give equals the given one, entry by entry
and on every problem, to round-off. A resemblance proves nothing: a wrong derivative has a cosine
of 0.999 with the right one. Where nothing fits, nothing is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import MATCH, ROUND_OFF, decide_entries
from gradcheck.faults import FAULTS, Fault, Plant
from gradcheck.faults.catalogue import FREQUENCIES
from gradcheck.networks import DenseNetwork, ForwardPass
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.report import Finding

FIT = 1e-10
Wrong = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Case:
    """One problem, and the gradient that an implementation gives for it.

    Attributes
    ----------
    params : mapping of str to ndarray
        ``W1`` (in, out), ``b1`` (out,), ``W2``, ...
    x : ndarray, shape (N, in)
    d : ndarray, shape (N, K)
    gradient : mapping of str to ndarray
        The names and shapes of `params`.
    """

    params: Params
    x: Array
    d: Array
    gradient: Mapping[str, Array]


def explain(network: DenseNetwork, cases: Sequence[Case], rtol: float = 1e-6) -> tuple[Finding, ...]:
    """Name the known mistake that explains every wrong entry of a gradient.

    Parameters
    ----------
    network : DenseNetwork
        What the implementation is meant to compute.
    cases : sequence of Case
        Several problems tell more mistakes apart: one sample hides many of them.
    rtol : float, optional
        The relative error of an entry from which on it is wrong.

    Returns
    -------
    tuple of Finding
        Empty if the gradient is right, or wrong in a way that no known mistake explains;
        otherwise the most common mistake that fits, with the codes of its equals.
    """
    right = [network.gradient(case.params, case.x, case.d) for case in cases]
    wrong = [_wrong_entries(case.gradient, truth, rtol) for case, truth in zip(cases, right, strict=True)]
    if not any(mask.any() for masks in wrong for mask in masks.values()):
        return ()
    fits = sorted(_fits(network, cases), key=lambda fit: FREQUENCIES.index(fit[0].frequency))
    if not fits:
        return ()
    fault, plant, residual = fits[0]
    names = tuple(name for name in cases[0].params if any(masks[name].any() for masks in wrong))
    count = sum(int(mask.sum()) for masks in wrong for mask in masks.values())
    where = _where(network, cases[0].params, names)
    message = f"{where}: {plant.message}. This explains all {_counted(count, len(cases))} {_to(residual)}."
    equal = tuple(other.code for other, *_ in fits[1:])
    return (Finding(fault.code, names, message, fault.hint, residual, equal),)


def _fits(network: DenseNetwork, cases: Sequence[Case]) -> Iterator[tuple[Fault, Plant, float]]:
    """Yield each fault that reproduces all cases, with the way that does and the largest gap left."""
    runs = [network.forward(case.params, case.x, case.d) for case in cases]
    for fault in FAULTS.values():
        if all(fault.applies(run) for run in runs):
            for plant in fault.plants(network):
                residual = _residual(plant, runs, cases)
                if residual is not None:
                    yield fault, plant, residual
                    break


def _residual(plant: Plant, runs: Iterable[ForwardPass], cases: Iterable[Case]) -> float | None:
    """Return the largest gap that the plant leaves, relative to its leaf; None if it does not fit."""
    worst = 0.0
    for run, case in zip(runs, cases, strict=True):
        planted = plant.gradient(run)
        for name, given in case.gradient.items():
            scale = max(_largest(given), _largest(planted[name]))
            gap = _largest(given - planted[name])
            if not gap <= _fit(given) * scale:
                return None
            worst = max(worst, gap / scale if scale else 0.0)
    return worst


def _fit(given: Array) -> float:
    """Return how closely a fault has to fit, relative to the leaf: round-off of the given type."""
    return max(FIT, ROUND_OFF * _unit_roundoff(given))


def _unit_roundoff(array: Array) -> float:
    return float(np.finfo(array.dtype).eps) if np.issubdtype(array.dtype, np.floating) else 0.0


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0))


def _wrong_entries(given: Mapping[str, Array], right: Gradient, rtol: float) -> Wrong:
    wrong: Wrong = {}
    for name, truth in right.items():
        a, D = np.asarray(given[name]), truth
        gap = np.abs(a - D)
        gap[~np.isfinite(gap)] = np.inf
        size = np.maximum(np.abs(a), np.abs(D))
        severity, _ = decide_entries(gap, np.zeros_like(gap), size, _largest(D), rtol, _unit_roundoff(a))
        wrong[name] = severity != MATCH
    return wrong


def _where(network: DenseNetwork, params: Params, wrong: Sequence[str]) -> str:
    """Say which parameters are right and which wrong, and which deltas that proves right."""
    right = [name for name in params if name not in wrong]
    if not right:
        return "Every parameter is wrong"
    words = f"{_are(right)} right"
    proven = _lowest_right_delta(network, params, wrong)
    if proven is not None:
        output = "the output delta " if proven == network.depth else ""
        words += f", so {output}delta{proven} is right"
    return f"{words}; {_are(wrong)} wrong"


def _lowest_right_delta(network: DenseNetwork, params: Params, wrong: Sequence[str]) -> int | None:
    proven = None
    for layer in range(network.depth, 0, -1):
        witness = f"b{layer}" if f"b{layer}" in params else f"W{layer}"
        if witness in wrong:
            break
        proven = layer
    return proven


def _are(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"


def _to(residual: float) -> str:
    return f"to {residual:.0e}" if residual else "exactly"


def _counted(entries: int, problems: int) -> str:
    on = f" on {problems} problems" if problems > 1 else ""
    return f"{entries} wrong entries{on}" if entries > 1 else f"wrong entries (1{on})"
