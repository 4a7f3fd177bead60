"""The known mistakes that explain a gradient, where the network is known."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis import words
from gradcheck.diagnosis.case import Case
from gradcheck.diagnosis.charge import Way
from gradcheck.diagnosis.comparison import compared
from gradcheck.diagnosis.kinks import SHARES, lies_at_kink
from gradcheck.diagnosis.search import Search
from gradcheck.faults.catalogue import AnyNetwork
from gradcheck.networks import DenseNetwork
from gradcheck.report import Finding

_STAGES = ({"most": 1}, {"most": 2}, {"most": 2, "unknown": True})
_Masks = Mapping[str, NDArray[np.bool_]]
_Reading = tuple[Search, list[_Masks]]


def explain(network: AnyNetwork, cases: Sequence[Case], rtol: float = 1e-6) -> tuple[Finding, ...]:
    """Name the known mistakes that explain every wrong entry of a gradient.

    Parameters
    ----------
    network : DenseNetwork or Network
        What the implementation is meant to compute.
    cases : sequence of Case
        Several problems tell more mistakes apart: one sample hides many of them.
    rtol : float, optional
        The relative error of an entry from which on it is wrong.

    Returns
    -------
    tuple of Finding
        Empty if the gradient is right, or wrong in a way that is not understood; otherwise the
        simplest mistake that explains it, or the simplest two, with the codes of their equals. Where
        no known mistakes do, the step of the recursion that is wrong, if the others prove that.
    """
    search, wrong = min(_readings(network, cases, rtol), key=_count)
    if not any(mask.any() for masks in wrong for mask in masks.values()):
        return ()
    ways = next(filter(None, (search.ways(**stage) for stage in _STAGES)), [])  # type: ignore[arg-type]
    return tuple(_findings(network, search, wrong, ways)) if ways else ()


def _readings(network: AnyNetwork, cases: Sequence[Case], rtol: float) -> Iterator[_Reading]:
    """Yield a search for each choice of slopes at kinks, and which entries are wrong by it."""
    first = Search(network, cases)
    at_kink = isinstance(network, DenseNetwork) and any(map(lies_at_kink, first.runs))
    for search in (first, *(Search(network, cases, share) for share in SHARES if at_kink)):
        yield (
            search,
            [
                {name: compared(case.gradient[name], truth, rtol)[0] for name, truth in right.items()}
                for case, right in zip(cases, search.right, strict=True)
            ],
        )


def _count(reading: _Reading) -> int:
    """Return the number of wrong entries."""
    return sum(int(mask.sum()) for masks in reading[1] for mask in masks.values())


def _findings(
    network: AnyNetwork, search: Search, wrong: Sequence[_Masks], ways: Sequence[Way]
) -> Iterator[Finding]:
    best, cases = ways[0], search.cases
    names = [name for name in cases[0].params if any(masks[name].any() for masks in wrong)]
    rest = [name for charge in best.charges for name in charge.unexplained]
    count = sum(int(mask.sum()) for masks in wrong for name, mask in masks.items() if name not in rest)
    start = f"{words.where(network, cases[0].params, names)}: "
    for number, charge in enumerate(best.charges):
        beside = [other.fault.code for other in best.charges if other is not charge]
        end = words.explained(count, len(cases), best.residual, beside, rest)
        own = names if not beside else [name for name in names if name in search.touched(charge)]
        fault, message = charge.fault, f"{start}{charge.plant.message}.{end}"
        yield Finding(fault.code, tuple(own), message, fault.hint, best.residual, _equals(ways, number))
        start = "Besides, "


def _equals(ways: Sequence[Way], number: int) -> tuple[str, ...]:
    """Return the codes that can stand for the mistake of that number in the simplest way.

    Where all mistakes are others, the first is given their codes, joined by a plus sign.
    """
    best, *others = ([charge.fault.code for charge in way.charges] for way in ways)
    found = []
    for codes in others:
        differing = [i for i, (a, b) in enumerate(zip(best, codes, strict=False)) if a != b]
        if len(codes) != len(best) or not differing:
            continue
        if differing == [number]:
            found.append(codes[number])
        elif len(differing) > 1 and number == 0:
            found.append("+".join(codes))
    return tuple(dict.fromkeys(found))
