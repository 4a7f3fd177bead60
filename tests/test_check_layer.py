"""A right backward pass of a layer matches, a wrong one does not, and it is told what does not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck import GradientInterfaceError, check_gradient, check_layer

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
