"""The relative errors of many checks, parameter by parameter."""

import re
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from gradcheck.formats.text import in_line
from gradcheck.report import Report

_HEADINGS = ("parameter", "count", "median", "maximum", "worst seed")


@dataclass(frozen=True)
class Row:
    """What is known of one parameter: how often it was checked, and its relative errors."""

    parameter: str
    count: int
    median: float
    maximum: float
    seed: int


class Tally:
    """Collects the maximum relative error of every parameter of every report."""

    def __init__(self) -> None:
        self._errors: defaultdict[str, list[float]] = defaultdict(list)
        self._worst: dict[str, tuple[float, int]] = {}

    def add(self, report: Report, seed: int = 0) -> None:
        """Count one more report; the seed is the one that draws its problem."""
        for name, parameter in report.parameters.items():
            error = parameter.max_relative_error
            self._errors[name].append(error)
            if name not in self._worst or error > self._worst[name][0]:
                self._worst[name] = error, seed

    def rows(self) -> list[Row]:
        """Return a row for each parameter, those of the first layer first."""
        return [
            Row(name, len(errors), statistics.median(errors), *self._worst[name])
            for name, errors in sorted(self._errors.items(), key=lambda item: _place(item[0]))
        ]


def render(rows: list[Row]) -> str:
    """Return the rows as a table."""
    numbers = (
        (in_line(row.parameter), f"{row.count}", _short(row.median), _short(row.maximum), f"{row.seed}")
        for row in rows
    )
    cells = [_HEADINGS, *numbers]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def _place(name: str) -> tuple[Any, ...]:
    return [int(number) for number in re.findall(r"\d+", name)], name


def _short(number: float) -> str:
    return f"{number:.1e}" if number else "0"
