"""What several test files share: random nests and their quadratic loss, functions of one number."""

import dataclasses
import math
import os
import time
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcheck import check_gradient
from gradcheck.derivatives.extrapolation import extrapolate
from gradcheck.derivatives.noise import measure_noise
from gradcheck.submissions.wire import Ref

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
DOUBLE = 2.0**-53

Layer = namedtuple("Layer", "W b")


@dataclass
class Open:
    first: Any
    second: Any


@dataclass(frozen=True)
class Frozen:
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class Slotted:
    first: Any
    second: Any


values = st.floats(0.5, 2.0).flatmap(lambda v: st.sampled_from([v, -v]))
arrays = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), elements=values
)
leaves = values | values.map(np.float64) | arrays
constants = st.none() | st.integers(-3, 3) | st.text(max_size=3) | st.booleans()


def _grown(nodes):
    names = st.text("abcW12", min_size=1, max_size=3)
    return (
        st.lists(nodes, max_size=3)
        | st.lists(nodes, max_size=3).map(tuple)
        | st.dictionaries(names, nodes, max_size=3)
        | st.builds(Layer, nodes, nodes)
        | st.sampled_from([Open, Frozen, Slotted]).flatmap(lambda kind: st.builds(kind, nodes, nodes))
    )


def nests():
    """Return a strategy for nests with at least one entry to differentiate."""
    return st.recursive(leaves | constants, _grown, max_leaves=8).filter(lambda nest: flat_entries(nest))


def is_leaf(node):
    return isinstance(node, float) or (isinstance(node, np.ndarray) and node.dtype.kind in "fc")


def named_leaves(node, path=()):
    """Return (name, value) of each leaf of a nest, in order."""
    if is_leaf(node):
        return [(".".join(path) or "params", node)]
    return [pair for key, item in _children(node) for pair in named_leaves(item, (*path, str(key)))]


def flat_entries(nest):
    """Return (name, index) of each entry of a nest."""
    return [(name, index) for name, leaf in named_leaves(nest) for index in np.ndindex(np.shape(leaf))]


def mapped(function, node, path=()):
    """Return the nest with function(name, leaf) in the place of each leaf."""
    if is_leaf(node):
        return function(".".join(path) or "params", node)
    new = {key: mapped(function, item, (*path, str(key))) for key, item in _children(node)}
    if isinstance(node, dict):
        return new
    if dataclasses.is_dataclass(node):
        return dataclasses.replace(node, **new)
    if isinstance(node, Layer):
        return Layer(**new)
    return type(node)(new.values()) if isinstance(node, list | tuple) else node


def _children(node):
    if isinstance(node, dict):
        return list(node.items())
    if dataclasses.is_dataclass(node):
        return [(field.name, getattr(node, field.name)) for field in dataclasses.fields(node)]
    if isinstance(node, Layer):
        return list(zip(node._fields, node, strict=True))
    return list(enumerate(node)) if isinstance(node, list | tuple) else []


def half_square(nest):
    """Return half of the sum of squares of all entries: a loss whose gradient is the nest itself."""
    return 0.5 * sum(float(np.sum(np.square(leaf))) for _, leaf in named_leaves(nest))


def itself(nest):
    """Return the gradient of `half_square`."""
    return mapped(lambda _, leaf: np.array(leaf), nest)


def check(loss, params, gradient=None, **options):
    """Check every entry."""
    return check_gradient(loss, params, gradient, method="entries", **options)


class FunctionLine:
    """phi(t) = function(x + size t), NaN where the function has no value."""

    def __init__(self, function, x, size=1.0):
        self.function, self.x, self.size = function, x, size

    def realised(self, t):
        return ((self.x + self.size * t) - self.x) / self.size

    def __call__(self, t):
        try:
            with np.errstate(all="ignore"):
                return float(self.function(self.x + self.size * t))
        except (ArithmeticError, ValueError):
            return float("nan")

    def values(self, steps):
        return [self(t) for t in steps]


def noise_of(function, x, unit_roundoff=DOUBLE):
    """Return the noise that is measured of a function of one number near x."""
    line = FunctionLine(function, x, _size(x))
    with np.errstate(all="ignore"):
        return measure_noise(line, line(0.0), unit_roundoff)


def derivative(function, x, unit_roundoff=DOUBLE, **options):
    """Return the estimate of the second look for a function of one number at x."""
    line = FunctionLine(function, x)
    noise = noise_of(function, x, unit_roundoff)
    return extrapolate(line, line(0.0), _size(x), noise, smallest=abs(x), **options)


def _size(x):
    return 2.0 ** round(math.log2(abs(x))) if x else 1.0


def call(box, name, *arguments):
    """Call a function of a submission by its sandbox."""
    return box.ask("run", values={}, calls=[[name, list(arguments)]], give=[Ref((0,))])


def wait_until(holds, patience=2.0):
    """Return whether something holds soon."""
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def wait_until_gone(pid):
    """Return whether a process ends soon."""

    def gone():
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    return wait_until(gone)
