"""Where a pre-activation lies exactly at a kink, any slope between those of its sides is right.

relu'(0) may be 0, 1 or what lies between, so which of them an implementation takes is no mistake.
"""

from dataclasses import replace

import numpy as np

from gradcheck.networks import Activation, ForwardPass
from gradcheck.networks.arrays import Array

SHARES = (0.0, 1.0, 0.5)  # of the slope above a kink, as people write it: u > 0, u >= 0, the mean


def lies_at_kink(run: ForwardPass) -> bool:
    """Tell whether any pre-activation lies exactly at a kink."""
    return any(np.isin(run.u[layer], f.kinks).any() for layer, f in run.activations.items())


def with_slopes(run: ForwardPass, share: float) -> ForwardPass:
    """Return the pass with slopes at kinks that lie so far from the one below to the one above."""
    chosen = {layer: _with_slopes(f, share) for layer, f in run.activations.items()}
    return replace(run, activations=chosen)


def _with_slopes(f: Activation, share: float) -> Activation:
    def derivative(u: Array) -> Array:
        slope = f.derivative(u)
        for kink in f.kinks:
            below, above = (f.derivative(np.nextafter([kink], side)) for side in (-np.inf, np.inf))
            slope = np.where(u == kink, below + share * (above - below), slope)
        return slope

    return replace(f, derivative=derivative) if f.kinks else f
