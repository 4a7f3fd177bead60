"""scikit-learn: compiled losses, linear models, the backpropagation of its networks."""

from functools import partial
from itertools import pairwise

import numpy as np

from wild.case import Case, weights

SAMPLES = 25
# Of each loss: number of classes (0: any target, -1: a positive one), and arguments.
LOSSES = {
    "HalfSquaredError": (0, {}),
    "AbsoluteError": (0, {}),
    "PinballLoss": (0, {"quantile": 0.3}),
    "HuberLoss": (0, {"delta": 0.5}),
    "HalfPoissonLoss": (4, {}),
    "HalfGammaLoss": (-1, {}),
    "HalfTweedieLoss": (-1, {"power": 1.5}),
    "HalfTweedieLossIdentity": (-1, {"power": 1.7}),
    "HalfBinomialLoss": (2, {}),
    "HalfMultinomialLoss": (3, {"n_classes": 3}),
    "ExponentialLoss": (2, {}),
}
SMOOTH = [
    name
    for name in LOSSES
    if name not in ("HalfMultinomialLoss", "AbsoluteError", "PinballLoss", "HuberLoss")
]
LINEAR = ("HalfSquaredError", "HalfPoissonLoss", "HalfBinomialLoss", "HalfMultinomialLoss", "HalfGammaLoss")


def data(classes=0, dtype=np.float64):
    """Return random regressors and a target."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(SAMPLES, 3)).astype(dtype)
    y = draw.integers(classes, size=SAMPLES) if classes > 0 else draw.normal(size=SAMPLES)
    return X, (np.exp(y) if classes < 0 else y).astype(dtype)


def _pointwise(name, dtype):
    from sklearn._loss import loss as losses

    classes, options = LOSSES[name]
    y = data(classes, dtype)[1]
    shape = (SAMPLES, 3) if name == "HalfMultinomialLoss" else (SAMPLES,)
    raw = np.random.default_rng(1).normal(size=shape)
    raw = np.exp(raw) if name.endswith("Identity") else raw
    return getattr(losses, name)(**options), y, raw.astype(dtype)


def loss(name, dtype=np.float64):
    """Check a loss by its raw predictions; the sum over samples is taken in double precision."""
    function, y, raw = _pointwise(name, dtype)
    return (
        lambda r: np.sum(function.loss(y, r), dtype=np.float64),
        raw,
        lambda r: function.gradient(y, r),
    )


def loss_second(name):
    """Check the second derivative of a loss."""
    function, y, raw = _pointwise(name, np.float64)
    w = weights(SAMPLES)
    return (
        lambda r: w @ function.gradient_hessian(y, r)[0],
        raw,
        lambda r: w * function.gradient_hessian(y, r)[1],
    )


def linear_parts(name, dtype=np.float64, intercept=True):
    """Return a linear model, regressors, target and coefficients."""
    from sklearn._loss import loss as losses
    from sklearn.linear_model._linear_loss import LinearModelLoss

    classes, options = LOSSES[name]
    X, y = data(classes, dtype)
    draw = np.random.default_rng(2)
    w = draw.normal(size=(3, 4)) if name == "HalfMultinomialLoss" else draw.normal(size=3 + intercept)
    return LinearModelLoss(getattr(losses, name)(**options), intercept), X, y, np.asfortranarray(w, dtype)


def linear(*args, **options):
    """Check a linear model with an L2 penalty."""
    model, X, y, w = linear_parts(*args, **options)
    return (
        lambda w: model.loss(w, X, y, l2_reg_strength=0.3),
        w,
        lambda w: model.gradient(w, X, y, l2_reg_strength=0.3),
    )


def linear_second(name):
    """Check the product of a linear model's Hessian with a vector."""
    model, X, y, w = linear_parts(name)
    v = np.random.default_rng(3).normal(size=w.shape)

    def times_v(w):
        _, multiply = model.gradient_hessian_product(w, X, y, l2_reg_strength=0.3)
        return np.reshape(multiply(v.ravel("F")), w.shape, order="F")

    return lambda w: np.sum(v * model.gradient(w, X, y, l2_reg_strength=0.3)), w, times_v


def huber():
    """Check the loss of HuberRegressor, whose scale is a parameter."""
    from sklearn.linear_model._huber import _huber_loss_and_gradient

    X, y = data()
    w = np.array([0.3, -0.2, 0.5, 0.1, 0.8])
    return lambda w: _huber_loss_and_gradient(w, X, y, 1.35, 0.1, np.ones(SAMPLES)), w


def perceptron(kind, activation, dtype=np.float64):
    """Check the backpropagation of a multi-layer perceptron."""
    from sklearn import neural_network

    X, y = data(3 if kind == "MLPClassifier" else 0, dtype)
    model = getattr(neural_network, kind)(
        hidden_layer_sizes=(4, 3), activation=activation, alpha=0.2, max_iter=1, random_state=0
    ).fit(X, y)
    target = np.eye(3, dtype=dtype)[y.astype(int)] if kind == "MLPClassifier" else y[:, None]
    draw, widths = np.random.default_rng(4), [3, 4, 3, target.shape[1]]
    params = {
        "W": [draw.normal(size=shape).astype(dtype) for shape in pairwise(widths)],
        "b": [draw.normal(size=n).astype(dtype) for n in widths[1:]],
    }

    def both(params):
        model.coefs_, model.intercepts_ = params["W"], params["b"]
        W, b = ([np.empty_like(leaf) for leaf in params[name]] for name in "Wb")
        value, W, b = model._backprop(X, target, None, [X, None, None, None], [None] * 3, W, b)
        return value, {"W": W, "b": b}

    return both, params


def activation(name):
    """Check the derivative that is multiplied in place, given the activation."""
    from sklearn.neural_network._base import ACTIVATIONS, DERIVATIVES

    w = np.array([1.0, 2.0, -1.0, 0.5])

    def activated(u):
        z = u.copy()
        ACTIVATIONS[name](z)
        return z

    def slope(u):
        delta = w.copy()
        DERIVATIVES[name](activated(u), delta)
        return delta

    return lambda u: w @ activated(u), np.array([-2.1, -0.3, 0.2, 1.4]), slope


KINDS = ("MLPClassifier", "MLPRegressor")
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
CASES = [
    *(Case("sklearn", f"_loss.{name}.gradient", partial(loss, name)) for name in LOSSES),
    *(Case("sklearn", f"_loss.{name}.gradient-float32", partial(loss, name, np.float32)) for name in LOSSES),
    *(Case("sklearn", f"_loss.{name}.gradient_hessian", partial(loss_second, name)) for name in SMOOTH),
    *(Case("sklearn", f"LinearModelLoss-{name}.gradient", partial(linear, name)) for name in LINEAR),
    *(Case("sklearn", f"LinearModelLoss-{name}.hessp", partial(linear_second, name)) for name in LINEAR),
    Case("sklearn", "LinearModelLoss-plain.gradient", partial(linear, "HalfBinomialLoss", intercept=False)),
    Case("sklearn", "LinearModelLoss-float32.gradient", partial(linear, "HalfBinomialLoss", np.float32)),
    Case("sklearn", "_huber_loss_and_gradient", huber),
    *(
        Case("sklearn", f"{kind}-{name}._backprop", partial(perceptron, kind, name))
        for kind in KINDS
        for name in ACTIVATIONS
    ),
    *(
        Case("sklearn", f"{kind}-float32._backprop", partial(perceptron, kind, "tanh", np.float32))
        for kind in KINDS
    ),
    *(Case("sklearn", f"DERIVATIVES.{name}", partial(activation, name)) for name in ACTIVATIONS),
]
