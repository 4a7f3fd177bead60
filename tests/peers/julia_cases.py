"""ChainRulesTestUtils: rules that its own tests say succeed, and those that they say are caught."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from gradcheck import check_gradient, check_jvp, check_layer, check_vjp
from peers.case import Case, normal, wrong


def identity(x):
    return x * 1.0


def doubled(slope, x=2.1):
    """Check the derivative of 2 x."""
    return check_gradient(lambda x: 2 * x, x, lambda x: slope)


def layer_of_identity(factor):
    """Check the backward pass of the identity beside a forward pass that gives another value."""
    return check_layer(lambda x: (factor * x, None), lambda c, cache: c, (2.2,))


def vjp_of_identity(factor, x):
    return check_vjp(identity, (x,), lambda c, x: factor * c)


def jvp_of_identity(factor, x):
    return check_jvp(identity, (x,), lambda args, tangents: factor * tangents[0])


def first_of_two(x, y):
    """Check f(x, y) = x, whose derivative by y is zero."""
    return check_vjp(lambda x, y: x * 1.0, (x, y), lambda c, x, y: (c, 0 * c))


def two_outputs(x):
    return check_vjp(lambda x: (x * 1.0, 2 * x), (x,), lambda c, x: c[0] + 2 * c[1])


def first_of_tuple(*values):
    return check_vjp(lambda xs: xs[0] * 1.0, (values,), lambda c, xs: ((c, *[0.0] * (len(xs) - 1)),))


def mutating(times):
    """Check a function that doubles its argument in place."""

    def function(x):
        x *= times
        return x.sum()

    return check_gradient(function, normal(3), lambda x: np.full(3, 2.0))


class Accumulates:
    """A backward pass that adds 200 times its result to what it has."""

    def __init__(self):
        self.total = np.zeros(4)

    def __call__(self, c, x):
        self.total = self.total + 200 * c
        return c + self.total


@dataclass
class Shifted:
    """A structure that is a function: a + x."""

    a: float


def functor(slope):
    return check_vjp(lambda foo, x: foo.a + x, (Shifted(0.7), 0.3), lambda c, foo, x: (Shifted(slope * c), c))


def sum_of_squares(values):
    total = 0.0
    for value in values:
        total += value * value
    return total


def entry(index_gradient):
    """Check a[i] by a and by the integer i."""

    def vjp(c, a, i):
        da = np.zeros_like(a)
        da[i] = c
        return da, index_gradient

    return check_vjp(lambda a, i: a[i], (np.array([1.0, 2.0, 3.0]), 2), vjp)


def sine(conjugate):
    z = complex(normal(), normal(seed=1))
    return check_vjp(np.sin, (z,), lambda c, z: c * (np.conj(np.cos(z)) if conjugate else np.cos(z)))


def two_arguments(*gradients):
    """Check x + 2 y."""
    return check_vjp(lambda x, y: x + 2 * y, (21.0, 32.0), lambda c, x, y: tuple(k * c for k in gradients))


CASES = [
    Case("2 x with the derivative 2", partial(doubled, 2.0)),
    wrong("2 x with the derivative 3", partial(doubled, 3.0)),
    Case("identity of a number", partial(vjp_of_identity, 1, 1.3)),
    Case("identity of a number, forward", partial(jvp_of_identity, 1, 1.3)),
    Case("identity of an array", partial(vjp_of_identity, 1, normal(4))),
    Case("identity of an array, forward", partial(jvp_of_identity, 1, normal(4))),
    wrong("identity whose derivative is 31.8", partial(vjp_of_identity, 31.8, 2.2)),
    wrong("identity whose derivative is 2.7, forward", partial(jvp_of_identity, 2.7, 2.2)),
    Case("identity and its backward pass", partial(layer_of_identity, 1.0)),
    wrong("identity whose rule computes 2.5 x", partial(layer_of_identity, 2.5)),
    wrong(
        "a rule that adds 200 times its result in place",
        lambda: check_vjp(identity, (normal(4),), Accumulates()),
    ),
    Case("the first of two numbers", partial(first_of_two, 2.0, 4.0)),
    Case("the first of two arrays", partial(first_of_two, normal(4), normal(4, seed=1))),
    Case("one number, two outputs", partial(two_outputs, 3.0)),
    Case("one array, two outputs", partial(two_outputs, normal(4))),
    Case("the first of a tuple of two", partial(first_of_tuple, 2.0, 3.0)),
    Case("the first of a tuple of four", partial(first_of_tuple, *normal(4).tolist())),
    Case(
        "an output that is constant",
        partial(check_jvp, lambda x: (x * 1.0, 1.0), (2.0,), lambda args, tangents: (tangents[0], 0.0)),
    ),
    Case(
        "an argument that is a symbol",
        partial(check_vjp, lambda x, s: x * 1.0, (2.5, "x"), lambda c, x, s: (c, None)),
    ),
    Case("two arguments", partial(two_arguments, 1, 2)),
    wrong("a derivative is missing", partial(two_arguments, 1), "refused"),
    wrong("a derivative too many", partial(two_arguments, 1, 2, 0), "refused"),
    wrong("a function that doubles its argument in place", partial(mutating, 2), "mutates"),
    Case("a structure that is a function", partial(functor, 1.0)),
    wrong("a structure whose derivative is wrong", partial(functor, 1.5)),
    Case(
        "a tuple with an integer",
        lambda: check_vjp(lambda xs: xs[1] * 1.0, ((3, 3.0),), lambda c, xs: ((None, c),)),
    ),
    Case(
        "a sum of squares over rows",
        lambda: check_gradient(lambda x: sum_of_squares(x.flat), normal(2, 3), lambda x: 2 * x),
    ),
    Case("an entry by its index", partial(entry, None)),
    Case("an entry by its index, zero for the index", partial(entry, 0.0)),
    Case("sine of a complex number, derivative conjugated", partial(sine, True)),
    wrong("sine of a complex number, not conjugated", partial(sine, False)),
    Case(
        "sine of a float32",
        lambda: check_vjp(np.sin, (np.float32(0.4),), lambda c, x: c * np.cos(x)),
    ),
]
