"""The result: merging is associative bit for bit, it is frozen, small and picklable."""

import dataclasses
import pickle

import numpy as np
import pytest
from helpers import check
from hypothesis import given
from reports import parameter_reports, report_of, reports

from gradcheck.decision import SEVERITY, worst_of
from gradcheck.report import WRONG_LISTED


def everything_in(value):
    """Return all objects within plain data."""
    if dataclasses.is_dataclass(value):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return (
        [value, *(x for item in value for x in everything_in(item))]
        if isinstance(value, list | tuple)
        else [value]
    )


POINTS = [
    np.array([1.0, 2.0]),
    1.5,
    np.ones((2, 2), np.float32),
    np.ones(2, np.longdouble),
    np.array([1 + 2j]),
]


class TestMerge:
    @given(reports(), reports(), reports())
    def test_associative(self, a, b, c):
        """The order in which workers' results are merged does not change one bit."""
        assert a.merge(b).merge(c).to_json() == a.merge(b.merge(c)).to_json()

    @given(reports(), reports())
    def test_nothing_is_lost(self, a, b):
        """The verdict is the worse one, counts add, every note, flag and mistake found stays."""
        both = a.merge(b)

        assert both.verdict == worst_of([a.verdict, b.verdict])
        assert SEVERITY.index(both.verdict) == max(SEVERITY.index(r.verdict) for r in (a, b))
        assert both.evaluations == a.evaluations + b.evaluations
        assert set(both.notes) == {*a.notes, *b.notes}
        assert set(both.flags) == {*a.flags, *b.flags}
        assert {f.mistake for f in both.findings} == {f.mistake for f in (*a.findings, *b.findings)}
        assert set(both.findings) <= {*a.findings, *b.findings}
        assert set(both.parameters) == {*a.parameters, *b.parameters}
        assert both.max_relative_error == max(a.max_relative_error, b.max_relative_error)

    def test_one_parameter_in_both(self):
        """A parameter of both is merged by name: the larger error with its worst entry, counts added."""
        right = report_of("W")
        wrong = parameter_reports("W", "mismatch", max_relative_error=0.5, wrong_count=1, wrong=((1, 2),))

        both = right.merge(dataclasses.replace(right, verdict="mismatch", parameters={"W": wrong}))

        assert both.parameters["W"].verdict == "mismatch"
        assert both.parameters["W"].max_relative_error == 0.5
        assert both.parameters["W"].wrong == ((1, 2),)
        assert both.parameters["W"].entries == 12

    def test_wrong_entries_are_listed_up_to_a_limit(self):
        """Of very many wrong entries the first 20 are listed and all are counted."""
        parts = [
            parameter_reports("W", "mismatch", wrong_count=15, wrong=tuple((part, i) for i in range(15)))
            for part in range(2)
        ]

        both = parts[0].merge(parts[1])

        assert both.wrong_count == 30
        assert both.wrong == tuple([(0, i) for i in range(15)] + [(1, i) for i in range(WRONG_LISTED - 15)])

    def test_seconds_add_exactly(self):
        """Times add without rounding: a thousand tenths in any order are the same."""
        tenth = dataclasses.replace(report_of("W"), seconds=0.1)
        left = right = tenth
        for _ in range(999):
            left, right = left.merge(tenth), tenth.merge(right)

        assert left.seconds == right.seconds == 1000 * tenth.seconds


class TestResult:
    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.parametrize("factor", [1.0, 1.1])
    def test_plain_data(self, point, factor):
        """A report of any point holds Python's own types alone: no arrays, no numpy numbers."""
        report = check(lambda w: np.sum(np.abs(w) ** 2), point, lambda w: 2 * factor * w)

        kinds = {type(x) for x in everything_in(report)} - {type(None)}

        assert report.ok == (factor == 1)
        assert kinds <= {dict, tuple, list, str, int, float, bool, type(report)} | {
            type(x) for p in report.parameters.values() for x in (p, p.worst)
        }

    @given(reports())
    def test_picklable(self, report):
        """It travels between processes and comes back equal."""
        assert pickle.loads(pickle.dumps(report)).to_json() == report.to_json()

    def test_small(self):
        """A report of thousands of entries, all wrong, is a few kilobytes."""
        n = 3000
        report = check(np.sum, np.ones(n), np.zeros(n))

        assert report.verdict == "mismatch"
        assert report.parameters["params"].wrong_count == n
        assert len(pickle.dumps(report)) < 4096

    @pytest.mark.parametrize("name", ["verdict", "parameters", "seed", "ok"])
    def test_frozen(self, name):
        """No field can be set."""
        with pytest.raises(AttributeError):
            setattr(report_of("W"), name, "match")

    def test_time_is_no_part_of_equality(self):
        """Two runs that differ only in their time are equal; any other field matters."""
        report = report_of("W")

        assert report == dataclasses.replace(report, seconds=9.0)
        assert report != dataclasses.replace(report, seed=1)

    def test_no_parameter(self):
        """Of no parameter the largest error is 0."""
        assert report_of().max_relative_error == 0
