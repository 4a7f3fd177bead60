"""How results of backward passes are compared: leaf by leaf, within round-off.

The scale is that of all leaves together: where a gradient is zero by cancellation (a bias before a
batch normalisation), its own entries are nothing but the round-off of the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import ROUND_OFF
from gradcheck.parameters import is_container, items, leaf_nodes, path_name, with_items

Array = NDArray[Any]
Leaves = dict[str, Array]


@dataclass(frozen=True)
class Violation:
    """How a law is broken.

    Attributes
    ----------
    seen : str
        What was seen instead of what the law says.
    worst : str
        The place where it is worst, with both values; empty if there is no such place.
    """

    seen: str
    worst: str = ""


def named(nest: Any) -> Leaves:
    """Return a copy of each floating-point leaf of a nest, by its path."""
    return {name: np.array(node) for name, node in _walk(nest, ())}


def mapped(function: Callable[[Array], Any], nest: Any) -> Any:
    """Return the nest with each of its arrays replaced by `function` of it."""
    if isinstance(nest, np.ndarray):
        return function(nest)
    if is_container(nest):
        return with_items(nest, [mapped(function, item) for _, item in items(nest)])
    return nest


def unit_roundoff(*parts: Leaves) -> float:
    """Return that of the narrowest type among the leaves."""
    types = {array.dtype for leaves in parts for array in leaves.values()}
    return max((float(np.finfo(dtype).eps) / 2 for dtype in types), default=0.0)


def largest(leaves: Leaves) -> float:
    """Return the size of the largest entry of all leaves."""
    return max((float(np.max(np.abs(array), initial=0.0)) for array in leaves.values()), default=0.0)


def allowed_gap(*parts: Leaves) -> float:
    """Return the gap that round-off explains between sums of these parts."""
    return ROUND_OFF * unit_roundoff(*parts) * sum(map(largest, parts))


def differences(found: Leaves, expected: Leaves, allowed: float = 0.0, what: str = "") -> Violation | None:
    """Compare two results.

    Parameters
    ----------
    found, expected : dict of str to ndarray
    allowed : float
        The largest gap of an entry; 0 asks for the same numbers, NaN equal to NaN.
    what : str
        Names what was found, for the message.

    Returns
    -------
    Violation or None
        None where they agree.
    """
    shapes = {name: array.shape for name, array in found.items()}
    if shapes != {name: array.shape for name, array in expected.items()}:
        return Violation(f"{what} has {describe(found)} for {describe(expected)}")
    gaps = {name: _gap(found[name], expected[name], allowed) for name in found}
    worst = max(gaps, key=lambda name: float(np.max(gaps[name], initial=0.0)), default="")
    if not worst or np.max(gaps[worst], initial=0.0) <= allowed:
        return None
    place = np.unravel_index(int(np.argmax(gaps[worst])), gaps[worst].shape)
    gap = f"off by {gaps[worst][place]:.3g}, where round-off explains {allowed:.1e}"
    index = f"[{', '.join(map(str, place))}]" if place else ""
    values = f"{found[worst][place]:.8g} for {expected[worst][place]:.8g}"
    return Violation(f"{what} is {gap}", f"{worst}{index}: {values}")


def describe(nest: Any) -> str:
    """Return names, shapes and types of the leaves of a nest."""
    leaves = {name: f"{name} {a.shape} {a.dtype}" for name, a in named(nest).items()}
    return ", ".join(leaves.values()) or "no floating-point numbers"


def total(nest: Any) -> int:
    """Return how many floating-point numbers a nest holds."""
    return sum(int(np.size(node)) for node in leaf_nodes(nest))


def _walk(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if is_container(node):
        for key, item in items(node):
            yield from _walk(item, (*path, str(key)))
    else:
        yield from ((path_name(path), leaf) for leaf in leaf_nodes(node))


def _gap(found: Array, expected: Array, allowed: float) -> Array:
    with np.errstate(all="ignore"):
        gap = np.abs(found - expected)
    same = found == expected
    if not allowed:
        same |= np.isnan(found) & np.isnan(expected)
    # What is not a number is never within round-off of anything.
    return np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))
