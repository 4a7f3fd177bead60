"""Small random data for statsmodels."""

import numpy as np

SAMPLES = 40


def regressors(seed=0, columns=2):
    """Return a constant and random columns."""
    return np.column_stack([np.ones(SAMPLES), np.random.default_rng(seed).normal(size=(SAMPLES, columns))])


def counts():
    """Return random counts with zeros among them."""
    return np.random.default_rng(1).poisson(2.0, SAMPLES).astype(float)


def choices(kinds):
    """Return random classes."""
    return np.random.default_rng(2).integers(kinds, size=SAMPLES)


def normal():
    """Return random numbers."""
    return np.random.default_rng(3).normal(size=SAMPLES)
