"""The section at the end of a run: every parameter of every gradient that a test asserts, worst first."""

import pytest
from inner_suite import RIGHT, WRONG, run, section
from test_readme import block

pytest_plugins = ["pytester"]

BOTH = RIGHT + WRONG


def test_worst_first(pytester):
    """Every parameter of every gradient is there, the wrong ones on top, and a count of all."""
    found, total = section(run(pytester, BOTH, passed=1, failed=1))

    assert list(found) == ["test_wrong", "test_right"]
    assert list(found["test_wrong"]) == ["b", "W"]
    assert found["test_wrong"]["b"] == ("mismatch", 0.5)
    assert found["test_right"]["W"][0] == found["test_right"]["b"][0] == "match"
    assert total == "2 results of 2 checked gradients: 1 mismatch, 1 match"


def test_plain_function(pytester):
    """A test that calls the library is shown like one that takes the fixture."""
    plain = "def test_plain():\n    library.assert_gradient(loss, PARAMS, wrong)\n"

    found, _ = section(run(pytester, plain, failed=1))

    assert found["test_plain"]["b"] == ("mismatch", 0.5)


def test_name_of_a_parameter_keeps_to_its_line(pytester):
    """A line feed in it is written out."""
    odd = r"""
NAME = "a\nb"

def test_odd():
    library.assert_gradient(lambda p: p[NAME] ** 2, {NAME: 1.0}, {NAME: 2.0})
"""

    found, _ = section(run(pytester, odd, passed=1))

    assert list(found["test_odd"]) == [r"a\nb"]


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        ("vjp(lambda x: 2 * x, (W,), lambda dz, x: {} * dz)", "x"),
        ("jvp(lambda x: 2 * x, (W,), lambda args, tangents: {} * tangents[0])", "x"),
        ("layer(lambda x: (2 * x, None), lambda dz, cache: {} * dz, (W,))", "x"),
        ("hessian_product(lambda x: 2 * x, W, lambda x, v: {} * v)", "params"),
    ],
)
def test_every_kind(pytester, call, parameter):
    """The fixture has each kind of derivative as a method, which returns the report."""
    tests = f"""
def test_right(gradcheck):
    assert gradcheck.{call.format(2)}.ok

def test_wrong(gradcheck):
    gradcheck.{call.format(3)}
"""
    found, _ = section(run(pytester, tests, passed=1, failed=1))

    assert found["test_right"][parameter][0] == "match"
    assert found["test_wrong"][parameter] == ("mismatch", 0.33)


def test_parametrised(pytester):
    """Each case is a test of its own."""
    cases = """
@pytest.mark.parametrize("factor", [1.0, 1.25])
def test_case(gradcheck, factor):
    gradcheck(loss, PARAMS, {"W": factor * W, "b": 4.0})
"""
    found, _ = section(run(pytester, cases, passed=1, failed=1))

    assert found["test_case[1.0]"]["W"][0] == "match"
    assert found["test_case[1.25]"]["W"] == ("mismatch", 0.2)


def test_fixture_that_asserts(pytester):
    """What the fixtures of a test assert, before and after it, is shown with the test."""
    tests = """
@pytest.fixture
def checked(gradcheck):
    gradcheck(loss, PARAMS, right)
    yield
    gradcheck(loss, PARAMS, wrong)

def test_after(checked):
    pass
"""
    found, _ = section(run(pytester, tests, passed=1, errors=1))

    assert found["test_after (2 checks)"]["b"] == ("mismatch", 0.5)


def test_several_in_one_test(pytester):
    """What one test has checked is merged, and how often is said."""
    loop = """
def test_loop(gradcheck):
    for b in (1.0, 2.0, 3.0):
        gradcheck(loss, {"W": W, "b": b}, right)
"""
    found, total = section(run(pytester, loop, passed=1))

    assert list(found) == ["test_loop (3 checks)"]
    assert total == "1 result of 3 checked gradients: 1 match"


def test_many(pytester):
    """Beyond the first, matches are counted only; -v shows them."""
    many = """
@pytest.mark.parametrize("case", range(25))
def test_case(gradcheck, case):
    params = {f"W{i}": 1.0 for i in range(12)}
    gradcheck(lambda p: sum(p.values()), params, params)
"""
    short, whole = run(pytester, many, passed=25), run(pytester, many, "-v", passed=25)

    assert len(section(short)[0]) == 20
    short.stdout.fnmatch_lines(["    and 4 more parameters, to *", "and 5 more, which all match, to * (-v*"])
    assert [len(found) for found in section(whole)[0].values()] == [12] * 25


def test_quiet(pytester):
    """With -q there is no section, nor without gradients."""
    for tests, arguments in ((BOTH, ["-q"]), ("def test_other():\n    pass\n", [])):
        assert "= gradients =" not in run(pytester, tests, *arguments).stdout.str()


SUBTESTS = """
import unittest

def test_some(gradcheck, subtests):
    gradcheck(loss, PARAMS, right)
    for factor in (1.0, 1.25):
        with subtests.test("times", factor=factor):
            gradcheck(loss, PARAMS, {"W": factor * W, "b": 4.0})

class TestCase(unittest.TestCase):
    def test_other(self):
        for factor in (1.0, 1.25):
            with self.subTest(factor=factor):
                library.assert_gradient(loss, PARAMS, {"W": factor * W, "b": 4.0})
"""


def test_subtests(pytester):
    """What a subtest has checked is shown by its name, the rest by that of the test."""
    pytest.importorskip("_pytest.subtests", reason="pytest has subtests since 9")

    found, total = section(run(pytester, SUBTESTS))

    assert found["test_some [times] (factor=1.25)"]["W"] == ("mismatch", 0.2)
    assert found["test_some [times] (factor=1.0)"]["W"][0] == found["test_some"]["W"][0] == "match"
    assert found["TestCase::test_other (factor=1.25)"]["W"] == ("mismatch", 0.2)
    assert total == "5 results of 5 checked gradients: 2 mismatch, 3 match"


def test_run_again(pytester):
    """A second run of what failed shows just that."""
    run(pytester, BOTH, passed=1, failed=1)

    found, _ = section(run(pytester, BOTH, "--lf", failed=1))

    assert list(found) == ["test_wrong"]


@pytest.mark.parametrize("tests", [BOTH, SUBTESTS])
def test_workers(pytester, tests):
    """Under pytest-xdist the section has what all workers have checked, each once."""
    pytest.importorskip("xdist")

    assert section(run(pytester, tests, "-n", "2")) == section(run(pytester, tests))


def test_random_order(pytester):
    """In any order of the tests the section is the same."""
    pytest.importorskip("pytest_randomly", reason="pytest-randomly is not installed")
    ordered = section(run(pytester, BOTH, "-p", "no:randomly"))

    for seed in range(3):
        done = pytester.runpytest_subprocess(f"--randomly-seed={seed}")

        assert section(done) == ordered


def test_run_inside_a_run(pytester):
    """The tests of an inner run are its own: none of them is heard of outside."""
    inner = """
pytest_plugins = ["pytester"]

def test_outer(gradcheck, pytester):
    gradcheck(loss, PARAMS, right)
    pytester.makepyfile(test_innermost="def test_x(gradcheck): gradcheck(lambda x: x, 1.0, 2.0)")
    pytester.runpytest("-q").assert_outcomes(failed=1)
    gradcheck(loss, PARAMS, right)
"""
    found, _ = section(run(pytester, inner, passed=1))

    assert list(found) == ["test_outer (2 checks)"]


def test_example_of_the_readme(pytester):
    """The README's example runs as it stands, and shows what the README says but for round-off."""
    pytester.makepyfile(test_model=block("code: suite"))

    found, total = section(pytester.runpytest("-p", "no:randomly"))

    shown, shown_total = section(pytest.RunResult(1, block("output: suite").splitlines(), [], 0.0))
    assert total == shown_total
    assert without_round_off(found) == without_round_off(shown)


def without_round_off(tests):
    """Return the verdicts, and the errors that are more than round-off."""
    return {
        test: {name: (verdict, error > 1e-9 and error) for name, (verdict, error) in parameters.items()}
        for test, parameters in tests.items()
    }
