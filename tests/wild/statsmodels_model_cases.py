"""statsmodels: scores and Hessians of regressions, survival, mixed and factor models."""

import warnings
from functools import partial

import numpy as np

from wild.case import Case, product, weights
from wild.statsmodels_data import SAMPLES, choices, counts, normal, regressors

POSITIVE = np.random.default_rng(7).gamma(2.0, size=SAMPLES)
SIGN = choices(2).astype(float)
SMALL = [0.3, -0.2, 0.1]


def glm(family, link, endog, params, second=False):
    """Check a generalised linear model of scale 1."""
    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some pairs leave the domain far from here
        link = getattr(sm.families.links, link)()
        model = sm.GLM(endog, regressors(), family=getattr(sm.families, family)(link=link))
    score = partial(model.score, scale=1.0)
    if second:
        return product(score, partial(model.hessian, scale=1.0, observed=True), params)
    return partial(model.loglike, scale=1.0), np.array(params), score


def glm_mean(family, link, endog, params):
    """Check the derivative of the means by the parameters."""
    import statsmodels.api as sm

    model = sm.GLM(
        endog, regressors(), family=getattr(sm.families, family)(link=getattr(sm.families.links, link)())
    )
    w = weights(SAMPLES)
    return lambda p: w @ model.predict(p), np.array(params), lambda p: w @ model._deriv_mean_dparams(p)


def either(model, params, second):
    """Check the score of a model, or its Hessian."""
    if second:
        return product(model.score, model.hessian, params)
    return model.loglike, np.array(params, float), model.score


def least_squares():
    """Check the profile score of OLS."""
    import statsmodels.api as sm

    return either(sm.OLS(normal(), regressors()), SMALL, False)


def beta(second=False):
    """Check beta regression with a modelled precision."""
    from statsmodels.othermod.betareg import BetaModel

    y = np.random.default_rng(8).beta(2, 3, SAMPLES)
    return either(BetaModel(y, regressors(), exog_precision=regressors(9, 1)), [*SMALL, 1.0, 0.2], second)


def hazards(ties, entry, strata, second):
    """Check proportional hazards with tied times."""
    from statsmodels.duration.hazard_regression import PHReg

    draw = np.random.default_rng(10)
    time = np.ceil(draw.exponential(6, SAMPLES)) + 1
    extra = {"entry": np.minimum(draw.integers(0, 3, SAMPLES), time - 1)} if entry else {}
    extra |= {"strata": choices(2)} if strata else {}
    model = PHReg(time, regressors()[:, 1:], status=draw.integers(2, size=SAMPLES), ties=ties, **extra)
    return either(model, [0.4, -0.3], second)


def process():
    """Check a Gaussian process with noise."""
    from statsmodels.regression.process_regression import ProcessMLE

    model = ProcessMLE(
        normal(),
        regressors(),
        regressors(1, 1),
        regressors(2, 1),
        regressors(3, 1),
        time=np.random.default_rng(11).uniform(size=SAMPLES),
        groups=np.arange(SAMPLES) // 5,
    )
    return either(model, [0.2, 0.1, -0.3, 0.3, 0.1, -0.5, 0.2, -0.4, 0.1], False)


def mixed(root, restricted):
    """Check the profile score of a mixed model, by the covariance or its Cholesky root."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    groups = np.arange(SAMPLES) // 5
    model = MixedLM(normal(), regressors(), groups=groups, exog_re=regressors(4, 1), use_sqrt=root)
    model.reml, model.cov_pen, model.fe_pen, model._freepat = restricted, None, None, None
    return model.loglike, np.array([0.8, 0.2, 0.9]), model.score


def factor():
    """Check maximum likelihood factor analysis."""
    from statsmodels.multivariate.factor import Factor

    draw = np.random.default_rng(13)
    model = Factor(draw.normal(size=(30, 5)) @ draw.normal(size=(5, 5)), 2)
    return either(model, np.concatenate([draw.uniform(0.5, 1, 5), draw.normal(size=10)]), False)


def reduction():
    """Check covariance reduction."""
    from statsmodels.regression.dimred import CovarianceReduction

    draw = np.random.default_rng(14)
    model = CovarianceReduction(choices(3), draw.normal(size=(SAMPLES, 4)), 2)
    return either(model, draw.normal(size=8), False)


def _bayes(name):
    from statsmodels.genmod import bayes_mixed_glm

    return getattr(bayes_mixed_glm, name)(SIGN, regressors(), np.eye(4)[choices(4)], np.zeros(4, int))


def posterior(name):
    """Check the log posterior of a Bayesian mixed model."""
    model = _bayes(name)
    return model.logposterior, np.random.default_rng(15).normal(size=8) / 2, model.logposterior_grad


def bound(name):
    """Check the variational bound of a Bayesian mixed model."""
    model, draw = _bayes(name), np.random.default_rng(15)
    params = {"mean": draw.normal(size=8) / 2, "sd": draw.uniform(0.3, 0.8, 8)}
    return (
        lambda p: model.vb_elbo(p["mean"], p["sd"]),
        params,
        lambda p: dict(zip(("mean", "sd"), model.vb_elbo_grad(p["mean"], p["sd"]), strict=True)),
    )


FAMILIES = (
    ("Poisson", "Log", counts(), SMALL),
    ("Poisson", "Sqrt", counts() + 1, [2.0, 0.2, 0.1]),
    ("Binomial", "Logit", SIGN, SMALL),
    ("Binomial", "Probit", SIGN, SMALL),
    ("Binomial", "CLogLog", SIGN, SMALL),
    ("Binomial", "LogLog", SIGN, SMALL),
    ("Binomial", "Cauchy", SIGN, SMALL),
    ("Gamma", "Log", POSITIVE, SMALL),
    ("InverseGaussian", "Log", POSITIVE, SMALL),
    ("NegativeBinomial", "Log", counts(), SMALL),
    ("NegativeBinomial", "NegativeBinomial", counts(), [-1.2, -0.2, 0.1]),
    ("Gaussian", "Log", POSITIVE, SMALL),
    ("Tweedie", "Log", POSITIVE, SMALL),
)
ORDERS = ((False, "score"), (True, "hessian"))
CASES = [
    *(
        Case("statsmodels", f"GLM-{at[0]}-{at[1]}.{order}", partial(glm, *at, second=second))
        for at in FAMILIES
        for second, order in ORDERS
    ),
    Case(
        "statsmodels", "GLM-Gamma-Log._deriv_mean_dparams", partial(glm_mean, "Gamma", "Log", POSITIVE, SMALL)
    ),
    Case("statsmodels", "OLS.score", least_squares),
    *(Case("statsmodels", f"BetaModel.{order}", partial(beta, second)) for second, order in ORDERS),
    *(
        Case(
            "statsmodels",
            f"PHReg-{ties}{'-entry' * entry}{'-strata' * strata}.{order}",
            partial(hazards, ties, entry, strata, second),
        )
        for ties in ("breslow", "efron")
        for entry in (False, True)
        for strata in (False, True)
        for second, order in ORDERS
    ),
    Case("statsmodels", "ProcessMLE.score", process),
    *(
        Case(
            "statsmodels",
            f"MixedLM-{'root' if root else 'full'}-{'reml' if reml else 'ml'}.score",
            partial(mixed, root, reml),
        )
        for root in (True, False)
        for reml in (True, False)
    ),
    Case("statsmodels", "Factor.score", factor),
    Case("statsmodels", "CovarianceReduction.score", reduction),
    *(
        Case("statsmodels", f"{name}.{slope}", partial(check, name))
        for name in ("BinomialBayesMixedGLM", "PoissonBayesMixedGLM")
        for slope, check in (("logposterior_grad", posterior), ("vb_elbo_grad", bound))
    ),
]
