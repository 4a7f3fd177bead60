"""What may only confirm leaves no trace where it does not."""

import numpy as np
import pytest

from gradcheck.derivatives.extrapolation import Estimate
from gradcheck.methods.evidence import LeafEvidence

RTOL = 1e-6


def undecided(kind):
    """Return evidence of one entry, a = 1, whose second look was too coarse to decide."""
    evidence = LeafEvidence(np.array([1.0]), np.array([1.0]), np.array([np.inf]), lambda: 0.0, 2.0**-53)
    evidence.replace(0, Estimate(1.0, 0.5, 1.0, 1.0, kind, 0))
    return evidence


@pytest.mark.parametrize("kind", ["smooth", "kink", "right"])
def test_what_contradicts_changes_nothing(kind):
    """A value that disagrees with a does not condemn it, and what was known of the entry stays."""
    evidence = undecided(kind)

    evidence.confirm(0, Estimate(1.1, 1e-12, 1.1, 1.1, "complex", 0), RTOL)

    assert evidence.odd == ({} if kind == "smooth" else {0: kind})
    assert (evidence.numeric[0], evidence.uncertainty[0]) == (1.0, 0.5)
    assert evidence.unresolved(RTOL) == [0]


def test_what_agrees_confirms():
    """A value that agrees with a and with the differences decides."""
    evidence = undecided("smooth")

    evidence.confirm(0, Estimate(1.0, 1e-12, 1.0, 1.0, "complex", 0), RTOL)

    assert evidence.odd == {0: "complex"}
    assert evidence.unresolved(RTOL) == []
