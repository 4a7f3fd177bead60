"""statsmodels 0.15.0: derivatives that are wrong, and the likelihoods of which they should be."""

from functools import partial

import numpy as np
from mpmath import mp, mpf

from wild.case import Case, Wrong, product, weights
from wild.statsmodels_count_cases import (
    BETA,
    INFLATION,
    discrete,
    hessian,
    inflated,
    mean_by_params,
    score,
    truncated,
)
from wild.statsmodels_data import SAMPLES, counts, normal, regressors
from wild.statsmodels_function_cases import MATRIX, generator, penalty

wrong = partial(Wrong, ("statsmodels", "0.15.0"))
SCALES = np.array([1.0, 2.0, 3.0])


def predictors(beta, X=None):
    """Return X beta in any precision."""
    X = regressors() if X is None else X
    return [mp.fdot(map(mpf, row), beta) for row in X]


def poisson(y, mu):
    """Return the log probability of a count."""
    return y * mp.log(mu) - mu - mp.loggamma(y + 1)


def negative_binomial(y, mu, alpha, power):
    """Return the log probability; the variance is mu + alpha mu^power."""
    size = mu ** (2 - power) / alpha
    p = size / (size + mu)
    chosen = mp.loggamma(size + y) - mp.loggamma(y + 1) - mp.loggamma(size)
    return chosen + size * mp.log(p) + y * mp.log(1 - p)


def generalized_poisson(y, mu, alpha, power):
    """Return the log probability of GP-1 (power 1) or GP-2 (power 2)."""
    a = alpha * mu ** (power - 1)
    return (
        mp.log(mu)
        + (y - 1) * mp.log(mu + a * y)
        - y * mp.log(1 + a)
        - mp.loggamma(y + 1)
        - (mu + a * y) / (1 + a)
    )


def total(term, params, y, transformed=False):
    """Return the log likelihood of counts whose last parameter is alpha, or its logarithm."""
    *beta, alpha = params
    alpha = mp.exp(alpha) if transformed else alpha
    return mp.fsum(term(mpf(k), mp.exp(eta), alpha) for k, eta in zip(y, predictors(beta), strict=True))


def without_zeros(term, y, mu, alpha):
    """Return the log probability of a count that is not 0."""
    return term(y, mu, alpha) - mp.log(1 - mp.exp(term(mpf(0), mu, alpha)))


def inflated_poisson(params):
    """Return the log likelihood of `ZeroInflatedPoisson`."""
    value = mpf(0)
    parts = zip(counts(), predictors(params[:2], regressors(5, 1)), predictors(params[2:]), strict=True)
    for y, z, eta in parts:
        w, chance = 1 / (1 + mp.exp(-z)), poisson(mpf(y), mp.exp(eta))
        value += mp.log(w + (1 - w) * mp.exp(chance)) if y == 0 else mp.log(1 - w) + chance
    return value


def truncated_mean(beta):
    """Return the weighted sum of the means of counts that are not 0."""
    mus = [mp.exp(eta) for eta in predictors(beta)]
    return mp.fsum(mpf(w) * mu / (1 - mp.exp(-mu)) for w, mu in zip(weights(SAMPLES), mus, strict=True))


def profile(y, X, beta):
    """Return the normal log likelihood, the variance being the mean squared residual."""
    n = len(y)
    squares = mp.fsum((mpf(a) - b) ** 2 for a, b in zip(y, predictors(beta, X), strict=True))
    return -mpf(n) / 2 * (mp.log(2 * mp.pi * squares / n) + 1)


def frank(t):
    """Return the weighted sum of the generator of the Frank copula."""
    theta = mpf(1.7)
    values = (-mp.log((1 - mp.exp(-theta * x)) / (1 - mp.exp(-theta))) for x in t)
    return mp.fsum(mpf(w) * value for w, value in zip(weights(len(t)), values, strict=True))


def gumbel_slope(t):
    """Return the weighted sum of the slope of the generator of the Gumbel copula."""
    values = (-mpf(1.5) * (-mp.log(x)) ** mpf(0.5) / x for x in t)
    return mp.fsum(mpf(w) * value for w, value in zip(weights(len(t)), values, strict=True))


def constrained(p):
    """Return the weighted sum of squares of transformed parameters."""
    return mp.fsum(mpf(w) * eta**2 for w, eta in zip(SCALES, predictors(p, MATRIX), strict=True))


def smoothed(p):
    """Return the weighted SCAD penalty of transformed parameters; all lie on its middle segment."""
    tau, c = mpf(0.3), mpf(3.7)
    c0 = tau * mpf(0.1)
    shift = tau * c0 / 2  # so that the smoothed penalty is 0 at 0
    rows = [abs(eta) for eta in predictors(p, MATRIX / 4)]
    assert all(tau <= row < c * tau for row in rows)
    values = (-(row**2 - 2 * c * tau * row + tau**2) / (2 * (c - 1)) - shift for row in rows)
    return mp.fsum(mpf(w) * value for w, value in zip(SCALES, values, strict=True))


def transformed(name, power, alpha):
    """Check the score while `fit(use_transparams=True)` runs: the last parameter is ln alpha."""
    made = discrete(name, counts(), p=power)
    made._transparams = True
    return made.loglike, np.array([*BETA, np.log(alpha)]), made.score


def autoregression():
    """Check `AutoReg.score`."""
    from statsmodels.tsa.ar_model import AutoReg

    made = AutoReg(normal(), 2)
    return made.loglike, np.array([0.1, 0.3, -0.2]), made.score


def lags():
    """Return the target and the regressors of `autoregression`."""
    y = normal()
    return y[2:], np.column_stack([np.ones(SAMPLES - 2), y[1:-1], y[:-2]])


def least_squares():
    """Check `OLS.hessian` where the scale is profiled."""
    import statsmodels.api as sm

    made = sm.OLS(normal(), regressors())
    return product(made.score, made.hessian, [0.3, -0.2, 0.1])


nb1, nb2, nbp = (partial(negative_binomial, power=mpf(p)) for p in (1, 2, 1.3))
gp1, gp2 = (partial(generalized_poisson, power=p) for p in (1, 2))
SQUARED = "score[-1] ** 2 for the derivative by ln alpha, where score[-1] * alpha belongs"
POINT = np.linalg.solve(MATRIX / 4, [0.5, -0.7, 0.9])


def _case(name, build, formula, loss, second=False):
    return Case("statsmodels", name, build, wrong(formula, loss, second))


CASES = [
    _case(
        "ZeroInflatedPoisson.hessian",
        partial(hessian, partial(inflated, "ZeroInflatedPoisson"), [*INFLATION, *BETA]),
        "the mixed block divides by pmf, where exp(llf_main) / pmf**2 belongs",
        inflated_poisson,
        True,
    ),
    *(
        _case(
            f"NegativeBinomial-{name}.hessian",
            partial(
                hessian, partial(discrete, "NegativeBinomial", counts(), loglike_method=name), [*BETA, -0.9]
            ),
            "by alpha, where loglike and score of the same model are by ln alpha",
            partial(total, term, y=counts(), transformed=True),
            True,
        )
        for name, term in (("nb1", nb1), ("nb2", nb2))
    ),
    _case(
        "NegativeBinomialP-1.3.hessian",
        partial(hessian, partial(discrete, "NegativeBinomialP", counts(), p=1.3), [*BETA, 0.4]),
        "a3 + p * a1 by beta and alpha, where a3 + a1 belongs: they agree for NB-1 and NB-2 only",
        partial(total, nbp, y=counts()),
        True,
    ),
    *(
        _case(
            f"{name}-{power}-transformed.score",
            partial(transformed, name, power, alpha),
            SQUARED,
            partial(total, term, y=counts(), transformed=True),
        )
        for name, power, alpha, term in (
            ("GeneralizedPoisson", 1, 0.2, gp1),
            ("GeneralizedPoisson", 2, 0.1, gp2),
            ("NegativeBinomialP", 1, 0.4, nb1),
            ("NegativeBinomialP", 2, 0.4, nb2),
        )
    ),
    _case(
        "TruncatedLFGeneralizedPoisson.score",
        partial(score, partial(truncated, "TruncatedLFGeneralizedPoisson"), [*BETA, 0.1]),
        "the score of the truncated part is that of p=1, the default of GeneralizedPoisson; the model's is 2",
        partial(total, partial(without_zeros, gp2), y=counts() + 1),
    ),
    _case(
        "TruncatedLFNegativeBinomialP-1.score",
        partial(score, partial(truncated, "TruncatedLFNegativeBinomialP", p=1), [*BETA, 0.4]),
        "the score of the truncated part is that of p=2, the default of NegativeBinomialP; the model's is 1",
        partial(total, partial(without_zeros, nb1), y=counts() + 1),
    ),
    _case(
        "TruncatedLFPoisson._deriv_mean_dparams",
        partial(mean_by_params, partial(truncated, "TruncatedLFPoisson"), BETA),
        "inherited: the derivative of mu, where predict returns mu / (1 - exp(-mu))",
        truncated_mean,
    ),
    _case(
        "AutoReg.score",
        autoregression,
        "x.T @ resid, where x.T @ resid / sigma2 belongs",
        lambda p: profile(*lags(), p),
    ),
    _case(
        "OLS.hessian",
        least_squares,
        "xtx / ssr, where 2 * xtx / ssr belongs: the second derivative of ssr is 2 * xtx",
        partial(profile, normal(), regressors()),
        True,
    ),
    _case(
        "TransfFrank.deriv",
        partial(generator, "TransfFrank", 1.7, "evaluate", "deriv"),
        "tmp - 1 in the denominator, where 1 - tmp belongs: positive, while the generator falls",
        frank,
    ),
    _case(
        "TransfGumbel-1.5.deriv2",
        partial(generator, "TransfGumbel", 1.5, "deriv", "deriv2"),
        "(-1)**(1 + theta) * log(t)**theta: powers of negative numbers, NaN unless theta is an integer",
        gumbel_slope,
    ),
    _case(
        "L2ConstraintsPenalty-weights.deriv",
        partial(penalty, "L2ConstraintsPenalty", weights=SCALES, restriction=MATRIX),
        "weights * value.dot(R), where (weights * value).dot(R) belongs",
        constrained,
    ),
    _case(
        "SCADSmoothed-weights.deriv",
        partial(penalty, "SCADSmoothed", POINT, tau=0.3, weights=SCALES, restriction=MATRIX / 4),
        "weights * value.dot(R), where (weights * value).dot(R) belongs",
        smoothed,
    ),
]
