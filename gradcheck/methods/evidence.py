"""What was measured of the entries of one leaf, and the result that it amounts to."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import INCONCLUSIVE, MATCH, MISMATCH, ROUND_OFF, SEVERITY, decide_entries
from gradcheck.derivatives.extrapolation import Estimate, Kind
from gradcheck.parameters import Leaf
from gradcheck.report import WRONG_LISTED, Index, ParameterReport, Worst

Array = NDArray[Any]

_CLEARLY = 10.0  # times its uncertainty: less may be a derivative of 0
_COARSELY = 8.0  # times the uncertainty of a second look
_COARSE = 2e-12  # an agreement worse than this, relative to the leaf, is worth a note


@dataclass(frozen=True, eq=False, slots=True)
class Judgement:
    """The verdict on each entry of a leaf, and the numbers that led to it.

    Attributes
    ----------
    gap, bound, size : ndarray, shape (n,)
        Distance of a from D (or from the interval at a kink), bound on its error, and
        ``max(|a|, |D|)``, all in the units of the derivative.
    scale : ndarray, shape (n,)
        See `LeafEvidence.scale`.
    severity : ndarray of int8, shape (n,)
        Index into `gradcheck.decision.SEVERITY`.
    judged : ndarray, shape (n,)
        The size by which each entry was judged, see `gradcheck.decision`.
    error : ndarray, shape (n,)
        Relative to the size by which the entry was judged; ``inf`` if a is not finite.
    unseen : ndarray of bool, shape (n,)
        Entries too small to be judged by their own size.
    counts : list of int
        How many entries there are of each severity.
    """

    gap: Array
    bound: Array
    size: Array
    scale: Array
    severity: NDArray[np.int8]
    judged: Array
    error: Array
    unseen: NDArray[np.bool_]
    counts: list[int]

    @property
    def worst_severity(self) -> int:
        """That which decides the verdict; an empty leaf has nothing to get wrong."""
        return max((k for k, count in enumerate(self.counts) if count), default=MATCH)

    def worst(self) -> int | None:
        """Return the entry with the largest error among those that decide the verdict."""
        if not self.error.size:
            return None
        decisive = self.severity == self.worst_severity
        return int(np.argmax(np.where(decisive, self.error, -1.0)))


@dataclass(eq=False)
class LeafEvidence:
    """The analytic and the numeric derivative of each entry of a leaf.

    Attributes
    ----------
    analytic : ndarray, shape (n,)
    numeric : ndarray, shape (n,)
    uncertainty : ndarray, shape (n,)
        Bound on the error of `numeric`.
    steps : ndarray or float
        Sizes of the entries, relative to that of the leaf.
    unsteady : ndarray or float
        By how much `analytic` differs between equal calls.
    unit_roundoff : float
        With which `analytic` was computed.
    bend : float
        What `scale` is at the least: by how much the leaf's derivative changes when an entry changes by
        its size, or where only some entries are known, the typical derivative of all.
    where : ndarray of int, optional
        The entries of the leaf that these are; default all.
    natural : callable
        Returns what `gradcheck.methods.setting.Setting.natural` does of the leaf.
    low, high : ndarray, shape (n,)
        Least and greatest derivative; both as `numeric` but at a kink.
    second : ndarray of bool, shape (n,)
        Entries that got a second look.
    odd : dict of int to Kind
        Entries whose second look found anything but a smooth function: kink, jump, ...
    """

    analytic: Array
    numeric: Array
    uncertainty: Array
    natural: Callable[[], float]
    unit_roundoff: float = 0.0
    where: Array | None = None
    bend: float = 0.0
    steps: Array | float = 1.0
    unsteady: Array | float = 0.0
    low: Array = field(init=False)
    high: Array = field(init=False)
    second: Array = field(init=False)
    odd: dict[int, Kind] = field(init=False, default_factory=dict)
    _judgement: Judgement | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.analytic = self.analytic.astype(np.promote_types(self.analytic.dtype, np.float64))
        self.low, self.high = self.numeric.copy(), self.numeric.copy()
        self.second = np.zeros(self.numeric.shape, bool)
        self.uncertainty = np.where(np.isfinite(self.numeric), self.uncertainty, np.inf)

    def replace(self, k: int, found: Estimate) -> None:
        """Take a second look's result for entry k."""
        self.numeric[k], self.uncertainty[k] = found.value, found.uncertainty
        self.low[k], self.high[k] = found.low, found.high
        self.second[k] = True
        self._judgement = None
        if found.kind != "smooth":
            self.odd[k] = found.kind

    def doubt(self, entries: Array) -> None:
        """Mark entries as not measured well enough for any verdict."""
        self.uncertainty[entries] = np.inf
        self._judgement = None

    def confirm(self, k: int, found: Estimate, rtol: float) -> None:
        """Take a result that may only confirm: if it agrees with what is known, and makes a match."""
        if not abs(found.value - self.numeric[k]) <= self.uncertainty[k] + found.uncertainty:
            return
        kind: Kind = self.odd.pop(k, "smooth")
        known = Estimate(self.numeric[k], self.uncertainty[k], self.low[k], self.high[k], kind, 0)
        self.replace(k, found)
        if self.judge(rtol).severity[k] != MATCH:
            self.odd.pop(k, None)
            self.replace(k, known)

    def judge(self, rtol: float) -> Judgement:
        """Judge every entry on what is known now."""
        if self._judgement is None:
            self._judgement = self._judged(rtol)
        return self._judgement

    def _judged(self, rtol: float) -> Judgement:
        with np.errstate(all="ignore"):
            gap = np.fmax(np.maximum(self.low - self.analytic, self.analytic - self.high), 0)
            size = np.fmax(np.abs(self.analytic), np.abs(self.numeric))
            bound = self.uncertainty + self.unsteady
            wrong = ~np.isfinite(self.analytic)
            if wrong.any():  # nothing makes NaN right
                gap[wrong], bound[wrong] = np.inf, 0.0
                size[wrong] = np.fmax(np.abs(self.numeric[wrong]), 0)
            scale = self.scale()
            decided = decide_entries(gap, bound, size, scale, rtol, self.unit_roundoff)
            error = np.divide(gap, decided.size, out=np.zeros_like(gap), where=gap > 0)
            error[wrong] = np.inf
        counts = np.bincount(decided.severity, minlength=len(SEVERITY)).tolist()
        return Judgement(
            gap, bound, size, scale, decided.severity, decided.size, error, decided.unseen, counts
        )

    def scale(self) -> Array:
        """Return by what the round-off of each entry is measured: the leaf's largest derivative.

        Entries of different sizes are compared by what their derivative times their size is. Near
        an optimum it is `bend`, and where all derivatives are 0 at least `natural`.
        """
        sizes = np.abs(self.numeric)
        seen = (sizes > _CLEARLY * self.uncertainty) & (sizes < np.inf)
        largest = float((sizes * self.steps).max(where=seen, initial=0.0)) or self.natural()
        return np.full_like(sizes, max(self.bend, largest)) / self.steps

    def unresolved(self, rtol: float) -> list[int]:
        """Return the entries that were measured but could not be decided."""
        judgement = self.judge(rtol)
        if not judgement.counts[INCONCLUSIVE]:
            return []
        measured = (judgement.severity == INCONCLUSIVE) & np.isfinite(judgement.bound)
        return [int(k) for k in np.flatnonzero(measured)]

    def suspicious_match(self, rtol: float) -> int | None:
        """Return the entry that deviates by the most of what the first look explains, if by more."""
        return self._beyond(rtol, ~self.second, 1.0)

    def coarse_agreement(self, rtol: float) -> tuple[float, float] | None:
        """Return (agreement, visible) if all entries match, but far worse than could be seen."""
        judgement = self.judge(rtol)
        worst = None if judgement.worst_severity != MATCH else self._beyond(rtol, self.second, _COARSELY)
        if worst is None:
            return None
        return float(judgement.error[worst]), float(judgement.bound[worst] / judgement.size[worst])

    def _beyond(self, rtol: float, chosen: Array, times: float) -> int | None:
        """Return the entry with the largest gap in terms of its bound, if it is beyond that often."""
        judgement = self.judge(rtol)
        bound = np.maximum(times * judgement.bound, _COARSE * judgement.scale)
        beyond = np.flatnonzero(chosen & (judgement.gap > bound) & (judgement.gap < np.inf))
        if not beyond.size:
            return None
        with np.errstate(divide="ignore"):
            return int(beyond[np.argmax(judgement.gap[beyond] / bound[beyond])])

    def report(self, leaf: Leaf, rtol: float) -> ParameterReport:
        """Return the result of the leaf."""
        judgement = self.judge(rtol)
        wrong = np.flatnonzero(judgement.severity == MISMATCH)[:WRONG_LISTED]
        worst = judgement.worst()
        return ParameterReport(
            name=leaf.name,
            shape=leaf.shape,
            dtype=str(leaf.dtype),
            verdict=SEVERITY[judgement.worst_severity],
            max_relative_error=0.0 if worst is None else float(judgement.error[worst]),
            uncertainty=0.0 if worst is None else _ratio(judgement.bound[worst], judgement.judged[worst]),
            detection_limit=self._detection_limit(judgement, rtol),
            entries=leaf.values.size,
            checked=int(np.count_nonzero(np.isfinite(judgement.bound))),
            wrong_count=judgement.counts[MISMATCH],
            wrong=tuple(self._index(int(k), leaf) for k in wrong),
            worst=None if worst is None else self._named(worst, leaf, float(judgement.bound[worst])),
            kinks=sum(kind in ("kink", "kinks") for kind in self.odd.values()),
            inconclusive_count=judgement.counts[INCONCLUSIVE],
        )

    def _detection_limit(self, judgement: Judgement, rtol: float) -> float:
        allowed = np.maximum(rtol * judgement.size, ROUND_OFF * self.unit_roundoff * judgement.scale)
        return float((allowed + 2 * judgement.bound).max(initial=0.0))

    def _named(self, k: int, leaf: Leaf, bound: float) -> Worst:
        analytic = float(self.analytic[k])
        # Of a kink's derivatives the one nearest to the analytic is the one it is judged by.
        numeric = float(self.numeric[k])
        if math.isfinite(analytic) and math.isfinite(numeric):
            numeric = min(max(analytic, float(self.low[k])), float(self.high[k]))
        return Worst(self._index(k, leaf), analytic, numeric, bound)

    def _index(self, k: int, leaf: Leaf) -> Index:
        flat = k if self.where is None else int(self.where[k])
        return tuple(int(i) for i in np.unravel_index(flat, leaf.grid)) if leaf.grid else ()


def _ratio(uncertainty: float, size: float) -> float:
    return float(uncertainty / size) if size else 0.0
