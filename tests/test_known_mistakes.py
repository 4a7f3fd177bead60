"""Mistakes as people write them, line by line, are called by their names.

The catalogue plants its faults itself; here each is written by hand, independently of it.
"""

import numpy as np
import pytest
from problems import draw

import gradcheck
from gradcheck.diagnosis import Case, explain
from gradcheck.networks import DenseNetwork

REGRESSION = """
def backward(p, x, d):
    N, K = len(x), d.shape[1]
    u1 = x @ p["W1"] + p["b1"]
    z1 = sigmoid(u1)
    u2 = z1 @ p["W2"] + p["b2"]
    z2 = tanh(u2)
    u3 = z2 @ p["W3"] + p["b3"]
    y = sigmoid(u3)
    dy = (y - d) / N
    delta3 = dy * d_sigmoid(u3)
    dz2 = delta3 @ p["W3"].T
    delta2 = dz2 * d_tanh(u2)
    dz1 = delta2 @ p["W2"].T
    delta1 = dz1 * d_sigmoid(u1)
    g = {}
    g["W3"] = z2.T @ delta3
    g["b3"] = delta3.sum(axis=0)
    g["W2"] = z1.T @ delta2
    g["b2"] = delta2.sum(axis=0)
    g["W1"] = x.T @ delta1
    g["b1"] = delta1.sum(axis=0)
    return {name: g[name] + 0.1 * p[name] * (name[0] == "W") for name in p}
"""

CLASSIFIER = """
def backward(p, x, d):
    N, t = len(x), np.eye(3)[d]
    u1 = x @ p["W1"] + p["b1"]
    z1 = softmax(u1)
    u2 = z1 @ p["W2"] + p["b2"]
    z2 = np.maximum(u2, 0)
    y = z2 @ p["W3"] + p["b3"]
    delta3 = (softmax(y) - t) / N
    dz2 = delta3 @ p["W3"].T
    delta2 = dz2 * (u2 > 0)
    dz1 = delta2 @ p["W2"].T
    delta1 = z1 * (dz1 - (dz1 * z1).sum(axis=1, keepdims=True))
    return {
        "W1": x.T @ delta1, "b1": delta1.sum(axis=0), "W2": z1.T @ delta2, "b2": delta2.sum(axis=0),
        "W3": z2.T @ delta3, "b3": delta3.sum(axis=0),
    }
"""

MISTAKES = [  # code, what the line says, what stands there instead, what the message names
    ("LOSS_X2", "dy = (y - d) / N", "dy = 2 * (y - d) / N", "2 (y - d)"),
    ("LOSS_HALF", "dy = (y - d) / N", "dy = (y - d) / 2 / N", "half"),
    ("NO_1_N", "dy = (y - d) / N", "dy = y - d", "factor 1/N"),
    ("N_TWICE", "dy = (y - d) / N", "dy = (y - d) / N / N", "twice"),
    ("MEAN_SIZE", "dy = (y - d) / N", "dy = (y - d) / N / K", "K outputs"),
    ("SIGN", "dy = (y - d) / N", "dy = (d - y) / N", "d - y"),
    ("LR_FOLDED", "dy = (y - d) / N", "dy = 0.01 * (y - d) / N", "0.01"),
    ("DLOSS_MEAN_SCALAR", "dy = (y - d) / N", "dy = np.mean((y - d) / N) * np.ones_like(y)", "one number"),
    ("MISS_OUT_DERIV", "dy * d_sigmoid(u3)", "dy", "f'(u3)"),
    ("DERIV_AT_Z", "d_tanh(u2)", "d_tanh(z2)", "z2 where the pre-activation u2"),
    ("DERIV_AT_Z", "d_sigmoid(u1)", "d_sigmoid(z1)", "z1 where the pre-activation u1"),
    ("DERIV_AT_Z", "d_sigmoid(u3)", "d_sigmoid(y)", "z3 where the pre-activation u3"),
    ("DERIV_FORM_AT_U", "d_sigmoid(u1)", "(u1 * (1 - u1))", "given the pre-activation u1"),
    ("NO_DERIV_ONE", "dz1 * d_sigmoid(u1)", "dz1", "f'(u1)"),
    (
        "WRONG_FUNC",
        "d_tanh(u2)",
        "d_sigmoid(u2)",
        "sigmoid at the pre-activation u2, where forward uses tanh",
    ),
    ("WRONG_FUNC", "d_tanh(u2)", "(z2 * (1 - z2))", "in its form for the activation z2"),
    ("TANH_1-Z", "d_tanh(u2)", "(1 - z2)", "without the square"),
    ("ACT_FOR_DERIV", "d_sigmoid(u1)", "sigmoid(u1)", "activation z1 itself"),
    ("DERIV_OF_SUM", "dz1 * d_sigmoid(u1)", "d_sigmoid(dz1)", "f' of the error"),
    ("W_NO_T", 'p["W2"].T', 'p["W2"]', "through W2"),
    ("W_OF_LAYER", 'delta3 @ p["W3"].T', 'delta3 @ p["W2"].T', "W2 of the layer below, where W3"),
    (
        "NO_W",
        'delta3 @ p["W3"].T',
        "delta3.sum(axis=1, keepdims=True) * np.ones_like(z2)",
        "without the weights W3",
    ),
    ("ONLY_LAST_OUT", 'delta3 @ p["W3"].T', 'delta3[:, -1:] @ p["W3"][:, -1:].T', "only the last unit"),
    ("W_TRANSPOSED", "x.T @ delta1", "delta1.T @ x", "dE/dW1 is transposed"),
    ("PREACT", "z1.T @ delta2", "u1.T @ delta2", "pre-activation u1 where the activation z1"),
    ("W_MEAN", "x.T @ delta1", "x.T @ delta1 / N", "dE/dW1 is averaged"),
    ("OUTER_OF_MEANS", "z1.T @ delta2", "np.outer(z1.mean(axis=0), delta2.sum(axis=0))", "mean of z1"),
    ("W_MISSING", "x.T @ delta1", "0 * p['W1']", "that of the penalty alone"),
    ("B_MEAN", "delta2.sum(axis=0)", "delta2.mean(axis=0)", "mean of delta2"),
    ("B_FIRST", "delta1.sum(axis=0)", "delta1[0]", "first sample"),
    ("B_TOTAL", "delta1.sum(axis=0)", "delta1.sum() * np.ones(3)", "axis is missing"),
    ("B_AXIS", "delta1.sum(axis=0)", "delta1.sum(axis=1)", "over units"),
    ("B_MISSING", "delta1.sum(axis=0)", "0 * p['b1']", "dE/db1 is zero"),
    ("B_TIMES_B", "delta1.sum(axis=0)", "delta1.sum(axis=0) * p['b1']", "multiplied by b1"),
    ("LAST_SAMPLE", "dy = (y - d) / N", "dy = (y - d) / N; dy[:-1] = 0", "last sample"),
    ("FIRST_SAMPLE", "dy = (y - d) / N", "dy = (y - d) / N; dy[1:] = 0", "first sample"),
    ("DROP_LAST", "dy = (y - d) / N", "dy = (y - d) / N; dy[-1] = 0", "but the last"),
    ("DROP_FIRST", "dy = (y - d) / N", "dy = (y - d) / N; dy[0] = 0", "but the first"),
    ("REG_MISSING", "0.1 * p[name]", "0.0 * p[name]", "lack the derivative of the penalty"),
    ("REG_X2", "0.1 * p[name]", "0.2 * p[name]", "counts twice"),
    ("REG_HALF", "0.1 * p[name]", "0.05 * p[name]", "counts half"),
    ("REG_SIGN", "+ 0.1 * p[name]", "- 0.1 * p[name]", "subtracted"),
    ("REG_N", "0.1 * p[name]", "0.1 / N * p[name]", "divided by the N samples"),
    ("REG_BIAS", '(name[0] == "W")', "1", "biases too"),
    ("REG_ONE_LAYER", '(name[0] == "W")', '(name == "W3")', "only the top layer"),
    ("REG_ONE_LAYER", '(name[0] == "W")', '(name == "W1")', "only W1 gets"),
    ("REG_NO_1_N", "0.1 * p[name]", "0.1 * N * p[name]", "counts N times"),
    ("REG_OTHER_KIND", "0.1 * p[name]", "0.1 * np.sign(p[name])", "sign(W) for W"),
    ("REG_VALUE", "0.1 * p[name]", "0.05 * p[name] ** 2", "penalty for its derivative"),
    ("NO_1_K", "dy = (y - d) / N", "dy = (y - d) / N * K", "K times"),
    ("WRONG_TARGET", "dy = (y - d) / N", "dy = (y - np.roll(d, 1, axis=0)) / N", "the sample before"),
    ("WRONG_TARGET", "dy = (y - d) / N", "dy = (y - np.roll(d, -1, axis=0)) / N", "the next sample"),
    ("DERIV_SIGN", "d_sigmoid(u1)", "(z1 * (z1 - 1))", "f'(u1) has the opposite sign"),
    ("DERIV_OTHER_LAYER", "d_sigmoid(u1)", "d_sigmoid(u2)", "at u2, where u1 belongs"),
    ("MATMUL_FOR_SLOPE", "dz1 * d_sigmoid(u1)", "dz1 @ d_sigmoid(u1)", "as a matrix"),
    ("DELTA_CLIP", "dz2 * d_tanh(u2)", "np.clip(dz2 * d_tanh(u2), -0.1, 0.1)", "clipped to +-0.1"),
    (
        "W_UPDATED",
        'delta3 @ p["W3"].T',
        'delta3 @ (p["W3"] - 0.01 * (z2.T @ delta3 + 0.1 * p["W3"])).T',
        "after a step of learning rate 0.01",
    ),
    ("BIAS_IN_DELTA", 'delta2 @ p["W2"].T', 'delta2 @ p["W2"].T + p["b1"]', "the bias b1 is added"),
    ("Z_OF_LAYER", "z2.T @ delta3", "z1.T @ delta3", "from z1, where z2 belongs"),
    ("Z_OF_LAYER", "z1.T @ delta2", "x.T @ delta2", "the input z0, where z1 belongs"),
    ("W_LAST", "x.T @ delta1", "np.outer(x[-1], delta1[-1])", "that of the last sample"),
    ("W_FIRST", "x.T @ delta1", "np.outer(x[0], delta1[0])", "that of the first sample"),
    ("W_ELEMENTWISE", "x.T @ delta1", "x * delta1", "element by element"),
    ("B_LAST", "delta1.sum(axis=0)", "delta1[-1]", "of the last sample"),
    ("B_FROM_W", "delta1.sum(axis=0)", "(x.T @ delta1).sum(axis=0)", "the rows of dE/dW1"),
    ("SKIP_LAYER", 'g["W1"] = x.T @ delta1', 'g["W1"] = -0.1 * p["W1"]; delta1 = 0 * delta1', "come there"),
    (
        "DELTA_OVERWRITTEN",
        "delta1 = dz1 * d_sigmoid(u1)",
        "delta1 = dz1 * d_sigmoid(u1); delta2 = delta1",
        "the delta of the layer below, where delta2",
    ),
]
AS_MANY_SAMPLES_AS_UNITS = {"B_AXIS", "MATMUL_FOR_SLOPE", "W_ELEMENTWISE"}


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def d_sigmoid(u):
    return sigmoid(u) * (1 - sigmoid(u))


def d_tanh(u):
    return 1 - np.tanh(u) ** 2


def softmax(u):
    return np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)


def written(source):
    """Return the backward pass that the source defines."""
    scope = {"np": np, "tanh": np.tanh}
    scope |= {f.__name__: f for f in (sigmoid, d_sigmoid, d_tanh, softmax)}
    exec(source, scope)
    return scope["backward"]


def findings(network, source, samples=5):
    """Explain a backward pass, on problems whose weights are all square."""
    backward = written(source)
    draws = [draw(seed, samples, (3, 3, 3, 3), network.criterion.name) for seed in range(3)]
    return explain(network, [Case(*drawn, backward(*drawn)) for drawn in draws])


REGRESSION_NETWORK = DenseNetwork(("sigmoid", "tanh", "sigmoid"), "mean_squared_error", {"l2": 0.1})
CLASSIFIER_NETWORK = DenseNetwork(("softmax", "relu", "identity"), "softmax_cross_entropy")
CLASSIFIER_MISTAKES = [
    ("EXTRA_OUT_DERIV", "(softmax(y) - t)", "(softmax(y) - t) * softmax(y) * (1 - softmax(y))", "once more"),
    ("LOGITS_AS_PROBABILITIES", "(softmax(y) - t)", "(y - t)", "as if y were a probability"),
    ("DOUBLE_SOFTMAX", "(softmax(y) - t)", "(softmax(softmax(y)) - t)", "once more"),
    ("SOFTMAX_AXIS", "(softmax(y) - t)", "(softmax(y.T).T - t)", "over the samples"),
    (
        "SOFTMAX_DIAG",
        "(dz1 - (dz1 * z1).sum(axis=1, keepdims=True))",
        "(1 - z1) * dz1",
        "diagonal z1 (1 - z1)",
    ),
    ("SOFTMAX_AXIS", "(softmax(y) - t)", "(np.exp(y) / np.exp(y).sum() - t)", "and classes at once"),
    (
        "SOFTMAX_DIAG",
        "(softmax(y) - t)",
        "(-t / softmax(y) * softmax(y) * (1 - softmax(y)))",
        "diagonal p (1 - p)",
    ),
    ("CE_NO_JAC", "(softmax(y) - t)", "(-t / softmax(y))", "for the probabilities p"),
    ("WRONG_TARGET", "np.eye(3)[d]", "np.eye(3)[(d + 1) % 3]", "the class after"),
    ("WRONG_TARGET", "np.eye(3)[d]", "np.eye(3)[(d - 1) % 3]", "the class before"),
    (
        "WRONG_TARGET",
        "(softmax(y) - t)",
        "(softmax(y) - np.eye(3)[y.argmax(axis=1)])",
        "the class that is predicted",
    ),
    ("MASK_ON_ERROR", "dz2 * (u2 > 0)", "dz2 * (dz2 > 0)", "the sign of u2 decides"),
    ("MASK_ON_ERROR", "(u2 > 0)", "(u2 > 0) * (dz2 > 0)", "keeps positive errors alone"),
    ("LEAKY_SLOPE", "(u2 > 0)", "np.where(u2 > 0, 1, 0.2)", "slope 0.2 where u2 is negative"),
    ("MASK_INVERT", "(u2 > 0)", "(u2 <= 0)", "where u2 is negative"),
    (
        "WRONG_FUNC",
        "(u2 > 0)",
        "(1 - np.tanh(z2) ** 2)",
        "tanh at the activation z2, where forward uses relu",
    ),
]
TABLE = [(REGRESSION_NETWORK, REGRESSION, *row) for row in MISTAKES]
TABLE += [(CLASSIFIER_NETWORK, CLASSIFIER, *row) for row in CLASSIFIER_MISTAKES]


@pytest.mark.parametrize(
    ("network", "source"), [(REGRESSION_NETWORK, REGRESSION), (CLASSIFIER_NETWORK, CLASSIFIER)]
)
def test_right(network, source):
    """What is written above is right."""
    assert findings(network, source) == ()


@pytest.mark.parametrize(
    ("network", "source", "code", "right", "wrong", "words"),
    TABLE,
    ids=[f"{row[2]}: {row[4]}" for row in TABLE],
)
def test_mistake(network, source, code, right, wrong, words):
    """One line written wrong is named, in words that lead to it."""
    assert source.count(right) == 1
    samples = 3 if code in AS_MANY_SAMPLES_AS_UNITS else 5  # only then it passes unnoticed

    (finding,) = findings(network, source.replace(right, wrong), samples)

    assert finding.code == code
    assert words in finding.message


@pytest.mark.parametrize(
    ("network", "source", "code", "right", "wrong", "words"),
    TABLE[::4],
    ids=[f"{row[2]}: {row[4]}" for row in TABLE[::4]],
)
def test_mistake_on_one_problem(network, source, code, right, wrong, words):
    """`check_gradient` of a network's problem says the same, from one set of data."""
    samples = 3 if code in AS_MANY_SAMPLES_AS_UNITS else 5
    params, x, d = draw(7, samples, (3, 3, 3, 3), network.criterion.name)
    gradient = written(source.replace(right, wrong))(params, x, d)

    (finding,) = gradcheck.check_gradient(network.problem(x, d).loss, params, gradient).findings

    assert finding.code == code
    assert words in finding.message
