"""The V-curve: the error of difference quotients of one entry against their step."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradcheck.figures.style import COLORS, GREY, label, style
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
    low, high = _span(curve, unit)
    with style():
        figure = Figure(figsize=(7, 4.8), layout="constrained")
        axes = figure.subplots()
        axes.set(xscale="log", yscale="log", ylim=(low, high), xlabel="step, in the units of the entry")
        axes.set(ylabel="relative error" if curve.size else "error", title=label(curve.name))
        axes.grid()
        axes.axhspan(low, max(curve.uncertainty / unit, low), color=GREY, alpha=0.35, lw=0,
                     label="uncertainty of the measured derivative")  # fmt: skip
        axes.plot(curve.steps, curve.noise / unit, "--", color=GREY, label="noise of the loss")
        axes.plot(curve.steps, curve.truncation / unit, ":", color=GREY, label="truncation")
        axes.plot(curve.steps, np.maximum(curve.errors / unit, low), ".-", color="black", lw=1,
                  label="difference quotient")  # fmt: skip
        axes.axvline(curve.chosen, color="#009e73", ls="-.", label="step that balances both")
        axes.axhline(np.clip(curve.gap / unit, low, high), color=COLORS["mismatch"], lw=2.5,
                     label=f"your gradient, off by {short(curve.gap / unit)}")  # fmt: skip
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def _span(curve: Curve, unit: float) -> tuple[float, float]:
    seen = np.array([*curve.errors, curve.gap, curve.uncertainty]) / unit
    seen = seen[np.isfinite(seen) & (seen > 0)]
    return (float(seen.min()) / 4, float(seen.max()) * 4) if seen.size else (1e-17, 1.0)
