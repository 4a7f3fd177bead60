"""Whether differences of the loss can judge the gradient of a network at a point.

They cannot, however right the gradient is, where several kinks meet in one entry, and where the
derivatives of a parameter are lost in the round-off of the loss.
"""

from collections.abc import Callable

import numpy as np

from gradcheck.networks import ForwardPass, Trace
from gradcheck.networks.arrays import Array
from gradcheck.networks.penalties import is_weight

# The distance within which a kink is met, relative to numbers of size 1, by their bytes: differences see
# one that is farther, and a forward pass in single precision puts it on the right side.
_NEAR = {8: 2.0**-32, 4: 2.0**-16}
_JUMP = 1e-3  # of a slope; a smooth one changes less in between
_SEEN = 2.0**33  # units of round-off of the loss; below, errors of 1e-6 cannot be seen


def kinks_are_decided(run: ForwardPass) -> bool:
    """Tell whether what a backward pass gives lies between the left and the right derivative.

    It does for any number of kinks whose middle is taken (abs, with sign(0) = 0), and for one of
    which a side is taken (relu). Where several meet in one entry they may cancel, as in
    relu(t) - relu(-t) = t: its derivative at 0 is 1, and only relu'(0) = 1/2 would give that.

    Parameters
    ----------
    run : ForwardPass

    Returns
    -------
    bool
    """
    met = [
        _kinks(activation.derivative, run.u[layer])
        for layer, activation in run.activations.items()
        if activation.elementwise
    ]
    met.append(_kinks(lambda y: run.loss.slope(y, run.d), run.y))
    for penalty in run.penalties:
        met += [_kinks(penalty.slope, leaf) for name, leaf in run.params.items() if is_weight(name)]
    middles, sides = np.sum(met, axis=0)
    return bool(sides == 0 or (sides == 1 and middles == 0))


def derivatives_are_visible(run: ForwardPass, trace: Trace, loss: float) -> bool:
    """Tell whether the derivatives of each parameter are zero or stand out of the loss's round-off.

    Parameters
    ----------
    run : ForwardPass
    trace : Trace
        Its backward pass.
    loss : float
        Its value.

    Returns
    -------
    bool
    """
    if not np.isfinite(loss):
        return False
    round_off = float(np.finfo(np.float64).eps * (abs(loss) + np.sum(np.abs(trace.y * trace.dy))))
    return all(
        not gradient.any() or np.max(np.abs(gradient)) * _size(run.params[name]) > _SEEN * round_off
        for name, gradient in trace.gradient.items()
    )


def _size(leaf: Array) -> float:
    return float(np.max(np.abs(leaf))) or 1.0


def _kinks(slope: Callable[[Array], Array], at: Array) -> tuple[int, int]:
    """Return at how many of these points a slope jumps and takes the middle, and takes a side."""
    h = _NEAR[at.dtype.itemsize] * (1 + np.abs(at))
    below, above = slope(at - h), slope(at + h)
    jumps = np.abs(above - below) > _JUMP
    middle = np.abs(slope(at) - (above + below) / 2) < _JUMP / 4
    return int(np.sum(jumps & middle)), int(np.sum(jumps & ~middle))
