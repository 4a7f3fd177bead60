"""Hypothesis strategies for arrays of round numbers that shrink well.

What is drawn is always as long, whatever becomes of it: one choice never moves the others, so that
Hypothesis can make each of them simpler by itself. The simplest array is not zero, which hides most
mistakes, but a fixed pattern of small numbers without symmetries: a smaller network still fails.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradcheck.networks.arrays import Array

Shape = tuple[int, ...]

_STEPS = 20  # of the ladder, from 0 to the scale
_LARGE = 8.0  # scales; saturates a unit
_ONE_BY_ONE = 1024  # entries; of larger arrays the seed is drawn
_PATTERN = [0, 2, 1, 0, 3, 2, 1]  # 1, 2, -1, 1, -2, 2, -1, repeated
_KINDS = ("mixed", "mixed", "zero", "tied", "one large", "mixed")


@st.composite
def arrays(draw: st.DrawFn, full: Shape, shape: Shape, scale: float, dtype: str) -> Array:
    """Draw an array of round numbers: mixed ones, zeros, all the same, or one much larger.

    Parameters
    ----------
    full, shape : tuple of int
        What is drawn, and the first part of it that is kept.
    scale : float
        Largest size of an entry, but for the one that is larger.
    dtype : str

    Returns
    -------
    ndarray
    """
    kind = draw(st.sampled_from(_KINDS))
    ladder = _ladder(scale)
    chosen = draw(choices(range(len(ladder) + 1), full, shape))
    array: Array = np.where(
        chosen == 0, _pattern(scale, full)[_first(shape)], np.take(ladder, chosen - 1)
    ).astype(dtype)
    if kind == "zero":
        array[...] = 0
    elif kind == "tied":
        array[...] = array.flat[0]
    elif kind == "one large":
        array.flat[0] = math.copysign(_LARGE * scale, array.flat[-1])
    return array


def choices(values: Sequence[Any], full: Shape, shape: Shape) -> st.SearchStrategy[Any]:
    """Return a strategy for arrays of some values, the simplest first; `full`, `shape` as `arrays`."""
    kept = _first(shape)
    size = math.prod(full)
    if size > _ONE_BY_ONE:
        seeds = st.integers(0, 2**32 - 1)
        return seeds.map(lambda seed: np.random.default_rng(seed).choice(values, full)[kept].copy())
    table = np.array(values)
    # One choice for all of them: it is drawn ten times faster, and shrinks byte by byte.
    return st.binary(min_size=size, max_size=size).map(
        lambda drawn: table[np.frombuffer(drawn, np.uint8) % len(table)].reshape(full)[kept].copy()
    )


def _first(shape: Shape) -> tuple[slice, ...]:
    return tuple(map(slice, shape))


@cache
def _pattern(scale: float, full: Shape) -> Array:
    small = np.array(_ladder(scale)[1:5])
    return np.resize(small[_PATTERN], full)


@cache
def _ladder(scale: float) -> tuple[float, ...]:
    """Return numbers of three digits from -scale to scale, the simplest first."""
    steps = (scale * step / _STEPS for step in range(-_STEPS, _STEPS + 1))
    return tuple(sorted({float(f"{step:.3g}") for step in steps}, key=_simplicity))


def _simplicity(number: float) -> tuple[bool, int, float, bool]:
    return not number.is_integer(), len(repr(abs(number))), abs(number), number < 0
