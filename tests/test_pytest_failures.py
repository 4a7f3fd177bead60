"""What a failing test shows: the table and the seed, from the user's own line; no frame of gradcheck."""

import re

import pytest
from inner_suite import RIGHT, WRONG, run, section

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    "call", ["gradcheck(loss, PARAMS, wrong)", "library.assert_gradient(loss, PARAMS, wrong)"]
)
def test_mismatch(pytester, call):
    """The report's table is shown beneath the line of the test, and its first line in the summary."""
    done = run(pytester, f"def test_wrong(gradcheck):\n    {call}\n", failed=1)

    done.stdout.re_match_lines_random(
        [
            rf">       {re.escape(call)}",
            r"E  .*GradientMismatch: MISMATCH: maximum relative error 5.0e-01; mismatch in b",
            r"E +b +number +5.0e-01 .* 2 for 4 +mismatch",
            r"E +method entries; .*; seed 0",
            r"test_inner_suite.py:\d+: GradientMismatch",
            r"FAILED .*test_wrong - gradcheck.GradientMismatch: .*",
        ]
    )
    assert not own_frames(done)


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ("gradcheck(loss, 3)", ["*there is no parameter to differentiate", "*given: *3"]),
        (
            "gradcheck(lambda p: 0.0, {'a.b': 1.0, 'a': {'b': 1.0}}, right)",
            ["*two parameters have the same name 'a.b'", "*given: *a.b, a.b", "*do: *rename one*"],
        ),
        ("gradcheck(loss, PARAMS, {'W': W})", ["*the gradient has nothing for parameter 'b'"]),
        ("library.assert_gradient(loss, PARAMS, {'W': W})", ["*the gradient has nothing for parameter 'b'"]),
        ("library.check_gradient(loss, PARAMS, {'W': W})", ["*the gradient has nothing for parameter 'b'"]),
        ("gradcheck(loss, PARAMS, right, rtol=7)", ["*rtol is out of range"]),
        ("gradcheck(lambda p: p['W'][7], PARAMS, right)", ["*IndexError: index 7*"]),
    ],
)
def test_what_does_not_fit(pytester, call, lines):
    """A call that cannot be checked fails with the message, at the line that makes it."""
    done = run(pytester, f"def test_it(gradcheck):\n    {call}\n", failed=1)

    done.stdout.fnmatch_lines([f">       {call.replace('[', '[[]')}"])
    done.stdout.fnmatch_lines(lines)
    assert not own_frames(done)


def test_error_of_the_loss(pytester):
    """An exception of the user's function is shown where it is raised, and the test that led to it."""
    tests = """
def broken(params):
    return 1 / 0

def test_it(gradcheck):
    gradcheck(broken, PARAMS, right)
"""
    done = run(pytester, tests, failed=1)

    done.stdout.fnmatch_lines([">       gradcheck(broken, PARAMS, right)", ">       return 1 / 0"])
    assert not own_frames(done)


def test_fault_of_gradcheck(pytester):
    """Frames are not hidden where they are what has to be looked at."""
    tests = """
def test_it(gradcheck, monkeypatch):
    monkeypatch.setattr("gradcheck.checking.worst_of", None)
    gradcheck(loss, PARAMS, right)
"""
    done = run(pytester, tests, failed=1)

    assert own_frames(done)


def test_full_trace(pytester):
    """Nor with --full-trace."""
    assert own_frames(run(pytester, WRONG, "--full-trace", failed=1))


def test_without_the_plugin(pytester):
    """The assertion hides its frame by itself, too."""
    plain = "def test_wrong():\n    library.assert_gradient(loss, PARAMS, wrong)\n"

    done = run(pytester, plain, "-p", "no:gradcheck", failed=1)

    done.stdout.fnmatch_lines(["E * seed 0", "test_inner_suite.py:*: GradientMismatch"])
    assert not own_frames(done)


class TestInconclusive:
    """A gradient that can be neither confirmed nor refuted."""

    NOISY = "def test_noisy(gradcheck):\n    gradcheck(noisy, PARAMS, right)\n"
    MARKED = "@pytest.mark.gradcheck(inconclusive='{}')\n" + NOISY

    def test_fails(self, pytester):
        """It fails."""
        done = run(pytester, self.NOISY, failed=1)

        done.stdout.fnmatch_lines(["E *GradientInconclusive: INCONCLUSIVE: *"])
        assert section(done)[1] == "1 result of 1 checked gradient: 1 inconclusive"

    @pytest.mark.parametrize("passing", ["ini", "marker", "over ini"])
    def test_passes(self, pytester, passing):
        """Unless the ini file or a marker on the test says otherwise; a mismatch does not pass."""
        pytester.makeini(f"[pytest]\ngradcheck_inconclusive = {'pass' if passing == 'ini' else 'fail'}\n")
        tests = self.NOISY if passing == "ini" else self.MARKED.format("pass")

        done = run(pytester, tests + WRONG, passed=1, failed=1)

        assert section(done)[0]["test_noisy"]["b"][0] == "inconclusive"

    def test_marker_makes_it_fail(self, pytester):
        """The marker has the last word."""
        pytester.makeini("[pytest]\ngradcheck_inconclusive = pass\n")

        run(pytester, self.MARKED.format("fail"), failed=1)

    def test_only_the_marked_test(self, pytester):
        """The marker is that of one test."""
        other = self.NOISY.replace("test_noisy", "test_other")

        run(pytester, self.MARKED.format("pass") + other, passed=1, failed=1)

    @pytest.mark.parametrize("marker", ["inconclusive='maybe'", "'pass'", "rtol=1e-3", ""])
    def test_bad_marker(self, pytester, marker):
        """A marker that says something else is an error of the test, in words."""
        tests = self.MARKED.replace("inconclusive='{}'", marker)

        done = run(pytester, tests, errors=1)

        done.stdout.fnmatch_lines(["E *test_inner_suite.py::test_noisy: *"])

    def test_bad_ini(self, pytester):
        """So is an ini option, for the run."""
        pytester.makeini("[pytest]\ngradcheck_inconclusive = maybe\n")

        done = run(pytester, RIGHT)

        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(
            ["ERROR: the ini option gradcheck_inconclusive is 'fail' or 'pass', got 'maybe'"]
        )


def own_frames(done):
    """Return the lines of a traceback that are of gradcheck's own files."""
    return [line for line in done.outlines if re.search(r"gradcheck/\w+(/\w+)*\.py:\d+", line)]
