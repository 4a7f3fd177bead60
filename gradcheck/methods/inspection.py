"""Some entries of a leaf, each looked at by itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.differences import central_differences, largest_bend
from gradcheck.derivatives.lines import entry_scales
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.kinks import doubt_where_kinks_meet
from gradcheck.methods.setting import Setting, second_look
from gradcheck.problem import Problem

_STEP = 2.0**-8  # relative to the size of an entry: shows how fast its derivative changes


def inspected(
    problem: Problem, setting: Setting, leaf: int, entries: NDArray[Any], size: float, whole: float
) -> LeafEvidence:
    """Give some entries a second look.

    Parameters
    ----------
    problem : Problem
    setting : Setting
    leaf : int
    entries : ndarray of int
        Indices into the leaf's values.
    size : float
        What an entry is judged by that has no size of its own that could be seen.
    whole : float
        By what the round-off of the leaf is measured, or near an optimum by how much these derivatives
        change.

    Returns
    -------
    LeafEvidence
        Of these entries.
    """
    unknown = np.full(len(entries), np.nan)
    sizes = entry_scales(problem.start[leaf][entries], setting.scales[leaf])
    look = central_differences(problem, leaf, entries, sizes, _STEP, setting.noise, 0.0)
    bend = largest_bend(problem, leaf, entries, sizes, _STEP, look) / setting.scales[leaf]
    evidence = LeafEvidence(
        problem.analytic[leaf][entries],
        unknown,
        unknown,
        lambda: size,
        setting.unit_roundoff(problem, leaf),
        entries,
        bend=max(whole, bend),
        steps=sizes / setting.scales[leaf],
    )
    for i, k in enumerate(entries.tolist()):
        evidence.replace(i, second_look(problem, leaf, k, setting))
    doubt_where_kinks_meet(problem, setting, leaf, evidence)
    return evidence
