"""In which precision a loss and its gradient compute decides what can be asked of them, and is said."""

import numpy as np
from helpers import check

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
