"""Plain text for people: a table of the parameters, then findings, notes and the seed; 80 columns."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 80
_HEADINGS = ("parameter", "shape", "max rel err", "+/-", "worst entry", "verdict")


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return the results one below the other, an empty line between two."""
    return "\n\n".join(_result(result) for result in results)


def _result(result: dict[str, Any]) -> str:
    lines = [_headline(result), ""]
    if result["parameters"]:
        lines += [*_table(result["parameters"].values()), ""]
    for finding in result["findings"]:
        lines += [*_finding(finding), ""]
    for note in result["notes"]:
        lines += _wrapped(f"note: {note}", indent="      ")
    lines.append(_origin(result))
    return "\n".join(lines)


def _headline(result: dict[str, Any]) -> str:
    worst = f"maximum relative error {_short(result['max_relative_error'])}"
    wrong = [name for name, row in result["parameters"].items() if row["verdict"] != "match"]
    text = f"{result['verdict'].upper()}: {worst}"
    if wrong:
        text += f"; {result['verdict']} in {_listed(wrong)}"
    return "\n".join(_wrapped(text, indent="  "))


def _table(rows: Iterable[dict[str, Any]]) -> list[str]:
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = []
    for line in cells:
        name = line[0]
        if sum(widths) + 2 * (len(widths) - 1) > WIDTH and len(name) > len(_HEADINGS[0]):
            lines.append(name)
            name = ""
        rest = "  ".join(cell.ljust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        lines.append(f"{name.ljust(_name_width(widths))}  {rest}".rstrip())
    return lines


def _name_width(widths: list[int]) -> int:
    fits = sum(widths) + 2 * (len(widths) - 1) <= WIDTH
    return widths[0] if fits else len(_HEADINGS[0])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["name"],
        str(tuple(row["shape"])),
        _short(row["max_relative_error"]),
        _short(row["uncertainty"]),
        _worst(row["worst"], row["max_relative_error"]),
        row["verdict"] + (f", {row['wrong_count']}/{row['checked']}" if row["wrong_count"] else ""),
    )


def _worst(worst: dict[str, Any] | None, error: float) -> str:
    if worst is None:
        return "-"
    digits = 5 if not 0 < error < 1e-3 else min(17, 2 - math.floor(math.log10(error)))
    index = "[" + ",".join(map(str, worst["index"])) + "] " if worst["index"] else ""
    return f"{index}{worst['analytic']:.{digits}g} for {worst['numeric']:.{digits}g}"


def _finding(finding: dict[str, Any]) -> list[str]:
    lines = _wrapped(f"{finding['code']}: {finding['message']}", indent="  ")
    lines += _wrapped(
        f"  residual {_short(finding['residual'])} in {_listed(finding['parameters'])}", indent="  "
    )
    if finding["equal"]:
        lines += _wrapped(f"  the same gradient as {_listed(finding['equal'])}", indent="  ")
    return lines + _wrapped(f"  hint: {finding['hint']}", indent="        ")


def _origin(result: dict[str, Any]) -> str:
    parts = [
        f"method {result['method']}",
        f"{result['evaluations']} loss evaluations",
        f"seed {result['seed']}",
    ]
    if result["false_pass_probability"] is not None:
        parts.append(f"false pass probability {_short(result['false_pass_probability'])}")
    return "; ".join(parts)


def _short(number: float) -> str:
    return f"{number:.1e}" if number else "0"


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
