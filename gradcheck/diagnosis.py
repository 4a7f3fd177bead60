"""Which known mistake explains a wrong gradient.

A fault is accepted only if the gradient that it would give equals the given one, entry by entry
and on every problem, to round-off: the decision rule of every check, at the strictest tolerance.
A resemblance proves nothing: a wrong derivative has a cosine of 0.999 with the right one. Where
nothing fits, nothing is said.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import MATCH, ROUND_OFF, decide_entries
from gradcheck.faults import FAULTS, Fault, Plant
from gradcheck.faults.catalogue import FREQUENCIES
from gradcheck.networks import DenseNetwork, ForwardPass
from gradcheck.networks.arrays import Array, Params
from gradcheck.report import Finding

FIT = 1e-10


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
        otherwise the simplest mistake that fits, with the codes of its equals.
    """
    right = [network.gradient(case.params, case.x, case.d) for case in cases]
    wrong = [
        {name: _compared(case.gradient[name], truth, rtol)[0] for name, truth in gradient.items()}
        for case, gradient in zip(cases, right, strict=True)
    ]
    if not any(mask.any() for masks in wrong for mask in masks.values()):
        return ()
    fits = sorted(_fits(network, cases), key=lambda fit: fit.bits)
    if not fits:
        return ()
    fault, plant, residual = fits[0].fault, fits[0].plant, fits[0].residual
    names = tuple(name for name in cases[0].params if any(masks[name].any() for masks in wrong))
    count = sum(int(mask.sum()) for masks in wrong for mask in masks.values())
    where = _where(network, cases[0].params, names)
    message = f"{where}: {plant.message}. This explains all {_counted(count, len(cases))} {_to(residual)}."
    equal = tuple(fit.fault.code for fit in fits[1:])
    return (Finding(fault.code, names, message, fault.hint, residual, equal),)


@dataclass(frozen=True)
class _Fit:
    """A fault that reproduces all cases: the way that does, the largest relative error left.

    `bits` is how much it takes to say it, the measure of what is simple: one for each step from
    "very common" to "rare", and log2 of the number of ways in which the fault could occur.
    """

    fault: Fault
    plant: Plant
    residual: float
    bits: float


def _fits(network: DenseNetwork, cases: Sequence[Case]) -> Iterator[_Fit]:
    runs = [network.forward(case.params, case.x, case.d) for case in cases]
    for fault in FAULTS.values():
        plants = list(fault.plants(network)) if all(map(fault.applies, runs)) else []
        for plant in plants:
            residual = _residual(plant, runs, cases)
            if residual is not None:
                bits = FREQUENCIES.index(fault.frequency) + math.log2(len(plants))
                yield _Fit(fault, plant, residual, bits)
                break


def _residual(plant: Plant, runs: Iterable[ForwardPass], cases: Iterable[Case]) -> float | None:
    """Return the largest relative error that the plant leaves in an entry; None if it does not fit."""
    worst = 0.0
    for run, case in zip(runs, cases, strict=True):
        planted = plant.gradient(run)
        for name, given in case.gradient.items():
            wrong, relative = _compared(given, planted[name], max(FIT, ROUND_OFF * _unit_roundoff(given)))
            if wrong.any():
                return None
            worst = max(worst, float(np.max(relative, initial=0)))
    return worst


def _compared(given: Array, expected: Array, rtol: float) -> tuple[NDArray[np.bool_], Array]:
    """Return which entries are wrong, by the one decision rule, and each one's relative error."""
    finite = np.isfinite(given)
    gap = np.where(finite, np.abs(np.where(finite, given, 0) - expected), np.inf)
    size = np.maximum(np.where(finite, np.abs(given), 0), np.abs(expected))
    scale = float(np.max(np.abs(expected), initial=0))
    severity, judged, _ = decide_entries(gap, np.zeros_like(gap), size, scale, rtol, _unit_roundoff(given))
    return severity != MATCH, gap / np.where(judged > 0, judged, 1)


def _unit_roundoff(array: Array) -> float:
    return float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else 0.0


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
