"""Right problems and planted mistakes by identifier, which is all that a replay needs.

``CONDITION:SEED`` names a right problem, ``CONDITION:SEED:MISTAKE`` one with a wrong gradient.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from conditions import CONDITIONS
from dense import MISTAKES as RECURSION_MISTAKES
from mistakes import DIFFERENCES, PLANTS
from problem import ROUND_OFF, Array, Gradient, Params, Problem, as_float64


@dataclass(frozen=True)
class Case:
    """A question put to a checker.

    Attributes
    ----------
    name : str
        The identifier.
    problem : Problem
    gradient : callable
        The one to be judged: right, or with a mistake.
    mistake : str
        Its name; empty if there is none.
    visible : bool
        Whether round-off of the loss leaves the mistake visible; of a right problem: would leave one.
    """

    name: str
    problem: Problem
    gradient: Gradient
    mistake: str = ""
    visible: bool = False

    @property
    def condition(self) -> str:
        """The condition under which the problem was drawn."""
        return self.name.partition(":")[0]


def right_names(count: int, seed: int) -> list[str]:
    """Return the identifiers of `count` right problems, the conditions in turn."""
    names = list(CONDITIONS)
    return [f"{names[i % len(names)]}:{seed + i // len(names)}" for i in range(count)]


def right_case(name: str) -> Case:
    """Return a right problem by its identifier."""
    condition, seed = name.split(":")
    problem = CONDITIONS[condition](_generator(condition, int(seed)))
    with np.errstate(all="ignore"):
        return Case(name, problem, problem.gradient, visible=problem.visible())


def wrong_cases(right: Case, count: int) -> Iterator[Case]:
    """Yield up to `count` mistakes that count in this problem, half of them known, half made up."""
    known = [name for name in RECURSION_MISTAKES if name in right.problem.known_mistakes]
    rng = _generator(right.name, 0)
    orders = [rng.permutation(known).tolist(), rng.permutation([*PLANTS, *DIFFERENCES]).tolist()]
    found = 0
    while found < count and any(orders):
        order = orders[found % 2] or orders[1 - found % 2]
        case = wrong_case(right, str(order.pop()))
        if case is not None:
            found += 1
            yield case


def wrong_case(right: Case, mistake: str) -> Case | None:
    """Return the problem with this mistake; None if it does not apply, or is too small to count."""
    problem, name = right.problem, f"{right.name}:{mistake}"
    gradient = problem.known_mistakes.get(mistake) or _planted(right, mistake, name)
    if gradient is None:
        return None
    counts, visible = problem.effect(as_float64(gradient(as_float64(problem.params))))
    return Case(name, problem, gradient, mistake, visible) if counts else None


def find(name: str) -> Case:
    """Return any case by its identifier.

    Raises
    ------
    LookupError
        If there is no such case.
    """
    parts = name.split(":", 2)
    if len(parts) < 2 or parts[0] not in CONDITIONS or not parts[1].isdigit():
        raise LookupError(f"no case {name!r}: expected CONDITION:SEED or CONDITION:SEED:MISTAKE")
    right = right_case(":".join(parts[:2]))
    case = wrong_case(right, parts[2]) if parts[2:] else right
    if case is None:
        raise LookupError(f"no case {name!r}: this mistake does not count there")
    return case


def unverified_entries(problem: Problem) -> dict[str, float]:
    """Return the leaves whose hand-written gradient differs from PyTorch's of the same formula.

    Returns
    -------
    dict of str to float
        Largest error of a leaf beyond its round-off, relative to the entry; empty if all is right.
    """
    import torch

    point = {k: torch.tensor(p, requires_grad=True) for k, p in as_float64(problem.params).items()}
    leaves = list(point.values())
    exact = torch.autograd.grad(problem.formula(point, torch), leaves, allow_unused=True)
    low, high = problem.right()
    errors = {}
    for name, leaf, g in zip(point, leaves, exact, strict=True):
        value: Array = np.zeros(leaf.shape) if g is None else g.numpy()
        excess = np.maximum(low[name] - value, value - high[name])
        excess = excess - ROUND_OFF * np.abs(value).max(initial=0.0)
        size = np.maximum(np.abs(value), np.abs(low[name]))
        worst = float(np.max(np.where(excess <= 0, 0, excess / np.where(size > 0, size, 1)), initial=0.0))
        if not worst <= 1e-9:
            errors[name] = worst
    return errors


def _planted(right: Case, mistake: str, name: str) -> Gradient | None:
    if mistake in DIFFERENCES:
        return partial(DIFFERENCES[mistake], right.problem.value)
    if mistake not in PLANTS:
        return None
    gradient = right.problem.gradient
    change = PLANTS[mistake](_generator(name, 0), gradient(as_float64(right.problem.params)))
    if change is None:
        return None

    def planted(params: Params) -> Params:
        return change(gradient(params), params)

    return planted


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()), seed])
