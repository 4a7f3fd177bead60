"""statsmodels: scores and Hessians of models of counts and choices."""

import importlib
from functools import partial

import numpy as np

from wild.case import Case, elementwise, product, weights
from wild.statsmodels_data import SAMPLES, choices, counts, regressors


def model(module, name, endog, **options):
    """Return a model of ``statsmodels.discrete``."""
    kind = getattr(importlib.import_module(f"statsmodels.discrete.{module}"), name)
    return kind(endog, regressors(), **options)


def inflated(name, **options):
    """Return a model with too many zeros."""
    extra = {"exog_infl": regressors(5, 1), "inflation": "logit"}
    return model("count_model", name, counts(), **extra, **options)


def truncated(name, **options):
    """Return a model without zeros."""
    return model("truncated_model", name, counts() + 1, **options)


def conditional(name):
    """Return a model of groups."""
    from statsmodels.discrete import conditional_models

    endog = {"ConditionalPoisson": counts(), "ConditionalLogit": choices(2)}.get(name, choices(3))
    groups = np.arange(SAMPLES) // 5
    return getattr(conditional_models, name)(endog, regressors()[:, 1:], groups=groups)


discrete = partial(model, "discrete_model")
BETA = [0.3, -0.2, 0.5]
INFLATION = [-0.4, 0.2]
MODELS = {
    "Logit": (partial(discrete, "Logit", choices(2)), BETA),
    "Probit": (partial(discrete, "Probit", choices(2)), BETA),
    "MNLogit": (partial(discrete, "MNLogit", choices(3)), [*BETA, 0.1, 0.7, -0.4]),
    "Poisson": (partial(discrete, "Poisson", counts()), BETA),
    "Poisson-offset": (partial(discrete, "Poisson", counts(), offset=np.linspace(-1, 1, SAMPLES)), BETA),
    "GeneralizedPoisson-1": (partial(discrete, "GeneralizedPoisson", counts(), p=1), [*BETA, 0.2]),
    "GeneralizedPoisson-2": (partial(discrete, "GeneralizedPoisson", counts(), p=2), [*BETA, 0.1]),
    "GeneralizedPoisson-1.5": (partial(discrete, "GeneralizedPoisson", counts(), p=1.5), [*BETA, 0.1]),
    "NegativeBinomial-geometric": (
        partial(discrete, "NegativeBinomial", counts(), loglike_method="geometric"),
        BETA,
    ),
    "NegativeBinomialP-1": (partial(discrete, "NegativeBinomialP", counts(), p=1), [*BETA, 0.4]),
    "NegativeBinomialP-2": (partial(discrete, "NegativeBinomialP", counts(), p=2), [*BETA, 0.4]),
}
SCORES = {
    "NegativeBinomial-nb1": (
        partial(discrete, "NegativeBinomial", counts(), loglike_method="nb1"),
        [*BETA, -0.9],
    ),
    "NegativeBinomial-nb2": (partial(discrete, "NegativeBinomial", counts()), [*BETA, -0.9]),
    "NegativeBinomialP-1.3": (partial(discrete, "NegativeBinomialP", counts(), p=1.3), [*BETA, 0.4]),
    "ZeroInflatedPoisson": (partial(inflated, "ZeroInflatedPoisson"), [*INFLATION, *BETA]),
    "ZeroInflatedGeneralizedPoisson": (
        partial(inflated, "ZeroInflatedGeneralizedPoisson"),
        [*INFLATION, *BETA, 0.1],
    ),
    "ZeroInflatedNegativeBinomialP": (
        partial(inflated, "ZeroInflatedNegativeBinomialP"),
        [*INFLATION, *BETA, 0.4],
    ),
    "ZeroInflatedNegativeBinomialP-1": (
        partial(inflated, "ZeroInflatedNegativeBinomialP", p=1),
        [*INFLATION, *BETA, 0.4],
    ),
    "TruncatedLFPoisson": (partial(truncated, "TruncatedLFPoisson"), BETA),
    "TruncatedLFNegativeBinomialP": (partial(truncated, "TruncatedLFNegativeBinomialP"), [*BETA, 0.4]),
    "TruncatedLFGeneralizedPoisson-1": (
        partial(truncated, "TruncatedLFGeneralizedPoisson", p=1),
        [*BETA, 0.1],
    ),
    "RCensoredPoisson": (partial(model, "truncated_model", "_RCensoredPoisson", counts()), BETA),
    "RCensoredNegativeBinomialP": (
        partial(model, "truncated_model", "_RCensoredNegativeBinomialP", counts()),
        [*BETA, 0.4],
    ),
    "RCensoredGeneralizedPoisson": (
        partial(model, "truncated_model", "_RCensoredGeneralizedPoisson", counts()),
        [*BETA, 0.1],
    ),
    "HurdleCountModel": (
        partial(model, "truncated_model", "HurdleCountModel", counts()),
        [0.1, 0.2, -0.3, *BETA],
    ),
    "HurdleCountModel-negbin": (
        partial(model, "truncated_model", "HurdleCountModel", counts(), dist="negbin"),
        [0.1, 0.2, -0.3, *BETA, 0.4],
    ),
    "ConditionalLogit": (partial(conditional, "ConditionalLogit"), [0.3, -0.4]),
    "ConditionalPoisson": (partial(conditional, "ConditionalPoisson"), [0.3, -0.4]),
    "ConditionalMNLogit": (partial(conditional, "ConditionalMNLogit"), [0.3, -0.4, 0.2, 0.1]),
}
# What margins and standard errors of predictions are made of.
PREDICTING = ("Logit", "Probit", "Poisson", "GeneralizedPoisson-2", "NegativeBinomialP-2")


def score(make, params):
    """Check a score."""
    model = make()
    return model.loglike, np.array(params), model.score


def hessian(make, params):
    """Check a Hessian, the derivative of the score."""
    model = make()
    return product(model.score, model.hessian, params)


def mean_by_params(make, params):
    """Check the derivative of the predicted means by the parameters."""
    model, w = make(), weights(SAMPLES)
    return lambda p: w @ model.predict(p), np.array(params), lambda p: w @ model._deriv_mean_dparams(p)


def mean_by_data(make, params):
    """Check the derivative of the predicted means by the regressors."""
    model, w, p = make(), weights(SAMPLES), np.array(params)
    return (
        lambda X: w @ model.predict(p, exog=X),
        regressors(),
        lambda X: w[:, None] * model._derivative_exog(p, exog=X),
    )


def power_score():
    """Check the derivative by the power p, which the package does not fit."""
    make, params = MODELS["GeneralizedPoisson-2"]
    model, params = make(), np.array(params)

    def at(function, p):
        model.parameterization = float(np.squeeze(p))
        return np.ravel(function(params))

    return elementwise(lambda p: at(model.loglike, p), lambda p: at(model._score_p, p), [1.2])


CASES = [
    *(Case("statsmodels", f"{name}.score", partial(score, *at)) for name, at in (MODELS | SCORES).items()),
    *(Case("statsmodels", f"{name}.hessian", partial(hessian, *at)) for name, at in MODELS.items()),
    *(
        Case("statsmodels", f"{n}._deriv_mean_dparams", partial(mean_by_params, *MODELS[n]))
        for n in PREDICTING
    ),
    *(Case("statsmodels", f"{n}._derivative_exog", partial(mean_by_data, *MODELS[n])) for n in PREDICTING),
    Case("statsmodels", "GeneralizedPoisson._score_p", power_score),
]
