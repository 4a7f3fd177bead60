"""What the pictures have in common.

Colours are those that the colour-blind tell apart, and each has a shape or a place of its own beside it.
Figures belong to nobody: pyplot does not know of them, so that none has to be closed.
"""

import io
import textwrap
import warnings
from contextlib import AbstractContextManager

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from gradcheck.formats.text import cut, printable

COLORS = {"match": "#0072b2", "mismatch": "#d55e00", "inconclusive": "#b35c9e"}
MARKERS = {"match": "o", "mismatch": "X", "inconclusive": "D"}
GREY = "#767676"
SMALLEST = 1e-290  # matplotlib's logarithms need some room to the smallest number
_STYLE = {
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.dpi": 100,
    "font.size": 10,
    "grid.alpha": 0.4,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "gradcheck",
}


def style() -> AbstractContextManager[None]:
    """Return the context in which a picture is drawn, whatever the user's own settings are."""
    return matplotlib.style.context(["default", _STYLE])


def label(name: str, width: int = 64) -> str:
    """Return a name as a text that matplotlib shows as it is, in lines of at most that width."""
    name = cut(" ".join(printable(name).split()), 64)
    return "\n".join(textwrap.wrap(name, width)).replace("$", r"\$")


def within(values: ArrayLike) -> NDArray[np.float64]:
    """Return numbers that a logarithmic axis can show: 0 and infinity as the ends of what it can."""
    return np.clip(np.asarray(values, np.float64), SMALLEST, 1 / SMALLEST)


def svg(figure: Figure) -> str:
    """Return a picture as SVG on a clear ground; the same picture gives the same text."""
    written = io.StringIO()
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # the browser's fonts have it
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return written.getvalue()
