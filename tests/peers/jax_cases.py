"""jax and autograd: tables of functions and special values, and rules that their tests get wrong."""

from functools import partial

import numpy as np
from scipy import special

from gradcheck import check_gradient, check_jvp, check_vjp
from peers.case import Case, normal, wrong

SMALL, POSITIVE = 0.3 * normal(3, 4), np.abs(normal(3, 4)) + 0.1
INSIDE = np.random.default_rng(1).uniform(-0.9, 0.9, (3, 4))
PLATEAU = np.random.default_rng(2).uniform(0.1, 0.4, (3, 4))
ROOT_PI = np.sqrt(np.pi)


def zero(x):
    return np.zeros_like(x)


# Of each function: its derivative, the points of their random tests, and their special values.
FUNCTIONS = {
    "neg": (np.negative, lambda x: -np.ones_like(x), normal(3, 4), ()),
    "floor": (np.floor, zero, PLATEAU, ()),
    "ceil": (np.ceil, zero, PLATEAU, ()),
    "round": (np.round, zero, PLATEAU, ()),
    "exp": (np.exp, np.exp, SMALL, ()),
    "exp2": (np.exp2, lambda x: np.log(2) * np.exp2(x), SMALL, ()),
    "expm1": (np.expm1, np.exp, normal(3, 4), ()),
    "log": (np.log, lambda x: 1 / x, POSITIVE, ()),
    "log1p": (np.log1p, lambda x: 1 / (1 + x), POSITIVE, ()),
    "sinh": (np.sinh, np.cosh, normal(3, 4), (0.0,)),
    "cosh": (np.cosh, np.sinh, normal(3, 4), (0.0,)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, normal(3, 4), (0.0, 1000.0)),
    "sin": (np.sin, np.cos, normal(3, 4), (0.0, np.pi, np.pi / 2, np.pi / 4)),
    "cos": (np.cos, lambda x: -np.sin(x), normal(3, 4), (0.0, np.pi, np.pi / 2, np.pi / 4)),
    "tan": (np.tan, lambda x: np.cos(x) ** -2, INSIDE, (0.0,)),
    "asin": (np.arcsin, lambda x: 1 / np.sqrt(1 - x * x), INSIDE, (0.0,)),
    "acos": (np.arccos, lambda x: -1 / np.sqrt(1 - x * x), INSIDE, (0.0,)),
    "atan": (np.arctan, lambda x: 1 / (1 + x * x), normal(3, 4), (0.0, 1000.0)),
    "erf": (special.erf, lambda x: 2 / ROOT_PI * np.exp(-x * x), SMALL, (0.0, 10.0)),
    "erfc": (special.erfc, lambda x: -2 / ROOT_PI * np.exp(-x * x), SMALL, (0.0, 10.0)),
    "erf_inv": (special.erfinv, lambda x: ROOT_PI / 2 * np.exp(special.erfinv(x) ** 2), SMALL, ()),
    "abs": (np.abs, np.sign, POSITIVE, ()),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x), POSITIVE, ()),
    "rsqrt": (lambda x: x**-0.5, lambda x: -0.5 * x**-1.5, POSITIVE, ()),
    "cbrt": (np.cbrt, lambda x: 1 / (3 * np.cbrt(x) ** 2), POSITIVE, ()),
    "logistic": (special.expit, lambda x: special.expit(x) * special.expit(-x), normal(3, 4), ()),
}


def both_modes(f, slope, x):
    """Check a function of each entry in both modes."""
    reverse = check_vjp(f, (x,), lambda c, x: c * slope(x))
    return reverse.merge(check_jvp(f, (x,), lambda args, tangents: slope(args[0]) * tangents[0]))


def at_value(f, slope, value):
    """Check a function at one number, in reverse mode."""
    return check_gradient(lambda x: float(f(x)), value, lambda x: float(slope(x)))


def unbroadcast(gradient, like):
    """Sum over the axes along which an array was repeated."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - like.ndim)))
    repeated = tuple(i for i, n in enumerate(like.shape) if n == 1)
    return gradient.sum(axis=repeated, keepdims=True)


def product_by_broadcasting(x, y, summed=True):
    """Check x y of shapes that differ, as the operators of two arguments are tested."""

    def vjp(c, x, y):
        return (unbroadcast(c * y, x), unbroadcast(c * x, y)) if summed else (c * y, c * x)

    return check_vjp(np.multiply, (x, y), vjp)


def clipped(c, x):
    """Return the gradient of x itself, clipped as the tutorial of custom rules does."""
    return np.clip(c, -0.01, 0.01)


def off_by_a_thousandth(x):
    """Check the derivative 2.001 of 2 x."""
    return check_vjp(lambda x: 2 * x, (x,), lambda c, x: 2.001 * c)


def second_derivative(slope):
    """Check the second derivative of x^3 / 3 as what the first one's rule gives."""
    return check_vjp(lambda x: x * x, (normal(3),), lambda c, x: slope * x * c)


def maximum(x, y):
    return check_vjp(np.maximum, (x, y), lambda c, x, y: (c * (x > y), c * (x <= y)))


CASES = [
    *(
        Case(f"{name} of random numbers, both modes", partial(both_modes, f, slope, x))
        for name, (f, slope, x, _) in FUNCTIONS.items()
        if name not in ("floor", "ceil", "round")
    ),
    *(
        Case(f"{name} at {value:.4g}", partial(at_value, f, slope, value))
        for name, (f, slope, _, values) in FUNCTIONS.items()
        for value in values
        if (name, value) not in {("erf", 10.0), ("erfc", 10.0), ("tanh", 1000.0)}
    ),
    *(
        Case(
            f"product of shapes {a} and {b}", partial(product_by_broadcasting, normal(*a), normal(*b, seed=1))
        )
        for a, b in (((3, 4), (3, 1)), ((3, 1), (1, 4)), ((2, 3, 4), (2, 1, 4)), ((), (3, 4)))
    ),
    Case("maximum of two arrays", partial(maximum, normal(3, 4), normal(3, 4, seed=1))),
    Case(
        "maximum where some are equal",
        partial(maximum, np.round(normal(3, 4)), np.round(normal(3, 4, seed=1))),
    ),
    Case(
        "a rule for two outputs of two numbers",
        partial(
            check_vjp,
            lambda a, b: (2 * a + b, 3 * a + 0.5 * b),
            (3.0, 4.0),
            lambda c, a, b: (2 * c[0] + 3 * c[1], c[0] + 0.5 * c[1]),
        ),
    ),
    wrong(
        "an argument broadcast, its gradient not summed",
        partial(product_by_broadcasting, normal(3, 4), normal(3, 1, seed=1), summed=False),
        "refused",
    ),
    wrong("a gradient that is clipped", partial(check_vjp, lambda x: x * 1.0, (normal(4),), clipped)),
    wrong("a rule that is off by 0.05 %", partial(off_by_a_thousandth, 1.0)),
    wrong("a second derivative off by 0.1 %", partial(second_derivative, 2.002)),
    Case("the same, right", partial(second_derivative, 2)),
    wrong(
        "a jvp rule of twice the derivative",
        partial(check_jvp, np.sin, (normal(3),), lambda args, tangents: 2 * np.cos(args[0]) * tangents[0]),
    ),
    wrong(
        "a vjp rule of twice the derivative",
        partial(check_vjp, np.sin, (normal(3),), lambda c, x: 2 * np.cos(x) * c),
    ),
]
