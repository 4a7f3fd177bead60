"""scikit-learn, metric-learn, pyglmnet, PyProximal: derivatives that are wrong in these releases."""

from functools import partial
from itertools import combinations

import numpy as np
from mpmath import mp, mpf

from wild.case import Case, Wrong
from wild.learning_cases import coordinate, metric_data, quadruplets, target
from wild.proximal_cases import MATRIX, TARGET, proximal
from wild.sklearn_loss_cases import SAMPLES, data
from wild.sklearn_model_cases import embedding, similarities

FREEDOM = 2  # of TSNE(n_components=3)


def neighbours():
    """Return the joint probabilities of the nearest neighbours, as Barnes-Hut t-SNE takes them."""
    from sklearn.manifold._t_sne import _joint_probabilities_nn
    from sklearn.neighbors import NearestNeighbors

    graph = NearestNeighbors(n_neighbors=20).fit(data()[0]).kneighbors_graph(mode="distance")
    return _joint_probabilities_nn(graph.astype(np.float32).tocsr(), 5.0, 0)


def tree():
    """Check the Barnes-Hut gradient, made exact by angle=0, against the loss in double precision."""
    from scipy.spatial.distance import pdist, squareform
    from sklearn.manifold._t_sne import _kl_divergence_bh

    P = neighbours()
    D = squareform(P.toarray().astype(float), checks=False)

    def loss(Y):
        q = (1 + pdist(Y.reshape(SAMPLES, 3), "sqeuclidean") / FREEDOM) ** (-(FREEDOM + 1) / 2)
        met = D > 0
        return 2 * np.sum(D[met] * np.log(2 * D[met] * q.sum() / q[met]))

    Y = np.random.default_rng(6).normal(size=SAMPLES * 3).astype(np.float32)
    return loss, Y.astype(float), _kl_divergence_bh(Y, P, FREEDOM, SAMPLES, 3, angle=0.0)[1]


def divergence(P, Y):
    """Return the Kullback-Leibler divergence of t-SNE; P holds each pair once."""
    points = [Y[3 * i : 3 * i + 3] for i in range(SAMPLES)]
    squares = [mp.fsum((a - b) ** 2 for a, b in zip(*pair, strict=True)) for pair in combinations(points, 2)]
    q = [(1 + square / FREEDOM) ** (-mpf(FREEDOM + 1) / 2) for square in squares]
    total = 2 * mp.fsum(q)
    return 2 * mp.fsum(
        mpf(float(p)) * mp.log(mpf(float(p)) * total / b) for p, b in zip(P, q, strict=True) if p
    )


def exact_divergence(Y):
    """Return the loss of `_kl_divergence`."""
    return divergence(similarities(), Y)


def tree_divergence(Y):
    """Return the loss of `_kl_divergence_bh`."""
    return divergence(neighbours().toarray()[np.triu_indices(SAMPLES, 1)], Y)


def comparisons(M):
    """Return the loss of LSML with the weights 1/n."""
    X, _, _ = metric_data()
    M = mp.matrix([M[:3], M[3:6], M[6:]])
    value = M[0, 0] + M[1, 1] + M[2, 2] - mp.log(mp.det(M))
    for a, c in zip(X[:4] * 2 - X[4:8], X[8:12] - X[11:15], strict=True):
        near, far = ((mp.matrix(v).T * M * mp.matrix(v))[0] for v in (a, c))
        value += mpf("0.25") * (mp.sqrt(near) - mp.sqrt(far)) ** 2 if near > far else 0
    return value


def softplus_slope(b):
    """Return the first derivative of the loss of a softplus regression by one coefficient."""
    x, y = np.random.default_rng(6).normal(size=20), target("softplus")
    value = mpf(0)
    for a, k in zip(map(mpf, x), map(mpf, y), strict=True):
        z = b[0] * a + mpf(0.2)
        value += a / (1 + mp.exp(-z)) * (1 - k / mp.log(1 + mp.exp(z)))
    return value / 20


def quadratic(x):
    """Return 1/2 x' Op x + b' x + c."""
    rows = zip(x, MATRIX, TARGET, strict=True)
    return 2 + mp.fsum(a * (mp.fdot(map(mpf, row), x) / 2 + mpf(b)) for a, row, b in rows)


POWERED = (
    "dist, already raised to -(dof + 1) / 2, where 1 / (1 + d^2 / dof) belongs: equal for one degree only"
)
SKLEARN = ("scikit-learn", "1.9.1")
CASES = [
    Case(
        "sklearn",
        "t_sne._kl_divergence-3",
        partial(embedding, 3),
        Wrong(SKLEARN, POWERED, exact_divergence),
    ),
    Case("sklearn", "t_sne._kl_divergence_bh-3", tree, Wrong(SKLEARN, POWERED, tree_divergence)),
    Case(
        "metric_learn",
        "LSML._gradient",
        partial(quadruplets, 0.25),
        Wrong(("metric-learn", "0.7.0"), "the terms lack w_, by which the loss weights them", comparisons),
    ),
    Case(
        "pyglmnet",
        "_gradhess_logloss_1d-softplus-2",
        partial(coordinate, "softplus", True),
        Wrong(("pyglmnet", "1.1"), "s / mu**2, where s**2 / mu**2 belongs", softplus_slope),
    ),
    Case(
        "pyproximal",
        "Quadratic-square.grad",
        partial(proximal, lambda p, op: p.Quadratic(op(MATRIX), TARGET, 2.0)),
        Wrong(
            ("pyproximal", "0.13.0"),
            "Op x + b, where (Op + Op') x / 2 + b belongs: Op need only be square, as documented",
            quadratic,
        ),
    ),
]
