"""scipy: gradients and Jacobians as its optimisers take them, and linear operators."""

import numpy as np
import pytest
import scipy.sparse
from scipy import optimize
from scipy.sparse.linalg import LinearOperator, aslinearoperator

import gradcheck
from gradcheck import GradientInterfaceError, GradientMismatch
from gradcheck.frameworks.scipy import check_grad, check_jacobian, check_linear_operator

X = np.array([-1.2, 1.1, 0.7])
T = np.linspace(0, 2, 7)


def residuals(x, t=T, scale=1.0):
    """Return those of a decaying exponential."""
    return scale * (x[0] * np.exp(-(x[1] ** 2) * t) + x[2])


def jacobian(x, t=T, scale=1.0):
    decay = np.exp(-(x[1] ** 2) * t)
    return scale * np.stack([decay, -2 * x[0] * x[1] * t * decay, np.ones_like(t)], axis=1)


def without_t(x, t=T, scale=1.0):
    """Return a Jacobian whose second column lacks the factor t."""
    J = jacobian(x, t, scale)
    J[:, 1] = -2 * x[0] * x[1] * np.exp(-(x[1] ** 2) * t) * scale
    return J


class TestObjectives:
    def test_pair(self):
        """What minimize takes with jac=True needs no module."""

        def both(x):
            return optimize.rosen(x), optimize.rosen_der(x)

        assert gradcheck.check_gradient(both, X).verdict == "match"

    def test_hessian_product(self):
        """Neither does hessp."""
        assert (
            gradcheck.check_hessian_product(optimize.rosen_der, X, optimize.rosen_hess_prod).verdict
            == "match"
        )


class TestJacobians:
    FORMS = (
        np.asarray,
        np.ndarray.tolist,
        scipy.sparse.csr_array,
        scipy.sparse.coo_matrix,
        aslinearoperator,
    )

    @pytest.mark.parametrize("form", FORMS)
    def test_forms(self, form):
        """Dense, nested lists, sparse arrays and matrices, and linear operators."""
        right = check_jacobian(residuals, X, lambda x: form(jacobian(x)))
        wrong = check_jacobian(residuals, X, lambda x: form(without_t(x)))

        assert right.verdict == "match"
        assert wrong.verdict == "mismatch"
        assert wrong.parameters["x"].wrong == ((1,),)

    def test_arguments(self):
        """Constants come after x, or by name; a Jacobian may be a value."""
        t = np.linspace(0, 1, 4)

        assert check_jacobian(residuals, X, jacobian, (t,), {"scale": 3.0}).verdict == "match"
        assert check_jacobian(residuals, X, jacobian(X)).verdict == "match"

    def test_one_residual(self):
        """The gradient of a number is a Jacobian of one row."""
        for jac in (optimize.rosen_der, lambda x: optimize.rosen_der(x)[np.newaxis]):
            assert check_jacobian(optimize.rosen, X, jac).verdict == "match"

    def test_complex_residuals(self):
        """An analytic function of complex numbers."""
        z = np.array([1 + 2j, 0.5 - 1j])

        assert check_jacobian(lambda z: z**2, z, lambda z: np.diag(2 * z)).verdict == "match"
        assert check_jacobian(lambda z: z**2, z, lambda z: np.diag(2 * z.conj())).verdict == "mismatch"

    def test_transposed(self):
        """A Jacobian of another shape is refused, and the reason is told."""
        with pytest.raises(GradientInterfaceError, match=r"given: +\(3, 7\)(.|\n)*transposed"):
            check_jacobian(residuals, X, lambda x: jacobian(x).T)

    def test_least_squares_uses_it(self):
        """The Jacobian that is checked is the one the optimiser takes."""
        found = optimize.least_squares(lambda x: residuals(x) - residuals(X), [-1.0, 1.0, 0.5], jac=jacobian)

        assert check_jacobian(residuals, found.x, jacobian).verdict == "match"


class TestDropIn:
    """scipy.optimize.check_grad, by another import."""

    def test_right_gradient_gives_a_small_number(self):
        """So that a comparison with a tolerance goes on to pass."""
        assert check_grad(optimize.rosen, optimize.rosen_der, X) < 1e-6
        assert (
            check_grad(optimize.rosen, optimize.rosen_der, [1.5, -1.5], epsilon=1e-3, direction="random")
            < 1e-6
        )
        assert check_grad(lambda x, a: a * np.sum(x**2), lambda x, a: 2 * a * x, X, 3.0) < 1e-6

    def test_at_the_optimum(self):
        """The right derivatives are 0 there."""
        assert check_grad(optimize.rosen, optimize.rosen_der, np.ones(4)) < 1e-6

    def test_wrong_gradient_raises(self):
        """However small it is: scipy's number is absolute."""

        def small(x):
            return 1e-9 * optimize.rosen(x / 10)

        def wrong(x):
            return -1e-10 * optimize.rosen_der(x / 10)

        assert optimize.check_grad(small, wrong, X) < 1e-6
        with pytest.raises(GradientMismatch):
            check_grad(small, wrong, X)

    def test_scale(self):
        """A right gradient of a large function is right: scipy's number is 1e-2."""
        large = 1e6

        assert (
            optimize.check_grad(
                lambda x: large * optimize.rosen(x), lambda x: large * optimize.rosen_der(x), X
            )
            > 1e-3
        )
        assert (
            check_grad(lambda x: large * optimize.rosen(x), lambda x: large * optimize.rosen_der(x), X) < 1e-6
        )


def operator(matvec, rmatvec, shape=(4, 3), dtype=float):
    return LinearOperator(shape, matvec=matvec, rmatvec=rmatvec, dtype=dtype)


class TestLinearOperators:
    A = np.random.default_rng(0).normal(size=(4, 3))
    C = A + 1j * np.random.default_rng(1).normal(size=(4, 3))

    @pytest.mark.parametrize("matrix", [A, C], ids=["real", "complex"])
    def test_right(self, matrix):
        report = check_linear_operator(aslinearoperator(matrix))

        assert report.verdict == "match"
        assert list(report.parameters) == ["adjoint", "linear"]

    def test_wrong_adjoint(self):
        """The entries at which the adjoint is wrong are listed."""
        other = self.A.copy()
        other[2, 1] += 0.1

        report = check_linear_operator(operator(lambda x: self.A @ x, lambda y: other.T @ y))

        assert report.parameters["adjoint"].wrong == ((1,),)
        assert report.parameters["linear"].verdict == "match"

    def test_transposed_for_adjoint(self):
        """Of complex numbers the adjoint is not the transposed."""
        wrong = operator(lambda x: self.C @ x, lambda y: self.C.T @ y, dtype=complex)

        assert check_linear_operator(wrong).parameters["adjoint"].verdict == "mismatch"

    @pytest.mark.parametrize("added", [lambda x: 1.0, lambda x: x[0] ** 2], ids=["affine", "quadratic"])
    def test_not_linear(self, added):
        """What is added is not seen by the adjoint alone."""
        report = check_linear_operator(operator(lambda x: self.A @ x + added(x), lambda y: self.A.T @ y))

        assert report.parameters["linear"].verdict == "mismatch"
