"""Laws of calls: what a backward pass returns depends on its arguments alone, and fits them."""

import copy

import numpy as np

from gradcheck.laws.cases import Arguments, Case, DoesNotApply, derivatives
from gradcheck.laws.comparison import (
    Leaves,
    Violation,
    allowed_gap,
    describe,
    differences,
    mapped,
    named,
)

ACCUMULATES = "each call adds its result to those of the calls before"
RANDOM = "equal calls differ without a pattern: nondeterministic"


def shapes_and_dtypes(case: Case) -> Violation | None:
    """Compare the derivatives with what they are derivatives for."""
    arguments = case.arguments()
    return _same_kind(named(derivatives(case, arguments)), named(case.differentiated(arguments)))


def single_precision(case: Case) -> Violation | None:
    """Do so with all floating-point arrays in float32."""
    arguments = mapped(_narrowed, case.arguments())
    return _same_kind(named(derivatives(case, arguments)), named(case.differentiated(arguments)))


def arguments_unchanged(case: Case) -> Violation | None:
    """Compare the arguments after both passes with copies made before."""
    arguments = case.arguments()
    kept = copy.deepcopy(arguments)
    backward = case.backward(arguments)
    after_forward = copy.deepcopy(arguments)
    backward()
    for who, now in (("forward", after_forward), ("backward", arguments)):
        found = differences(_as_floats(now), _as_floats(kept), what=f"an argument, after {who},")
        if found:
            return found
    return None


def equal_calls(case: Case) -> Violation | None:
    """Call the backward pass twice with equal arguments, with one cache if there is one."""
    arguments = case.arguments()
    backward = case.backward(arguments)
    results = []
    for _ in range(3):
        results.append(named(backward()))
        arguments.update(case.arguments())
    found = differences(results[1], results[0], what="the second result")
    if not found:
        return None
    return Violation(f"{found.seen}; {_pattern(results)}", found.worst)


def no_accumulation(case: Case) -> Violation | None:
    """Call with other arguments in between, and look at the first result once more."""
    arguments = case.arguments()
    other = mapped(lambda a: a / 2 if a.dtype.kind in "fc" else a, arguments)
    first = case.backward(copy.deepcopy(arguments))()
    kept = named(first)
    derivatives(case, other)
    found = differences(named(first), kept, what="after another call, the result returned before")
    if found:
        return Violation(f"{found.seen}; its arrays are used again", found.worst)
    results = [named(derivatives(case, arguments)) for _ in range(3)]
    found = differences(results[0], kept, what="after another call, the result for the same arguments")
    if not found:
        return None
    pattern = _pattern(results)
    if pattern == RANDOM:
        raise DoesNotApply(RANDOM)
    return Violation(f"{found.seen}; {pattern}", found.worst)


def instability(case: Case) -> str:
    """Say how equal calls differ; empty if they do not."""
    arguments = case.arguments()
    results = [named(derivatives(case, arguments)) for _ in range(3)]
    return _pattern(results) if differences(results[1], results[0]) else ""


def _pattern(results: list[Leaves]) -> str:
    """Say what three results in a row have to do with each other."""
    first, second, third = results
    if not differences(third, second):
        return "it depends on the call before: something is left over from it"
    if first.keys() != second.keys() or second.keys() != third.keys():
        return RANDOM
    one, two = ({n: b[n] - a[n] for n in a} for a, b in ((first, second), (second, third)))
    return RANDOM if differences(two, one, allowed_gap(first, third)) else ACCUMULATES


def _same_kind(found: Leaves, expected: Leaves) -> Violation | None:
    kinds, wanted = ({n: (a.shape, a.dtype) for n, a in leaves.items()} for leaves in (found, expected))
    wrong = sorted(name for name in kinds.keys() | wanted.keys() if kinds.get(name) != wanted.get(name))
    if not wrong:
        return None
    name = wrong[0]
    return Violation(
        f"{len(wrong)} of {len(wanted)} derivatives have another name, shape or type",
        f"{name}: {_kind(found, name)} for {_kind(expected, name)}",
    )


def _kind(leaves: Leaves, name: str) -> str:
    return describe({name: leaves[name]}).removeprefix(f"{name} ") if name in leaves else "nothing"


def _narrowed(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _as_floats(arguments: Arguments) -> Leaves:
    """Return all arguments, integers too, as leaves."""
    return named(mapped(lambda a: a.astype(float) if a.dtype.kind in "biu" else a, arguments))
