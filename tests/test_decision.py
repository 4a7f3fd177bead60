"""The laws of the decision rule, on a grid where the answers change; every law kills its mutants."""

import itertools
import math

import numpy as np
import pytest

from gradcheck.decision import ROUND_OFF, SEVERITY, decide, decide_entries, worst_of

SIZES = range(9)  # exact, and the numbers meet at the boundary
PARTS = (-1, -0.5, 0, 0.5, 1)
GRID = list(itertools.product(SIZES, SIZES, SIZES))


def honest(rule):
    """Give no false verdict where D is as good as it claims."""
    for error, uncertainty, allowed in GRID:
        for part in PARTS:
            verdict = rule(abs(error + part * uncertainty), uncertainty, allowed)
            yield verdict != "match" or error <= allowed
            yield verdict != "mismatch" or error > allowed


def without_units(rule):
    """Give the same loss in other units the same verdict: there is no absolute tolerance."""
    for numbers in GRID:
        for exponent in (-300, -60, -20, 20, 60, 300):
            yield rule(*(math.ldexp(n, exponent) for n in numbers)) == rule(*numbers)


def monotone(rule):
    """Never call a larger gap better or more allowed worse, nor decide on more uncertainty."""
    for gap, uncertainty, allowed in GRID:
        verdict = rule(gap, uncertainty, allowed)
        rank = SEVERITY.index(verdict)
        yield SEVERITY.index(rule(gap + 0.5, uncertainty, allowed)) >= rank
        yield SEVERITY.index(rule(gap, uncertainty, allowed + 0.5)) <= rank
        yield rule(gap, uncertainty + 0.5, allowed) in (verdict, "inconclusive")


def decisive(rule):
    """Decide every error that is clear of the limit by two uncertainties."""
    for error, uncertainty, allowed in GRID:
        for part in PARTS:
            verdict = rule(abs(error + part * uncertainty), uncertainty, allowed)
            yield error + 2 * uncertainty > allowed or verdict == "match"
            yield error - 2 * uncertainty <= allowed or verdict == "mismatch"


def cautious(rule):
    """Leave open what was not measured; never match what is not finite."""
    for size in SIZES:
        yield rule(size, math.inf, 8) == "inconclusive"
        yield rule(math.inf, 0, size) == "mismatch"
        yield rule(math.inf, math.inf, size) == "inconclusive"
        yield rule(math.inf, size, math.inf) != "match"


LAWS = (honest, without_units, monotone, decisive, cautious)


def ruled(match, mismatch):
    """Return a rule with these two conditions."""

    def rule(gap, uncertainty, allowed):
        if match(gap, uncertainty, allowed):
            return "match"
        return "mismatch" if mismatch(gap, uncertainty, allowed) else "inconclusive"

    return rule


def right_match(g, u, a):
    return g + u <= a


def right_mismatch(g, u, a):
    return g - u > a


MUTANTS = {
    "agreement is enough": ruled(lambda g, u, a: g <= a, right_mismatch),
    "disagreement is enough": ruled(right_match, lambda g, u, a: g > a),
    "absolute tolerance": ruled(lambda g, u, a: g + u <= a + 1e-8, lambda g, u, a: g - u > a + 1e-8),
    "uncertainty excuses": ruled(lambda g, u, a: g <= a + u, right_mismatch),
    "signs exchanged": ruled(lambda g, u, a: g - u <= a, lambda g, u, a: g + u > a),
    "timid match": ruled(lambda g, u, a: g + 2 * u <= a, right_mismatch),
    "timid mismatch": ruled(right_match, lambda g, u, a: g - 2 * u > a),
    "strict match": ruled(lambda g, u, a: g + u < a, right_mismatch),
    "wide mismatch": ruled(right_match, lambda g, u, a: g - u >= a),
    "distance from the limit": ruled(lambda g, u, a: abs(g - a) + u <= a, right_mismatch),
    "never sure": ruled(lambda g, u, a: False, lambda g, u, a: False),
    "half of the uncertainty": ruled(lambda g, u, a: g + u / 2 <= a, lambda g, u, a: g - u / 2 > a),
    "unmeasured matches": ruled(lambda g, u, a: g + u <= a or u == math.inf, right_mismatch),
}


class TestDecide:
    @pytest.mark.parametrize("law", LAWS)
    def test_law_holds(self, law):
        """The rule keeps the law everywhere on the grid."""
        assert all(law(decide))

    @pytest.mark.parametrize("mutant", MUTANTS)
    def test_mutant_dies(self, mutant):
        """A rule that is slightly different breaks a law."""
        assert not all(itertools.chain.from_iterable(law(MUTANTS[mutant]) for law in LAWS))

    @pytest.mark.parametrize("law", LAWS)
    def test_law_can_be_broken(self, law):
        """Each law is broken by some mutant: none of them asserts nothing."""
        assert not all(all(law(mutant)) for mutant in MUTANTS.values())

    @pytest.mark.parametrize("position", range(3))
    @pytest.mark.parametrize("wrong", [-1.0, math.nan, -math.inf])
    def test_nonsense_is_refused(self, position, wrong):
        """A negative number or NaN is a mistake of the caller, named."""
        numbers = [1.0, 1.0, 1.0]
        numbers[position] = wrong
        name = ("gap", "uncertainty", "allowed")[position]

        with pytest.raises(ValueError, match=f"`{name}` must be a number >= 0, got {wrong!r}"):
            decide(*numbers)


def judged(gap, uncertainty, size, scale, rtol=1e-6, unit_roundoff=2.0**-53):
    severity, judged_size, _ = decide_entries(
        np.array([gap]), np.array([uncertainty]), np.array([size]), scale, rtol, unit_roundoff
    )
    return SEVERITY[severity[0]], float(judged_size[0])


class TestDecideEntries:
    @pytest.mark.parametrize("scale", [1.0, 1e3, 1e9])
    def test_small_but_clearly_wrong(self, scale):
        """An entry that is wrong for its own size is a mismatch however small it is."""
        assert judged(1e-3, 1e-9, 1.0, scale)[0] == "mismatch"
        assert judged(1e-9, 1e-9, 1.0, scale)[0] == "match"

    def test_too_small_to_be_seen(self):
        """An entry that the uncertainty swallows is judged beside the largest of its leaf."""
        verdict, size = judged(1e-12, 1e-10, 1e-9, scale=1.0)

        assert verdict == "match"
        assert size > 1e-9
        assert judged(1e-12, 1e-10, 1e-9, scale=1e-9)[0] == "inconclusive"

    def test_visible_error_of_a_small_entry(self):
        """What is too small for itself but wrong beside its leaf is no match."""
        assert judged(1e-6, 1e-10, 1e-6, scale=1.0)[0] == "mismatch"
        assert judged(1e-6, 2e-6, 1e-9, scale=1.0)[0] == "inconclusive"

    def test_round_off_is_no_error(self):
        """A few units of round-off of the leaf are allowed, in the precision of the gradient."""
        few, single = ROUND_OFF / 2, 2.0**-24

        assert judged(few * 2.0**-53, 0.0, few * 2.0**-53, scale=1.0)[0] == "match"
        assert judged(few * single, 0.0, few * single, scale=1.0)[0] == "mismatch"
        assert judged(few * single, 0.0, few * single, scale=1.0, unit_roundoff=single)[0] == "match"

    @pytest.mark.parametrize("exponent", [-200, -30, 30, 200])
    def test_units_do_not_matter(self, exponent):
        """A leaf in other units gets the same verdicts."""
        rng = np.random.default_rng(0)
        for _ in range(300):
            numbers = 10.0 ** rng.uniform(-12, 0, size=3)
            scaled = np.ldexp(numbers, exponent)

            assert judged(*scaled, math.ldexp(1.0, exponent))[0] == judged(*numbers, 1.0)[0]


def test_worst_of():
    """One wrong part makes the whole wrong, one unknown part unknown; of no part nothing is known."""
    assert worst_of(["match", "match"]) == "match"
    assert worst_of(["match", "inconclusive", "match"]) == "inconclusive"
    assert worst_of(["inconclusive", "mismatch", "match"]) == "mismatch"
    assert worst_of([]) == "inconclusive"
