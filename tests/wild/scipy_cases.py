"""SciPy: test functions of optimisation, robust losses, special functions, splines."""

from functools import partial

import numpy as np

from wild.case import Case, elementwise, product, weights

POINT = np.array([-1.2, 1.1, 0.7, -0.4, 1.3])
ABOVE = np.array([0.3, 0.9, 1.7, 2.6, 4.1])


def rosenbrock():
    """Check the gradient of Rosenbrock's function."""
    from scipy.optimize import rosen, rosen_der

    return rosen, POINT, rosen_der


def rosenbrock_hessian():
    """Check its Hessian."""
    from scipy.optimize import rosen_der, rosen_hess

    return product(rosen_der, rosen_hess, POINT)


def rosenbrock_product():
    """Check its Hessian times a vector."""
    from scipy.optimize import rosen_der, rosen_hess_prod

    v = weights(5)
    return lambda x: v @ rosen_der(x), POINT, lambda x: rosen_hess_prod(x, v)


def robust(name, second):
    """Check the losses of `least_squares`: rho, its slope by the squared residual, and the next."""
    from scipy.optimize._lsq.least_squares import construct_loss_function

    f = np.array([-2.3, -0.6, 0.3, 0.9, 3.1])
    rho = construct_loss_function(f.size, name, 0.7)
    if second:
        w = weights(f.size)
        return lambda f: w @ rho(f)[1], f, lambda f: w * rho(f)[2] * 2 * f
    return lambda f: rho(f, cost_only=True), f, lambda f: f * rho(f)[1]


def special(name):
    """Check a special function that comes with its derivative."""
    from scipy import special

    bessel = {f"{kind}vp": (getattr(special, f"{kind}v"), getattr(special, f"{kind}vp")) for kind in "jyik"}
    if name in bessel:
        function, slope = bessel[name]
        return elementwise(partial(function, 1.3), partial(slope, 1.3), ABOVE)
    pairs = {
        "airy": (lambda x: special.airy(x)[0], lambda x: special.airy(x)[1]),
        "digamma": (special.gammaln, special.digamma),
        "trigamma": (special.digamma, partial(special.polygamma, 1)),
        "spherical_jn": (partial(special.spherical_jn, 2), partial(special.spherical_jn, 2, derivative=True)),
        "spherical_yn": (partial(special.spherical_yn, 2), partial(special.spherical_yn, 2, derivative=True)),
    }
    return elementwise(*pairs[name], ABOVE)


def spline(kind):
    """Check the derivative of a spline."""
    from scipy import interpolate

    knots = np.linspace(0, 5, 8)
    curve = getattr(interpolate, kind)(knots, np.sin(2 * knots))
    return elementwise(curve, curve.derivative(), ABOVE)


SPECIAL = ("jvp", "yvp", "ivp", "kvp", "airy", "digamma", "trigamma", "spherical_jn", "spherical_yn")
CASES = [
    Case("scipy", "rosen_der", rosenbrock),
    Case("scipy", "rosen_hess", rosenbrock_hessian),
    Case("scipy", "rosen_hess_prod", rosenbrock_product),
    *(
        Case("scipy", f"least_squares-{name}-{order}", partial(robust, name, order == 2))
        for name in ("huber", "soft_l1", "cauchy", "arctan")
        for order in (1, 2)
    ),
    *(Case("scipy", f"special.{name}", partial(special, name)) for name in SPECIAL),
    *(
        Case("scipy", f"{kind}.derivative", partial(spline, kind))
        for kind in ("CubicSpline", "PchipInterpolator", "Akima1DInterpolator")
    ),
]
