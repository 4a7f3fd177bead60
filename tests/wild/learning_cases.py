"""choix, mord, metric-learn, POT, pyglmnet: ranking, ordinal, metric and transport losses."""

import types
from functools import partial

import numpy as np

from wild.case import Case, product

POINT = np.array([-1.2, 1.1, 0.7, -0.4, 1.3])
PAIRS = [(0, 1), (1, 2), (0, 2), (3, 1), (4, 0), (2, 4)]
RANKINGS = [(0, 2, 4), (1, 3, 0, 2)]


class OldNumpy(types.ModuleType):
    """numpy with a name that 1.24 removed and older releases of others use."""

    float = float

    def __getattr__(self, name):
        return getattr(np, name)


def ranking(kind, second):
    """Check the likelihood of Luce's choice model."""
    from choix import opt

    model = opt.PairwiseFcts(PAIRS, 0.1) if kind == "pairs" else opt.Top1Fcts.from_rankings(RANKINGS, 0.1)
    if second:
        return product(model.gradient, model.hessian, POINT)
    return model.objective, POINT, model.gradient


def ordinal(weighted):
    """Check the loss of threshold-based ordinal regression."""
    from mord.threshold_based import grad_margin, obj_margin

    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(20, 3)), draw.integers(4, size=20)
    costs = np.abs(np.arange(3) - np.arange(4)[:, None] + 0.5) if weighted else np.ones((4, 3))
    extra = (X, y, 0.3, 4, costs, np.tril(np.ones((3, 3))), draw.uniform(size=20) if weighted else None)
    return lambda x: obj_margin(x, *extra), draw.normal(size=6), lambda x: grad_margin(x, *extra)


def metric_data():
    """Return samples, classes and a linear map, flat."""
    draw = np.random.default_rng(1)
    return draw.normal(size=(15, 3)), draw.integers(3, size=15), draw.normal(size=6)


def metric(name):
    """Check the metric learners that return value and gradient."""
    import metric_learn

    X, y, A = metric_data()
    model = getattr(metric_learn, name)()
    model.n_iter_ = 1
    if name == "NCA":
        return lambda a: model._loss_grad_lbfgs(a, X, y[:, None] == y, 1.0), A
    return lambda a: model._loss(a, X, y.astype(float)), A


def quadruplets(weight):
    """Check LSML; `_fit` gives each of n comparisons the weight 1/n unless told otherwise."""
    from metric_learn import LSML

    X, _, _ = metric_data()
    model = LSML()
    model.w_ = np.full(4, weight)
    extra = (X[:4] * 2 - X[4:8], X[8:12] - X[11:15], np.eye(3))
    M = np.eye(3) + 0.2 * X[:3].T @ X[:3]
    return lambda M: model._total_loss(M, *extra), M, lambda M: model._gradient(M, *extra)


def transport(regularisation, dual):
    """Check the smoothed duals of optimal transport."""
    from ot import smooth

    draw = np.random.default_rng(3)
    a, b, C = draw.dirichlet(np.ones(4)), draw.dirichlet(np.ones(5)), draw.uniform(size=(4, 5))
    regul = getattr(smooth, regularisation)(0.5)
    params = {"alpha": draw.normal(size=4) / 3, "beta": draw.normal(size=5) / 3}
    if dual == "semi_dual":
        return lambda u: smooth.semi_dual_obj_grad(u, a, b, C, regul), params["alpha"]

    def both(p):
        value, alpha, beta = smooth.dual_obj_grad(p["alpha"], p["beta"], a, b, C, regul)
        return value, {"alpha": alpha, "beta": beta}

    return both, params


def gromov(name):
    """Check the Gromov-Wasserstein cost of a plan with any marginals."""
    from ot.gromov import gwggrad, gwloss, init_matrix

    draw = np.random.default_rng(4)
    X, Y = draw.uniform(size=(4, 2)), draw.uniform(size=(5, 2))
    C, D = (np.linalg.norm(Z[:, None] - Z, axis=2) + 0.5 for Z in (X, Y))

    def at(function, T):
        return function(*init_matrix(C, D, T.sum(axis=1), T.sum(axis=0), name), T)

    return partial(at, gwloss), draw.uniform(size=(4, 5)) / 20, partial(at, gwggrad)


def target(distribution):
    """Return a target that fits a distribution of pyglmnet."""
    draw = np.random.default_rng(2)
    kinds = {
        "gaussian": draw.normal(size=20),
        "gamma": draw.gamma(2, size=20),
        "poisson": draw.poisson(2, 20).astype(float),
        "softplus": draw.poisson(2, 20).astype(float),
    }
    return kinds.get(distribution, draw.integers(2, size=20).astype(float))


def elastic(distribution, tikhonov=False, intercept=True):
    """Check the smooth part of an elastic net."""
    from pyglmnet import pyglmnet

    pyglmnet.np = OldNumpy("numpy")
    draw = np.random.default_rng(5)
    X, Tau = draw.normal(size=(20, 3)), draw.normal(size=(3, 3)) if tikhonov else None
    data = (distribution, 0.3, Tau, 0.2, X, target(distribution), 2.0)
    beta = np.array([0.3, -0.2, 0.5, 0.4])[1 - intercept :]
    return (
        lambda b: pyglmnet._L2loss(*data, None, b, intercept),
        beta,
        lambda b: pyglmnet._grad_L2loss(*data, b, intercept),
    )


def coordinate(distribution, second):
    """Check the derivatives by one coefficient."""
    from pyglmnet import pyglmnet

    x, y = np.random.default_rng(6).normal(size=20), target(distribution)

    def slopes(b, k):
        return float(pyglmnet._gradhess_logloss_1d(distribution, x, y, b * x + 0.2, 2.0)[k])

    def loss(b):
        z = b * x + 0.2
        return -pyglmnet._logL(distribution, y, pyglmnet._mu(distribution, z, 2.0, True), z) / 20

    return (lambda b: slopes(b, 0) if second else loss(b)), 0.4, lambda b: slopes(b, int(second))


DISTRIBUTIONS = ("gaussian", "binomial", "softplus", "poisson", "probit")
CASES = [
    *(
        Case("choix", f"{kind}.{order}", partial(ranking, kind, second))
        for kind in ("pairs", "rankings")
        for second, order in ((False, "gradient"), (True, "hessian"))
    ),
    Case("mord", "grad_margin", partial(ordinal, False)),
    Case("mord", "grad_margin-weighted", partial(ordinal, True)),
    Case("metric_learn", "NCA", partial(metric, "NCA")),
    Case("metric_learn", "MLKR", partial(metric, "MLKR")),
    Case("metric_learn", "LSML-unit-weights", partial(quadruplets, 1.0)),
    *(
        Case("ot", f"smooth.{dual}_obj_grad-{name}", partial(transport, name, dual))
        for name in ("NegEntropy", "SquaredL2")
        for dual in ("dual", "semi_dual")
    ),
    *(Case("ot", f"gwggrad-{name}", partial(gromov, name)) for name in ("square_loss", "kl_loss")),
    *(Case("pyglmnet", f"_grad_L2loss-{name}", partial(elastic, name)) for name in (*DISTRIBUTIONS, "gamma")),
    Case("pyglmnet", "_grad_L2loss-tikhonov", partial(elastic, "poisson", True)),
    Case("pyglmnet", "_grad_L2loss-plain", partial(elastic, "binomial", False, False)),
    *(
        Case("pyglmnet", f"_gradhess_logloss_1d-{name}-1", partial(coordinate, name, False))
        for name in DISTRIBUTIONS
    ),
    *(
        Case("pyglmnet", f"_gradhess_logloss_1d-{name}-2", partial(coordinate, name, True))
        for name in DISTRIBUTIONS
        if name != "softplus"
    ),
]
