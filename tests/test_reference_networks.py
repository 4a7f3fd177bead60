"""The reference networks are right: random ones, at random and at awkward points."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck.networks import LAYERS
from gradcheck.strategies import problems

CONSTANT = "trivial"


def judged(problem, errors):
    """Return whether the reference gradient is a match, and count it unless there is nothing to see."""
    report = gradcheck.check_gradient(problem.loss, problem.params, problem.gradient)
    if report.verdict == "match":
        errors.add(report)
    return report


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems())
def test_no_reference_gradient_is_a_mismatch(problem, relative_errors):
    """Any depth, widths, activations, loss and penalty, at ties, zeros, kinks and saturated units."""
    report = judged(problem, relative_errors)

    assert report.verdict != "mismatch"


SMOOTH = ("identity", "sigmoid", "tanh", "elu", "gelu", "softplus", "silu", "mish")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems(activations=SMOOTH, losses=["half_squared_error", "mean_squared_error"], scale=1))
def test_reference_gradient_of_ordinary_networks_matches(problem, relative_errors):
    """Smooth networks with numbers of size 1 leave nothing open."""
    report = judged(problem, relative_errors)

    assert report.ok or CONSTANT in report.flags


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems(dtype="float32", scale=1))
def test_reference_gradient_in_single_precision(problem, relative_errors):
    """float32 networks are right, too, and stay in float32."""
    gradient = problem.gradient(problem.params)

    report = judged(problem, relative_errors)

    assert report.verdict != "mismatch"
    assert {g.dtype.name for g in gradient.values()} == {"float32"}


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_layer_matches(name, relative_errors, seed):
    """Forward and backward of each registered layer agree, at random parameters and inputs."""
    example = LAYERS[name]
    params, x = example.draw(np.random.default_rng(seed))

    report = gradcheck.check_layer(example.layer.forward, example.layer.backward, (params, x))

    relative_errors.add(report)
    assert report.ok
