"""What the tests of a run have asserted: kept test by test, written to files, shown at the end."""

import dataclasses
import json
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gradcheck import formats
from gradcheck.decision import SEVERITY
from gradcheck.formats.text import WIDTH, in_line, short
from gradcheck.report import Report

_HEADINGS = ("max rel err", "+/-", "verdict", "parameter")
_SHOWN_TESTS, _SHOWN_PARAMETERS = 20, 8
_NOTES = 20


class Subtest(Protocol):
    """What names a subtest."""

    msg: str | None
    kwargs: Mapping[str, Any]


@dataclass
class _Group:
    """The checks of a test or subtest, as one report: the last that failed, or else all merged.

    The last failure of a test with `hypothesis.given` is that of the smallest example.
    """

    checks: int = 0
    passed: Report | None = None
    failed: Report | None = None

    def add(self, report: Report, passes: bool) -> None:
        self.checks += 1
        if not passes:
            self.failed = report
        else:
            merged = self.passed.merge(report) if self.passed else report
            self.passed = dataclasses.replace(merged, notes=merged.notes[:_NOTES])

    def to_dict(self) -> dict[str, Any]:
        report = self.failed or self.passed
        assert report, "unreachable: a group begins with a report"
        return {"checks": self.checks, **report.to_dict()}


class Kept:
    """What one test has asserted."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._unnamed: list[tuple[float, Report, bool]] = []

    def add(self, report: Report, passes: bool) -> None:
        """Keep a report, and whether its assertion passes."""
        self._unnamed.append((time.time(), report, passes))

    def name_subtest(self, subtest: Subtest, start: float) -> None:
        """Tell that what was added since a time belongs to a subtest, which now has ended."""
        words = [f"[{subtest.msg}]"] if subtest.msg is not None else []
        if subtest.kwargs:
            words.append(f"({', '.join(f'{name}={value}' for name, value in subtest.kwargs.items())})")
        self._settle(" ".join(words) or "(<subtest>)", start)

    def as_json(self, nodeid: str) -> Iterator[str]:
        """Return one result for the test and for each subtest that has checked something."""
        self._settle("")
        for label, group in self._groups.items():
            result = {"name": f"{nodeid} {label}".rstrip(), **group.to_dict()}
            yield json.dumps(json.loads(formats.render("json", [result])))  # in one line

    def _settle(self, label: str, start: float = 0.0) -> None:
        for when, report, passes in self._unnamed:
            group = self._groups.setdefault(label if when >= start else "", _Group())
            group.add(report, passes)
        self._unnamed.clear()


def write(name: str, path: Path, results: Sequence[dict[str, Any]], *, complete: bool) -> None:
    """Write the results of a run in a format.

    Parameters
    ----------
    name : str
        A row of `formats.FORMATS`.
    path : Path
        Folders that are missing are made.
    results : sequence of dict
    complete : bool
        Whether the run came to its end; JSON says so.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    ordered = sorted(results, key=_worst_first)
    whole = [{"complete": complete, "results": ordered}] if name == "json" else ordered
    text = formats.render(name, whole)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def section(results: Sequence[dict[str, Any]], *, whole: bool) -> str:
    """Return the relative errors of every parameter, by test, worst first.

    Parameters
    ----------
    results : sequence of dict
    whole : bool
        Whether to show matches beyond the worst ones.

    Returns
    -------
    str
    """
    ordered = sorted(results, key=_worst_first)
    not_matching = sum(result["verdict"] != "match" for result in ordered)
    shown = ordered if whole else ordered[: max(not_matching, _SHOWN_TESTS)]
    lines = [_row(*_HEADINGS)]
    for result in shown:
        lines += _test(result, len(result["parameters"]) if whole else _SHOWN_PARAMETERS)
    if rest := ordered[len(shown) :]:
        worst = short(rest[0]["max_relative_error"])
        lines.append(f"and {len(rest)} more, which all match, to {worst} (-v shows them)")
    return "\n".join([*lines, _total(ordered)])


def _test(result: dict[str, Any], most: int) -> Iterator[str]:
    """Return the lines of one test: its name, its parameters, what explains a mismatch."""
    checks = result["checks"]
    yield result["name"] + (f" ({checks} checks)" if checks > 1 else "")
    rows = sorted(result["parameters"].values(), key=_worst_first)
    for row in rows[:most]:
        numbers = short(row["max_relative_error"]), short(row["uncertainty"])
        yield _row(*numbers, row["verdict"], in_line(row["name"]))
    if len(rows) > most:
        yield f"    and {len(rows) - most} more parameters, to {short(rows[most]['max_relative_error'])}"
    for finding in result["findings"]:
        text = f"{finding['code']}: {finding['message']}"
        yield textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="      ")


def _row(error: str, uncertainty: str, verdict: str, name: str) -> str:
    return f"    {error:<11}  {uncertainty:<7}  {verdict:<12}  {name}"


def _total(results: Sequence[dict[str, Any]]) -> str:
    checks = sum(result["checks"] for result in results)
    count = Counter(result["verdict"] for result in results)
    verdicts = ", ".join(f"{count[verdict]} {verdict}" for verdict in reversed(SEVERITY) if count[verdict])
    plural = "s" * (len(results) != 1), "s" * (checks != 1)
    return f"{len(results)} result{plural[0]} of {checks} checked gradient{plural[1]}: {verdicts}"


def _worst_first(result: dict[str, Any]) -> tuple[int, float, str]:
    """Return the key by which results, or rows of parameters, are sorted."""
    return -SEVERITY.index(result["verdict"]), -float(result["max_relative_error"]), result["name"]
