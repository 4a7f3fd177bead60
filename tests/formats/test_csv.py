"""A gradebook: read back it has every row, and no cell is a formula."""

import csv
import io

from graded import classes
from hypothesis import given

from gradcheck import formats


def rows(results):
    return list(csv.DictReader(io.StringIO(formats.render("csv", results), newline="")))


@given(classes)
def test_every_result_is_a_row(results):
    """In its order, with its score, whatever is in the names."""
    read = rows(results)

    assert [float(row["score"]) for row in read] == [float(f"{result['score']:.6g}") for result in results]
    assert [row["verdict"] for row in read] == [result["verdict"] for result in results]
    assert all(None not in row and None not in row.values() for row in read)


@given(classes)
def test_no_cell_is_a_formula(results):
    """A spreadsheet that opens it computes nothing."""
    for row in rows(results):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())


def test_names_are_kept():
    """A student's own name is only guarded, not changed."""
    result = {"student": "=cmd|'/c calc'!A1", "score": 1.0, "mistakes": ["A", "B"], "review": True}
    [row] = rows([result])

    assert row["student"] == "'=cmd|'/c calc'!A1"
    assert (row["mistakes"], row["review"], row["feedback"]) == ("A B", "yes", "")
