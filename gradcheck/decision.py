"""The one decision rule: match, mismatch or inconclusive.

Every way of judging (each entry, random directions) reduces its evidence to three
numbers and asks `decide`. No other module produces a verdict.

The error of the analytic derivative a lies in [gap - uncertainty, gap + uncertainty],
where gap = |a - D| and uncertainty bounds the error of the numeric derivative D.

What is allowed is always relative, never a number of its own:

1. `allowed = rtol * size`, size = max(|a|, |D|), the size of the entry.
2. An entry so small that the uncertainty swallows rule 1 has no size of its own that
   could be seen. It is judged as if it were 1 % of the largest entry of its leaf
   (`SMALLEST_SIZE`): errors below that do not move a parameter visibly, and the report
   states the resulting detection limit.
3. Round-off of the analytic side is never an error: an entry of a gradient that was
   computed with unit round-off u cannot be better than a few u of its leaf
   (`ROUND_OFF` times u times the scale of the leaf).

Rule 2 applies only where rule 1 is undecided: a small entry that is clearly wrong for its
own size is a mismatch however small it is beside its neighbours.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Verdict = Literal["match", "mismatch", "inconclusive"]
Floats = NDArray[np.floating]

ROUND_OFF = 64.0
SMALLEST_SIZE = 0.01
SEVERITY: tuple[Verdict, ...] = ("match", "inconclusive", "mismatch")
MATCH, INCONCLUSIVE, MISMATCH = range(3)


def decide(gap: float, uncertainty: float, allowed: float) -> Verdict:
    """Judge one analytic derivative a against one numeric derivative D.

    Parameters
    ----------
    gap : float
        ``|a - D|``, in the units of the derivative; ``inf`` if a is not finite.
    uncertainty : float
        Bound on the error of D (truncation and round-off), same units; ``inf`` if unmeasured.
    allowed : float
        The largest error of a that still is a match, same units.

    Returns
    -------
    {"match", "mismatch", "inconclusive"}
        The error of a lies in ``[gap - uncertainty, gap + uncertainty]``: "match" if all of it
        is allowed, "mismatch" if none of it is.

    Raises
    ------
    ValueError
        If an argument is negative or NaN.
    """
    for name, value in (("gap", gap), ("uncertainty", uncertainty), ("allowed", allowed)):
        if not value >= 0:
            raise ValueError(f"`{name}` must be a number >= 0, got {value!r}")
    return SEVERITY[int(_severity(gap, uncertainty, allowed))]


class Decided(NamedTuple):
    """The verdict on each entry of a leaf.

    Attributes
    ----------
    severity : ndarray of int8, shape (n,)
        Index into `SEVERITY`.
    size : ndarray, shape (n,)
        What the error of each entry is relative to: its own size, or 1 % of the leaf's where it was
        judged by rule 2 or 3.
    unseen : ndarray of bool, shape (n,)
        Entries to which rule 2 was applied.
    """

    severity: NDArray[np.int8]
    size: Floats
    unseen: NDArray[np.bool_]


def decide_entries(
    gap: Floats, uncertainty: Floats, size: Floats, scale: Floats | float, rtol: float, unit_roundoff: float
) -> Decided:
    """Judge the entries of one leaf by rules 1 to 3 of this module.

    Parameters
    ----------
    gap, uncertainty : ndarray, shape (n,)
        As in `decide`, one for each entry.
    size : ndarray, shape (n,)
        ``max(|a|, |D|)`` of each entry, same units.
    scale : ndarray, shape (n,), or float
        Size of the leaf's largest derivative, same units; of a leaf with entries of very different
        sizes, what it amounts to for each of them.
    rtol : float
        The relative error that matters to the user.
    unit_roundoff : float
        Of the type in which the analytic gradient was computed.

    Returns
    -------
    Decided
    """
    own = np.maximum(size, ROUND_OFF * unit_roundoff / rtol * scale)
    severity = _severity(gap, uncertainty, rtol * own)
    unseen = (severity == INCONCLUSIVE) & (2 * uncertainty > rtol * own) & np.isfinite(uncertainty)
    by_leaf = unseen | ((severity == MATCH) & (own > size))
    if not by_leaf.any():
        return Decided(severity, own, unseen)
    judged = np.where(by_leaf, np.maximum(own, SMALLEST_SIZE * scale), own)
    severity = np.where(unseen, _severity(gap, uncertainty, rtol * judged), severity)
    return Decided(severity, judged, unseen)


def worst_of(verdicts: list[Verdict]) -> Verdict:
    """Return the verdict of a whole from those of its parts; of no part, nothing is known.

    Parameters
    ----------
    verdicts : list of {"match", "mismatch", "inconclusive"}

    Returns
    -------
    {"match", "mismatch", "inconclusive"}
    """
    return max(verdicts, key=SEVERITY.index, default="inconclusive")


def _severity(gap: Any, uncertainty: Any, allowed: Any) -> NDArray[np.int8]:
    most = gap + uncertainty
    match = (most <= allowed) & (most < np.inf)
    mismatch = gap - uncertainty > allowed
    severity: NDArray[np.int8] = np.int8(INCONCLUSIVE) + mismatch - match  # no entry is both
    return severity
