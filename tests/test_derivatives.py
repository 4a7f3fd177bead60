"""A derivative is stated with its error: the true error is almost never larger. Truth from mpmath.

The profile `thorough` draws many more functions.
"""

import mpmath
import numpy as np
import pytest
from helpers import DOUBLE, THOROUGH, FunctionLine, derivative, noise_of

from gradcheck.derivatives.noise import measure_noise

FUNCTIONS = 100_000 if THOROUGH else 4_000
NOISY = 10_000 if THOROUGH else 300
mpmath.mp.dps = 30


def _logistic(u):
    return 1 / (1 + np.exp(-u))


def _d_logistic(u):
    return mpmath.exp(-u) / (1 + mpmath.exp(-u)) ** 2


# A function in float64, and its derivative in as many digits as are asked for.
ATOMS = (
    (np.sin, mpmath.cos),
    (np.tanh, lambda u: mpmath.sech(u) ** 2),
    (np.arctan, lambda u: 1 / (1 + u * u)),
    (_logistic, _d_logistic),
    (lambda u: np.exp(-u * u), lambda u: -2 * u * mpmath.exp(-u * u)),
    (lambda u: np.log1p(u * u), lambda u: 2 * u / (1 + u * u)),
    (lambda u: np.sqrt(1 + u * u), lambda u: u / mpmath.sqrt(1 + u * u)),
    (lambda u: 1 / (1 + u * u), lambda u: -2 * u / (1 + u * u) ** 2),
    (lambda u: u * u, lambda u: 2 * u),
    (lambda u: u**3, lambda u: 3 * u * u),
    (lambda u: np.exp(u / 8), lambda u: mpmath.exp(u / 8) / 8),
    (lambda u: np.logaddexp(0, u), lambda u: 1 / (1 + mpmath.exp(-u))),
)


def drawn(rng):
    """Return a function, the point, and the exact derivative there.

    The function is the sum of up to four atoms of a u + b, in units from 1e-9 to 1e8, at points
    from 1e-3 to 1e3, sometimes with a large constant on top.
    """
    count = rng.integers(1, 5)
    atoms = [ATOMS[i] for i in rng.integers(len(ATOMS), size=count)]
    a, b, c = rng.normal(size=(3, count))
    unit, length = 10.0 ** rng.uniform(-9, 8), 10.0 ** rng.uniform(-3, 3)
    offset = unit * 1e6 if rng.random() < 0.2 else 0.0
    x = float(length * rng.normal())

    def function(u):
        v = u / length
        return offset + unit * sum(c[i] * atoms[i][0](a[i] * v + b[i]) for i in range(count))

    v = mpmath.mpf(x) / length
    slope = sum(c[i] * a[i] * atoms[i][1](a[i] * v + b[i]) for i in range(count))
    return function, x, mpmath.mpf(unit) / length * slope


def errors(count, seed):
    """Return true error, stated uncertainty and size of `count` derivatives.

    Where a bend is so strong that it is taken for a kink, what is claimed is the interval between
    left and right derivative, give or take the uncertainty.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((count, 3))
    for row in found:
        function, x, truth = drawn(rng)
        estimate = derivative(function, x)
        outside = max(mpmath.mpf(estimate.low) - truth, truth - mpmath.mpf(estimate.high), mpmath.mpf(0))
        row[:] = float(outside), estimate.uncertainty, abs(float(truth))
    return found


@pytest.fixture(scope="module")
def measured():
    return errors(FUNCTIONS, seed=20)


class TestTruth:
    def test_error_is_within_the_stated_uncertainty(self, measured):
        """The true error exceeds the stated one in fewer than 1 of 10,000 functions."""
        true, stated, _ = measured.T

        assert np.isfinite(true).all()
        assert np.sum(true > stated) * 10_000 < len(true)

    def test_error_where_large_steps_are_asked_for(self):
        """So they are where noise is the limit, as with a large constant on top; truncation is large, too."""
        rng = np.random.default_rng(5)
        exceeded = 0
        for _ in range(FUNCTIONS):
            function, x, truth = drawn(rng)
            constant = 10.0 ** rng.uniform(2, 9) * abs(function(x))
            found = derivative(lambda u, f=function, c=constant: c + f(u), x, enough=0.0)
            exceeded += max(found.low - truth, truth - found.high) > found.uncertainty

        assert exceeded * 10_000 < FUNCTIONS

    @pytest.mark.parametrize("slope", [1.0, 1.25, 1.5])
    def test_large_steps_that_agree_by_chance(self, slope):
        """Here the two largest are off by 0.05 both; the third is not, though noise hides half of that."""

        def function(u):
            return 5.5e12 + slope * u + (u - 1) ** 3 - 3.2 * (u - 1) ** 5

        found = derivative(function, 1.0, enough=0.0)

        assert abs(found.value - slope) <= found.uncertainty

    def test_the_statement_says_something(self, measured):
        """The stated error is small: 9 of 10 derivatives are known to better than 1e-6."""
        _, stated, size = measured.T

        assert np.mean(stated <= 1e-6 * size) > 0.9
        assert np.median(stated / size) < 1e-9

    def test_a_bolder_statement_would_be_false(self, measured):
        """A hundredth of the stated error is exceeded more often: the law above can be broken."""
        true, stated, _ = measured.T

        assert np.sum(true > stated / 100) * 1_000 > len(true)


class TestKinks:
    @pytest.mark.parametrize("slopes", [(0.0, 1.0), (-1.0, 1.0), (0.01, 1.0), (2.0, -3.0)])
    @pytest.mark.parametrize("x", [0.0, 1.7, -300.0])
    def test_at_the_point(self, slopes, x):
        """Left and right derivative are both found, with the function curved on both sides."""
        left, right = slopes

        found = derivative(lambda u: (right if u > x else left) * np.sin(u - x), x)

        assert found.kind == "kink"
        assert (found.low, found.high) == pytest.approx(sorted(slopes), abs=1e-6)
        assert abs(found.low - min(slopes)) <= found.uncertainty
        assert abs(found.high - max(slopes)) <= found.uncertainty

    @pytest.mark.parametrize("distance", [1e-9, 1e-7, 1e-5, 1e-3, 1e-2])
    @pytest.mark.parametrize("side", [-1, 1])
    def test_near_the_point(self, distance, side):
        """The slope of the own side is found whatever lies beyond the kink."""
        kink = 1.0 - side * distance

        found = derivative(lambda u: np.where(u > kink, 3.0, -2.0) * (u - kink), 1.0, enough=0.01)
        right = 3.0 if side > 0 else -2.0

        assert abs(found.value - right) <= found.uncertainty
        assert found.uncertainty < 0.01

    def test_smooth_is_no_kink(self):
        """A strongly bent but smooth function is not taken for a kink."""
        assert derivative(lambda u: np.logaddexp(0, 100 * (u - 1)) / 100, 1.0).kind == "smooth"


class TestRough:
    def test_jump(self):
        """At a jump nothing is claimed: the stated error is larger than the value."""
        found = derivative(lambda u: np.sign(u - 1), 1.0)

        assert found.uncertainty > max(1.0, abs(found.value))

    @pytest.mark.parametrize("edge", [0.0, 1e-3, 1e-6])
    @pytest.mark.parametrize("side", [-1, 1])
    def test_edge_of_the_domain(self, edge, side):
        """A function that ends on one side is differentiated from the other."""
        found = derivative(lambda u: np.sin(u) if side * (u - 1) >= -edge else np.nan, 1.0)

        assert abs(found.value - np.cos(1.0)) <= found.uncertainty
        assert found.uncertainty < 1e-3
        if edge == 0:
            assert found.kind == ("right" if side > 0 else "left")

    def test_edges_on_both_sides(self):
        """Where there are no values there is no derivative."""
        found = derivative(lambda u: 0.0 if u == 1.0 else np.nan, 1.0)

        assert found.kind == "outside"
        assert found.uncertainty == np.inf

    @pytest.mark.parametrize("frequency", [1e1, 1e2, 1e3, 1e4])
    def test_oscillation_faster_than_the_step(self, frequency):
        """Large steps that agree with each other on a wrong value are not believed."""
        for x in np.linspace(1.0, 2.0, 23):
            found = derivative(lambda u: np.sin(frequency * u), float(x))

            assert abs(found.value - frequency * np.cos(frequency * x)) <= found.uncertainty

    @pytest.mark.parametrize("steps", [1e0, 1e1, 1e2])
    def test_staircase(self, steps):
        """Within a step the slope is 0, whatever large steps say."""
        for x in np.linspace(1.0, 2.0, 23) + 0.37 / steps:
            found = derivative(lambda u: np.floor(steps * u) / steps, float(x))

            assert abs(found.value) <= found.uncertainty

    @pytest.mark.parametrize("level", [1e-12, 1e-9, 1e-6, 1e-3])
    def test_noise(self, level):
        """The stated error of a noisy function covers its noise."""
        rng = np.random.default_rng(1)
        for x in np.linspace(0.1, 3.0, 23):
            found = derivative(lambda u: np.sin(u) + level * rng.normal(), float(x))

            assert abs(found.value - np.cos(x)) <= found.uncertainty

    def test_single_precision(self):
        """The stated error of a function in float32 covers its round-off."""
        for x in np.linspace(0.1, 3.0, 99):
            found = derivative(lambda u: np.sin(np.float32(u)), float(x), unit_roundoff=2.0**-24)

            assert abs(found.value - np.cos(x)) <= found.uncertainty
            assert found.uncertainty < 1e-1

    @pytest.mark.parametrize("x", [0.0, 1.0, 1e-6, 1e6])
    def test_optimum(self, x):
        """At an optimum the derivative 0 is found, within an error that is small beside its size nearby."""
        found = derivative(lambda u: (u - x) ** 2, x)

        assert abs(found.value) <= found.uncertainty < 1e-6 * max(abs(x), 1e-3)


class TestNoise:
    @pytest.mark.parametrize("level", [5e-15, 3e-14, 1e-13, 1e-12, 1e-9, 1e-6, 1e-3])
    def test_known_level(self, level):
        """A known level is found within a factor of 4 in 99 % of all seeds, below a tenth in 0.1 %."""
        ratios = np.array([self._ratio(level, seed) for seed in range(NOISY)])

        assert np.mean((ratios > 0.25) & (ratios < 4)) >= 0.99
        assert np.mean(ratios < 0.1) <= 0.001

    def _ratio(self, level, seed):
        rng = np.random.default_rng([seed, 7])
        x = rng.uniform(0.3, 3.0)
        return noise_of(lambda u: np.sin(u) + level * rng.normal(), x).level / level

    @pytest.mark.parametrize(
        "function", [np.exp, np.cosh, lambda u: 1 / (1 + u * u), lambda u: np.sqrt(1 + u * u)]
    )
    def test_round_off(self, function):
        """Without noise the level is round-off: between half a unit of the value and 64 of them."""
        rng = np.random.default_rng(3)
        for x in rng.normal(size=NOISY):
            units = noise_of(function, x).level / (DOUBLE * function(x))

            assert 0.5 < units < 64

    def test_single_precision_is_named(self):
        """A function that computes in float32 is told from one in float64 and from noise."""

        def named(function):
            return measure_noise(FunctionLine(function, 1.3), function(1.3), DOUBLE).single

        rng = np.random.default_rng(0)

        assert named(lambda u: float(np.sin(np.float32(u))))
        assert not named(np.sin)
        assert not named(lambda u: np.sin(u) + 1e-3 * rng.normal())
