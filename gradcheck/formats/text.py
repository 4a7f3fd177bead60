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
    lines = [_error(result) if result["verdict"] == "error" else _headline(result), ""]
    if result["parameters"]:
        lines += [*_table(result["parameters"].values()), ""]
    for finding in result["findings"]:
        lines += [*_finding(finding), ""]
    for note in result["notes"]:
        lines += _wrapped(f"note: {note}", indent="      ")
    lines += _submission(result)
    if result["verdict"] != "error":
        lines += _wrapped(_origin(result), indent="  ")
    return "\n".join(lines).rstrip()


def _headline(result: dict[str, Any]) -> str:
    text = f"{result['verdict'].upper()}: maximum relative error {_short(result['max_relative_error'])}"
    rows = result["parameters"].items()
    wrong = [_counted(name, row) for name, row in rows if row["verdict"] == result["verdict"] != "match"]
    if wrong:
        text += f"; {result['verdict']} in {_listed(wrong)}"
    return "\n".join(_wrapped(text, indent="  "))


def _error(result: dict[str, Any]) -> str:
    first, *rest = result["message"].splitlines() or [""]
    lines = _wrapped(f"ERROR ({result['reason']}): {first}", indent="  ")
    for line in rest:
        lines += _wrapped(line, indent=" " * 12)
    return "\n".join(lines)


def _submission(result: dict[str, Any]) -> list[str]:
    """Return what only the result of a file has: its flags and what was understood of it."""
    lines = []
    if "file" in result and result["flags"]:
        lines += _wrapped(f"flags: {', '.join(result['flags'])}", indent="  ")
    for words in result.get("understood", ()):
        lines += _wrapped(f"understood: {words}", indent="  ")
    return lines


def _counted(name: str, row: dict[str, Any]) -> str:
    if not 0 < row["wrong_count"] < row["checked"]:
        return name
    return f"{name} ({row['wrong_count']} of {row['checked']} entries)"


def _table(rows: Iterable[dict[str, Any]]) -> list[str]:
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    worst = len(_HEADINGS) - 2
    if sum(_widths(cells)) + 2 * worst + 2 <= WIDTH:
        return _aligned(cells)
    # Too wide: the worst entry goes below its row, and of a long name or shape the middle is left out.
    below = ["\n".join(_wrapped(f"    worst entry {line[worst]}", indent="      ")) for line in cells[1:]]
    narrow = [(_cut(name, 26), _cut(shape, 14), *rest[:-2], rest[-1]) for name, shape, *rest in cells]
    lines = _aligned(narrow)
    return [lines[0], *(text for pair in zip(lines[1:], below, strict=True) for text in pair)]


def _cut(text: str, width: int) -> str:
    half = (width - 3) // 2
    return text if len(text) <= width else f"{text[: width - 3 - half]}...{text[-half:]}"


def _aligned(cells: list[tuple[str, ...]]) -> list[str]:
    widths = _widths(cells)
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _widths(cells: list[tuple[str, ...]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*cells, strict=True)]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["name"],
        "x".join(map(str, row["shape"])) or "number",
        _short(row["max_relative_error"]),
        _short(row["uncertainty"]),
        _worst(row),
        row["verdict"],
    )


def _worst(row: dict[str, Any]) -> str:
    worst, error = row["worst"], row["max_relative_error"]
    if worst is None:
        return "-"
    # Two numbers that are judged different must look different.
    differ = row["verdict"] != "match" and 0 < error < 1e-4
    digits = min(17, 2 - math.floor(math.log10(error))) if differ else 6
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
    parts = [f"method {result['method']}", f"{result['evaluations']} loss evaluations"]
    if result["false_pass_probability"] is not None:
        parts.append(f"false pass probability {_short(result['false_pass_probability'])}")
    return "; ".join([*parts, f"seed {result['seed']}"])


def _short(number: float) -> str:
    return f"{number:.1e}" if number else "0"


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
