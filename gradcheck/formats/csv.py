"""CSV for a gradebook: a row a submission, cells that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from gradcheck.formats.text import printable

_FORMULA = ("=", "+", "-", "@")
_COLUMNS = (
    "student", "score", "max_score", "verdict", "max_relative_error", "mistakes", "review", "file",
    "feedback",
)  # fmt: skip


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return a header and a row for each result; what a result does not have is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for result in results:
        writer.writerow([_cell(result.get(column)) for column in _COLUMNS])
    return text.getvalue().rstrip("\r\n")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int | float):
        return f"{value:.6g}"
    words = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    words = printable(words).strip()
    return f"'{words}" if words.startswith(_FORMULA) else words
