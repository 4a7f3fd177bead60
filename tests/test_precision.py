"""In which precision a loss and its gradient compute decides what can be asked of them, and is said."""

import numpy as np
import pytest
from helpers import check

import gradcheck

W = np.array([1.0, -2.0, 3.0])


class TestPrecision:
    def test_float32_params_are_widened(self):
        """A loss that takes float64 is judged to float64's tolerance though params are float32."""
        w = W.astype(np.float32)

        report = check(lambda w: np.sum(np.sin(w)), w, lambda w: np.cos(w.astype(np.float64)))

        assert report.verdict == "match"
        assert report.max_relative_error < 1e-9
        assert check(lambda w: np.sum(np.sin(w)), w, lambda w: np.cos(w) * (1 + 1e-5)).verdict == "mismatch"

    def test_float32_loss(self):
        """A loss that computes in float32 is judged at 1e-3 and the report says so."""

        def single(w):
            return np.sum(np.sin(w.astype(np.float32)))

        report = check(single, W, np.cos(W))

        assert report.verdict == "match"
        assert any("single precision" in note for note in report.notes)
        assert check(single, W, 1.01 * np.cos(W)).verdict == "mismatch"

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("ridge", [1e-8, 1e-9])
    @pytest.mark.parametrize("method", ["entries", "directions"])
    def test_an_ill_conditioned_loss(self, ridge, seed, method):
        """A loss in double precision that is as noisy as one in single is no reason for a larger rtol."""
        rng = np.random.default_rng(seed)
        x, noise = np.linspace(0, 1, 30), 0.1 * rng.normal(size=30)
        squares, y = (x[:, None] - x) ** 2, np.sin(6 * x) + noise
        p = np.array([-1 + 0.4 * rng.normal(), 0.3 * rng.normal()])

        def kernel(p):
            return np.exp(2 * p[1] - squares / (2 * np.exp(2 * p[0])))

        def loss(p):  # negative log evidence of a Gaussian process
            lower = np.linalg.cholesky(kernel(p) + ridge * np.eye(30))
            return 0.5 * np.sum(np.linalg.solve(lower, y) ** 2) + np.sum(np.log(np.diag(lower)))

        inverse = np.linalg.inv(kernel(p) + ridge * np.eye(30))
        outer = inverse - np.outer(inverse @ y, inverse @ y)
        right = np.sum(
            outer * kernel(p) * np.stack([squares / (2 * np.exp(2 * p[0])), 1 + 0 * squares]), (1, 2)
        )

        found = [
            gradcheck.check_gradient(loss, p, right * [1 + error, 1], method=method) for error in (0, 9e-4)
        ]

        assert found[0].verdict != "mismatch", str(found[0])
        assert found[1].verdict != "match", str(found[1])
        assert not any("single precision" in note for report in found for note in report.notes)

    def test_an_extended_result_of_double_precision(self):
        """It is no noise that a loss of a wider type has the round-off of double precision."""
        report = check(lambda w: np.longdouble(np.sum(np.sin(w))), W, np.cos(W))

        assert report.verdict == "match"
        assert report.notes == ()

    def test_narrow_gradients(self):
        """Each parameter whose gradient is in a narrow type is named with that type."""
        params = dict.fromkeys(("a", "b", "c", "d"), W)
        types = dict(zip(params, (np.float64, np.float32, np.float16, np.float32), strict=True))

        report = check(
            lambda p: sum(np.sum(w**2) for w in p.values()),
            params,
            {name: (2 * w).astype(types[name]) for name, w in params.items()},
        )

        assert {"the gradient of c is in float16", "the gradient of b, d is in float32"} <= {*report.notes}

    def test_a_loss_that_refuses_float64(self):
        """A loss that takes float32 only is called with float32, and the report says so."""

        def strict(w):
            if w.dtype != np.float32:
                raise TypeError("float32 please")
            return np.sum(w * w)

        report = check(strict, W.astype(np.float32), lambda w: 2 * w)

        assert report.verdict == "match"
        assert any("does not take a float64 copy" in note for note in report.notes)
        assert check(strict, W.astype(np.float32), lambda w: 2.1 * w).verdict == "mismatch"
