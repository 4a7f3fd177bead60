"""scipy: tests of check_grad and check_derivative, and Jacobians of the tests of least_squares."""

import math
from functools import partial

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from gradcheck import check_gradient
from gradcheck.frameworks.scipy import check_jacobian, check_linear_operator
from peers.case import Case, normal, wrong


def logistic(x):
    return 1 / (1 + math.exp(-x.item()))


def d_logistic(x):
    return np.exp(-x) / (1 + np.exp(-x)) ** 2


def himmelblau(p):
    x, y = p
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


def d_himmelblau(p):
    x, y = p
    a, b = x * x + y - 11, x + y * y - 7
    return np.array([4 * x * a + 2 * b, 2 * a + 4 * y * b])


def hessian(p):
    x, y = p
    off = 4 * (x + y)
    return np.array([[12 * x * x + 4 * y - 42, off], [off, 12 * y * y + 4 * x - 26]])


def mixed(x, arg=42):
    assert arg == 42
    return np.array([x[0] * np.sin(x[1]), x[1] * np.cos(x[0]), x[0] ** 3 / np.sqrt(x[1])])


def d_mixed(x, arg=42):
    assert arg == 42
    return np.array(
        [
            [np.sin(x[1]), x[0] * np.cos(x[1])],
            [-x[1] * np.sin(x[0]), np.cos(x[0])],
            [3 * x[0] ** 2 / np.sqrt(x[1]), -0.5 * x[0] ** 3 * x[1] ** -1.5],
        ]
    )


def flat_at_zero(x):
    return np.array([x[0] * x[1], np.cos(x[0] * x[1])])


def d_flat_at_zero(x):
    sine = np.sin(x[0] * x[1])
    return np.array([[x[1], x[0]], [-x[1] * sine, -x[0] * sine]])


def sine_times_log(x):
    return np.sin(x[0] * x[1]) * np.log(x[0])


def d_sine_times_log(x):
    sine, cosine = np.sin(x[0] * x[1]), np.cos(x[0] * x[1])
    return np.array([x[1] * cosine * np.log(x[0]) + sine / x[0], x[0] * cosine * np.log(x[0])])


def banana(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def d_banana(x):
    return np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def with_a_row_too_many(x):
    return np.vstack([d_banana(x), [0.0, 0.0]])


def tridiagonal(x):
    f = (3 - x) * x + 1
    f[1:] -= x[:-1]
    f[:-1] -= 2 * x[1:]
    return f


def d_tridiagonal(x):
    below, above = -np.ones(x.size - 1), -2 * np.ones(x.size - 1)
    return diags_array([below, 3 - 2 * x, above], offsets=[-1, 0, 1]).tocsr()


T = np.linspace(-1, 1, 11)


def exponential(p):
    return p[0] + np.exp(p[1] * T) - 1.2


def d_exponential(p):
    return np.stack([np.ones_like(T), T * np.exp(p[1] * T)], axis=1)


def tiny_domain(x):
    return x[0] if abs(x[0]) <= 1e-8 else np.nan


A = normal(4, 3)
CASES = [
    Case("logistic function of one number", partial(check_gradient, logistic, np.array([1.5]), d_logistic)),
    Case(
        "sum of x sin x, at 0 too",
        partial(
            check_gradient,
            lambda x: np.sum(x * np.sin(x)),
            np.arange(0, 2, 0.2),
            lambda x: np.sin(x) + x * np.cos(x),
        ),
    ),
    Case("himmelblau", partial(check_gradient, himmelblau, np.zeros(2), d_himmelblau)),
    Case("himmelblau's hessian", partial(check_jacobian, d_himmelblau, np.zeros(2), hessian)),
    Case("sinh", partial(check_jacobian, np.sinh, 1.0, np.cosh)),
    Case(
        "three functions of one number",
        partial(
            check_jacobian,
            lambda x: np.array([x[0] ** 2, np.tan(x[0]), np.exp(x[0])]),
            0.5,
            lambda x: np.array([[2 * x[0]], [np.cos(x[0]) ** -2], [np.exp(x[0])]]),
        ),
    ),
    Case(
        "one function of two numbers",
        partial(check_gradient, sine_times_log, np.array([100.0, -0.5]), d_sine_times_log),
    ),
    Case("three functions of two numbers, far out", partial(check_jacobian, mixed, [-10.0, 10.0], d_mixed)),
    Case("a keyword", partial(check_jacobian, mixed, [-10.0, 10.0], d_mixed, kwargs={"arg": 42})),
    Case("a jacobian of zeros", partial(check_jacobian, flat_at_zero, [0.0, 0.0], d_flat_at_zero)),
    Case(
        "constants as arguments",
        partial(
            check_jacobian,
            lambda x, a, b=1.0: np.exp(np.array([a, b]) * x),
            [1.0, 1.0],
            lambda x, a, b=1.0: np.diag(np.array([a, b]) * np.exp(np.array([a, b]) * x)),
            (2.0,),
            {"b": 3.0},
        ),
    ),
    Case(
        "a function of the standard library",
        partial(check_gradient, lambda x: math.exp(x[0]), np.array([1.0]), lambda x: [math.exp(x[0])]),
    ),
    Case("residuals of rosenbrock", partial(check_jacobian, banana, [-2.0, 1.0], d_banana)),
    wrong("one row too many", partial(check_jacobian, banana, [-2.0, 1.0], with_a_row_too_many), "refused"),
    wrong(
        "one row for two", partial(check_jacobian, banana, [-2.0, 1.0], lambda x: d_banana(x)[0]), "refused"
    ),
    wrong(
        "three axes",
        partial(check_jacobian, lambda x: x**2 + 5, [2.0], lambda x: np.atleast_3d(2 * x)),
        "refused",
    ),
    Case(
        "tridiagonal, dense",
        partial(check_jacobian, tridiagonal, -np.ones(20), lambda x: d_tridiagonal(x).toarray()),
    ),
    Case("tridiagonal, sparse", partial(check_jacobian, tridiagonal, -np.ones(20), d_tridiagonal)),
    Case(
        "tridiagonal, operator",
        partial(check_jacobian, tridiagonal, -np.ones(20), lambda x: aslinearoperator(d_tridiagonal(x))),
    ),
    wrong(
        "tridiagonal, one diagonal left out",
        partial(
            check_jacobian,
            tridiagonal,
            -np.ones(20),
            lambda x: csr_array(np.triu(d_tridiagonal(x).toarray())),
        ),
    ),
    Case(
        "fit of an exponential, from zeros", partial(check_jacobian, exponential, [0.0, 0.0], d_exponential)
    ),
    Case(
        "no value but near the point",
        partial(check_gradient, tiny_domain, np.array([0.0]), lambda x: np.array([1.0])),
    ),
    wrong(
        "nan at the point",
        partial(check_gradient, tiny_domain, np.array([1.0]), lambda x: np.array([np.nan])),
        "refused",
    ),
    wrong(
        "nan for a derivative",
        partial(check_gradient, himmelblau, np.ones(2), lambda p: np.array([-46, np.nan])),
    ),
    Case("operator of a matrix", partial(check_linear_operator, A)),
    wrong(
        "operator with the matrix for its adjoint",
        partial(
            check_linear_operator,
            LinearOperator((3, 3), matvec=lambda x: A[:3] @ x, rmatvec=lambda y: A[:3] @ y, dtype=float),
        ),
    ),
]
