"""What the test suites of other checkers expect, restated: each passes or fails as theirs say.

One file a checker; a new one is found by its name.
"""

import importlib
import pkgutil

import pytest

import peers
from gradcheck.errors import GradientInterfaceError

CASES = [
    pytest.param(case, id=f"{name.removesuffix('_cases')}: {case.name}")
    for _, name, _ in pkgutil.iter_modules(peers.__path__)
    if name.endswith("_cases")
    for case in importlib.import_module(f"peers.{name}").CASES
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # domains end at some of the points
@pytest.mark.parametrize("case", CASES)
def test_case(case):
    """A right derivative matches; a wrong one is told in the way that its case states."""
    if case.told == "refused":
        with pytest.raises(GradientInterfaceError):
            case.check()
        return
    report = case.check()

    if case.passes:
        assert report.ok, report
    else:
        assert not report.ok or case.told in report.flags, report
        assert case.told in (report.verdict, *report.flags), report
