"""The V-curve: the error of difference quotients of one entry against their step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradcheck.figures.style import COLORS, GREY, SMALLEST, label, style, within
from gradcheck.formats.text import short

Array = NDArray[Any]


@dataclass(frozen=True)
class Curve:
    """Difference quotients of one entry, and what limits them.

    Attributes
    ----------
    name : str
        Of the entry.
    steps : ndarray, shape (m,)
        In the units of the entry.
    errors, noise, truncation : ndarray, shape (m,)
        How far a quotient is from the derivative D; what noise alone may do to it; what the curvature
        does. All in the units of the derivative, like `gap` and `uncertainty`.
    chosen : float
        The step that a single difference takes.
    gap, uncertainty : float
        ``|a - D|``, and the bound on the error of D.
    size : float
        What errors are relative to; 0 if the derivative is.
    """

    name: str
    steps: Array
    errors: Array
    noise: Array
    truncation: Array
    chosen: float
    gap: float
    uncertainty: float
    size: float


def draw_curve(curve: Curve) -> Figure:
    """Draw the error of difference quotients against their step.

    Parameters
    ----------
    curve : Curve

    Returns
    -------
    matplotlib.figure.Figure
    """
    unit = curve.size or 1.0
    with np.errstate(all="ignore"):
        lines = (curve.errors, curve.noise, curve.truncation)
        errors, noise, truncation = (within(values / unit) for values in lines)
        gap, bound = (float(within(value / unit)) for value in (curve.gap, curve.uncertainty))
    steps, chosen = within(curve.steps), float(within(curve.chosen))
    low, high = _limits([*errors, gap, bound])
    with style():
        figure = Figure(figsize=(7, 4.8), layout="constrained")
        axes = figure.subplots()
        axes.set(xscale="log", xlim=_limits([*steps, chosen]), xlabel="step, in the units of the entry")
        axes.set(yscale="log", ylim=(low, high), ylabel="relative error" if curve.size else "error")
        axes.set_title(label(curve.name))
        axes.grid()
        axes.axhspan(low, max(bound, low), color=GREY, alpha=0.35, lw=0,
                     label="uncertainty of the measured derivative")  # fmt: skip
        axes.plot(steps, noise, "--", color=GREY, label="noise of the loss")
        axes.plot(steps, truncation, ":", color=GREY, label="truncation")
        axes.plot(steps, np.maximum(errors, low), ".-", color="black", lw=1, label="difference quotient")
        axes.axvline(chosen, color="#009e73", ls="-.", label="step that balances both")
        axes.axhline(min(max(gap, low), high), color=COLORS["mismatch"], lw=2.5,
                     label=f"your gradient, off by {short(curve.gap / unit)}")  # fmt: skip
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def _limits(values: Sequence[Any]) -> tuple[float, float]:
    """Return the least and greatest that is neither the smallest nor the largest there is, and room."""
    seen = [float(value) for value in values if SMALLEST < value < 1 / SMALLEST] or [1e-17, 1.0]
    return min(seen) / 4, max(seen) * 4
