"""JSON that any parser takes, with everything that a result holds."""

import dataclasses
import json
import math

from hypothesis import given
from hypothesis import strategies as st
from reports import parameter_reports, report_of, reports

from gradcheck import formats
from gradcheck.report import Worst


def strict(text):
    def refused(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refused)


def as_number(value):
    return float(value) if isinstance(value, str) else value


@given(reports())
def test_round_trip(report):
    """Read back by a strict parser it has the fields and numbers of `to_dict`."""
    read, held = strict(report.to_json()), report.to_dict()

    assert set(read) == set(held)
    assert list(read["parameters"]) == list(held["parameters"])
    for name, row in held["parameters"].items():
        assert as_number(read["parameters"][name]["max_relative_error"]) == row["max_relative_error"]
        assert read["parameters"][name]["shape"] == list(row["shape"])
    assert read["verdict"] == report.verdict
    assert read["ok"] == report.ok


@given(st.sampled_from([math.nan, math.inf, -math.inf]))
def test_not_finite_numbers_are_strings(value):
    """NaN and inf, which JSON has not, are the strings of the same name."""
    wrong = parameter_reports(
        "W", "mismatch", max_relative_error=math.inf, worst=Worst((0,), value, value, 1.0)
    )
    report = dataclasses.replace(report_of("W"), parameters={"W": wrong})

    read = strict(report.to_json())

    assert read["parameters"]["W"]["worst"]["analytic"] == str(value)
    assert read["max_relative_error"] == "inf"


def test_several_results_are_a_list():
    """One result is an object, several are a list of them, none an empty list."""
    result = report_of("W").to_dict()

    assert strict(formats.render("json", [result]))["verdict"] == "match"
    assert len(strict(formats.render("json", [result, result]))) == 2
    assert strict(formats.render("json", [])) == []
