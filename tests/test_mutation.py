"""Mutation testing: wrong gradients on purpose, and which of them a test lets pass."""

import numpy as np
import pytest

import gradcheck
from gradcheck.errors import UsageError
from gradcheck.faults import FAULTS, NetworkFault, Pattern, plant, survivors
from gradcheck.networks import DenseNetwork, Network
from gradcheck.networks.layers import BatchNorm, Dense

pytest_plugins = "pytester"

RNG = np.random.default_rng(0)
X, D = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
PARAMS = {"W": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}
NETWORK = DenseNetwork(("tanh", "identity"), penalties={"l2": 0.1})
WEIGHTS = {
    "W1": RNG.normal(size=(3, 4)), "b1": RNG.normal(size=4),
    "W2": RNG.normal(size=(4, 2)), "b2": RNG.normal(size=2),
}  # fmt: skip


def loss(params):
    return 0.5 * np.sum((np.tanh(X @ params["W"] + params["b"]) - D) ** 2)


def gradient(params):
    y = np.tanh(X @ params["W"] + params["b"])
    delta = (y - D) * (1 - y**2)
    return {"W": X.T @ delta, "b": delta.sum(axis=0)}


def careful(wrong):
    gradcheck.assert_gradient(loss, PARAMS, wrong)


def looks_at_w_alone(wrong):
    np.testing.assert_allclose(wrong(PARAMS)["W"], gradient(PARAMS)["W"])


class TestPlant:
    def test_mistakes_of_any_gradient(self):
        """Each has the nest of params, is wrong in one of them, and leaves params as they were."""
        before = {name: leaf.copy() for name, leaf in PARAMS.items()}
        right, mutants = gradient(PARAMS), list(plant(gradient, PARAMS))

        assert len({mutant.code for mutant in mutants}) >= 10
        for mutant in mutants:
            wrong = mutant.gradient(PARAMS)
            assert {name: g.shape for name, g in wrong.items()} == {"W": (3, 2), "b": (2,)}
            assert sum(not np.allclose(wrong[name], right[name], rtol=1e-6, atol=0) for name in right) == 1
            assert isinstance(FAULTS[mutant.code], Pattern)
        for name, leaf in PARAMS.items():
            np.testing.assert_array_equal(leaf, before[name])

    def test_mistakes_in_a_network(self):
        """Of a network whose backward pass is known, steps of the recursion are wrong too."""
        codes = {mutant.code for mutant in plant(NETWORK.problem(X, D), WEIGHTS)}

        assert {"DERIV_AT_Z", "B_MEAN", "NEGATED"} <= codes
        assert sum(isinstance(FAULTS[code], NetworkFault) for code in codes) >= 25

    def test_mistakes_in_layers(self):
        """Layers that are not dense have their own."""
        network = Network([Dense(4), BatchNorm()])
        problem = network.problem(X, RNG.normal(size=(5, 4)))

        planted = plant(problem, network.draw(RNG, X))

        family = {
            f.code
            for f in gradcheck.faults.FAMILIES[
                "Mistakes in batch and layer normalisation, h = (x - mean) / sqrt(var + eps)"
            ]
        }
        assert family & {mutant.code for mutant in planted}

    def test_codes_are_chosen(self):
        """Any nest does, a number too; an unknown code is answered with the nearest."""
        (mutant,) = plant(lambda x: 2 * x, 3.0, ["NEGATED"])

        assert mutant.gradient(3.0) == -6.0
        with pytest.raises(UsageError, match="NEGATED"):
            list(plant(gradient, PARAMS, ["NEGATE"]))

    @pytest.mark.parametrize(
        ("gradient", "codes", "words"),
        [
            (3.0, None, "planted into a function"),
            (lambda x: 2 * x, "DERIV_AT_Z", r"do: +give network.problem\(x, d\)"),
            (lambda x: 2 * x, ["CONFINED"], "cannot be planted"),
        ],
    )
    def test_what_cannot_be_planted_is_refused(self, gradient, codes, words):
        """And the message says what to give instead."""
        with pytest.raises(UsageError, match=words):
            list(plant(gradient, 3.0, codes))

    def test_one_code_is_no_list_of_letters(self):
        """A string is one code."""
        (mutant,) = plant(lambda x: 2 * x, 3.0, "NEGATED")

        assert mutant.code == "NEGATED"

    def test_complex_gradients(self):
        """Real and imaginary part are entries of one parameter."""
        z = np.array([1 + 2j, 3 - 1j])
        (mutant,) = plant(lambda z: 2 * z, z, ["NEGATED"])

        np.testing.assert_array_equal(mutant.gradient(z), -2 * z)


class TestSurvivors:
    def test_careful_test_notices_all(self):
        """What `assert_gradient` asserts lets nothing pass."""
        survey = survivors(careful, gradient, PARAMS)

        assert survey.ok
        assert survey.tried >= 20
        assert str(survey) == f"the test notices {survey.tried} of {survey.tried} planted mistakes"

    def test_blind_spot_is_named(self):
        """A test that looks at one parameter lets mistakes in the other pass, and all of them."""
        survey = survivors(looks_at_w_alone, gradient, PARAMS)

        assert not survey.ok
        assert all("of b" in mutant.message for mutant in survey.survivors)
        assert len(survey.survivors) == sum("of b" in m.message for m in plant(gradient, PARAMS))
        assert "ZERO: the gradient of b is zero" in str(survey)
        assert max(map(len, str(survey).splitlines())) <= 80

    def test_failure_of_pytest_counts(self):
        """`pytest.fail` is no Exception, and a failure all the same."""

        def never_content(wrong):
            if not np.allclose(wrong(PARAMS)["b"], gradient(PARAMS)["b"]):
                pytest.fail("wrong")

        survey = survivors(never_content, gradient, PARAMS, ["ZERO"])

        assert [mutant.message for mutant in survey.survivors] == [
            "the gradient of W is zero, as if never computed"
        ]

    def test_test_that_fails_anyway_is_refused(self):
        """With the right gradient it has to pass."""
        with pytest.raises(UsageError, match="fails with the right gradient"):
            survivors(lambda wrong: 1 / 0, gradient, PARAMS)

    def test_nothing_to_plant_is_refused(self):
        """Where all derivatives are zero no mistake shows."""
        with pytest.raises(UsageError, match="no mistake shows"):
            survivors(lambda wrong: None, lambda x: 0.0 * x, 1.0, ["NEGATED"])


def test_planned_failures_are_not_collected(pytester):
    """A test that asserts within is one result for the plugin, not one for each mistake."""
    pytester.makepyfile(
        test_planned="""
        import numpy as np
        from gradcheck import assert_gradient, faults

        def test_of_the_test():
            def test(gradient):
                assert_gradient(lambda x: x * x, 3.0, gradient)

            assert faults.survivors(test, lambda x: 2 * x, 3.0).ok
        """
    )
    result = pytester.runpytest("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*mismatch*")
