"""Gradescope's results.json: its fields and types, and nothing that the level of help hides."""

import json
import math

from graded import classes, graded
from hypothesis import given
from reports import reports

from gradcheck import formats

TOP = {
    "score": float, "execution_time": float, "output": str, "output_format": str, "test_output_format": str,
    "test_name_format": str, "visibility": str, "stdout_visibility": str, "tests": list, "extra_data": dict,
}  # fmt: skip
TEST = {"number": str, "name": str, "score": float, "max_score": float, "status": str, "output": str}
VISIBILITIES = {"visible", "hidden", "after_due_date", "after_published"}


def read(result):
    return json.loads(formats.render("gradescope", [result]), parse_int=float)


@given(graded())
def test_fields_are_those_of_the_specification(result):
    """With its types: a number is no string."""
    made = read(result)

    assert {name: type(value) for name, value in made.items()} == TOP
    assert {made["visibility"], made["stdout_visibility"]} <= VISIBILITIES
    for test in made["tests"]:
        assert {name: type(value) for name, value in test.items()} == TEST
        assert test["status"] in ("passed", "failed")
        assert test["output"] == "" or test["output"].endswith("\n")


@given(graded())
def test_tests_add_up_to_the_score(result):
    """And their maxima to the maximum; formats are plain, since students wrote some of it."""
    made = read(result)

    assert math.isclose(sum(test["score"] for test in made["tests"]), made["score"], abs_tol=1e-4)
    assert math.isclose(sum(test["max_score"] for test in made["tests"]), result["max_score"], abs_tol=1e-4)
    assert {made["output_format"], made["test_output_format"], made["test_name_format"]} == {"text"}


@given(graded(reports()))
def test_lowest_level_of_help_shows_no_parameter(result):
    """Nor does any level show the right values or what the teacher alone should see."""
    text = formats.render("gradescope", [{**result, "help_level": "verdict", "feedback": ""}])

    assert [test["name"] for test in json.loads(text)["tests"]] == ["gradient: all", "laws: all"]
    assert not any(finding["code"] in text for finding in result["findings"])


@given(classes)
def test_several_are_a_list(results):
    """In their order."""
    made = json.loads(formats.render("gradescope", [*results, *results]))

    assert [one["score"] for one in made] == [result["score"] for result in [*results, *results]]
