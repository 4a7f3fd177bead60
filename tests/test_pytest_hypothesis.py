"""Tests with `hypothesis.given`: the smallest failing case is reported once, the rest is counted."""

import re
from pathlib import Path

import pytest
from inner_suite import run, section

import gradcheck

pytest_plugins = ["pytester"]

GIVEN = """
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from gradcheck.strategies import batches, networks, parameters, problems

few = settings(max_examples=20, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate, Phase.shrink])
small = problems(layers=(1, 2), activations="tanh", losses="half_squared_error", scale=1)
"""
WRONG = """
@few
@given(problem=small)
def test_given(problem{fixture}):
    gradient = problem.gradient(problem.params)
    gradient["W1"] = 1.25 * gradient["W1"]
    {call}(problem.loss, problem.params, gradient)
"""


@pytest.mark.parametrize(
    ("fixture", "call", "workers"),
    [
        (", gradcheck", "gradcheck", []),
        ("", "library.assert_gradient", []),
        (", gradcheck", "gradcheck", ["-n", "1"]),
    ],
    ids=["fixture", "function", "xdist"],
)
def test_smallest_failing_case(pytester, fixture, call, workers):
    """A wrong gradient is shown with the smallest network, once, in the failure and in the section."""
    done = run(pytester, GIVEN + WRONG.format(fixture=fixture, call=call), *workers, failed=1)

    found, total = section(done)
    [(name, parameters)] = found.items()
    assert re.match(r"test_given \(\d+ checks\)$", name)
    assert parameters["W1"] == ("mismatch", 0.2)
    assert set(parameters) <= {"W1", "b1"}
    assert total.endswith("1 mismatch")
    text = done.stdout.str()
    assert text.count("MISMATCH: ") == text.count("Failing test case:") == 1
    assert re.search(r"E +W1 +1x1 +2.0e-01", text)


@pytest.mark.parametrize("branch", [True, False])
def test_explanation(pytester, branch):
    """What only failing cases run is told of the user's lines, not of gradcheck's."""
    # Five lines are listed unless all are asked for: where gradcheck is no installed package but a checkout,
    # its lines may come first, by their path.
    tests = """
from hypothesis import Verbosity, given, settings, strategies as st

@settings(deadline=None, derandomize=True, database=None, max_examples=30, verbosity=Verbosity.{})
@given(st.integers(0, 100))
def test_given(n):
    factor = 1.0
    {}
    library.assert_gradient(loss, PARAMS, {{"W": W, "b": 4 * factor}})
"""
    line = "if n > 3:\n        factor = 1.5" if branch else "factor += 0.5 * (n > 3)"

    done = run(pytester, tests.format("verbose" if branch else "normal", line), failed=1)

    text = done.stdout.str()
    assert "Failing test case: test_given" in text
    assert ("Explanation:" in text) == ("always and only run" in text) == branch
    assert str(Path(gradcheck.__file__).parent) not in text
    assert "settings.verbosity" not in text


def test_all_match(pytester):
    """Of a right gradient the largest relative error over all examples is shown, by parameter."""
    right = WRONG.replace("1.25", "1.0").format(fixture=", gradcheck", call="gradcheck")

    done = run(pytester, GIVEN + right, passed=1)

    [(name, parameters)] = section(done)[0].items()
    assert int(re.match(r"test_given \((\d+) checks\)$", name)[1]) >= 20
    assert {"W1", "b1", "W2", "b2"} == set(parameters)
    assert all(verdict == "match" and error < 1e-6 for verdict, error in parameters.values())


def test_largest_error_of_all_examples(pytester):
    """It is the largest, not the last."""
    tests = """
@few
@given(st.sampled_from([1e-12, 1e-8, 1e-10]))
def test_given(gradcheck, error):
    gradcheck(loss, PARAMS, {"W": W, "b": 4 * (1 + error)})
"""
    [parameters] = section(run(pytester, GIVEN + tests, passed=1))[0].values()

    assert parameters["b"] == ("match", 1e-8)


def test_inconclusive_examples(pytester):
    """Where inconclusive ones may pass, they do not hide the largest error of the others."""
    tests = """
@pytest.mark.gradcheck(inconclusive="pass")
@few
@given(st.sampled_from([0.0, 1e-3]))
def test_given(gradcheck, noise):
    state = iter(range(10**6))
    gradcheck(lambda p: loss(p) + noise * np.sin(37.0 * next(state)), PARAMS, {"W": W, "b": 4.0000001})
"""
    [parameters] = section(run(pytester, GIVEN + tests, passed=1))[0].values()

    assert parameters["b"][0] == "inconclusive"
    assert parameters["b"][1] >= 2.5e-8


def test_other_failure(pytester):
    """A test that fails for another reason shows what its gradients were."""
    tests = """
@few
@given(problem=small)
def test_given(gradcheck, problem):
    gradcheck(problem.loss, problem.params, problem.gradient)
    assert len(problem.x) < 2
"""
    done = run(pytester, GIVEN + tests, failed=1)

    assert section(done)[1].endswith("1 match")


def test_all_strategies(pytester):
    """Each strategy can be drawn from in a test of somebody else."""
    tests = """
@few
@given(st.data())
def test_given(gradcheck, data):
    network = data.draw(networks(activations=["tanh"], losses="half_squared_error", layers=1))
    params = data.draw(parameters(network, scale=1))
    x, d = data.draw(batches(network, params, scale=1))
    gradcheck(lambda p: network.loss(p, x, d) + 1.0, params, lambda p: network.gradient(p, x, d))
"""
    tests = tests.replace("def test_given", "def test_drawn")
    marked = tests.replace("\n@few", "\n@pytest.mark.gradcheck(inconclusive='pass')\n@few")

    run(pytester, GIVEN + marked, passed=1)


def test_first_check_is_no_slow_one(pytester):
    """What gradcheck imports is imported before Hypothesis takes the time of an example."""
    tests = """
import sys

@settings(deadline=None, max_examples=1, database=None)
@given(st.just(1.0))
def test_given(x):
    assert "gradcheck.checking" in sys.modules
    library.assert_gradient(lambda x: x, x, 1.0)
"""
    pytester.makepyfile(
        test_inner_suite="import gradcheck as library\n" + GIVEN.partition("from gradcheck")[0] + tests
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)
