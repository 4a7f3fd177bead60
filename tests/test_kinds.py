"""Functions of many outputs: a right vjp or Hessian product matches, a wrong one does not."""

import numpy as np
import pytest

from gradcheck import (
    GradientInterfaceError,
    check_hessian_product,
    check_vjp,
)

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=4)


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
