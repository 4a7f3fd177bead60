"""The helper module that stands in for the course's own."""

import numpy as np
import pytest

from gradcheck.networks import ACTIVATIONS
from gradcheck.submissions import course_functions as functions


@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh"])
def test_activations_and_slopes_are_those_of_the_networks(name):
    """Two independent writings agree, also far out."""
    u = np.linspace(-40, 40, 81)

    np.testing.assert_allclose(getattr(functions, name)(u), ACTIVATIONS[name].f(u), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(
        getattr(functions, f"d_{name}")(u), ACTIVATIONS[name].derivative(u), rtol=1e-12, atol=1e-15
    )


def test_loss_of_one_sample_is_half_its_squared_error():
    """And its slope is y - d."""
    assert functions.mean_squared_error(1.0, 3.0) == 2.0
    assert functions.d_mean_squared_error(1.0, 3.0) == 2.0


def test_loss_of_a_batch_is_the_mean():
    """Divided by the number of samples, as is its slope."""
    d, y = np.zeros((4, 2)), np.ones((4, 2))

    assert functions.mean_squared_error(d, y) == 1.0
    assert functions.d_mean_squared_error(d, y).tolist() == [[0.25, 0.25]] * 4


def test_softmax_sums_to_one_without_overflow():
    """Whatever the size of its input."""
    assert functions.softmax(np.array([1e4, 1e4])).tolist() == [0.5, 0.5]
