"""jax: what it differentiates is judged like any gradient, by the names that its users know."""

import numpy as np
import pytest

from gradcheck import GradientMismatch
from gradcheck.errors import UsageError
from gradcheck.frameworks.jax import check, check_grads

jax = pytest.importorskip("jax", reason="needs jax: pip install 'gradcheck[frameworks]'")
from jax import test_util  # noqa: E402 (only where jax is there)

jnp = jax.numpy
X = np.array([0.5, -1.2, 2.0])


def with_vjp(bwd):
    """Return sin(x) s of an array and a dict with a scale, with this backward pass."""

    @jax.custom_vjp
    def scaled_sine(x, p):
        return jnp.sin(x) * p["s"]

    scaled_sine.defvjp(lambda x, p: (scaled_sine(x, p), (x, p)), bwd)
    return scaled_sine


@with_vjp
def right(residuals, c):
    x, p = residuals
    return jnp.cos(x) * p["s"] * c, {"s": jnp.sum(jnp.sin(x) * c)}


@with_vjp
def wrong(residuals, c):
    x, p = residuals
    return jnp.cos(x) * p["s"] * c, {"s": jnp.sum(jnp.cos(x) * c)}


@with_vjp
def mean_for_sum(residuals, c):
    x, p = residuals
    return jnp.cos(x) * p["s"] * c, {"s": jnp.mean(jnp.sin(x) * c)}


@jax.custom_jvp
def cube(x):
    return x**3


cube.defjvp(lambda primals, tangents: (cube(*primals), 3 * primals[0] ** 2 * tangents[0]))


@jax.custom_jvp
def wrong_cube(x):
    return x**3


wrong_cube.defjvp(lambda primals, tangents: (wrong_cube(*primals), 2 * primals[0] ** 2 * tangents[0]))


class TestFunctions:
    def test_right_function_matches(self):
        """Arguments have the names of the signature and of the pytree."""
        report = check(right, (X, {"s": 2.0}))

        assert report.verdict == "match"
        assert [(p.name, p.shape) for p in report.parameters.values()] == [("x", (3,)), ("p.s", ())]

    @pytest.mark.parametrize("function", [wrong, mean_for_sum])
    def test_wrong_function_is_found_where_it_is_wrong(self, function):
        """Only the argument whose derivative is wrong is a mismatch."""
        report = check(function, (X, {"s": 2.0}))

        assert {name: p.verdict for name, p in report.parameters.items()} == {"x": "match", "p.s": "mismatch"}

    def test_arguments_keep_their_order(self):
        """Names that sort otherwise do not mix them up."""
        report = check(lambda z, a: z**2 / a, (X, np.array([1.0, 2.0, 3.0])))

        assert report.verdict == "match"
        assert list(report.parameters) == ["z", "a"]

    def test_both_modes_and_second_order(self):
        """A jvp rule serves both modes; each is judged by itself, and so are its derivatives."""
        report = check(cube, X, modes=("fwd", "rev"), order=2)

        assert report.verdict == "match"
        assert {"x", "fwd x", "rev rev x", "fwd rev x", "rev rev cotangent 0"} <= {*report.parameters}
        assert {p.verdict for p in check(wrong_cube, X, modes=("fwd", "rev")).parameters.values()} == {
            "mismatch"
        }

    def test_forward_mode_alone(self):
        """A loop of unknown length has no reverse mode."""

        def power(x):
            return jax.lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * x), (0, x))[1]

        assert check(power, X, modes=("fwd",)).verdict == "match"

    def test_wrong_second_derivative(self):
        """The first is right."""

        @jax.custom_jvp
        def slope(x):
            return jnp.cos(x)

        slope.defjvp(lambda p, t: (slope(*p), jnp.sin(p[0]) * t[0]))  # the sign

        @jax.custom_jvp
        def sine(x):
            return jnp.sin(x)

        sine.defjvp(lambda p, t: (sine(*p), slope(p[0]) * t[0]))

        report = check(sine, X, order=2)

        assert report.parameters["x"].verdict == "match"
        assert report.parameters["rev rev x"].verdict == "mismatch"

    def test_control_flow_by_values(self):
        """A Python `if` on a value works, in second derivatives, too."""
        assert check(lambda x: x**2 if x.sum() > 0 else -x, X, order=2).verdict == "match"

    def test_compiled_function(self):
        assert check(jax.jit(lambda x: jnp.tanh(x)), X).verdict == "match"


class TestValues:
    def test_nests(self):
        """Pytrees in and out; integers, None and keys are constants, and integer outputs are left aside."""

        def function(p, n, key):
            noise = jax.random.normal(key, (3,))
            return {"y": p["W"] ** n + noise, "arg": jnp.argmax(p["W"]), "list": [p["b"][0], None]}

        report = check(function, ({"W": X, "b": (1.5, 3)}, 2, jax.random.key(0)))

        assert report.verdict == "match"
        assert list(report.parameters) == ["p.W", "p.b.0"]

    def test_complex_numbers(self):
        """Analytic or not; both modes."""
        z = np.array([1 + 2j, 0.3 - 1j])
        for function in (jnp.exp, jnp.conj, jnp.abs, lambda z: z * jnp.conj(z) * (2 + 1j)):
            assert check(function, (z,), modes=("rev", "fwd")).verdict == "match"

    def test_double_precision_whatever_the_setting(self):
        """Arrays of float32 are checked to 1e-6, and the setting is as before."""
        report = check(lambda x: jnp.tanh(x) * jnp.ones(3), jnp.asarray(X, jnp.float32))

        assert report.verdict == "match"
        assert report.max_relative_error < 1e-6
        assert not jax.config.jax_enable_x64

    def test_function_of_float32_only(self):
        """What computes in single precision is judged so, and that is said."""
        report = check(lambda x: jnp.sum(jnp.tanh(x.astype(jnp.float32))), X)

        assert report.verdict != "mismatch"
        assert "single precision" in str(report)

    def test_backward_of_float32_only(self):
        """So is a function whose backward pass takes no other type."""

        def single(residuals, c):
            if c.dtype != jnp.float32:
                raise TypeError("only float32")
            return right_backward(residuals, c)

        def right_backward(residuals, c):
            x, p = residuals
            return jnp.cos(x) * p["s"] * c, {"s": jnp.sum(jnp.sin(x) * c)}

        report = check(with_vjp(single), (jnp.asarray(X), {"s": 2.0}))

        assert report.verdict != "mismatch"
        assert "float64 copy" in str(report)

    def test_kinks(self):
        report = check(jax.nn.relu, np.array([0.0, 1.0]))

        assert report.verdict == "match"
        assert report.parameters["x"].kinks


class TestDropIn:
    """jax.test_util.check_grads, by another import."""

    def test_passes(self):
        assert check_grads(cube, (X,), 2) is None
        assert (
            check_grads(right, (X, {"s": 2.0}), order=1, modes=["rev"], atol=1e-2, rtol=1e-2, eps=1e-3)
            is None
        )

    def test_fails(self):
        with pytest.raises(GradientMismatch, match=r"mismatch in p\.s"):
            check_grads(wrong, (X, {"s": 2.0}), order=1, modes=["rev"])
        with pytest.raises(GradientMismatch, match="fwd x"):
            check_grads(wrong_cube, (X,), order=1)

    def test_what_jax_lets_pass(self):
        """An error of one entry among many, which one random direction does not show."""
        many = np.linspace(0.1, 1, 200)

        @jax.custom_vjp
        def sine(x):
            return jnp.mean(jnp.sin(x))

        def off(x, c):
            return ((c * jnp.cos(x) / x.size).at[7].multiply(1.01),)

        sine.defvjp(lambda x: (sine(x), x), off)

        with jax.enable_x64(True):
            test_util.check_grads(sine, (many,), order=1, modes=["rev"])
        with pytest.raises(GradientMismatch):
            check_grads(sine, (many,), order=1, modes=["rev"])

    def test_random_function(self):
        """A function that draws anew in each call is no match, though compiled it would draw once."""
        rng = np.random.default_rng(0)

        report = check(lambda x: x**2 * rng.uniform(1, 2, 3), X)

        assert report.verdict != "match"
        assert "nondeterministic" in report.flags

    def test_mode_without_rule(self):
        """A function with custom_vjp has no forward mode: jax says so."""
        with pytest.raises(TypeError, match="custom_vjp"):
            check_grads(right, (X, {"s": 2.0}), order=1, modes=["fwd"])


class TestBadInput:
    def test_only_constants(self):
        with pytest.raises(UsageError, match="no argument to differentiate"):
            check(jnp.sin, (np.arange(3),))

    def test_unknown_mode(self):
        with pytest.raises(UsageError, match="no such mode"):
            check(jnp.sin, (X,), modes=("lin",))
