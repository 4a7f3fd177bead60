"""What two gradients tell by themselves, with nothing known of what computed them.

A pattern is accepted if it turns the right derivatives into the given ones in every entry, within
the uncertainty of the former, and far closer than they are to each other. Where more numbers are
fitted, more entries have to agree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import MATCH, MISMATCH, decide_entries
from gradcheck.diagnosis import words
from gradcheck.faults import FAULTS, Pattern, View
from gradcheck.report import Finding

_FAR_CLOSER = 1e-3
_MORE = 2  # entries that agree, beside those that are fitted
Masks = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class _Fit:
    """A pattern that explains a parameter: its value, the largest relative error left, what was fitted."""

    pattern: Pattern
    value: Any
    residual: float
    freedom: int


def read(
    views: Mapping[str, View], severity: Mapping[str, NDArray[np.int8]], rtol: float
) -> tuple[Finding, ...]:
    """Name the patterns that explain the wrong entries, or else where these are.

    Parameters
    ----------
    views : mapping of str to View
        Of all parameters of which anything is known.
    severity : mapping of str to ndarray of int8
        The verdict on each entry, an index into `gradcheck.decision.SEVERITY`.
    rtol : float
        The relative error of an entry from which on it is wrong.

    Returns
    -------
    tuple of Finding
        One for all parameters with the same mistake.
    """
    wrong = {name: severity[name] == MISMATCH for name in views}
    fits = {name: list(_fits(views[name], wrong[name], rtol)) for name in views if wrong[name].any()}
    pool = [fit for found in fits.values() for fit in found[:1] if fit.pattern.elementwise]
    for name, found in fits.items():
        if not found:  # too few entries to fit a number, but enough to confirm one
            fits[name] = [
                fit
                for shared in pool
                if (fit := _fit(views[name], wrong[name], rtol, shared.pattern, shared.value, 0))
            ]
    findings = [_explained(names, fits, wrong, views) for names in _alike(fits)]
    for name, found in fits.items():
        findings += [] if found else _located(name, views[name], severity[name] != MATCH)
    return tuple(findings)


def _fits(view: View, wrong: NDArray[np.bool_], rtol: float) -> Iterator[_Fit]:
    for pattern in FAULTS.values():
        if isinstance(pattern, Pattern) and (view.whole or pattern.elementwise):
            with np.errstate(all="ignore"):
                values = list(pattern.fitted(view))
            found = (_fit(view, wrong, rtol, pattern, value, pattern.freedom(view)) for value in values)
            yield from [fit for fit in found if fit][:1]


def _fit(
    view: View, wrong: NDArray[np.bool_], rtol: float, pattern: Pattern, value: Any, freedom: int
) -> _Fit | None:
    above = replace(view, right=view.right + view.uncertainty)
    with np.errstate(all="ignore"):
        predicted = pattern.wrong(view, value)
        slack = pattern.slack(view, value)
        # A number that is fitted has its own error, which is at most that of the entry.
        bound = np.abs(pattern.wrong(above, value) - predicted) * (2 if freedom else 1) + slack
        gap, before = np.abs(view.given - predicted), np.abs(view.given - view.right)
        known = np.isfinite(bound) & np.isfinite(predicted)
    if (known & ~np.isfinite(gap)).any():
        return None
    gap, bound, before, mask = gap[known], bound[known], before[known], wrong[known]
    size = np.maximum(np.abs(view.given), np.abs(predicted))[known]
    scale = float(np.max(size, initial=0))
    decided = decide_entries(gap, bound, size, scale, rtol, float(np.finfo(np.float64).eps))
    closer = gap + bound <= _FAR_CLOSER * before
    enough = int((mask & closer).sum()) >= (freedom + _MORE if freedom else 1)
    if (decided.severity == MISMATCH).any() or not (slack or (enough and closer[mask].all())):
        return None
    return _Fit(
        pattern, value, float(np.max(gap / np.where(decided.size > 0, decided.size, 1), initial=0)), freedom
    )


def _alike(fits: Mapping[str, list[_Fit]]) -> list[list[str]]:
    """Return the names of the parameters that are explained, those with the same mistake together."""
    groups: list[list[str]] = []
    for name, found in fits.items():
        if found:
            group = next((group for group in groups if _same(fits[group[0]][0], found[0])), None)
            if group is None:
                groups.append([name])
            else:
                group.append(name)
    return groups


def _same(one: _Fit, other: _Fit) -> bool:
    if one.pattern is not other.pattern or isinstance(one.value, np.ndarray):
        return False
    if isinstance(one.value, float):
        return bool(np.isclose(one.value, other.value, rtol=1e-5, atol=0))
    return bool(one.value == other.value)


def _explained(
    names: list[str], fits: Mapping[str, list[_Fit]], wrong: Masks, views: Mapping[str, View]
) -> Finding:
    best = fits[names[0]][0]
    residual = max(fits[name][0].residual for name in names)
    codes = [{fit.pattern.code for fit in fits[name]} for name in names]
    equal = [
        fit.pattern.code
        for fit in fits[names[0]][1:]
        if all(fit.pattern.code in found for found in codes) and fit.freedom <= best.freedom
    ]
    whose = "every gradient" if len(names) == len(views) > 1 else f"the gradient of {words.listed(names)}"
    count = sum(int(wrong[name].sum()) for name in names)
    seen = "" if all(views[name].whole for name in names) else f" at the {count} entries that were measured"
    end = words.explained(count, 1, residual, (), ())
    message = f"{whose} {best.pattern.words(best.value)}{seen}.{end}"
    return Finding(best.pattern.code, tuple(names), message, best.pattern.hint, residual, tuple(equal))


def _located(name: str, view: View, open_: NDArray[np.bool_]) -> list[Finding]:
    """Say where the entries are that are not right, if they are together."""
    broken = int((~np.isfinite(view.given)).sum())
    if broken:
        message = f"{broken} of {view.given.size} entries of the gradient of {name} are not finite"
        return [Finding("NOT_FINITE", (name,), message + ".", FAULTS["NOT_FINITE"].hint, float("inf"))]
    shape = open_.shape[: open_.ndim - view.is_complex]
    if not view.whole or open_.sum() < 2:
        return []
    lines = [np.flatnonzero(np.moveaxis(open_, i, 0).reshape(n, -1).any(axis=1)) for i, n in enumerate(shape)]
    axis = min(range(len(shape)), key=lambda i: len(lines[i]) / shape[i], default=0)
    if not shape or len(lines[axis]) > shape[axis] / 2:
        return []
    early = len(shape) > 2 and axis == 1 and lines[axis][-1] == len(lines[axis]) - 1
    code = "TRUNCATED" if early else "CONFINED"
    where = words.line(len(shape), axis, lines[axis].tolist())
    message = f"the gradient of {name} is right everywhere but {where}."
    return [Finding(code, (name,), message, FAULTS[code].hint, 0.0)]
