"""One question of another checker's tests: a function, a derivative, and what they say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.report import Report

RNG = np.random.default_rng


@dataclass(frozen=True)
class Case:
    """A question.

    Attributes
    ----------
    name : str
        In a few words.
    check : callable
        ``check() -> Report``.
    passes : bool
        Whether their tests say that the derivative is right.
    told : str
        How a wrong one is told: by the verdict, by ``"refused"`` (an error about the interface), or by
        a flag.
    """

    name: str
    check: Callable[[], Report]
    passes: bool = True
    told: str = "mismatch"


def wrong(name: str, check: Callable[[], Report], told: str = "mismatch") -> Case:
    """Return a case that must not pass."""
    return Case(name, check, passes=False, told=told)


def normal(*shape: int, seed: int = 0) -> Any:
    """Return random numbers of size 1."""
    return RNG(seed).normal(size=shape)
