"""A right Jacobian-vector product matches, a wrong one does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcheck import GradientInterfaceError, check_jvp
from gradcheck.errors import UsageError

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 4))
Z = RNG.normal(size=4) + 1j * RNG.normal(size=4)


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
