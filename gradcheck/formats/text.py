"""Plain text for people: a table of the parameters, then findings, notes and the seed; 80 columns."""

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 80
_NAME = 26
_HEADINGS = ("parameter", "shape", "max rel err", "+/-", "worst entry", "verdict")
_NONE = "-"
# Controls, what turns the direction of the text that follows, halves of characters.
_UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return the results one below the other, an empty line between two."""
    return printable("\n\n".join(_result(result) for result in results))


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
    text = f"{result['verdict'].upper()}: maximum relative error {short(result['max_relative_error'])}"
    if result["verdict"] == "match" and "forward-differs" in result["flags"]:
        text = f"FORWARD DIFFERS from what it should be; with that forward pass {text}"
    rows = result["parameters"].values()
    wrong = [counted(row) for row in rows if row["verdict"] == result["verdict"] != "match"]
    if wrong:
        text += f"; {result['verdict']} in {listed(wrong)}"
    return "\n".join(_wrapped(text, indent="  "))


def _error(result: dict[str, Any]) -> str:
    return told(f"ERROR ({result['reason']}): {result['message']}", break_words=True)


def told(message: str, *, break_words: bool = False) -> str:
    """Return the message of an error, or a line, in 80 columns; what is longer than one may be kept whole."""
    lines: list[str] = []
    for line in message.splitlines():
        lines += _wrapped(line, indent=" " * 12 if lines else "  ", break_words=break_words)
    return "\n".join(lines)


def _submission(result: dict[str, Any]) -> list[str]:
    """Return what only the result of a file has: its flags and what was understood of it."""
    lines = []
    if "file" in result and result["flags"]:
        lines += _wrapped(f"flags: {', '.join(result['flags'])}", indent="  ")
    for words in result.get("understood", ()):
        lines += _wrapped(f"understood: {words}", indent="  ")
    return lines


def counted(row: dict[str, Any]) -> str:
    """Return the name of a parameter, and how many of its entries have its verdict if not all have."""
    count = row["inconclusive_count" if row["verdict"] == "inconclusive" else "wrong_count"]
    if not 0 < count < row["checked"]:
        return str(row["name"])
    return f"{row['name']} ({count} of {row['checked']} entries)"


def _table(rows: Iterable[dict[str, Any]]) -> list[str]:
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    has_entry = any(line[-2] != _NONE for line in cells[1:])  # a certificate names none
    if has_entry and sum(_widths(cells)) + 2 * (len(_HEADINGS) - 1) <= WIDTH:
        return _aligned(cells)
    # Too wide: the worst entry goes below its row, a long name above.
    narrow = [(name if len(name) <= _NAME else "", cut(size, 14), *rest[:-2], rest[-1])
              for name, size, *rest in cells]  # fmt: skip
    head, *lines = _aligned(narrow)
    text = [head]
    for (name, *_, entry, _), line in zip(cells[1:], lines, strict=True):
        text += [cut(name, WIDTH)] * (len(name) > _NAME)
        text += [line, *_wrapped(f"    worst entry {entry}", indent="      ") * (entry != _NONE)]
    return text


def cut(text: str, width: int) -> str:
    """Return a text of at most that width; of a longer one the middle is left out."""
    half = (width - 3) // 2
    return text if len(text) <= width else f"{text[: width - 3 - half]}...{text[-half:]}"


def _aligned(cells: list[tuple[str, ...]]) -> list[str]:
    widths = _widths(cells)
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _widths(cells: list[tuple[str, ...]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*cells, strict=True)]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        in_line(row["name"]),
        shape(row),
        short(row["max_relative_error"]),
        short(row["uncertainty"]),
        worst(row),
        row["verdict"],
    )


def shape(row: dict[str, Any]) -> str:
    """Return the shape of a parameter."""
    return "x".join(map(str, row["shape"])) or "number"


def worst(row: dict[str, Any]) -> str:
    """Return where the worst entry of a parameter is, and its two derivatives."""
    entry, error = row["worst"], float(row["max_relative_error"])
    if entry is None:
        return _NONE
    # Two numbers that are judged different must look different.
    differ = row["verdict"] != "match" and 0 < error < 1e-4
    digits = min(17, 2 - math.floor(math.log10(error))) if differ else 6
    derivatives = f"{_number(entry['analytic'], digits)} for {_number(entry['numeric'], digits)}"
    return f"{place(row, entry['index'])} {derivatives}".lstrip()


def place(row: dict[str, Any], index: Sequence[int]) -> str:
    """Return an index of a parameter as Python writes it: ``[0,1]``, of a complex one ``[0,1].imag``."""
    part = ""
    if row["dtype"].startswith("complex") and len(index) > len(row["shape"]):
        *index, last = index
        part = ("real", "imag")[last]
    brackets = f"[{','.join(map(str, index))}]" if index else ""
    return ".".join(filter(None, [brackets, part]))


def _finding(finding: dict[str, Any]) -> list[str]:
    lines = _wrapped(f"{finding['code']}: {finding['message']}", indent="  ")
    lines += _wrapped(
        f"  residual {short(finding['residual'])} in {listed(finding['parameters'])}", indent="  "
    )
    if finding["equal"]:
        lines += _wrapped(f"  the same gradient as {listed(finding['equal'])}", indent="  ")
    return lines + _wrapped(f"  hint: {finding['hint']}", indent="        ")


def _origin(result: dict[str, Any]) -> str:
    parts = [f"method {result['method']}", f"{result['evaluations']} loss evaluations"]
    if result["false_pass_probability"] is not None:
        parts.append(f"false pass probability {short(result['false_pass_probability'])}")
    return "; ".join([*parts, f"seed {result['seed']}"])


def short(number: float | str) -> str:
    """Return a number in two digits."""
    return _number(number, 2, "e") if number else "0"


def _number(value: complex | str, digits: int, kind: str = "g") -> str:
    # In JSON a number that is not finite is a string.
    return value if isinstance(value, str) else f"{value:.{digits - (kind == 'e')}{kind}}"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names in one line, the last of many left out."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(in_line, names[:most])) + more


def printable(text: str) -> str:
    """Return a text with what would hide or turn a part of it written out."""
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def in_line(name: str) -> str:
    """Return a name that keeps to its line and column in a table."""
    return printable(name).replace("\n", r"\n").replace("\t", r"\t")


def _wrapped(text: str, indent: str, *, break_words: bool = True) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=break_words
    )
