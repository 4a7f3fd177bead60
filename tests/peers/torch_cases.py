"""torch: what the tests of its autograd expect of its gradcheck, on functions written in numpy."""

from functools import partial

import numpy as np

from gradcheck import check_gradient, check_hessian_product, check_layer, check_vjp
from peers.case import Case, normal, wrong

X, Y = normal(3, 4), normal(3, 4, seed=1)
Z = X + 1j * Y


def plus(epsilon, x):
    """Check the identity with a backward pass that adds a constant to its result."""
    return check_vjp(lambda x: x * 1, (x,), lambda c, x: c + epsilon)


def ignoring_the_cotangent(used):
    """Check 10 x, of which the backward pass should multiply by the cotangent."""
    return check_vjp(lambda x: 10 * x, (X,), lambda c, x: 10 * c if used else 10 * np.ones_like(x))


def jittered(jitter):
    """Check x^3 with a backward pass that multiplies its result by random numbers near 1."""
    rng = np.random.default_rng(0)
    return check_vjp(lambda x: x**3, (X,), lambda c, x: 3 * x**2 * c * (1 + jitter * rng.random(x.shape)))


def grows(x):
    """Return x, and x again where it is small: a shape that depends on values."""
    return x * 1 if np.all(x >= 1) else np.concatenate([x, x])


def squares(weights):
    """Check sum of w x^2 by the derivative 2 w x, over entries in any memory layout."""
    return check_gradient(lambda x: np.sum(weights * x**2), X.T.copy().T, lambda x: 2 * weights * x)


def linear(transposed):
    """Check x W, by a backward pass that has W for its transpose if asked."""
    W = normal(4, 4, seed=2)
    return check_layer(lambda x: (x @ W, None), lambda dz, _: dz @ (W if transposed else W.T), (X,))


def curvature(factor):
    """Check products with the Hessian of sum x^4."""
    return check_hessian_product(lambda x: 4 * x**3, X, lambda x, v: factor * x**2 * v)


def of_complex(function, pullback):
    """Check a function of complex numbers."""
    return check_vjp(function, (Z,), pullback)


CASES = [
    Case("a product of two arrays", lambda: check_vjp(np.multiply, (X, Y), lambda c, x, y: (c * y, c * x))),
    Case("exp", lambda: check_vjp(np.exp, (X,), lambda c, x: c * np.exp(x))),
    Case("identity", partial(plus, 0.0, X)),
    wrong("identity, its gradient off by 0.01", partial(plus, 1e-2, X)),
    Case("identity of complex numbers", partial(plus, 0.0, Z)),
    wrong("identity of complex numbers, off by 0.01", partial(plus, 1e-2, Z)),
    wrong("identity of complex numbers, off by 0.01 i", partial(plus, 1e-2j, Z)),
    Case("10 x", partial(ignoring_the_cotangent, True)),
    wrong("10 x, not multiplied by the cotangent", partial(ignoring_the_cotangent, False)),
    Case("a backward pass that always gives the same", partial(jittered, 0.0)),
    wrong("a backward pass that is random", partial(jittered, 1.0), "nondeterministic"),
    Case(
        "a shape that could depend on values",
        partial(check_vjp, grows, (np.array([2.0, 3.0]),), lambda c, x: c),
    ),
    wrong(
        "a shape that depends on values",
        partial(check_vjp, grows, (np.array([1.0, 3.0]),), lambda c, x: c),
        "refused",
    ),
    Case("an input in another memory layout", partial(squares, 1.0)),
    wrong(
        "a gradient of None",
        lambda: check_vjp(np.multiply, (X, Y), lambda c, x, y: (c * y, None)),
        "refused",
    ),
    Case("a linear layer", partial(linear, False)),
    wrong("a linear layer, W not transposed", partial(linear, True)),
    Case("second derivatives", partial(curvature, 12)),
    wrong("second derivatives, one factor forgotten", partial(curvature, 4)),
    Case(
        "complex to real: the square of the size",
        partial(of_complex, lambda z: np.abs(z) ** 2, lambda c, z: 2 * c * z),
    ),
    Case("complex to complex: exp", partial(of_complex, np.exp, lambda c, z: c * np.conj(np.exp(z)))),
    wrong("complex to complex: exp, not conjugated", partial(of_complex, np.exp, lambda c, z: c * np.exp(z))),
    Case("not analytic: conj", partial(of_complex, np.conj, lambda c, z: np.conj(c))),
    Case("real part", partial(of_complex, np.real, lambda c, z: c + 0j)),
]
