"""Entries that are 0 but for round-off, as 0.1 + 0.2 - 0.3: steps of their own size see nothing.

A leaf may well hold 1e-6 beside 1e6, so steps are as large as the entry, and its round-off is measured by
what it does to the loss: that of such an entry nothing, whatever its derivative is. Steps as large as other
parameters may be far too large for it, so that they refute nothing; but no derivative is right that
they clearly see to be another.
"""

import numpy as np

from gradcheck.decision import MATCH, decide
from gradcheck.derivatives.lines import DirectionLine, entry_scales
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.setting import Setting, second_look
from gradcheck.problem import Problem

_TINY = 2.0**-20
_ASKED = 64
_STEPS, _SEEN = (2.0**-3, -(2.0**-3)), 64.0


def is_tiny(setting: Setting, size: float) -> bool:
    """Whether parameters of a size are far smaller than the largest leaf."""
    return size < _TINY * max(setting.scales)


def is_moved_by_more(problem: Problem, setting: Setting, leaf: int) -> bool:
    """Whether a leaf is tiny, and the loss changes when all of it moves by as much as others."""
    if not is_tiny(setting, setting.scales[leaf]):
        return False
    signs = np.random.default_rng(setting.seed).choice([-1.0, 1.0], problem.start[leaf].size)
    line = DirectionLine(problem, {leaf: max(setting.scales) * signs})
    changes = np.abs(np.array(line.values(_STEPS)) - problem.value)
    return bool(np.any(changes > _SEEN * setting.noise.level))


def doubt_where_tiny(problem: Problem, setting: Setting, leaf: int, evidence: LeafEvidence) -> None:
    """Leave open the tiny entries of a leaf that match by round-off alone, if larger steps disagree.

    Parameters
    ----------
    problem : Problem
    setting : Setting
    leaf : int
    evidence : LeafEvidence
        Of that leaf; changed.
    """
    judgement = evidence.judge(setting.rtol)
    seen = judgement.gap + judgement.bound <= setting.rtol * judgement.size
    unseen = (judgement.severity == MATCH) & ~seen
    if not unseen.any():
        return
    where = np.arange(len(unseen)) if evidence.where is None else evidence.where
    sizes = entry_scales(problem.start[leaf][where], setting.scales[leaf])
    tiny = [k for k in np.flatnonzero(unseen).tolist() if is_tiny(setting, float(sizes[k]))]
    refuted = [k for k in tiny[:_ASKED] if _disagrees(problem, setting, leaf, int(where[k]))]
    if refuted:
        evidence.doubt(np.array(refuted + tiny[_ASKED:]))
        evidence.odd.update(dict.fromkeys(refuted, "tiny"))


def _disagrees(problem: Problem, setting: Setting, leaf: int, k: int) -> bool:
    analytic, found = (
        float(problem.analytic[leaf][k]),
        second_look(problem, leaf, k, setting, max(setting.scales)),
    )
    allowed = setting.rtol * max(abs(analytic), abs(found.value))
    return (
        found.kind == "smooth"
        and decide(abs(analytic - found.value), found.uncertainty, allowed) == "mismatch"
    )
