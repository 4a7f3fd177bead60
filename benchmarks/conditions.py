"""The conditions under which a checker is asked: `CONDITIONS` makes right problems for each."""

import dataclasses
from collections.abc import Callable

import formulas
import numpy as np
from dense import PIECEWISE, SMOOTH, Dense, dense_problem, random_network
from problem import (
    Gradient,
    Params,
    Problem,
    affine,
    computing_in_float32,
    in_units,
    with_float32_params,
    with_noise,
)

Generator = np.random.Generator
Make = Callable[[Generator], Problem]
SMOOTH_LOSSES: tuple[Make, ...] = (
    formulas.least_squares,
    formulas.polynomial,
    formulas.rosenbrock,
    formulas.gaussian,
    formulas.factorization,
    formulas.course_note,
)


def _pick(rng: Generator, *makers: Make) -> Problem:
    return makers[int(rng.integers(len(makers)))](rng)


def network(rng: Generator) -> Problem:
    """Return any dense network of 1 to 4 layers."""
    return dense_problem(*random_network(rng))


def simple(rng: Generator) -> Problem:
    """Return any other loss without pitfalls."""
    return _pick(rng, *SMOOTH_LOSSES)


def plain(rng: Generator) -> Problem:
    """Return a network two times of three, else a simple loss."""
    return _pick(rng, network, network, simple)


def wide(rng: Generator) -> Problem:
    """Return a network of some hundred entries."""
    return dense_problem(*random_network(rng, ("tanh",), width=20))


def _sized(rng: Generator, size: float) -> Problem:
    problem = plain(rng)
    return in_units(problem, {k: np.full(p.shape, 1 / size) for k, p in problem.params.items()})


def mixed_scales(rng: Generator) -> Problem:
    """Return a problem with parameters from 1e-6 to 1e6 within one leaf."""
    problem = plain(rng)
    return in_units(problem, {k: 10.0 ** rng.uniform(-6, 6, p.shape) for k, p in problem.params.items()})


def saturated(rng: Generator) -> Problem:
    """Return a network with sigmoid and tanh units far out on their flat ends."""
    hidden = tuple(rng.choice(["tanh", "sigmoid"], size=2).tolist())
    problem = dense_problem(*random_network(rng, hidden, gain=float(rng.uniform(3, 8))))
    # 1 - z^2 cancels.
    return dataclasses.replace(problem, roundoff=1e-14)


def vanishing(rng: Generator) -> Problem:
    """Return a network of six to ten sigmoid layers: gradients shrink at each."""
    return dense_problem(*random_network(rng, ("sigmoid",) * int(rng.integers(6, 11)), width=4))


def zeros(rng: Generator) -> Problem:
    """Return a network with dark pixels and dead relus: rows and columns of the gradient are exactly 0."""
    net, params = random_network(rng, ("relu", str(rng.choice([*SMOOTH, *PIECEWISE]))))
    x = net.x * (rng.random(net.x.shape[1]) < 0.6)
    # No sum of the other terms reaches -100.
    params["b1"] = np.where(rng.random(params["b1"].size) < 0.3, -100.0, params["b1"])
    return dense_problem(dataclasses.replace(net, x=x), params)


def at_optimum(rng: Generator) -> Problem:
    """Return a network with targets equal to its outputs, or a solved regression (0 but for round-off)."""
    if rng.random() < 0.5:
        net, params = random_network(rng, cost="squared")
        y = net.forward(params, np)[1][-1]
        problem = dense_problem(dataclasses.replace(net, d=y, penalty=0.0), params)
        return dataclasses.replace(problem, roundoff=1e-13)
    A, y = rng.normal(size=(9, 4)), rng.normal(size=9)
    w = np.linalg.lstsq(A, y)[0]
    return Problem(
        {"w": w},
        lambda p, xp: 0.5 * ((xp.asarray(A) @ p["w"] - xp.asarray(y)) ** 2).sum(),
        lambda p: {"w": A.T @ (A @ p["w"] - y)},
        roundoff=1e-13,
    )


def _kinked_network(rng: Generator) -> Problem:
    """Return a network with some samples all zero and b1 zero: their pre-activations are exactly 0."""
    net, params = random_network(rng, (str(rng.choice(PIECEWISE)),))
    x = net.x * (rng.random((len(net.x), 1)) < 0.5)
    problem = dense_problem(dataclasses.replace(net, x=x), {**params, "b1": 0 * params["b1"]})
    # relu'(0) is 1 for a step to the right of b1, 0 (or the leak) to the left.
    right = _slope_right_of_zero(dataclasses.replace(net, x=x))
    first, second = (problem.gradient, right) if rng.random() < 0.5 else (right, problem.gradient)
    return dataclasses.replace(problem, gradient=first, also_right=(second,))


def _slope_right_of_zero(net: Dense) -> Gradient:
    def gradient(params: Params) -> Params:
        # Without a step, b1 + 1e-300 is the next number to the right of 0; what is left of it is not.
        found = net.gradient({**params, "b1": np.where(params["b1"] == 0, 1e-300, params["b1"])})
        return {name: np.where(np.abs(g) < 1e-290, 0.0, g) for name, g in found.items()}

    return gradient


def kinks(rng: Generator) -> Problem:
    """Return a problem with kinks exactly at the point: every value between the two slopes is right there."""
    return _pick(rng, _kinked_network, formulas.lasso, formulas.hinge)


def near_kinks(rng: Generator) -> Problem:
    """Return a network with inputs of relus 1e-9 to 1e-3 away from the kink, to either side."""
    net, params = random_network(rng, (str(rng.choice(PIECEWISE)),))
    u = net.x[0] @ params["W1"]
    distance = 10.0 ** rng.uniform(-9, -3, u.size) * rng.choice([-1, 1], u.size)
    problem = dense_problem(net, {**params, "b1": distance - u})
    # A distance that is the difference of two numbers of size 1 has their round-off.
    return dataclasses.replace(problem, roundoff=4e-15)


def _float32_network(rng: Generator) -> tuple[Problem, Problem]:
    """Return a network in exact arithmetic on float32 numbers, and the same computing in float32."""
    net, params = random_network(rng, tuple(rng.choice(SMOOTH, size=rng.integers(0, 3)).tolist()))
    params = {k: p.astype(np.float32).astype(float) for k, p in params.items()}
    single = dataclasses.replace(net, x=net.x.astype(np.float32), d=net.d.astype(np.float32))
    double = dataclasses.replace(net, x=single.x.astype(float), d=single.d.astype(float))
    exact = dense_problem(double, params)
    return exact, dataclasses.replace(dense_problem(single, params), formula=single.loss)


def float32_params(rng: Generator) -> Problem:
    """Return a problem with float32 parameters; its loss takes float64 as well."""
    exact, single = _float32_network(rng)
    return with_float32_params(dataclasses.replace(single, formula=exact.formula, loss=single.value))


def float32_inside(rng: Generator) -> Problem:
    """Return a loss that computes in float32 whatever it is given, with an exact gradient."""
    exact, single = _float32_network(rng)
    inside = computing_in_float32(single)
    return dataclasses.replace(exact, loss=inside.loss, rtol=inside.rtol, noise=inside.noise)


CONDITIONS: dict[str, Make] = {
    "plain": plain,
    "simple": simple,
    "wide": wide,
    "times-1e8": lambda rng: affine(plain(rng), factor=1e8),
    "times-1e-9": lambda rng: affine(plain(rng), factor=1e-9),
    "plus-1e6": lambda rng: affine(plain(rng), offset=1e6),
    "params-1e-6": lambda rng: _sized(rng, 1e-6),
    "params-1e6": lambda rng: _sized(rng, 1e6),
    "mixed-scales": mixed_scales,
    "saturated": saturated,
    "vanishing": vanishing,
    "zeros": zeros,
    "at-optimum": at_optimum,
    "kinks": kinks,
    "near-kinks": near_kinks,
    "float32-params": float32_params,
    "float32-inside": float32_inside,
    "no-complex-step": lambda rng: _pick(
        rng, formulas.expit_score, formulas.absolute_deviations, formulas.norm
    ),
    "oscillating": lambda rng: _pick(rng, formulas.waves, formulas.product_waves),
    "domain-near": lambda rng: _pick(rng, formulas.logarithms, formulas.roots),
    "domain-edge": formulas.at_the_edge,
    "noisy": lambda rng: with_noise(plain(rng), 1e-10),
}
NOISY = ("float32-inside", "noisy")
