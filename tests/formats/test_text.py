"""The table for people: 80 columns whatever it holds, what differs looks different, the seed at the end."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import parameter_reports, report_of, reports

from gradcheck import check_gradient
from gradcheck.report import Finding, Worst


def planted(**changes):
    return dataclasses.replace(report_of("W1"), **changes)


class TestWidth:
    @given(reports())
    def test_eighty_columns(self, report):
        """No line is longer than 80 columns: long names, large shapes, many parameters, all digits."""
        assert max(map(len, str(report).splitlines())) <= 80

    @given(reports())
    def test_every_parameter_has_its_row(self, report):
        """Each parameter has a line that ends with its verdict."""
        rows = [
            line for line in str(report).splitlines() if re.search(r" (match|mismatch|inconclusive)$", line)
        ]

        assert len(rows) >= len(report.parameters)

    def test_long_names_have_a_line(self):
        """A long name is told from others that begin and end alike: it stands above its row."""
        names = [f"encoder.layers.{i}.attention.self.query.projection.weight" for i in (1, 11)]
        lines = str(report_of(*names, "W1")).splitlines()

        for name in names:
            assert lines[lines.index(name) + 1].endswith(" match")
        assert re.search(r"^W1 .* match$", "\n".join(lines), re.MULTILINE)

    def test_name_keeps_to_its_line_and_column(self):
        """What would leave them is written out, everywhere."""
        params = {"W\n1": np.ones(2), "b\t\x1b[31m": np.ones(2)}
        report = check_gradient(lambda p: sum(np.sum(leaf**2) for leaf in p.values()), params, params)

        assert r"mismatch in W\n1, b\t\x1b[31m" in str(report).splitlines()[0]
        assert re.findall(r"^(\S+) .* mismatch$", str(report), re.MULTILINE) == [r"W\n1", r"b\t\x1b[31m"]

    def test_very_long_names_keep_both_ends(self):
        """Of a name that is longer than a line the middle is left out."""
        name = f"encoder.{'layers.' * 12}weight"

        assert re.search(r"^encoder\.lay\S*\.\.\.\S*weight$", str(report_of(name)), re.MULTILINE)


class TestContent:
    def test_numbers_judged_different_look_different(self):
        """A mismatch in the ninth digit shows at least nine digits of both values."""
        worst = Worst((0,), 1.0000000012, 1.0, 1e-12)
        wrong = parameter_reports("W1", "mismatch", max_relative_error=1.2e-9, worst=worst)
        report = planted(verdict="mismatch", parameters={"W1": wrong})

        assert "1.0000000012 for 1 " in str(report)

    @pytest.mark.parametrize("seed", [0, 12345, 2**63])
    def test_last_line_reproduces(self, seed):
        """The last line ends with the seed."""
        report = planted(seed=seed, method="directions", false_pass_probability=1e-6, evaluations=10**9)

        assert re.search(rf"seed {seed}$", str(report))

    def test_findings_and_notes(self):
        """Code, message, residual, equal codes and hint of a finding are there, and every note."""
        finding = Finding(
            "DERIV_AT_Z", ("W1", "b1"), "d_sigmoid at z1", "Which did you mean?", 3e-16, ("TWIN",)
        )

        text = str(planted(findings=(finding,), notes=("a kink", "some noise")))

        for words in (
            "DERIV_AT_Z: d_sigmoid at z1",
            "3.0e-16 in W1, b1",
            "TWIN",
            "hint: Which did you mean?",
        ):
            assert words in text
        assert "note: a kink\nnote: some noise" in text

    @given(st.sampled_from([math.nan, math.inf, -math.inf]))
    def test_not_finite(self, value):
        """A value that is not finite is printed as what it is."""
        wrong = parameter_reports(
            "W1", "mismatch", max_relative_error=math.inf, worst=Worst((1,), value, 2.0, 0.1)
        )

        assert f"[1] {value} for 2" in str(planted(verdict="mismatch", parameters={"W1": wrong}))

    @pytest.mark.parametrize(
        ("shape", "index", "words"),
        [
            ((2,), (0, 1), "[0].imag 3 for 2"),
            ((2, 2), (0, 1, 0), "[0,1].real 3 for 2"),
            ((), (1,), "imag 3 for 2"),
        ],
    )
    def test_complex_entry(self, shape, index, words):
        """Of a complex entry the table says which part is wrong."""
        row = parameter_reports(
            "z", "mismatch", shape=shape, dtype="complex128", max_relative_error=0.5,
            worst=Worst(index, 3.0, 2.0, 0.1), wrong=(index,), wrong_count=1,
        )  # fmt: skip
        report = planted(verdict="mismatch", parameters={"z": row})

        assert f" {words}  mismatch" in str(report)
        assert words in report.to_html()

    @pytest.mark.parametrize(("verdict", "field"), [("mismatch", "wrong"), ("inconclusive", "inconclusive")])
    def test_headline_counts(self, verdict, field):
        """The headline says the verdict, the largest error, and how many entries of what led to it."""
        counts = {f"{field}_count": 3, "checked": 6, "entries": 6}
        first = parameter_reports("W1", verdict, max_relative_error=0.5, **counts)
        right = parameter_reports("b1", "match", max_relative_error=1e-9)
        report = planted(verdict=verdict, parameters={"W1": first, "b1": right})

        line = " ".join(str(report).partition("\n\n")[0].split())

        assert line == f"{verdict.upper()}: maximum relative error 5.0e-01; {verdict} in W1 (3 of 6 entries)"

    def test_no_entry(self):
        """A certificate names no entry: no column for it, and no line where another one is below its row."""
        certified = {name: parameter_reports(name, "match", worst=None) for name in ("W1", "b1")}
        name = f"encoder.{'layer.' * 9}W"
        located = parameter_reports(name, "mismatch", worst=Worst((1,), 3.0, 2.0, 0.1))
        report = planted(verdict="mismatch", parameters={**certified, name: located})

        assert "worst entry" not in str(planted(parameters=certified))
        assert str(report).count("worst entry") == 1

    def test_no_parameter(self):
        """A result without parameters still has a verdict and a seed."""
        assert str(planted(parameters={})).startswith("MATCH: maximum relative error 0\n")
