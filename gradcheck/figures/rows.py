"""The error of every parameter or layer, beside what could be seen of it."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from gradcheck.decision import worst_of
from gradcheck.figures.style import COLORS, GREY, MARKERS, SMALLEST, label, style

_MOST = 40
Row = dict[str, Any]


def draw_rows(result: dict[str, Any]) -> Figure:
    """Draw the error of every parameter.

    Parameters
    ----------
    result : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    matplotlib.figure.Figure
        One row for each parameter in the order given, of more than 40 for each layer. On the left the
        largest relative error, and as a grey bar its uncertainty; on the right ``|a - D|`` of the worst
        entry, and as a grey bar the detection limit, both in the units of the gradient.
    """
    rows = list(result["parameters"].values())
    rows = rows if len(rows) <= _MOST else [_merged(group) for group in _layers(rows)]
    with style():
        figure = Figure(figsize=(9, 1.5 + 0.27 * max(len(rows), 2)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        _dots(left, rows, [(row["max_relative_error"], row["uncertainty"]) for row in rows])
        left.set_xlabel("largest relative error\ngrey: its uncertainty")
        _dots(right, rows, [(_gap(row), row["detection_limit"]) for row in rows])
        right.set_xlabel("|a - D| of the worst entry\nin the units of the gradient\ngrey: detection limit")
        left.set_yticks(range(len(rows)), [label(row["name"]) for row in rows])
        left.set_ylim(max(len(rows), 1) - 0.5, -0.5)
        _shade(figure.axes, rows)
        verdicts = dict.fromkeys(row["verdict"] for row in rows)
        points = [left.plot([], [], MARKERS[v], color=COLORS[v], label=v)[0] for v in verdicts]
        figure.legend(handles=points, loc="outside upper left", ncols=3)
    return figure


def _dots(axes: Axes, rows: list[Row], numbers: Sequence[tuple[Any, Any]]) -> None:
    pairs = [(float(error), float(bar)) for error, bar in numbers]
    seen = [x for pair in pairs for x in pair if SMALLEST < x < 1 / SMALLEST] or [1e-16, 1.0]
    low, high = min(seen) / 8, max(seen) * 8
    axes.set(xscale="log", xlim=(low, high))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0, pad=8)
    for y, (row, (error, bar)) in enumerate(zip(rows, pairs, strict=True)):
        axes.fill_betweenx([y - 0.3, y + 0.3], low, min(bar, high), color=GREY, alpha=0.35, lw=0)
        verdict = row["verdict"]
        # What lies beyond the scale is drawn at its edge, nan at the far one.
        x = max(low, min(high, error))
        axes.plot(x, y, MARKERS[verdict], color=COLORS[verdict], ms=8, clip_on=False)


def _shade(panels: Sequence[Axes], rows: list[Row]) -> None:
    """Set off every second layer."""
    y = -0.5
    for number, group in enumerate(_layers(rows)):
        if number % 2:
            for axes in panels:
                axes.axhspan(y, y + len(group), color=GREY, alpha=0.1, lw=0, zorder=0)
        y += len(group)


def _layers(rows: list[Row]) -> list[list[Row]]:
    """Group neighbours with the same numbers in their names: W1 and b1, layers.0.W and layers.0.b."""
    return [list(group) for _, group in itertools.groupby(rows, lambda row: re.findall(r"\d+", row["name"]))]


def _merged(group: list[Row]) -> Row:
    worst = max(group, key=lambda row: float(row["max_relative_error"]))
    name = worst["name"] if len(group) == 1 else f"{worst['name']} and {len(group) - 1} more"
    limit = max(float(row["detection_limit"]) for row in group)
    return {
        **worst,
        "name": name,
        "verdict": worst_of([r["verdict"] for r in group]),
        "detection_limit": limit,
    }


def _gap(row: Row) -> float:
    worst = row["worst"]
    return abs(complex(worst["analytic"]) - complex(worst["numeric"])) if worst else 0.0
