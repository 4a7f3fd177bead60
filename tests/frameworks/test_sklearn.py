"""scikit-learn: losses, kernels and estimators, its own and those made like them."""

import numpy as np
import pytest

from gradcheck.errors import UsageError
from gradcheck.frameworks.sklearn import check_estimator, check_kernel, check_loss

rng = np.random.default_rng(0)
X, RAW = rng.normal(size=(8, 3)), rng.normal(size=8)
Y = rng.integers(2, size=8).astype(float)


class LogisticLoss:
    """Written like scikit-learn's: methods of the same names and arguments."""

    factor = 1.0

    def loss(self, y_true, raw_prediction, sample_weight=None):
        values = np.logaddexp(0, raw_prediction) - y_true * raw_prediction
        return values if sample_weight is None else sample_weight * values

    def gradient(self, y_true, raw_prediction, sample_weight=None):
        slopes = self.factor / (1 + np.exp(-raw_prediction)) - y_true
        return slopes if sample_weight is None else sample_weight * slopes


class WrongLoss(LogisticLoss):
    factor = 1.01


class Ridge:
    """An estimator with loss and gradient of its coefficients."""

    penalty = 0.3

    def loss(self, params, X, y):
        return (
            0.5 * np.sum((X @ params["coef"] - y) ** 2) + 0.5 * self.penalty * params["coef"] @ params["coef"]
        )

    def gradient(self, params, X, y):
        return {"coef": X.T @ (X @ params["coef"] - y) + self.penalty * params["coef"]}


class WithoutPenalty(Ridge):
    def gradient(self, params, X, y):
        return {"coef": X.T @ (X @ params["coef"] - y)}


class TestLosses:
    @pytest.mark.parametrize("weight", [None, np.linspace(0.5, 2, 8)])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_own_loss(self, weight, dtype):
        assert check_loss(LogisticLoss(), Y, RAW.astype(dtype), weight).verdict == "match"
        assert check_loss(WrongLoss(), Y, RAW.astype(dtype), weight).verdict == "mismatch"

    @pytest.mark.parametrize("name", ["HalfSquaredError", "HalfBinomialLoss", "HuberLoss", "HalfPoissonLoss"])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_losses_of_scikit_learn(self, name, dtype):
        losses = pytest.importorskip(
            "sklearn._loss", reason="needs scikit-learn: pip install 'gradcheck[frameworks]'"
        )

        report = check_loss(getattr(losses, name)(), Y, RAW.astype(dtype), np.linspace(0.5, 2, 8))

        assert report.verdict == "match"
        assert list(report.parameters) == ["raw_prediction"]

    def test_loss_over_classes(self):
        losses = pytest.importorskip(
            "sklearn._loss", reason="needs scikit-learn: pip install 'gradcheck[frameworks]'"
        )

        report = check_loss(
            losses.HalfMultinomialLoss(n_classes=3), np.arange(8) % 3, rng.normal(size=(8, 3))
        )

        assert report.verdict == "match"

    def test_object_without_gradient(self):
        with pytest.raises(UsageError, match="no method 'gradient'"):
            check_loss(type("Loss", (), {"loss": lambda self: 0})(), Y, RAW)


class TestKernels:
    def test_own_kernel(self):
        """A kernel whose gradient is by the length where it should be by its logarithm."""
        kernels = pytest.importorskip(
            "sklearn.gaussian_process.kernels",
            reason="needs scikit-learn: pip install 'gradcheck[frameworks]'",
        )

        class ByLength(kernels.RBF):
            def __call__(self, X, Y=None, eval_gradient=False):
                if not eval_gradient:
                    return super().__call__(X, Y)
                K, slopes = super().__call__(X, Y, eval_gradient=True)
                return K, slopes / self.length_scale

        assert check_kernel(kernels.RBF([0.7, 1.2, 2.0]) + kernels.WhiteKernel(0.3), X).verdict == "match"
        assert check_kernel(ByLength(0.7), X).verdict == "mismatch"


class TestEstimators:
    def test_loss_and_gradient(self):
        params = {"coef": rng.normal(size=3)}

        assert check_estimator(Ridge(), X, Y, params=params).verdict == "match"
        assert check_estimator(WithoutPenalty(), X, Y, params=params).verdict == "mismatch"

    def test_loss_gradient(self):
        """The linear models of scikit-learn, and one whose gradient lacks the penalty."""
        losses = pytest.importorskip(
            "sklearn._loss", reason="needs scikit-learn: pip install 'gradcheck[frameworks]'"
        )
        from sklearn.linear_model._linear_loss import LinearModelLoss

        class WithoutPenalty(LinearModelLoss):
            def loss_gradient(self, *args, **kwargs):
                return self.loss(*args, **kwargs), super().loss_gradient(
                    *args, **{**kwargs, "l2_reg_strength": 0.0}
                )[1]

        coef = rng.normal(size=4)
        for kind, verdict in ((LinearModelLoss, "match"), (WithoutPenalty, "mismatch")):
            model = kind(losses.HalfSquaredError(), fit_intercept=True)
            bound = type(
                "Bound",
                (),
                {
                    "loss_gradient": lambda self, p, X, y, m=model: m.loss_gradient(
                        p, X, y, l2_reg_strength=0.5
                    )
                },
            )

            assert check_estimator(bound(), X, Y, params=coef).verdict == verdict

    @pytest.mark.parametrize("kind", ["GaussianProcessRegressor", "GaussianProcessClassifier"])
    def test_gaussian_process(self, kind):
        """Its likelihood is checked at the parameters that were fitted, which stay as they are."""
        processes = pytest.importorskip(
            "sklearn.gaussian_process", reason="needs scikit-learn: pip install 'gradcheck[frameworks]'"
        )
        kernel = processes.kernels.ConstantKernel(1.5) * processes.kernels.RBF(0.9)
        model = getattr(processes, kind)(kernel, optimizer=None).fit(X, Y)
        before = model.kernel_.theta.copy()

        report = check_estimator(model, rtol=1e-4)

        assert report.verdict == "match"
        np.testing.assert_array_equal(model.kernel_.theta, before)

    def test_no_point(self):
        with pytest.raises(UsageError, match="no params"):
            check_estimator(Ridge(), X, Y)
