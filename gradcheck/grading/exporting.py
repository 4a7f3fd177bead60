"""Results into the folder: which format goes to which file, each written whole or not at all."""

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradcheck import formats

PLACES = {
    "json": "results.json",
    "junit": "junit.xml",
    "gradescope": "gradescope",
    "csv": "grades.csv",
}


def export(results: Sequence[dict[str, Any]], out: Path, names: Sequence[str]) -> list[Path]:
    """Write results in the formats of these names.

    Parameters
    ----------
    results : sequence of dict
        As `gradcheck.grading.grade.Graded` holds them.
    out : Path
    names : sequence of str
        Keys of `PLACES`.

    Returns
    -------
    list of Path
        What was written: a file, or a folder with one for each student.
    """
    for name in names:
        if name == "gradescope":
            _each(results, out / PLACES[name], name, ".json")
        else:
            _write(out / PLACES[name], _class(results, name))
    return [out / PLACES[name] for name in names]


def _class(results: Sequence[dict[str, Any]], name: str) -> str:
    text = formats.render(name, results)
    return f"[{text}]" if name == "json" and len(results) == 1 else text


def _each(results: Sequence[dict[str, Any]], folder: Path, name: str, suffix: str) -> None:
    for plain, result in zip(file_names([result["student"] for result in results]), results, strict=True):
        _write(folder / f"{plain}{suffix}", formats.render(name, [result]))


def file_names(students: Sequence[str]) -> list[str]:
    """Return for each student a name that any file system takes, all different in any case."""
    names: list[str] = []
    for student in students:
        plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", student)).strip("._-")[:60] or "student"
        taken = {name.casefold() for name in names}
        free = (plain if k == 1 else f"{plain}-{k}" for k in range(1, len(students) + 1))
        names.append(next(name for name in free if name.casefold() not in taken))
    return names


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(f"{text}\n", encoding="utf-8")
    os.replace(part, path)
