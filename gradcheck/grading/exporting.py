"""Results into the folder: which format goes to which file, each written whole or not at all."""

import os
import re
import unicodedata
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gradcheck import formats
from gradcheck.grading import pages

# A file for the class, or a folder with one for each student.
PLACES = {
    "json": "results.json",
    "junit": "junit.xml",
    "gradescope": "gradescope",
    "csv": "grades.csv",
    "html": "index.html",
}


def export(results: Sequence[dict[str, Any]], out: Path, names: Sequence[str]) -> None:
    """Write results in the formats of these names.

    Parameters
    ----------
    results : sequence of dict
        As `gradcheck.grading.grade.Graded` holds them.
    out : Path
    names : sequence of str
        Keys of `PLACES`.
    """
    students = file_names([result["student"] for result in results])
    for name in names:
        if name == "gradescope":
            for student, result in zip(students, results, strict=True):
                _write(out / PLACES[name] / f"{student}.json", formats.render(name, [result]))
        elif name == "html":
            for student, result in zip(students, results, strict=True):
                _write(out / pages.FOLDER / f"{student}.html", pages.student_page(result, _plots(result)))
            _write(out / PLACES[name], pages.class_page(results, students))
        else:
            _write(out / PLACES[name], _class(results, name))


def _class(results: Sequence[dict[str, Any]], name: str) -> str:
    text = formats.render(name, results)
    return f"[{text}]" if name == "json" and len(results) == 1 else text


def _plots(result: dict[str, Any]) -> list[dict[str, str]]:
    """Return a picture of the errors of what is no match, if there is matplotlib."""
    if result["verdict"] == "match" or not result["parameters"] or not find_spec("matplotlib"):
        return []
    from gradcheck.figures import draw_rows, svg

    text = "The largest relative error of each parameter, as in the table."
    return [{"title": "Errors by parameter", "text": text, "svg": svg(draw_rows(result))}]


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
