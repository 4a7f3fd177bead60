"""A loss that is rounded on its way moves in steps, for all entries: see `extrapolation`."""

from collections.abc import Sequence

import numpy as np

from gradcheck.decision import MISMATCH
from gradcheck.methods.evidence import LeafEvidence


def doubt_where_stairs(evidence: Sequence[LeafEvidence], rtol: float) -> None:
    """Leave open what is refuted, where large steps and small ones disagree of any entry.

    Parameters
    ----------
    evidence : sequence of LeafEvidence
        Of the leaves known; changed.
    rtol : float
    """
    if not any("stairs" in found.odd.values() for found in evidence):
        return
    for found in evidence:
        refuted = np.flatnonzero((found.judge(rtol).severity == MISMATCH) & np.isfinite(found.analytic))
        found.doubt(refuted)
        found.odd.update(dict.fromkeys(refuted.tolist(), "stairs"))
