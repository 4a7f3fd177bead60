"""statsmodels: links, variance functions, robust norms, penalties, copula generators, rotations."""

import warnings
from functools import partial

import numpy as np

from wild.case import Case, elementwise

INSIDE = np.array([0.05, 0.2, 0.4, 0.55, 0.7, 0.93])  # of (0, 1)
LINE = np.array([-3.1, -1.2, -0.3, 0.4, 1.7, 2.6])
ABOVE = np.array([0.3, 0.9, 1.4, 2.0, 3.3])
MIXED = np.array([0.03, -0.4, 2.5])
MATRIX = np.random.default_rng(20).normal(size=(3, 3))


def link(name, lower, upper, x):
    """Check one of a link's derivatives as the slope of the one below it."""
    from statsmodels.genmod.families import links

    link = getattr(links, name)()
    return elementwise(getattr(link, lower), getattr(link, upper), x)


def variance(name, x, *args):
    """Check the derivative of a variance function."""
    from statsmodels.genmod.families import varfuncs

    function = getattr(varfuncs, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = function(*args) if isinstance(function, type) else function
    return elementwise(function, function.deriv, x)


def norm(name, lower, upper):
    """Check psi = rho' or psi'."""
    from statsmodels.robust import norms

    args = {"StudentT": (4,), "MQuantileNorm": (0.3, norms.HuberT())}.get(name, ())
    norm = getattr(norms, name)(*args)
    return elementwise(getattr(norm, lower), getattr(norm, upper), LINE)


def generator(name, theta, lower, upper, x=INSIDE):
    """Check one of a copula generator's derivatives as the slope of the one below it."""
    from statsmodels.distributions.copula import transforms

    transform = getattr(transforms, name)()
    return elementwise(
        lambda t: getattr(transform, lower)(t, theta),
        lambda t: np.real(getattr(transform, upper)(t, theta)),
        x,
    )


def penalty(name, x=MIXED, **options):
    """Check the derivative of a penalty."""
    from statsmodels.base import _penalties

    penalty = getattr(_penalties, name)(**options)
    return lambda p: np.sum(penalty.func(p)), x, penalty.deriv


def rotation(name, *targets, **options):
    """Check the criterion of a rotation of factors, which comes with its gradient."""
    from statsmodels.multivariate.factor_rotation import _gpa_rotation

    objective = getattr(_gpa_rotation, name)
    L = np.random.default_rng(3).normal(size=(5, 3))
    return lambda L: objective(*targets, L=L, **options), L


LINKS = {
    "Logit": (INSIDE, LINE),
    "Log": (ABOVE, LINE),
    "LogC": (INSIDE, -ABOVE),
    "Probit": (INSIDE, LINE),
    "Cauchy": (INSIDE, LINE),
    "CLogLog": (INSIDE, LINE / 2),
    "LogLog": (INSIDE, LINE / 2),
    "NegativeBinomial": (ABOVE, -ABOVE),
    "InversePower": (ABOVE, ABOVE),
    "Sqrt": (ABOVE, ABOVE),
    "InverseSquared": (ABOVE, ABOVE),
}
NORMS = (
    "LeastSquares",
    "HuberT",
    "RamsayE",
    "AndrewWave",
    "TrimmedMean",
    "Hampel",
    "TukeyBiweight",
    "TukeyQuartic",
    "StudentT",
    "MQuantileNorm",
)
COPULAS = (("TransfFrank", 1.7), ("TransfClayton", 1.7), ("TransfGumbel", 2.0), ("TransfIndep", 0.0))
TARGET = np.random.default_rng(4).normal(size=(5, 3))
MASK = (TARGET > 0).astype(float)


def _copulas():
    for name, theta in COPULAS:
        steps = [("deriv2_inverse", "deriv3_inverse"), ("deriv3_inverse", "deriv4_inverse")]
        if name != "TransfFrank":
            steps += [("evaluate", "deriv"), ("deriv", "deriv2")]
        for lower, upper in steps:
            yield Case("statsmodels", f"{name}.{upper}", partial(generator, name, theta, lower, upper))


CASES = [
    *(
        Case("statsmodels", f"links.{name}.{upper}", partial(link, name, lower, upper, x))
        for name, (inside, outside) in LINKS.items()
        for lower, upper, x in (
            ("__call__", "deriv", inside),
            ("deriv", "deriv2", inside),
            ("inverse", "inverse_deriv", outside),
            ("inverse_deriv", "inverse_deriv2", outside),
        )
    ),
    Case("statsmodels", "varfuncs.Power", partial(variance, "Power", ABOVE, 1.5)),
    Case("statsmodels", "varfuncs.Binomial", partial(variance, "Binomial", INSIDE)),
    Case("statsmodels", "varfuncs.NegativeBinomial", partial(variance, "NegativeBinomial", ABOVE)),
    *(
        Case("statsmodels", f"norms.{name}.{upper}", partial(norm, name, lower, upper))
        for name in NORMS
        for lower, upper in (("rho", "psi"), ("psi", "psi_deriv"))
    ),
    *_copulas(),
    Case("statsmodels", "L2.deriv", partial(penalty, "L2", weights=2.0)),
    Case("statsmodels", "PseudoHuber.deriv", partial(penalty, "PseudoHuber", dlt=0.5)),
    Case("statsmodels", "SCAD.deriv", partial(penalty, "SCAD", tau=0.3)),
    Case("statsmodels", "SCADSmoothed.deriv", partial(penalty, "SCADSmoothed", tau=0.3)),
    Case(
        "statsmodels",
        "SCADSmoothed.deriv-linear",
        partial(penalty, "SCADSmoothed", MIXED / 2, tau=0.3, restriction=MATRIX / 4),
    ),
    Case(
        "statsmodels",
        "L2ConstraintsPenalty.deriv",
        partial(penalty, "L2ConstraintsPenalty", restriction=MATRIX),
    ),
    Case("statsmodels", "oblimin_objective", partial(rotation, "oblimin_objective", gamma=0.3)),
    Case("statsmodels", "orthomax_objective", partial(rotation, "orthomax_objective", gamma=0.3)),
    Case("statsmodels", "CF_objective", partial(rotation, "CF_objective", kappa=0.3)),
    Case("statsmodels", "vgQ_target", partial(rotation, "vgQ_target", TARGET)),
    Case("statsmodels", "vgQ_partial_target", partial(rotation, "vgQ_partial_target", TARGET, MASK)),
]
