"""The heat map: the relative error of every entry."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from gradcheck.figures.style import GREY, label, style
from gradcheck.formats.text import short

Array = NDArray[Any]

_MOST = 12
_COLUMNS = 3
_TITLE = 32
_LOW, _HIGH = 1e-16, 1.0  # the same in every picture, so that two can be compared


def draw_heat(maps: Mapping[str, Array], rtol: float) -> Figure:
    """Draw the relative error of every entry.

    Parameters
    ----------
    maps : mapping of str to ndarray
        The relative errors of each parameter, in its shape; NaN where nothing is known.
    rtol : float
        From which on an error matters.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter; of more than 12 for those with the largest errors.
    """
    chosen = _worst(maps)
    columns = min(len(chosen), _COLUMNS)
    lines = math.ceil(len(chosen) / columns)
    with style():
        figure = Figure(figsize=(1.2 + 2.8 * columns, 0.4 + 2.1 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, squeeze=False)
        for panel, name in itertools.zip_longest(panels.flat, chosen):
            if name is None:
                panel.set_axis_off()
            else:
                shown = _panel(panel, name, maps[name], _colors(rtol))
        bar = figure.colorbar(shown, ax=panels, label="relative error")
        bar.ax.axhline(rtol, color="black", lw=1)
        bar.ax.annotate("rtol", (0, rtol), (-4, 0), textcoords="offset points", ha="right", va="center")
    return figure


def _panel(panel: Axes, name: str, errors: Array, colors: ListedColormap) -> AxesImage:
    rows = errors.reshape(errors.shape[0] if errors.ndim > 1 else 1, -1)
    panel.set_facecolor(GREY)
    error = short(np.nanmax(errors)) if _known(errors).any() else "not checked"
    panel.set_title(label(f"{name}: {error}", _TITLE))
    for axis, count in ((panel.xaxis, rows.shape[1]), (panel.yaxis, rows.shape[0])):
        axis.set_major_locator(FixedLocator(range(0, count, math.ceil(count / 6)) if count > 1 else []))
    within = np.clip(rows, _LOW, _HIGH)
    return panel.imshow(within, colors, LogNorm(_LOW, _HIGH), aspect="auto", interpolation="nearest")


def _colors(rtol: float) -> ListedColormap:
    """Return blues for what is right and, from `rtol` on, oranges; ever darker in grey, too."""
    right = round(256 * math.log(rtol / _LOW) / math.log(_HIGH / _LOW))
    blues, oranges = colormaps["Blues"], colormaps["Oranges"]
    return ListedColormap([*blues(np.linspace(0, 0.4, right)), *oranges(np.linspace(0.5, 0.95, 256 - right))])


def _known(errors: Array) -> NDArray[np.bool_]:
    return ~np.isnan(errors)


def _worst(maps: Mapping[str, Array]) -> list[str]:
    """Return the names of those with the largest errors, in the order given."""
    most = sorted(maps, key=lambda name: -np.max(maps[name], initial=0.0, where=_known(maps[name])))[:_MOST]
    return [name for name in maps if name in most]
