"""What the certificate says of a leaf, in a report and in words."""

import math

from gradcheck.decision import SEVERITY, Verdict
from gradcheck.parameters import Leaf
from gradcheck.report import ParameterReport


def bounded(leaf: Leaf, verdict: Verdict, error: float, bound: float, limit: float) -> ParameterReport:
    """Return the report of a leaf whose error is bounded as a whole.

    Parameters
    ----------
    leaf : Leaf
    verdict : {"match", "inconclusive"}
    error, bound : float
        As `Certificate.estimate` returns them.
    limit : float
        The detection limit, in units of the derivative.

    Returns
    -------
    ParameterReport
    """
    return ParameterReport(
        name=leaf.name,
        shape=leaf.shape,
        dtype=str(leaf.dtype),
        verdict=verdict,
        max_relative_error=error,
        uncertainty=max(bound - error, 0.0) if math.isfinite(bound) else math.inf,
        detection_limit=limit,
        entries=leaf.values.size,
        checked=leaf.values.size,
        inconclusive_count=leaf.values.size if verdict == "inconclusive" else 0,
    )


def weaker(one: ParameterReport, other: ParameterReport) -> ParameterReport:
    """Return which of two reports of parts of a leaf proves less, or the one of what is wrong."""
    return max(one, other, key=_weakness)


def _weakness(report: ParameterReport) -> tuple[int, float]:
    return SEVERITY.index(report.verdict), report.max_relative_error + report.uncertainty


def open_note(report: ParameterReport) -> str:
    """Say how far an error that could not be refuted is bounded."""
    return (
        f"{report.name}: the directions bound its relative error only by "
        f"{report.max_relative_error + report.uncertainty:.0e}; method='entries' looks at each entry"
    )


def astray_note(report: ParameterReport) -> str:
    """Say of a leaf that the directions disagree, without an entry that is wrong for certain."""
    return (
        f"{report.name}: the directions disagree, but no entry that they lead to is wrong for certain; "
        "method='entries' looks at each"
    )


def small_note(name: str, count: int, least: str) -> str:
    """Say how many entries of a leaf count as larger than they are."""
    return (
        f"{name}: {count} derivatives are smaller than {least} and judged as if they were of that size; "
        "method='entries' judges each by its own"
    )


def near_note(name: str, size: float) -> str:
    """Say that a leaf counts as larger than it is, as at an optimum."""
    return (
        f"{name}: its derivatives are small beside what they are nearby, as at an optimum, and judged as if "
        f"they were of size {size:.0e}"
    )
