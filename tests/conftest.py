"""Hypothesis profiles, HYPOTHESIS_PROFILE being dev (the default), ci or thorough; a closing table."""

import dataclasses
import os

import pytest
from hypothesis import HealthCheck, settings

from gradcheck.fuzzing.tally import Row, Tally, render

settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True)
settings.register_profile(
    "thorough",
    parent=settings.get_profile("dev"),
    max_examples=2000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def relative_errors(request):
    """Collect the relative errors of a test's reports for the table at the end of the run."""
    tally = Tally()
    yield tally
    rows = [dataclasses.astuple(row) for row in tally.rows()]
    request.node.user_properties.append(("relative_errors", rows))


def pytest_terminal_summary(terminalreporter):
    """Print the table of every test that collected; user properties come from other workers, too."""
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                for name, rows in report.user_properties:
                    if name == "relative_errors":
                        terminalreporter.section(f"relative errors: {report.nodeid.rpartition('::')[2]}")
                        terminalreporter.line(render([Row(*row) for row in rows]))
