"""The same gradients where it is hard: at kinks, at optima, badly scaled, saturated, in single precision."""

from functools import partial

import numpy as np

from wild import numpy_ml_cases as numpy_ml
from wild.case import Case, elementwise
from wild.learning_cases import ranking
from wild.sklearn_loss_cases import LOSSES, data, linear_parts
from wild.statsmodels_data import choices, counts, normal, regressors


def activation(name, x):
    """Check an activation at its kinks."""
    return numpy_ml.activation(name, "fn", "grad", x)


def norm(name, lower, upper, x):
    """Check a robust norm at its thresholds."""
    from statsmodels.robust import norms

    norm = getattr(norms, name)()
    return elementwise(getattr(norm, lower), getattr(norm, upper), x)


def residual(name, moved):
    """Check a loss at a residual of 0 (or next to it) and at a threshold."""
    from sklearn._loss import loss as losses

    function = getattr(losses, name)(**LOSSES[name][1])
    y = np.array([1.0, 2.0, 3.0, 4.0])
    raw = np.array([1.0, 2.5, 2.5, 5.0]) + moved * np.array([1e-9, 1e-7, -1e-6, 0.0])
    return lambda r: function.loss(y, r).sum(), raw, lambda r: function.gradient(y, r)


def penalty(name, x):
    """Check a penalty at its kinks and thresholds."""
    from statsmodels.base import _penalties

    penalty = getattr(_penalties, name)(0.3)
    return lambda p: np.sum(penalty.func(p)), np.array(x), penalty.deriv


def scaled_samples(name, factor):
    """Check a linear model of samples in other units."""
    model, X, y, w = linear_parts(name)
    w[:3] /= factor
    return (
        lambda w: model.loss(w, X * factor, y),
        w,
        lambda w: model.gradient(w, X * factor, y),
    )


def scaled_column(name, endog, params, factor):
    """Check a score, one regressor being in other units."""
    from statsmodels.discrete import discrete_model

    X, p = regressors(), np.array(params)
    X[:, 1] *= factor
    p[1] /= factor
    model = getattr(discrete_model, name)(endog, X)
    return model.loglike, p, model.score


def scaled_loss(factor):
    """Check a loss in other units."""
    loss, x, gradient = ranking("pairs", False)
    return lambda x: factor * loss(x), x, lambda x: factor * gradient(x)


def optimum(name, endog):
    """Check the score of a fitted model."""
    import statsmodels.api as sm

    model = getattr(sm, name)(endog, regressors())
    fitted = model.fit() if name == "OLS" else model.fit(disp=0, method="newton", maxiter=100)
    return model.loglike, np.ravel(fitted.params, order="F"), model.score


def fitted_process():
    """Check the likelihood of a fitted Gaussian process."""
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels

    kernel = 1.5 * kernels.RBF(0.9) + kernels.WhiteKernel(0.3)
    model = GaussianProcessRegressor(kernel).fit(*data())
    return lambda theta: model.log_marginal_likelihood(theta, eval_gradient=True), model.kernel_.theta


def saturated():
    """Check a logistic regression that is nearly certain."""
    import statsmodels.api as sm

    model = sm.Logit(choices(2), regressors() * 30)
    return model.loglike, np.array([0.3, -0.2, 0.5]), model.score


def rosenbrock(x):
    """Check Rosenbrock's function at a point."""
    from scipy.optimize import rosen, rosen_der

    return rosen, x, rosen_der


KINKS = {
    "ReLU": [0.0, 1.0, -1.0],
    "LeakyReLU": [0.0, 1.0, -1.0],
    "HardSigmoid": [-2.5, 2.5, 0.3],
    "ELU": [0.0, 0.5, -0.5],
    "SELU": [0.0, 0.5, -0.5],
}
THRESHOLDS = {
    "HuberT": [1.345, -1.345, 0.5],
    "TrimmedMean": [2.0, -2.0, 0.5],
    "Hampel": [2.0, 4.0, 8.0],
    "AndrewWave": [1.339 * np.pi, 0.5],
    "TukeyBiweight": [4.685, 0.5],
    "TukeyQuartic": [3.0, 0.5, 0.0],
    "RamsayE": [0.0, 0.5],
}
MODELS = (
    ("Logit", choices(2), [0.3, -0.2, 0.5]),
    ("Poisson", counts(), [0.3, -0.2, 0.5]),
    ("NegativeBinomialP", counts(), [0.3, -0.2, 0.5, 0.4]),
)
CASES = [
    *(Case("numpy_ml", f"{name}.grad-kink", partial(activation, name, x)) for name, x in KINKS.items()),
    *(
        Case(
            "statsmodels",
            f"norms.{name}.{upper}-threshold",
            partial(norm, name, lower, upper, x),
        )
        for name, x in THRESHOLDS.items()
        for lower, upper in (("rho", "psi"), ("psi", "psi_deriv"))
        if (name, upper) != ("TrimmedMean", "psi_deriv")  # psi jumps there
    ),
    *(
        Case("sklearn", f"_loss.{name}.gradient-{where}", partial(residual, name, moved))
        for name in ("AbsoluteError", "PinballLoss", "HuberLoss")
        for moved, where in ((0, "kink"), (1, "near-kink"))
    ),
    Case("statsmodels", "SCAD.deriv-kink", partial(penalty, "SCAD", [0.0, 0.3, 1.11, 0.2])),
    Case(
        "statsmodels",
        "SCADSmoothed.deriv-threshold",
        partial(penalty, "SCADSmoothed", [0.0, 0.03, 0.3, 1.11]),
    ),
    *(
        Case("sklearn", f"LinearModelLoss-{name}.gradient-{factor:g}", partial(scaled_samples, name, factor))
        for name in ("HalfSquaredError", "HalfPoissonLoss", "HalfBinomialLoss")
        for factor in (1e-8, 1e8)
    ),
    *(
        Case("statsmodels", f"{at[0]}.score-{factor:g}", partial(scaled_column, *at, factor))
        for at in MODELS
        for factor in (1e-8, 1e8)
    ),
    *(Case("choix", f"pairs.gradient-{c:g}", partial(scaled_loss, c)) for c in (1e-300, 1e-30, 1e30, 1e200)),
    *(
        Case("statsmodels", f"{name}.score-optimum", partial(optimum, name, endog))
        for name, endog in (
            ("Logit", choices(2)),
            ("Poisson", counts()),
            ("MNLogit", choices(3)),
            ("OLS", normal()),
        )
    ),
    Case("sklearn", "GaussianProcessRegressor-optimum", fitted_process),
    Case("statsmodels", "Logit.score-saturated", saturated),
    Case("scipy", "rosen_der-optimum", partial(rosenbrock, np.ones(5))),
    Case("scipy", "rosen_der-zero", partial(rosenbrock, np.zeros(5))),
    Case("scipy", "rosen_der-mixed", partial(rosenbrock, np.array([1e5, -1e4, 1e-6, 2.0]))),
    Case("scipy", "rosen_der-float32", partial(rosenbrock, np.array([-1.2, 1.1, 0.7], np.float32))),
]
