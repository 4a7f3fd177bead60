"""Losses that are not networks, each with its gradient by hand."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import scipy.special
from problem import Array, Params, Problem

Generator = np.random.Generator


def least_squares(rng: Generator) -> Problem:
    """Return a linear regression with an intercept: ``1/2 |A w + c - y|^2``."""
    m, n = int(rng.integers(3, 12)), int(rng.integers(1, 7))
    A, y = rng.normal(size=(m, n)), rng.normal(size=m)

    def formula(p: Params, xp: ModuleType) -> Any:
        return 0.5 * ((xp.asarray(A) @ p["w"] + p["c"] - xp.asarray(y)) ** 2).sum()

    def gradient(p: Params) -> Params:
        r = A @ p["w"] + p["c"] - y
        return {"w": A.T @ r, "c": np.asarray(r.sum())}

    return Problem({"w": rng.normal(size=n), "c": np.asarray(rng.normal())}, formula, gradient)


def polynomial(rng: Generator) -> Problem:
    """Return the fit of a polynomial by its coefficients: ``mean (c_0 + c_1 x + ... - y)^2``."""
    degree, m = int(rng.integers(2, 7)), int(rng.integers(8, 20))
    V, y = np.vander(rng.uniform(-2, 2, m), degree + 1), rng.normal(size=m)

    def formula(p: Params, xp: ModuleType) -> Any:
        return ((xp.asarray(V) @ p["c"] - xp.asarray(y)) ** 2).sum() / m

    return Problem(
        {"c": rng.normal(size=degree + 1)}, formula, lambda p: {"c": 2 * V.T @ (V @ p["c"] - y) / m}
    )


def rosenbrock(rng: Generator) -> Problem:
    """Return the curved valley: ``sum 100 (x_(i+1) - x_i^2)^2 + (1 - x_i)^2``."""

    def formula(p: Params, xp: ModuleType) -> Any:
        x = p["x"]
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    def gradient(p: Params) -> Params:
        x = p["x"]
        bend, g = x[1:] - x[:-1] ** 2, np.zeros_like(x)
        g[:-1] = -400 * bend * x[:-1] - 2 * (1 - x[:-1])
        g[1:] += 200 * bend
        return {"x": g}

    return Problem({"x": rng.normal(size=int(rng.integers(2, 12)))}, formula, gradient)


def gaussian(rng: Generator) -> Problem:
    """Return the negative log likelihood of a normal distribution in its mean and the log of its width."""
    x = rng.normal(size=(int(rng.integers(2, 20)), 3)) * 2 + 1

    def formula(p: Params, xp: ModuleType) -> Any:
        return (0.5 * ((xp.asarray(x) - p["mu"]) / xp.exp(p["s"])) ** 2 + p["s"]).sum()

    def gradient(p: Params) -> Params:
        r = (x - p["mu"]) * np.exp(-p["s"])
        return {"mu": -(r * np.exp(-p["s"])).sum(axis=0), "s": (1 - r**2).sum(axis=0)}

    return Problem({"mu": rng.normal(size=3), "s": 0.5 * rng.normal(size=3)}, formula, gradient)


def factorization(rng: Generator) -> Problem:
    """Return ``1/2 |U V - M|^2``."""
    m, n, k = (int(s) for s in rng.integers(1, 5, size=3))
    M = rng.normal(size=(m, n))

    def formula(p: Params, xp: ModuleType) -> Any:
        return 0.5 * ((p["U"] @ p["V"] - xp.asarray(M)) ** 2).sum()

    def gradient(p: Params) -> Params:
        r = p["U"] @ p["V"] - M
        return {"U": r @ p["V"].T, "V": p["U"].T @ r}

    return Problem({"U": rng.normal(size=(m, k)), "V": rng.normal(size=(k, n))}, formula, gradient)


def course_note(rng: Generator) -> Problem:
    """Return the network of course notes: one sample, ten hidden sigmoid units; b2 is a number."""
    x, d = rng.normal(size=2), float(rng.normal())

    def formula(p: Params, xp: ModuleType) -> Any:
        z1 = 1 / (1 + xp.exp(-(xp.asarray(x) @ p["W1"] + p["b1"])))
        return 0.5 * (z1 @ p["W2"] + p["b2"] - d) ** 2

    def backward(p: Params, slope_at_z: bool = False) -> Params:
        z1 = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"])))
        s = 1 / (1 + np.exp(-z1)) if slope_at_z else z1
        delta2 = z1 @ p["W2"] + p["b2"] - d
        delta1 = delta2 * p["W2"] * s * (1 - s)
        return {"W1": np.outer(x, delta1), "b1": delta1, "W2": delta2 * z1, "b2": np.asarray(delta2)}

    params = {"W1": rng.normal(size=(2, 10)), "b1": rng.normal(size=10)}
    params |= {"W2": rng.normal(size=10), "b2": np.asarray(rng.normal())}
    return Problem(params, formula, backward, known_mistakes={"DERIV_AT_Z": lambda p: backward(p, True)})


def _expit(u: Any, xp: ModuleType) -> Any:
    return scipy.special.expit(u) if xp is np else xp.sigmoid(u)


def expit_score(rng: Generator) -> Problem:
    """Return the Brier score of a logistic model that uses `scipy.special.expit`."""
    A, t = rng.normal(size=(9, 4)), rng.integers(0, 2, 9).astype(float)

    def formula(p: Params, xp: ModuleType) -> Any:
        return ((_expit(xp.asarray(A) @ p["w"], xp) - xp.asarray(t)) ** 2).sum() / 9

    def gradient(p: Params) -> Params:
        s = scipy.special.expit(A @ p["w"])
        return {"w": 2 * A.T @ ((s - t) * s * (1 - s)) / 9}

    return Problem({"w": rng.normal(size=4)}, formula, gradient)


def absolute_deviations(rng: Generator) -> Problem:
    """Return ``sum |A w - y|``, not at a kink: piecewise linear."""
    A, y, w = rng.normal(size=(8, 4)), rng.normal(size=8), rng.normal(size=4)

    def formula(p: Params, xp: ModuleType) -> Any:
        return xp.abs(xp.asarray(A) @ p["w"] - xp.asarray(y)).sum()

    reach = min(1.0, float(np.min(np.abs(A @ w - y) / np.abs(A * w).max(axis=1))))
    return Problem({"w": w}, formula, lambda p: {"w": A.T @ np.sign(A @ p["w"] - y)}, reach=reach)


def norm(rng: Generator) -> Problem:
    """Return ``|A w - y|``, by `numpy.linalg.norm`."""
    A, y = rng.normal(size=(6, 4)), rng.normal(size=6)

    def formula(p: Params, xp: ModuleType) -> Any:
        return xp.linalg.norm(xp.asarray(A) @ p["w"] - xp.asarray(y))

    def gradient(p: Params) -> Params:
        r = A @ p["w"] - y
        return {"w": A.T @ r / np.linalg.norm(r)}

    return Problem({"w": rng.normal(size=4)}, formula, gradient)


def waves(rng: Generator) -> Problem:
    """Return ``sum a sin(k x + s)`` with k from 30 to 300: many periods within the size of x."""
    n = int(rng.integers(1, 7))
    a, k, s = rng.normal(size=n), rng.uniform(30, 300, n), rng.uniform(0, 6, n)
    x = rng.normal(size=n)

    def formula(p: Params, xp: ModuleType) -> Any:
        return (xp.asarray(a) * xp.sin(xp.asarray(k) * p["x"] + xp.asarray(s))).sum()

    reach = {"x": np.minimum(1, 1 / (k * np.abs(x)))}
    return Problem({"x": x}, formula, lambda p: {"x": a * k * np.cos(k * p["x"] + s)}, reach=reach)


def product_waves(rng: Generator) -> Problem:
    """Return ``sum sin(30 x_i x_(i+1))``."""
    x = rng.normal(size=int(rng.integers(2, 7)))

    def formula(p: Params, xp: ModuleType) -> Any:
        return xp.sin(30 * p["x"][1:] * p["x"][:-1]).sum()

    def gradient(p: Params) -> Params:
        x, g = p["x"], np.zeros_like(p["x"])
        c = 30 * np.cos(30 * x[1:] * x[:-1])
        g[1:] = c * x[:-1]
        g[:-1] += c * x[1:]
        return {"x": g}

    neighbours = np.pad(np.abs(x[1:]), (0, 1)) + np.pad(np.abs(x[:-1]), (1, 0))
    frequency = 30 * neighbours * np.abs(x)
    return Problem({"x": x}, formula, gradient, reach={"x": np.minimum(1, 1 / frequency)})


def logarithms(rng: Generator) -> Problem:
    """Return ``sum c x - log x``, x from 1e-8 to 1: undefined beyond 0."""
    x = 10 ** rng.uniform(-8, 0, int(rng.integers(1, 7)))
    c = rng.normal(size=x.size)

    def formula(p: Params, xp: ModuleType) -> Any:
        return (xp.asarray(c) * p["x"] - xp.log(p["x"])).sum()

    return Problem({"x": x}, formula, lambda p: {"x": c - 1 / p["x"]})


def roots(rng: Generator) -> Problem:
    """Return ``sum c sqrt(x) + x log x``, x from 1e-8 to 1."""
    x = 10 ** rng.uniform(-8, 0, int(rng.integers(1, 7)))
    c = rng.uniform(0.5, 2, x.size)

    def formula(p: Params, xp: ModuleType) -> Any:
        return (xp.asarray(c) * xp.sqrt(p["x"]) + p["x"] * xp.log(p["x"])).sum()

    def gradient(p: Params) -> Params:
        return {"x": c / (2 * np.sqrt(p["x"])) + np.log(p["x"]) + 1}

    return Problem({"x": x}, formula, gradient)


def at_the_edge(rng: Generator) -> Problem:
    """Return ``sum x^(5/2) + c x`` with some x exactly 0: defined to the right of it only."""
    x = np.where(rng.random(5) < 0.5, 0.0, rng.uniform(0.1, 2, 5))
    c = rng.normal(size=5)

    def formula(p: Params, xp: ModuleType) -> Any:
        return (p["x"] ** 2.5 + xp.asarray(c) * p["x"]).sum()

    return Problem({"x": x}, formula, lambda p: {"x": 2.5 * p["x"] ** 1.5 + c})


def lasso(rng: Generator) -> Problem:
    """Return ``1/2 |A w - y|^2 + |w|_1``, some w exactly 0: every slope of |w| in [-1, 1] is right."""
    A, y = rng.normal(size=(9, 5)), rng.normal(size=9)
    w = np.where(rng.random(5) < 0.5, 0.0, rng.normal(size=5))

    def formula(p: Params, xp: ModuleType) -> Any:
        return 0.5 * ((xp.asarray(A) @ p["w"] - xp.asarray(y)) ** 2).sum() + xp.abs(p["w"]).sum()

    def with_slope(at_zero: float) -> Callable[[Params], Params]:
        def gradient(p: Params) -> Params:
            slope: Array = np.where(p["w"] == 0, at_zero, np.sign(p["w"]))
            return {"w": A.T @ (A @ p["w"] - y) + slope}

        return gradient

    return Problem({"w": w}, formula, with_slope(0.0), also_right=(with_slope(-1.0), with_slope(1.0)))


def hinge(rng: Generator) -> Problem:
    """Return a support vector machine, ``mean max(0, 1 - t (X w))``, one sample exactly on its margin."""
    X, t = rng.normal(size=(6, 3)), np.where(rng.random(6) < 0.5, -1.0, 1.0)
    w = 2.0 ** rng.integers(-2, 2, 3)
    # Sums of powers of two are exact: the margin of the first sample is exactly 0 in any order.
    X[0, 1:] = 2.0 ** rng.integers(-2, 2, 2)
    X[0, 0] = (t[0] - X[0, 1:] @ w[1:]) / w[0]

    def formula(p: Params, xp: ModuleType) -> Any:
        u = 1 - xp.asarray(t) * (xp.asarray(X) @ p["w"])
        return xp.where(u > 0, u, 0 * u).sum() / 6

    def with_slope(counts: Callable[[Array], Array]) -> Callable[[Params], Params]:
        def gradient(p: Params) -> Params:
            return {"w": -X.T @ (t * counts(1 - t * (X @ p["w"]))) / 6}

        return gradient

    inside, on = with_slope(lambda u: u > 0), with_slope(lambda u: u >= 0)
    nearest = np.abs(1 - t[1:] * (X[1:] @ w)) / np.abs(X[1:] * w).max(axis=1)
    return Problem({"w": w}, formula, inside, also_right=(on,), reach=min(1.0, float(nearest.min())))
