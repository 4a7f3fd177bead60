"""The reference networks are right: random ones, at random and at awkward points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck.networks import LAYERS
from gradcheck.strategies import problems

may_be_inconclusive = pytest.mark.gradcheck(inconclusive="pass")


@may_be_inconclusive
@settings(max_examples=200)
@given(problem=problems())
def test_no_reference_gradient_is_a_mismatch(gradcheck, problem):
    """Any depth, widths, activations, loss and penalty, at ties, zeros, kinks and saturated units."""
    gradcheck(problem.loss, problem.params, problem.gradient)


SMOOTH = ("identity", "sigmoid", "tanh", "elu", "gelu", "softplus", "silu", "mish")


@may_be_inconclusive
@settings(max_examples=100)
@given(problem=problems(activations=SMOOTH, losses=["half_squared_error", "mean_squared_error"], scale=1))
def test_reference_gradient_of_ordinary_networks_matches(gradcheck, problem):
    """Smooth networks with numbers of size 1 leave nothing open but whether a constant is one."""
    report = gradcheck(problem.loss, problem.params, problem.gradient)

    assert report.ok or "trivial" in report.flags


@may_be_inconclusive
@settings(max_examples=50)
@given(problem=problems(dtype="float32", scale=1))
def test_reference_gradient_in_single_precision(gradcheck, problem):
    """float32 networks are right, too, and stay in float32."""
    gradient = problem.gradient(problem.params)

    gradcheck(problem.loss, problem.params, problem.gradient)

    assert {g.dtype.name for g in gradient.values()} == {"float32"}


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_layer_matches(gradcheck, name, seed):
    """Forward and backward of each registered layer agree, at random parameters and inputs."""
    example = LAYERS[name]
    params, x = example.draw(np.random.default_rng(seed))

    gradcheck.layer(example.layer.forward, example.layer.backward, (params, x))
