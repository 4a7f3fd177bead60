"""autograd: what it differentiates is judged like any gradient, by the names that its users know."""

import numpy as np
import pytest

from gradcheck import GradientMismatch
from gradcheck.errors import UsageError
from gradcheck.frameworks.autograd import check, check_grads

pytest.importorskip("autograd", reason="needs autograd: pip install 'gradcheck[frameworks]'")
import autograd.numpy as anp
from autograd.extend import defjvp, defvjp, primitive

X = np.array([0.5, -1.2, 2.0])


@primitive
def cube(x, w):
    """Return x^3 w."""
    return x**3 * w


defvjp(cube, lambda z, x, w: lambda c: 3 * x**2 * w * c, lambda z, x, w: lambda c: x**3 * c)
defjvp(cube, lambda t, z, x, w: 3 * x**2 * w * t, lambda t, z, x, w: x**3 * t)


@primitive
def wrong_for_w(x, w):
    """Return x^3 w; its reverse derivative by w and its forward one by x are wrong."""
    return x**3 * w


defvjp(wrong_for_w, lambda z, x, w: lambda c: 3 * x**2 * w * c, lambda z, x, w: lambda c: x**2 * c)
defjvp(wrong_for_w, lambda t, z, x, w: 3 * x * w * t, lambda t, z, x, w: x**3 * t)


def test_right_primitive_matches():
    """Both modes, and both derivatives."""
    report = check(cube, (X, X + 3), modes=("rev", "fwd"), order=2)

    assert report.verdict == "match"
    assert {"x", "w", "fwd x", "rev rev w", "fwd rev cotangent 0"} <= {*report.parameters}


def test_wrong_primitive_is_found_where_it_is_wrong():
    """Each mode and argument is judged by itself."""
    report = check(wrong_for_w, (X, X + 3), modes=("rev", "fwd"))

    right = {name for name, p in report.parameters.items() if p.verdict == "match"}
    assert report.verdict == "mismatch"
    assert right == {"x", "fwd w"}


def test_nests():
    """Containers in and out; integers and strings are constants."""

    def function(p, n, name):
        return {"y": p["a"] ** n, name: [anp.sin(p["b"][0]), 3]}

    report = check(function, ({"a": X, "b": (1.5, 3)}, 2, "more"))

    assert report.verdict == "match"
    assert list(report.parameters) == ["p.a", "p.b.0"]


def test_complex_numbers():
    """Analytic or not; both modes."""
    z = np.array([1 + 2j, 0.3 - 1j])
    for function in (anp.exp, anp.conj, anp.abs, lambda z: z * anp.conj(z) * (2 + 1j)):
        assert check(function, z, modes=("rev", "fwd")).verdict == "match"


class TestDropIn:
    """autograd.test_util.check_grads, by another import."""

    def test_passes(self):
        """By default both modes, both orders and the first argument; keywords are constants."""
        assert check_grads(cube)(X, X + 3) is None
        check_grads(cube, (0, 1), modes=["rev"], order=1)(X, X + 3)
        check_grads(lambda x, power=2: x**power, modes=["rev"])(X, power=3)

    def test_fails(self):
        """Only for the arguments that are asked for."""
        check_grads(wrong_for_w, modes=["rev"], order=1)(X, X + 3)
        with pytest.raises(GradientMismatch, match="mismatch in w"):
            check_grads(wrong_for_w, 1, modes=["rev"], order=1)(X, X + 3)
        with pytest.raises(GradientMismatch, match="fwd x"):
            check_grads(wrong_for_w, order=1)(X, X + 3)

    def test_what_autograd_lets_pass(self):
        """The sign of a small gradient: it has an absolute tolerance."""

        @primitive
        def small(x):
            return 1e-7 * anp.sin(x)

        defvjp(small, lambda z, x: lambda c: -1e-7 * anp.cos(x) * c)

        from autograd.test_util import check_grads as theirs

        theirs(small, modes=["rev"], order=1)(X)
        with pytest.raises(GradientMismatch):
            check_grads(small, modes=["rev"], order=1)(X)


class TestBadInput:
    def test_only_constants(self):
        with pytest.raises(UsageError, match="no argument to differentiate"):
            check(anp.sin, (3,))

    def test_unknown_mode(self):
        with pytest.raises(UsageError, match="no such mode"):
            check_grads(anp.sin, modes=["forward"])(X)
