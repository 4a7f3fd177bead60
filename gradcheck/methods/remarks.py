"""What a reader should know of the entries of a gradient, in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gradcheck.decision import INCONCLUSIVE
from gradcheck.derivatives.lines import EntryLine
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.setting import Setting
from gradcheck.parameters import Leaf
from gradcheck.problem import Problem

_BEYOND = ("outside", "right", "left")
_STEPS = (2.0**-3, 2.0**-11, 2.0**-25)  # relative to the size of an entry


def describe(problem: Problem, evidence: Mapping[int, LeafEvidence], setting: Setting) -> Iterator[str]:
    """Say what is odd about entries, and why any are left open.

    Parameters
    ----------
    problem : Problem
    evidence : mapping of int to LeafEvidence
        Of the leaves of which there is any.
    setting : Setting

    Yields
    ------
    str
    """
    for index, found in evidence.items():
        leaf = problem.leaves[index]
        for kind, count in Counter(found.odd.values()).items():
            yield f"{leaf.name}: {count} of {len(found.analytic)} entries {_ODD[kind]}"
        if not setting.differs and "trivial" not in problem.flags:  # which is reason enough
            yield from _coarse(leaf, found, setting.rtol)
    yield from _raised(problem, evidence)


def _coarse(leaf: Leaf, found: LeafEvidence, rtol: float) -> Iterator[str]:
    """Say of entries that are open for no other reason how well they are known."""
    judgement = found.judge(rtol)
    if not judgement.counts[INCONCLUSIVE]:
        return
    left = (judgement.severity == INCONCLUSIVE) & np.isfinite(judgement.bound)
    left[list(found.odd)] = False
    if left.any():
        bound = np.max(judgement.bound[left] / judgement.judged[left])
        yield (
            f"{leaf.name}: {np.count_nonzero(left)} of {len(left)} entries measured to {bound:.0e} at best, "
            "as what moves the loss so little drowns in its round-off; leave constants out of it, or give a "
            "larger rtol"
        )


def _raised(problem: Problem, evidence: Mapping[int, LeafEvidence]) -> Iterator[str]:
    """Say what a loss raised that has no value on a side of an entry: it may not be the domain."""
    for leaf, found in evidence.items():
        k = next((k for k, kind in found.odd.items() if kind in _BEYOND), None)
        if k is None:
            continue
        size = abs(float(problem.start[leaf][k])) or 1.0
        error = EntryLine(problem, leaf, k).error([sign * size * t for t in _STEPS for sign in (1, -1)])
        if error is not None:
            name = problem.leaves[leaf].name
            yield f"{name}: beside the point the loss raised {type(error).__name__}: {error}"
            return


def suspicion(
    leaves: Sequence[Leaf], evidence: Mapping[int, LeafEvidence], rtol: float
) -> tuple[str, str] | None:
    """Return a flag and its note where a gradient matches, but far worse than could be seen."""
    found = evidence.items()
    coarse = {leaves[k].name: (e, seen) for k, e in found if (seen := e.coarse_agreement(rtol))}
    if not coarse:
        return None
    worst, visible = (max(numbers) for numbers in zip(*(seen for _, seen in coarse.values()), strict=True))
    text = f"{', '.join(coarse)}: right only to {worst:.0e} where {visible:.0e} could be seen"
    if all(np.array_equal(e.analytic, e.analytic.astype(np.float32)) for e, _ in coarse.values()):
        return "single-precision", f"{text}: computed in single precision"
    return (
        "numeric",
        f"{text}; is it itself a finite difference or a truncated series, or does the loss stop early?",
    )


_ODD = {
    "kink": "at a kink, where any value between the left and the right derivative is right",
    "kinks": "where several kinks meet: beyond both slopes, but right at a point beside; move it",
    "jump": "where the loss jumps: it has no derivative there",
    "right": "at an edge of the domain, judged by the right derivative",
    "left": "at an edge of the domain, judged by the left derivative",
    "outside": "where the loss has no value on either side",
    "extended": "too small for differences in the loss's own precision, confirmed in extended precision",
    "complex": "too small for differences, confirmed by the complex step",
    "fitted": "beneath the noise of differences, confirmed by a fit to many values",
    "tiny": "0 but for round-off, where steps as large as other parameters see another derivative",
    "stairs": "where small steps see another slope than large ones: the loss is rounded on its way, in steps",
    "fine": "where the loss turns within far less than their size, so that only tiny steps see the "
    "derivative given; give them as offsets, like t - t0",
    "unresolved": "where the differences do not settle: the loss is rough",
}
