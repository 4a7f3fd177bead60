"""Laws of linearity: in the cotangent, and over the samples of a batch.

Whether a loss sums or averages over samples, or mixes them, is read from its own values: the
gradient has to keep the identity that the loss keeps. Where results differ by more than their own
round-off, there is a second look at how far they move when params and x are rounded: a saturated
unit passes on many times the round-off of its input.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.decision import ROUND_OFF
from gradcheck.laws import purity
from gradcheck.laws.cases import Arguments, Case, DoesNotApply, batch_size, derivatives, rows, samples
from gradcheck.laws.comparison import (
    Leaves,
    Violation,
    allowed_gap,
    differences,
    largest,
    mapped,
    named,
    unit_roundoff,
)

# A sum of weight times value over batches, which is zero.
Identity = list[tuple[float, list[int]]]

# Powers of two: the scaled call rounds as the other does. Clipping and thresholds show.
FACTORS = (2.0**20, 2.0**-20)


def linear(case: Case) -> Violation | None:
    """Compare B(2 a - b) with 2 B(a) - B(b), and B(s a) with s B(a)."""
    arguments = case.arguments()
    a, b = arguments["dz"], case.arguments(seed=1)["dz"]

    def result(dz: np.ndarray) -> Leaves:
        return named(_fitting(case, arguments | {"dz": dz}))

    of_a, of_b = result(a), result(b)
    twice = _sum([(2.0, of_a)])
    both = _sum([(2.0, of_a), (-1.0, of_b)])
    found = differences(result(2 * a - b), both, allowed_gap(twice, of_b), "backward(2 a - b)")
    for s in FACTORS:
        scaled = _sum([(1 / s, result(a * a.dtype.type(s)))])
        found = found or differences(scaled, of_a, allowed_gap(of_a), f"backward({s:g} a) / {s:g}")
    return found


def zero(case: Case) -> Violation | None:
    """Look for anything but zeros where the cotangent is zero."""
    arguments = case.arguments()
    found = named(_fitting(case, arguments | {"dz": np.zeros_like(arguments["dz"])}))
    nothing = {name: np.zeros_like(array) for name, array in found.items()}
    return differences(found, nothing, what="the derivative for dz = 0")


def additive(case: Case) -> Violation | None:
    """Compare the derivatives of a batch with those of its parts."""
    arguments = case.arguments()
    everything = list(range(batch_size(arguments)))
    how, identity = _identity(case, arguments, everything)
    parts = [(weight, _fitting(case, samples(arguments, index))) for weight, index in identity]
    plus = [(weight, named({"params": part["params"]})) for weight, part in parts if weight > 0]
    minus = [(-weight, named({"params": part["params"]})) for weight, part in parts if weight < 0]
    allowed = allowed_gap(*(_sum([term]) for term in plus + minus))
    gap = allowed, f"the gradient of a loss that is {how}"
    found = _differences(case, arguments, _sum(plus), _sum(minus), *gap)
    if found or not case.has_cotangent:
        return found
    whole = _fitting(case, arguments)
    for n in everything:
        alone = named({"x": _fitting(case, samples(arguments, [n]))["x"]})
        own = named({"x": rows(whole["x"], [n])})
        gap = allowed_gap(alone), f"within the batch, dx of sample {n}"
        found = found or _differences(case, arguments, own, alone, *gap)
    return found


def permutation(case: Case) -> Violation | None:
    """Compare the derivatives for a batch in another order with those for the batch."""
    arguments = case.arguments()
    order = list(range(batch_size(arguments)))[::-1]
    moved = samples(arguments, order)
    if not _vanishes(case, arguments, [(1.0, list(range(len(order)))), (-1.0, order)]):
        raise DoesNotApply("the loss depends on the order of the samples")
    expected = _fitting(case, arguments)
    expected = named(expected | {"x": rows(expected["x"], order)} if "x" in expected else expected)
    found = named(_fitting(case, moved))
    gap = allowed_gap(expected), "for the batch in reverse, the derivative"
    return _differences(case, arguments, found, expected, *gap)


def _fitting(case: Case, arguments: Arguments) -> Any:
    """Return the derivatives; where they do not fit their arguments there is nothing to add up."""
    result = derivatives(case, arguments)
    found, expected = named(result), named(case.differentiated(arguments))
    if {n: a.shape for n, a in found.items()} != {n: a.shape for n, a in expected.items()}:
        raise DoesNotApply("the derivatives have other names or shapes (law 'shapes_and_dtypes')")
    return result


def _identity(case: Case, arguments: Arguments, everything: list[int]) -> tuple[str, Identity]:
    """Return how the loss is made of those of the samples."""
    holding = [
        how for how, identity in _identities(everything).items() if _vanishes(case, arguments, identity)
    ]
    if not holding:
        raise DoesNotApply("the loss is neither a sum nor a mean over samples")
    if len({"a sum", "a mean"} & {*holding}) == 2:
        raise DoesNotApply("the loss is too near to zero, or too noisy, to tell a sum from a mean")
    return holding[0], _identities(everything)[holding[0]]


def _identities(everything: list[int]) -> dict[str, Identity]:
    N, last = len(everything), everything[-1]
    known: dict[str, Identity] = {
        "a sum": [(1.0, everything), *((-1.0, [n]) for n in everything)],
        "a mean": [(1.0, everything), *((-1.0 / N, [n]) for n in everything)],
    }
    if N > 2:
        ends: Identity = [(-1.0, everything[:-1]), (-1.0, [last])]
        known["a sum and a penalty"] = [(1.0, [0]), (1.0, everything[1:]), *ends]
    return known


def _loss(case: Case, arguments: Arguments) -> Leaves:
    value = case.loss(mapped(np.copy, arguments))
    # A plain number has the precision of what it was computed from.
    return {"E": np.asarray(value, np.result_type(*named(arguments).values()))}


def _vanishes(case: Case, arguments: Arguments, identity: Identity) -> bool:
    """Whether an identity holds for the losses, within round-off."""
    terms = [(weight, _loss(case, samples(arguments, index))) for weight, index in identity]
    plus, minus = ([(abs(w), v) for w, v in terms if w * sign > 0] for sign in (1, -1))
    allowed = allowed_gap(*(_sum([term]) for term in terms))
    moved = ROUND_OFF * _moved(lambda a: _loss(case, a), arguments)
    return differences(_sum(plus), _sum(minus), allowed + moved) is None


def _differences(
    case: Case, arguments: Arguments, found: Leaves, expected: Leaves, allowed: float, what: str
) -> Violation | None:
    """Compare two results that come from different forward passes."""
    broken = differences(found, expected, allowed, what)
    if not broken or purity.instability(case):
        return broken
    moved = _moved(lambda a: named(_fitting(case, a)), arguments)
    if moved > np.sqrt(unit_roundoff(found)) * max(largest(found), largest(expected)):
        raise DoesNotApply("rounding params and x takes half of the digits of the derivatives, or more")
    return differences(found, expected, allowed + ROUND_OFF * moved, what)


def _moved(function: Callable[[Arguments], Leaves], arguments: Arguments) -> float:
    """Return how far one rounding of params and x moves the results of a function."""
    rng = np.random.default_rng(0)

    def rounded(a: np.ndarray) -> np.ndarray:
        if a.dtype.kind not in "fc":
            return a
        # Towards zero, so that nothing leaves its range; what is zero stays zero.
        lost = np.finfo(a.dtype).eps * rng.integers(2, size=a.shape)
        return np.asarray(a * (1 - lost).astype(a.dtype))

    nearby = arguments | {name: mapped(rounded, arguments[name]) for name in ("params", "x")}
    here, there = function(arguments), function(nearby)
    return largest({name: here[name] - there[name] for name in here})


def _sum(terms: list[tuple[float, Leaves]]) -> Leaves:
    """Return the sum of weight times leaves, each in its own type."""
    return {
        name: np.sum([leaves[name].dtype.type(weight) * leaves[name] for weight, leaves in terms], axis=0)
        for name in terms[0][1]
    }
