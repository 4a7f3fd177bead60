"""Functions of many outputs: a right vjp, jvp, layer or Hessian product matches, a wrong one does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcheck import (
    GradientInterfaceError,
    check_gradient,
    check_hessian_product,
    check_jvp,
    check_layer,
    check_vjp,
)
from gradcheck.errors import UsageError

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=4)
SQUARE = RNG.normal(size=(3, 3))
GAMMA, BETA = RNG.uniform(0.5, 1.5, 3), RNG.normal(size=3)
EPS = 1e-5


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def affine_no_transpose(dout, cache):
    x, w = cache
    return dout @ w, x.T @ dout, dout.sum(axis=0)


def affine_mean_bias(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw, db / len(dout)


def batchnorm_forward(x, gamma, beta):
    inverse = 1 / np.sqrt(x.var(axis=0) + EPS)
    h = (x - x.mean(axis=0)) * inverse
    return gamma * h + beta, (h, gamma, inverse)


def batchnorm_backward(dout, cache):
    h, gamma, inverse = cache
    dh = dout * gamma
    dx = inverse * (dh - dh.mean(axis=0) - h * (dh * h).mean(axis=0))
    return {"x": dx, "gamma": (dout * h).sum(axis=0), "beta": dout.sum(axis=0)}


def batchnorm_no_variance(dout, cache):
    """Leave out the route of x through its variance."""
    _, gamma, inverse = cache
    dh = dout * gamma
    return {**batchnorm_backward(dout, cache), "x": inverse * (dh - dh.mean(axis=0))}


class TestLayers:
    """check_layer: out, cache = forward(*inputs); backward(dout, cache)."""

    @pytest.mark.parametrize(
        ("forward", "backward", "inputs"),
        [
            (affine_forward, affine_backward, (X, W, B)),
            (affine_forward, lambda dout, c: list(affine_backward(dout, c)), [X, W, B]),
            (batchnorm_forward, batchnorm_backward, (X, GAMMA, BETA)),
            (lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * (x > 0), X),
            (lambda x: (np.maximum(x, 0), x), lambda dout, x: (dout * (x > 0),), (X,)),
            (
                lambda p: (p["a"] * p["b"], p),
                lambda d, p: {"a": d * p["b"], "b": d * p["a"]},
                {"a": X, "b": X},
            ),
        ],
        ids=["tuple", "list", "dict", "one-array", "one-tuple", "one-nest"],
    )
    def test_right_backward_matches(self, forward, backward, inputs):
        """Gradients may be a tuple in order, a dict by name, or one array for one input."""
        report = check_layer(forward, backward, inputs)

        assert report.ok, str(report)
        assert not report.flags
        assert report.max_relative_error < 1e-6

    @pytest.mark.parametrize(
        ("forward", "backward", "inputs", "wrong"),
        [
            (affine_forward, affine_no_transpose, (X, SQUARE, B[:3]), {"x"}),
            (affine_forward, affine_mean_bias, (X, W, B), {"b"}),
            (batchnorm_forward, batchnorm_no_variance, (X, GAMMA, BETA), {"x"}),
        ],
        ids=["no-transpose", "mean-of-bias", "no-variance-path"],
    )
    def test_wrong_backward_is_named(self, forward, backward, inputs, wrong):
        """The parameters of a mismatch are those whose gradient is wrong, by the names in forward."""
        report = check_layer(forward, backward, inputs)

        assert report.verdict == "mismatch"
        assert {name for name, p in report.parameters.items() if p.verdict == "mismatch"} == wrong

    def test_cotangent_of_ones_would_hide_a_missing_path(self):
        """The missing variance path is invisible to the sum of all outputs, not to check_layer."""
        loss_of_sum = check_gradient(
            lambda x: np.sum(batchnorm_forward(x, np.ones(3), BETA)[0] + x),
            X,
            lambda x: (
                batchnorm_no_variance(np.ones_like(x), batchnorm_forward(x, np.ones(3), BETA)[1])["x"] + 1
            ),
        )

        report = check_layer(batchnorm_forward, batchnorm_no_variance, (X, np.ones(3), BETA))

        assert loss_of_sum.ok
        assert report.verdict == "mismatch"

    def test_integers_are_constants(self):
        """An integer input may have None for its gradient, or none at all."""

        def forward(x, axis, options):
            return x.sum(axis=axis), (x.shape, axis)

        def backward(dout, cache):
            shape, axis = cache
            return np.broadcast_to(np.expand_dims(dout, axis), shape)

        for result in (lambda d, c: (backward(d, c), None, None), lambda d, c: (backward(d, c),)):
            report = check_layer(forward, result, (X, 1, {"stride": 2}))

            assert report.ok, str(report)
            assert list(report.parameters) == ["x"]

    def test_running_statistics_in_an_argument(self):
        """A layer that keeps state in a dict of options is checked, and flagged."""

        def forward(x, gamma, beta, bn_param):
            out, cache = batchnorm_forward(x, gamma, beta)
            bn_param["running_mean"] = x.mean(axis=0)
            return out, cache

        def backward(dout, cache):
            grads = batchnorm_backward(dout, cache)
            return grads["x"], grads["gamma"], grads["beta"]

        report = check_layer(forward, backward, (X, GAMMA, BETA, {"mode": "train"}))

        assert report.ok, str(report)
        assert "mutates" in report.flags

    def test_backward_that_writes_into_dout(self):
        """In-place work on dout is flagged, also where the gradients are right."""

        def backward(dout, x):
            dout *= x > 0
            return dout

        report = check_layer(lambda x: (np.maximum(x, 0), x), backward, X)

        assert report.ok, str(report)
        assert "mutates" in report.flags

    @pytest.mark.parametrize(
        ("forward", "backward", "text"),
        [
            (lambda x, w, b: x @ w + b, affine_backward, "forward does not return"),
            (affine_forward, lambda dout, c: affine_backward(dout, c)[:2], "2 gradients for 3 arguments"),
            (affine_forward, lambda dout, c: affine_backward(dout, c)[0], "1 gradient for 3 arguments"),
            (affine_forward, lambda dout, c: (*affine_backward(dout, c)[:2], dout), "another shape"),
            (affine_forward, lambda dout, c: {"x": dout @ c[1].T}, "nothing for parameter 'w'"),
            (
                affine_forward,
                lambda dout, c: (None, *affine_backward(dout, c)[1:]),
                "nothing for parameter 'x'",
            ),
        ],
        ids=["no-cache", "count", "one-array", "unreduced", "missing-name", "none"],
    )
    def test_misfits_are_refused(self, forward, backward, text):
        """What does not fit is no verdict but an error that names it."""
        with pytest.raises(GradientInterfaceError, match=text):
            check_layer(forward, backward, (X, W, B))

    @given(
        sizes=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
        seed=st.integers(0, 2**32 - 1),
    )
    def test_random_affine_layers(self, sizes, seed):
        """Whatever its shape, the right backward matches and a bias gradient twice too large does not."""
        n, m, k = sizes
        rng = np.random.default_rng(seed)
        inputs = rng.normal(size=(n, m)), rng.normal(size=(m, k)), rng.normal(size=k)

        def wrong(dout, cache):
            dx, dw, db = affine_backward(dout, cache)
            return dx, dw, 2 * db

        assert check_layer(affine_forward, affine_backward, inputs).ok
        assert check_layer(affine_forward, wrong, inputs).verdict == "mismatch"


class TestLinearity:
    """A vjp is linear in its cotangent."""

    @pytest.mark.parametrize(
        "distort",
        [
            lambda d: np.clip(d, -2.0, 2.0),
            lambda d: d * np.abs(d),
            lambda d: d + 0.1,
        ],
        ids=["clipped", "squared", "shifted"],
    )
    def test_nonlinear_is_named_and_never_passes(self, distort):
        """Also where it is right for the cotangents drawn, as one clipped beyond them."""
        report = check_vjp(np.sin, X, lambda c, x: distort(c * np.cos(x)))

        assert report.verdict == "mismatch"
        assert "nonlinear" in report.flags

    def test_clip_that_only_twice_the_cotangent_meets(self):
        """The verdict itself comes from the doubled cotangent."""
        # Outputs near 1 get cotangents from 0.5 to 1.5: half of them exceed 1.6 only when doubled.
        report = check_vjp(
            lambda x: 1.2 + 0.1 * np.sin(x), X, lambda c, x: np.clip(c, -1.6, 1.6) * 0.1 * np.cos(x)
        )

        assert report.verdict == "mismatch"
        assert "nonlinear" in report.flags

    def test_not_a_number_for_a_cotangent_of_zeros(self):
        """Zero gives zero, also where the rest is right: padding and masks send zeros."""
        report = check_vjp(np.sin, X, lambda c, x: c / np.max(np.abs(c)) * np.max(np.abs(c)) * np.cos(x))

        assert report.ok, str(report)
        assert "nonlinear" in report.flags


class TestVjp:
    """check_vjp: function(*args), vjp(cotangent, *args)."""

    def test_nests_of_outputs(self):
        """Outputs may be numbers, arrays, and nests of them; the cotangent has their nest."""

        def function(p, t):
            return {"y": np.tanh(p["W"] * t), "norm": float(t), "pair": (t**2, [p["W"].sum()])}

        def vjp(c, p, t):
            slope = c["y"] * (1 - np.tanh(p["W"] * t) ** 2)
            dt = np.sum(slope * p["W"]) + c["norm"] + 2 * t * c["pair"][0]
            return {"p": {"W": slope * t + c["pair"][1][0]}, "t": dt}

        report = check_vjp(function, ({"W": W}, 0.7), vjp)

        assert report.ok, str(report)
        assert list(report.parameters) == ["p.W", "t"]

    def test_small_outputs_count_as_much_as_large_ones(self):
        """An error in an output of size 1e-9 beside one of 1e6 is seen."""

        def function(x):
            return 1e6 * np.sin(x), 1e-9 * np.exp(x)

        right = check_vjp(function, X, lambda c, x: c[0] * 1e6 * np.cos(x) + c[1] * 1e-9 * np.exp(x))
        wrong = check_vjp(function, X, lambda c, x: c[0] * 1e6 * np.cos(x) + c[1] * 1.1e-9 * np.exp(x))

        assert right.ok, str(right)
        assert wrong.verdict == "mismatch"

    def test_functions_without_a_signature(self):
        """Arguments are then named by position."""
        report = check_vjp(max, (0.3, 0.4), lambda c, a, b: (0.0, c))

        assert report.ok, str(report)
        assert list(report.parameters) == ["0", "1"]

    def test_function_without_outputs_is_refused(self):
        """Integers out, nothing to differentiate."""
        with pytest.raises(GradientInterfaceError, match="no output to differentiate"):
            check_vjp(lambda x: np.argmax(x), X, lambda c, x: x)

    def test_same_seed_same_report(self):
        """A second run gives the same Report, another seed other cotangents."""
        runs = [check_vjp(np.sin, X, lambda c, x: 1.1 * c * np.cos(x), seed=seed) for seed in (3, 3, 4)]

        assert runs[0] == runs[1]
        assert runs[0] != runs[2]

    def test_single_precision(self):
        """A function that insists on float32 is judged at what it can show."""

        def function(x):
            assert x.dtype == np.float32
            return np.sin(x)

        x = X.astype(np.float32)

        assert check_vjp(function, x, lambda c, x: c * np.cos(x)).ok
        assert check_vjp(function, x, lambda c, x: np.float32(1.1) * c * np.cos(x)).verdict == "mismatch"


Z = RNG.normal(size=3) + 1j * RNG.normal(size=3)


COMPLEX = {
    "analytic": (np.exp, lambda c, z: c * np.conj(np.exp(z))),
    "conjugate": (np.conj, lambda c, z: np.conj(c)),
    "to-real": (lambda z: np.abs(z) ** 2, lambda c, z: 2 * c * z),
    "not-analytic": (lambda z: z * z.real, lambda c, z: c * z.real + (np.conj(c) * z).real),
}


class TestComplex:
    """dE/dRe + i dE/dIm: the convention of torch; jax has the conjugate."""

    @pytest.mark.parametrize("name", COMPLEX)
    def test_closed_forms(self, name):
        """Closed forms of the convention match; their conjugates, the convention of jax, do not."""
        function, vjp = COMPLEX[name]

        assert check_vjp(function, Z, vjp).ok
        assert check_vjp(function, Z, lambda c, z: np.conj(vjp(c, z))).verdict == "mismatch"

    def test_jax_convention_by_conjugation(self):
        """conj(vjp(conj(c))) of jax's vjp, which is c f'(z) for an analytic f, matches."""

        def jax_vjp(c, z):
            return c * 3 * z**2

        report = check_vjp(lambda z: z**3, Z, lambda c, z: np.conj(jax_vjp(np.conj(c), z)))

        assert report.ok, str(report)

    def test_real_argument_of_complex_output(self):
        """The gradient of a real argument is real."""
        report = check_vjp(lambda t: np.exp(1j * t), B, lambda c, t: (np.conj(c) * 1j * np.exp(1j * t)).real)

        assert report.ok, str(report)


class TestJvp:
    """check_jvp: jvp(args, tangents)."""

    @staticmethod
    def function(x, w):
        return np.tanh(x @ w)

    @staticmethod
    def jvp(args, tangents):
        (x, w), (dx, dw) = args, tangents
        return (1 - np.tanh(x @ w) ** 2) * (dx @ w + x @ dw)

    def test_right_matches(self):
        """One parameter for each argument and one for all together."""
        report = check_jvp(self.function, (X, W), self.jvp)

        assert report.ok, str(report)
        assert list(report.parameters) == ["x", "w", "all arguments"]

    @pytest.mark.parametrize(
        ("extra", "wrong"),
        [
            (lambda x, w, dx, dw: 1e-4 * dx @ w, {"x", "all arguments"}),
            (lambda x, w, dx, dw: 1e-4 * x @ dw, {"w", "all arguments"}),
            (lambda x, w, dx, dw: dx @ dw, {"all arguments"}),
        ],
        ids=["x", "w", "second-order"],
    )
    def test_wrong_is_named(self, extra, wrong):
        """A product of two tangents is wrong only where both move."""

        def jvp(args, tangents):
            return self.jvp(args, tangents) + extra(*args, *tangents)

        report = check_jvp(self.function, (X, W), jvp)

        assert report.verdict == "mismatch"
        assert {name for name, p in report.parameters.items() if p.verdict == "mismatch"} == wrong

    @given(
        x=hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=4), elements=st.floats(0.25, 2)),
        seed=st.integers(0, 1000),
    )
    def test_random_tangents(self, x, seed):
        """What is not linear in the tangent agrees with none of them."""
        right = check_jvp(np.log, x, lambda args, tangents: tangents[0] / args[0], seed=seed)
        wrong = check_jvp(
            np.log, x, lambda args, tangents: tangents[0] * np.abs(tangents[0]) / args[0], seed=seed
        )

        assert right.ok, str(right)
        assert wrong.verdict == "mismatch"

    @pytest.mark.parametrize("seed", [-1, 1.5, "a"])
    def test_seed_out_of_range(self, seed):
        """A seed that cannot be used is refused in the words of every check."""
        with pytest.raises(UsageError, match="the seed cannot be used"):
            check_jvp(np.sin, X, lambda args, tangents: tangents[0] * np.cos(args[0]), seed=seed)

    def test_complex_and_nests(self):
        """Complex arguments move in complex directions; outputs are nests; integers stay."""

        def jvp(args, tangents):
            (p, n), (dp, _) = args, tangents
            return {"power": n * p["z"] ** (n - 1) * dp["z"], "t": 2 * p["t"] * dp["t"]}

        report = check_jvp(
            lambda p, n: {"power": p["z"] ** n, "t": p["t"] ** 2}, ({"z": Z, "t": 0.5}, 3), jvp
        )

        assert report.ok, str(report)

    def test_wrong_shape_is_refused(self):
        """The tangent must have the nest of the outputs."""
        with pytest.raises(GradientInterfaceError, match="another shape"):
            check_jvp(self.function, (X, W), lambda args, tangents: self.jvp(args, tangents)[0])


class TestHessianProduct:
    """check_hessian_product: product(params, v) against gradient(params).v."""

    @staticmethod
    def gradient(p):
        return {"W": p["W"] ** 3 + p["t"], "t": p["W"].sum() + p["t"]}

    @staticmethod
    def product(p, v):
        return {"W": 3 * p["W"] ** 2 * v["W"] + v["t"], "t": v["W"].sum() + v["t"]}

    def test_right_matches(self):
        """Params may be any nest."""
        report = check_hessian_product(self.gradient, {"W": W, "t": 0.3}, self.product)

        assert report.ok, str(report)
        assert not report.flags

    def test_gauss_newton_for_the_hessian_is_wrong(self):
        """A term left out is a mismatch, and still symmetric."""
        report = check_hessian_product(
            self.gradient,
            {"W": W, "t": 0.3},
            lambda p, v: {**self.product(p, v), "W": 3 * p["W"] ** 2 * v["W"] + 2 * v["t"]},
        )

        assert report.verdict == "mismatch"
        assert "asymmetric" in report.flags

    def test_symmetric_mistake_is_not_called_asymmetric(self):
        """A wrong diagonal is a mismatch without the flag."""
        report = check_hessian_product(
            self.gradient,
            {"W": W, "t": 0.3},
            lambda p, v: {**self.product(p, v), "W": 2 * p["W"] ** 2 * v["W"] + v["t"]},
        )

        assert report.verdict == "mismatch"
        assert "asymmetric" not in report.flags
