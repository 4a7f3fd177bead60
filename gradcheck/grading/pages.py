"""The class as HTML: one page that sorts and filters, and a page for each submission.

They need nothing but each other, so they work from a disk; what students wrote is escaped where it
is written, and the only script is the one beside this file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gradcheck.formats.html import Content, element, page, section, table, verdict
from gradcheck.formats.text import short
from gradcheck.grading.summary import counts, frequent

FOLDER = "students"
_SCRIPT = Path(__file__).with_name("pages.js")
_HEADINGS = ("student", "verdict", "score", "max rel err", "mistakes", "needs a look")


def class_page(results: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    """Return the page of the class.

    Parameters
    ----------
    results : sequence of dict
        As `gradcheck.grading.grade.Graded` holds them.
    names : sequence of str
        Of the files of their pages, without ending.

    Returns
    -------
    str
    """
    count = f"{len(results)} submission{'s' if len(results) > 1 else ''}"
    mean = sum(result["score"] for result in results) / len(results)
    verdicts = [f"{number} {name}" for name, number in counts(results).items() if number]
    rows = [_row(result, name) for result, name in zip(results, names, strict=True)]
    return page(
        f"gradcheck: {count}",
        element("h1", count),
        element("p", f"{', '.join(verdicts)}; mean score {mean:.1f} of {results[0]['max_score']:g}"),
        *_mistakes(results),
        element(
            "section",
            element("h2", "Submissions", id="submissions-title"),
            _controls(results),
            table("All submissions", _HEADINGS, rows),
            id="submissions",
            aria_labelledby="submissions-title",
        ),
        script=_SCRIPT.read_text(encoding="utf-8"),
    )


def student_page(result: dict[str, Any], plots: Sequence[dict[str, str]]) -> str:
    """Return the page of a submission.

    Parameters
    ----------
    result : dict
        As `gradcheck.grading.grade.Graded` holds it.
    plots : sequence of dict
        As `gradcheck.formats.html` describes them.

    Returns
    -------
    str
    """
    rows = [
        (f"{item['part']}: {item['name']}", item["status"], f"{item['points']:g} of {item['max_points']:g}",
         element("td", item["message"], class_="wide"))
        for item in result["items"]
    ]  # fmt: skip
    return page(
        f"{result['student']}: {result['verdict']}",
        element("nav", element("a", "All submissions", href="../index.html"), aria_label="Class"),
        section({**result, "name": result["student"], "plots": plots}, level=1),
        element("h2", f"Score: {result['score']:g} of {result['max_score']:g}"),
        table("Points", ("item", "status", "points", "seen"), rows),
        element("h2", f"Feedback for the student, level {result['help_level']}"),
        element("pre", result["feedback"]),
    )


def _mistakes(results: Sequence[dict[str, Any]]) -> Iterator[Content]:
    rows = [
        (mistake, str(count), _bar(count, len(results)), element("td", what, class_="wide"))
        for mistake, count, what in frequent(results)
    ]
    if rows:
        yield element("h2", "The same in how many")
        yield table("Mistakes of the class", ("mistake", "submissions", "share", "what it is"), rows)


def _bar(count: int, total: int) -> Content:
    share = f"{100 * count / total:.0f} %"
    return element("td", element("meter", share, min="0", max=str(total), value=str(count)), f" {share}")


def _controls(results: Sequence[dict[str, Any]]) -> Content:
    """Return what chooses the rows; shown by the script, since it does nothing without it."""
    shown = [(name, number) for name, number in counts(results).items() if number]
    shown += [(mistake, count) for mistake, count, _ in frequent(results)]
    options = [element("option", f"{name} ({count})", value=name) for name, count in shown]
    return element(
        "p",
        element(
            "label", "Show ", element("select", element("option", "all", value=""), *options, id="choice")
        ),
        " ",
        element("label", "Student ", element("input", id="search", type="search")),
        " ",
        element("span", id="shown", role="status"),
        id="controls",
        hidden="",
    )


def _row(result: dict[str, Any], name: str) -> tuple[Content, ...]:
    error = result["max_relative_error"]
    words = [result["verdict"], *result["mistakes"]]
    return (
        element("a", result["student"] or "(no name)", href=f"{FOLDER}/{name}.html"),
        element("td", verdict(result), data_words=" ".join(words)),
        element("td", f"{result['score']:g}", data_key=str(result["score"])),
        element("td", "-" if error is None else short(error), data_key="" if error is None else str(error)),
        element("td", " ".join(result["mistakes"]), class_="wide"),
        "yes" if result["review"] else "",
    )
