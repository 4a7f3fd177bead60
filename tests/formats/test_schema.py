"""The JSON that is written is the JSON that is promised."""

import copy
import json
from pathlib import Path

import pytest
from graded import classes
from hypothesis import given
from jsonschema import Draft202012Validator
from reports import report_of, reports

from gradcheck import formats
from gradcheck.errors import SubmissionError
from gradcheck.submissions.result import SubmissionResult

SCHEMA = json.loads((Path(formats.__file__).parent / "schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def written(*results):
    return json.loads(formats.render("json", results))


def test_schema_is_a_schema():
    """By its own standard."""
    Draft202012Validator.check_schema(SCHEMA)


@given(reports())
def test_every_report_keeps_it(report):
    """Of the library, and of a submission."""
    submission = SubmissionResult("net.py", report, 0, 1.0, "process", "course-note", ("words",))

    VALIDATOR.validate(written(report.to_dict()))
    VALIDATOR.validate(written(submission.to_dict()))


@given(classes)
def test_every_class_keeps_it(results):
    """Whatever students wrote."""
    VALIDATOR.validate(json.loads(formats.render("json", [*results, *results])))


RIGHT = written(report_of("W1").to_dict())
REFUSED = written(SubmissionResult("net.py", SubmissionError("syntax", "bad"), 0, 1.0, "none").to_dict())


@pytest.mark.parametrize(
    ("result", "path", "value"),
    [
        (RIGHT, ("verdict",), "correct"),
        (RIGHT, ("ok",), False),
        (RIGHT, ("seed",), "0"),
        (RIGHT, ("parameters", "W1", "verdict"), "error"),
        (RIGHT, ("parameters", "W1", "max_relative_error"), "NaN"),
        (RIGHT, ("parameters", "W1", "shape"), [2, -3]),
        (RIGHT, ("parameters",), []),
        (RIGHT, ("findings",), [{"code": "lower case"}]),
        (RIGHT, ("parameters", "W1", "worst"), None.__class__),
        (REFUSED, ("reason",), None),
        (REFUSED, ("understood",), "words"),
    ],
)
def test_what_breaks_it_is_seen(result, path, value):
    """Each of these is refused; a class stands for a missing field."""
    broken = copy.deepcopy(result)
    place = broken
    for name in path[:-1]:
        place = place[name]
    if isinstance(value, type):
        del place[path[-1]]
    else:
        place[path[-1]] = value

    assert VALIDATOR.is_valid(result)
    assert not VALIDATOR.is_valid(broken)
