"""Laws as tests: what pytest and unittest make of them, as their users see it."""

import dataclasses
import re
import unittest
from collections import UserDict
from pathlib import Path

import pytest
from law_abiding import Layer, Mlp, layer_case, network_case
from law_breakers import Accumulates

import gradcheck
from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.laws import LAWS, iter_checks

pytest_plugins = ["pytester"]

PLAIN = """
import sys
sys.path.insert(0, {here!r})
from law_abiding import Layer, Mlp, layer_case, network_case
from law_breakers import Accumulates
import gradcheck

@gradcheck.parametrize_with_checks(
    [layer_case(Layer(), "right"), layer_case(Accumulates(), "sums"), network_case(Mlp(), "mlp")],
    expected_failures={expected!r},
)
def test_laws(check):
    check()
"""
SUMS = {"equal_calls", "no_accumulation", "linear", "zero", "additive", "permutation", "single_precision"}


class TestPytest:
    @pytest.fixture
    def write(self, pytester, monkeypatch):
        # What one of the implementations gives depends on the calls before.
        monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:randomly")

        def write(expected=None):
            pytester.makepyfile(PLAIN.format(here=str(Path(__file__).parent), expected=expected))
            return pytester

        return write

    def test_one_test_for_each_law_and_implementation(self, write):
        """Each has its id; a broken law fails with its message, the others pass."""
        run = write().runpytest("-v", "-p", "no:cacheprovider")

        run.assert_outcomes(passed=len(LAWS) + len(LAWS) - 2 + len(LAWS) - len(SUMS), failed=len(SUMS))
        run.stdout.re_match_lines([r".*::test_laws\[right-linear\] PASSED.*"])
        run.stdout.re_match_lines([r".*::test_laws\[sums-equal_calls\] FAILED.*"])
        run.stdout.re_match_lines([r".*::test_laws\[mlp-reuse\] PASSED.*"])
        run.stdout.fnmatch_lines(["*sums breaks the law 'equal_calls'"])
        run.stdout.fnmatch_lines(["*seen:*each call adds its result to those of the calls before"])

    def test_choosing_by_name(self, write):
        """-k chooses by implementation and by law."""
        run = write().runpytest("-k", "mlp and (additive or reuse)")

        run.assert_outcomes(passed=2, deselected=3 * len(LAWS) - 2 - 2)

    def test_expected_failures(self, write):
        """They are shown as xfailed with their reason."""
        reasons = dict.fromkeys(SUMS, "sums on purpose")

        run = write({"sums": reasons}).runpytest("-rx")

        run.assert_outcomes(passed=3 * len(LAWS) - 2 - len(SUMS), xfailed=len(SUMS))
        run.stdout.fnmatch_lines(["XFAIL*sums-linear*sums on purpose*"])

    def test_an_expected_failure_that_does_not_come(self, write):
        """It fails: the reason is out of date."""
        run = write({"right": {"linear": "not yet"}}).runpytest("-k", "right-linear")

        run.assert_outcomes(failed=1, deselected=3 * len(LAWS) - 3)
        run.stdout.fnmatch_lines(["*XPASS(strict)*not yet*"])

    def test_an_error_is_no_expected_failure(self, pytester):
        """Only a broken law is expected, not an implementation that raises."""
        pytester.makepyfile(
            """
            import numpy as np, gradcheck

            class Broken:
                def loss(self, params, x, d):
                    return np.sum(params * x)

                def gradient(self, params, x, d):
                    raise ZeroDivisionError

            case = gradcheck.laws.NetworkCase("broken", Broken(), np.ones(3), np.ones((5, 3)), np.ones(5))

            @gradcheck.parametrize_with_checks([case], expected_failures={"broken": {"reuse": "slow"}})
            def test_laws(check):
                check()
            """
        )

        run = pytester.runpytest("-k", "reuse")

        run.assert_outcomes(failed=1, deselected=len(LAWS) - 3)
        run.stdout.fnmatch_lines(["*ZeroDivisionError*"])

    def test_frames_are_hidden(self, write):
        """A failure shows the caller's line and the message, no code of gradcheck."""
        run = write().runpytest("-k", "sums-linear")

        run.stdout.fnmatch_lines([">*check()"])
        run.stdout.no_fnmatch_line("*gradcheck/laws/*.py:*")

    def test_skips(self, pytester):
        """A law that has nothing to say is skipped and says why."""
        pytester.makepyfile(
            """
            import numpy as np, gradcheck
            from gradcheck.networks.layers import BatchNorm

            case = gradcheck.laws.LayerCase("norm", BatchNorm(), dict(gamma=np.ones(2), beta=np.ones(2)),
                                            np.random.default_rng(0).normal(size=(5, 2)))

            @gradcheck.parametrize_with_checks([case])
            def test_laws(check):
                check()
            """
        )

        run = pytester.runpytest("-rs")

        run.assert_outcomes(passed=len(LAWS) - 1, skipped=1)
        run.stdout.fnmatch_lines(["*additive: the loss is neither a sum nor a mean over samples*"])

    def test_example_of_the_readme(self, pytester):
        """The README's example runs as it stands and passes."""
        text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
        found = re.search(r"<!-- code: laws -->\n```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        assert found
        pytester.makepyfile(found[1])

        run = pytester.runpytest()

        run.assert_outcomes(passed=len(LAWS))


class TestUnittest:
    def run(self, **options):
        """Return the results of a TestCase made of the checks of a layer that accumulates."""
        result = unittest.TestResult()
        for name, check in iter_checks([layer_case(Accumulates(), "sums")], **options):
            test = unittest.FunctionTestCase(check, description=name)
            test.run(result)
        return result

    def test_failures(self):
        """Each broken law is a failure of its own, not an error."""
        result = self.run()

        assert {test.shortDescription() for test, _ in result.failures} == {f"sums-{law}" for law in SUMS}
        assert not result.errors
        assert result.testsRun == len(LAWS)

    def test_expected_failures(self):
        """They are skipped with their reason; one that does not come is a failure."""
        reasons = dict.fromkeys([*SUMS, "reuse"], "on purpose")

        result = self.run(expected_failures={"sums": reasons})

        assert {reason for _, reason in result.skipped} == {"expected: on purpose"}
        assert [test.shortDescription() for test, _ in result.failures] == ["sums-reuse"]
        assert "expected to be broken: on purpose" in result.failures[0][1]

    def test_names(self):
        """A runner names each check, expected to fail or not."""
        for name, check in iter_checks([layer_case(Layer())], expected_failures={"layer": {"linear": "why"}}):
            assert str(unittest.FunctionTestCase(check)) == f"unittest.case.FunctionTestCase ({name})"


class TestRefusals:
    def test_same_name(self):
        """Two implementations need two names."""
        with pytest.raises(UsageError, match="two implementations are named 'layer'"):
            list(iter_checks([layer_case(Layer()), layer_case(Layer())]))

    @pytest.mark.parametrize(
        "expected", [{"lair": {"linear": ""}}, {"layer": {"linnear": "x"}}, {"layer": {"shapes": "x"}}]
    )
    def test_expected_failure_of_nothing(self, expected):
        """A misspelt expected failure does not pass unnoticed."""
        with pytest.raises(UsageError, match="an expected failure is of no check"):
            gradcheck.parametrize_with_checks([layer_case(Layer())], expected_failures=expected)

    def test_law_without_say(self):
        """Nor does one of a law that says nothing about networks."""
        with pytest.raises(UsageError, match="law 'zero'"):
            list(iter_checks([network_case(Mlp())], expected_failures={"network": {"zero": "why"}}))

    def test_no_case(self):
        """An implementation without arguments is named, and how to wrap it."""
        with pytest.raises(UsageError, match=r"(?s)Layer object.*LayerCase\(name, layer,\s+params, x\)"):
            list(iter_checks([Layer()]))

    @pytest.mark.parametrize("law", LAWS)
    def test_nothing_to_differentiate(self, law):
        """Params of a type whose numbers nobody sees are refused by every law, not found to keep it."""
        case = dataclasses.replace(network_case(Mlp()), params=UserDict(network_case(Mlp()).params))

        with pytest.raises(GradientInterfaceError, match=r"(?s)'params' is of a type.*UserDict"):
            LAWS[law].check(case)

    @pytest.mark.parametrize(
        ("method", "given"), [("forward", "expected:.*z, cache"), ("backward", "expected:.*dparams, dx")]
    )
    @pytest.mark.parametrize("law", LAWS)
    def test_no_pair(self, law, method, given):
        """A layer with another interface is told which one is meant, by every law."""
        wrong = type("Wrong", (Layer,), {method: lambda self, *arguments: 1.0})

        with pytest.raises(GradientInterfaceError, match=rf"(?s){method} does not.*given: *float\n.*{given}"):
            LAWS[law].check(layer_case(wrong()))
