"""scikit-learn: kernels and Gaussian processes, embeddings, independent components."""

from functools import partial

import numpy as np

from wild.case import Case, elementwise
from wild.sklearn_loss_cases import SAMPLES, data

KERNELS = {
    "RBF": lambda k: k.RBF([0.7, 1.2, 2.0]),
    "Matern-0.5": lambda k: k.Matern([0.7, 1.2, 2.0], nu=0.5),
    "Matern-1.5": lambda k: k.Matern([0.7, 1.2, 2.0], nu=1.5),
    "Matern-2.5": lambda k: k.Matern([0.7, 1.2, 2.0], nu=2.5),
    "Matern-inf": lambda k: k.Matern([0.7, 1.2, 2.0], nu=np.inf),
    "RationalQuadratic": lambda k: k.RationalQuadratic(0.8, 1.3),
    "ExpSineSquared": lambda k: k.ExpSineSquared(1.1, 2.3),
    "DotProduct": lambda k: k.DotProduct(0.7),
    "Sum": lambda k: k.ConstantKernel(1.5) * k.RBF(0.9) + k.WhiteKernel(0.3),
    "Exponentiation": lambda k: k.Exponentiation(k.RBF(0.8) + k.DotProduct(0.5), 3),
}


def kernel(name):
    """Check a kernel's derivatives by its parameters' logarithms."""
    from sklearn.gaussian_process import kernels

    X, kernel = data()[0], KERNELS[name](kernels)
    w = np.random.default_rng(7).normal(size=(SAMPLES, SAMPLES))

    def both(theta):
        K, slope = kernel.clone_with_theta(theta)(X, eval_gradient=True)
        return np.sum(w * K), np.einsum("ij,ijk", w, slope)

    return both, kernel.theta


def likelihood(kind, name):
    """Check the log marginal likelihood of a Gaussian process."""
    from sklearn import gaussian_process
    from sklearn.gaussian_process import kernels

    kernel = KERNELS[name](kernels)
    tight = {"alpha": 0.1} if kind == "GaussianProcessRegressor" else {"max_iter_predict": 1000}
    X, y = data(2)
    model = getattr(gaussian_process, kind)(kernel, optimizer=None, **tight).fit(X, y)
    return lambda theta: model.log_marginal_likelihood(theta, eval_gradient=True), kernel.theta


def components():
    """Check neighbourhood components analysis."""
    from sklearn.neighbors import NeighborhoodComponentsAnalysis

    X, y = data(3)
    model = NeighborhoodComponentsAnalysis(n_components=2)
    model.n_iter_ = 0
    A = np.random.default_rng(5).normal(size=6)
    return lambda a: model._loss_grad_lbfgs(a, X, y[:, None] == y, -1.0), A


def similarities():
    """Return the joint probabilities of t-SNE."""
    from sklearn.manifold._t_sne import _joint_probabilities
    from sklearn.metrics import pairwise_distances

    return _joint_probabilities(pairwise_distances(data()[0], squared=True).astype(np.float32), 5.0, 0)


def embedding(dimensions):
    """Check the exact gradient of t-SNE with as many degrees of freedom as `TSNE` takes."""
    from sklearn.manifold._t_sne import _kl_divergence

    P, freedom = similarities(), max(dimensions - 1, 1)
    Y = np.random.default_rng(6).normal(size=SAMPLES * dimensions)
    return lambda Y: _kl_divergence(Y, P, freedom, SAMPLES, dimensions), Y


def contrast(name):
    """Check the contrast functions of FastICA: g and the mean of g'."""
    from sklearn.decomposition import _fastica

    function, x = getattr(_fastica, name), np.array([-1.3, -0.4, 0.2, 0.9, 2.1])

    def column(k, x):
        return np.ravel(function(x[:, None].copy(), {})[k])

    return elementwise(partial(column, 0), partial(column, 1), x)


CASES = [
    *(Case("sklearn", f"kernels.{name}", partial(kernel, name)) for name in KERNELS),
    *(
        Case(
            "sklearn",
            f"GaussianProcessRegressor-{name}",
            partial(likelihood, "GaussianProcessRegressor", name),
        )
        for name in ("RBF", "Matern-1.5", "RationalQuadratic", "Sum")
    ),
    Case("sklearn", "GaussianProcessClassifier", partial(likelihood, "GaussianProcessClassifier", "RBF")),
    Case("sklearn", "NeighborhoodComponentsAnalysis._loss_grad_lbfgs", components),
    Case("sklearn", "t_sne._kl_divergence", partial(embedding, 2)),
    *(Case("sklearn", f"_fastica.{name}", partial(contrast, name)) for name in ("_logcosh", "_exp", "_cube")),
]
