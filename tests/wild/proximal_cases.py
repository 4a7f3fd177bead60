"""PyProximal and GPyReg: functions of inverse problems, kernels of Gaussian processes."""

from functools import partial

import numpy as np

from wild.case import Case

X = np.array([0.7, 1.9, 0.4, 1.2])
TARGET = np.array([0.3, -0.4, 1.0, 0.2])
MATRIX = np.random.default_rng(2).normal(size=(4, 4))


def proximal(make, x=X):
    """Check the gradient of a function that has a proximal operator."""
    import pylops
    import pyproximal

    f = make(pyproximal, pylops.MatrixMult)
    return f, x, lambda x: np.real(f.grad(x))


PROXIMALS = {
    "Euclidean": lambda p, _: p.Euclidean(1.5),
    "Quadratic": lambda p, op: p.Quadratic(op(MATRIX + MATRIX.T), TARGET, 2.0),
    "L2": lambda p, op: p.L2(op(MATRIX), TARGET, sigma=1.5),
    "L2-linear": lambda p, op: p.L2(op(MATRIX), TARGET, q=TARGET, sigma=1.5, alpha=0.3),
    "L2-plain": lambda p, _: p.L2(b=TARGET, sigma=1.5),
    "L2Convolve": lambda p, _: p.L2Convolve(np.array([1.0, 0.5]), TARGET, nfft=8, sigma=1.5),
    "postcomposition": lambda p, op: 2.0 * p.L2(op(MATRIX), TARGET),
    "affine_addition": lambda p, op: p.L2(op(MATRIX), TARGET).affine_addition(TARGET),
    "precomposition": lambda p, op: p.L2(op(MATRIX), TARGET).precomposition(1.7, 0.3),
}


def factors(operator):
    """Check the gradient of ||Op(X Y) - d||^2 / 2 by both factors."""
    import pylops
    from pyproximal.utils.bilinear import LowRankFactorizedMatrix

    draw = np.random.default_rng(3)
    d, Op = draw.normal(size=12), pylops.MatrixMult(draw.normal(size=(12, 12))) if operator else None

    def model(p):
        return LowRankFactorizedMatrix(p["x"].copy(), p["y"].copy(), d, Op)

    return (
        lambda p: model(p)(p["x"].ravel(), p["y"].ravel()),
        {"x": draw.normal(size=(3, 2)), "y": draw.normal(size=(2, 4))},
        lambda p: {
            "x": model(p).gradx(p["x"].ravel()).reshape(3, 2),
            "y": model(p).grady(p["y"].ravel()).reshape(2, 4),
        },
    )


KERNELS = {
    "SquaredExponential": ("covariance_functions", ()),
    "Matern-1": ("covariance_functions", (1,)),
    "Matern-3": ("covariance_functions", (3,)),
    "Matern-5": ("covariance_functions", (5,)),
    "RationalQuadraticARD": ("covariance_functions", ()),
    "SquaredExponentialIsotropic": ("isotropic_covariance_functions", ()),
    "MaternIsotropic-3": ("isotropic_covariance_functions", (3,)),
    "ConstantMean": ("mean_functions", ()),
    "NegativeQuadratic": ("mean_functions", ()),
}


def kernel(name):
    """Check a kernel or mean function's derivatives by its hyperparameters."""
    import importlib

    module, args = KERNELS[name]
    function = getattr(importlib.import_module(f"gpyreg.{module}"), name.split("-")[0])(*args)
    draw = np.random.default_rng(5)
    X, hyp = draw.normal(size=(10, 3)), 0.3 * draw.normal(size=function.hyperparameter_count(3))
    w = draw.normal(size=np.shape(function.compute(hyp, X)))

    def both(hyp):
        value, slope = function.compute(hyp, X, compute_grad=True)
        return float(np.sum(w * value)), w.ravel() @ np.reshape(slope, (w.size, -1))

    return both, hyp


def likelihood():
    """Check the log likelihood of a Gaussian process with mean and noise."""
    import gpyreg

    draw = np.random.default_rng(7)
    gp = gpyreg.GP(
        D=2,
        covariance=gpyreg.covariance_functions.Matern(3),
        mean=gpyreg.mean_functions.NegativeQuadratic(),
        noise=gpyreg.noise_functions.GaussianNoise(constant_add=True),
    )
    hyp = 0.3 * draw.normal(size=9)
    gp.update(X_new=draw.normal(size=(12, 2)), y_new=draw.normal(size=(12, 1)), hyp=hyp[None])
    return lambda h: gp.log_likelihood(h, compute_grad=True), hyp


CASES = [
    *(Case("pyproximal", f"{name}.grad", partial(proximal, make)) for name, make in PROXIMALS.items()),
    Case("pyproximal", "LowRankFactorizedMatrix.grad", partial(factors, False)),
    Case("pyproximal", "LowRankFactorizedMatrix-operator.grad", partial(factors, True)),
    *(Case("gpyreg", f"{name}.compute", partial(kernel, name)) for name in KERNELS),
    Case("gpyreg", "GP.log_likelihood", likelihood),
]
