"""Options of the plugin, on the command line and in the ini file; the files that it writes; JUnit XML."""

import json
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from inner_suite import RIGHT, SOURCE, WRONG, run, section

pytest_plugins = ["pytester"]

BOTH = RIGHT + WRONG
INFINITE = """
def test_infinite(gradcheck):
    gradcheck(loss, PARAMS, {"W": W * [1, np.inf, np.nan], "b": 4.0})
"""
SEEN = """
import os, pathlib, time

seen = pathlib.Path(__file__).with_name("seen")

def pytest_runtest_logreport(report):
    if report.when == "teardown" and "PYTEST_XDIST_WORKER" not in os.environ:
        seen.touch()

def wait_until_another_is_seen():
    for _ in range(600):
        if not seen.exists():
            time.sleep(0.1)
"""
workers = pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])


def strict(text):
    """Return what JSON says, and refuse what only Python takes for it."""
    return json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))


class TestFiles:
    @workers
    def test_json(self, pytester, workers):
        """All results are there, the worst first, numbers that are not finite as strings."""
        run(pytester, BOTH + INFINITE, "--gradcheck-json=new/results.json", *workers, passed=1, failed=2)

        written = strict((pytester.path / "new/results.json").read_text())
        assert written["complete"] is True
        names = [result["name"].partition("::")[2] for result in written["results"]]
        assert names == ["test_infinite", "test_wrong", "test_right"]
        infinite, wrong, right = written["results"]
        assert infinite["max_relative_error"] == "inf"
        assert (wrong["verdict"], right["verdict"]) == ("mismatch", "match")
        assert wrong["parameters"]["b"]["worst"]["analytic"] == 2.0
        assert wrong["checks"] == 1

    def test_html(self, pytester):
        """So they are on the page."""
        run(pytester, BOTH, "--gradcheck-html=page.html", passed=1, failed=1)

        page = (pytester.path / "page.html").read_text()
        assert "1 of 2 match" in page
        assert page.index("test_inner_suite.py::test_wrong") < page.index("test_inner_suite.py::test_right")

    def test_html_counts_checks(self, pytester):
        """How many gradients a test has checked is on the page where it is more than one."""
        run(pytester, RIGHT + "    gradcheck(loss, PARAMS, right)\n", "--gradcheck-html=page.html", passed=1)

        assert "<dt>checks</dt><dd>2 gradients in this test</dd>" in (pytester.path / "page.html").read_text()

    def test_nothing_checked(self, pytester):
        """A run that checks nothing says so in its files."""
        run(pytester, "def test_other():\n    pass\n", "--gradcheck-json=a.json", "--gradcheck-html=a.html")

        assert strict((pytester.path / "a.json").read_text()) == {"complete": True, "results": []}
        assert "0 of 0 match" in (pytester.path / "a.html").read_text()

    def test_ini_path(self, pytester):
        """A path in the ini file is relative to it, one on the command line to where the command runs."""
        pytester.makeini("[pytest]\ngradcheck_json = ini.json\ngradcheck_html = ini.html\n")
        pytester.makepyfile(**{"below/test_inner_suite": SOURCE + RIGHT})
        folder = pytester.path / "below"

        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--gradcheck-html=given.html"], cwd=folder, check=True
        )

        assert (pytester.path / "ini.json").exists()
        assert (folder / "given.html").exists()
        assert not (pytester.path / "ini.html").exists()

    @pytest.mark.parametrize("path", ["/dev/full", "file/x.json", ""], ids=["full", "below a file", "folder"])
    def test_not_writable(self, pytester, path):
        """What cannot be written is said, also with -q; the result of the tests stays as it is."""
        (pytester.path / "file").touch()
        place = pytester.path / path

        done = run(pytester, BOTH, "-q", f"--gradcheck-json={place}", passed=1, failed=1)

        assert done.ret == pytest.ExitCode.TESTS_FAILED
        done.stdout.fnmatch_lines([f"gradcheck: {place} cannot be written: *"])

    @pytest.mark.parametrize(
        ("ending", "workers"),
        [("raise KeyboardInterrupt", ["-n", "2"]), ("pytest.exit('enough')", [])],
        ids=["xdist", "alone"],
    )
    def test_interrupted(self, pytester, monkeypatch, ending, workers):
        """What was checked until a run is interrupted is written, and that it is not all."""
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # of the run that this test is in
        pytester.makeconftest(SEEN)
        stop = f"\ndef test_stop():\n    wait_until_another_is_seen()\n    {ending}\n"
        pytester.makepyfile(test_inner_suite="from conftest import *\n" + SOURCE + RIGHT + stop + WRONG)

        pytester.runpytest_subprocess(
            "--gradcheck-json=part.json", "--gradcheck-html=part.html", "-p", "no:randomly", *workers
        )

        written = strict((pytester.path / "part.json").read_text())
        assert written["complete"] is False
        assert written["results"]
        assert (pytester.path / "part.html").read_text().rstrip().endswith("</html>")

    def test_interrupted_by_a_signal(self, pytester):
        """So it is after Ctrl-C."""
        stop = "\ndef test_stop():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGINT)\n"
        pytester.makepyfile(test_inner_suite=SOURCE + RIGHT + stop + WRONG)

        done = pytester.runpytest_subprocess("--gradcheck-json=part.json", "-p", "no:randomly")

        assert done.ret == signal.SIGINT == pytest.ExitCode.INTERRUPTED
        written = strict((pytester.path / "part.json").read_text())
        assert [result["name"] for result in written["results"]] == ["test_inner_suite.py::test_right"]
        assert list(section(done)[0]) == ["test_right"]


class TestJunit:
    @workers
    def test_properties(self, pytester, workers):
        """JUnit XML carries each test's result, as JSON in a property of its test case."""
        run(pytester, BOTH + INFINITE, "--junitxml=junit.xml", *workers, passed=1, failed=2)

        assert {name: value["verdict"] for name, value in self.read(pytester)} == {
            "test_right": "match",
            "test_wrong": "mismatch",
            "test_infinite": "mismatch",
        }

    def test_beside_others(self, pytester):
        """Properties of others stay, and a second phase of a test does not repeat them."""
        tests = """
def test_other(gradcheck, record_property):
    record_property("color", "red")
    gradcheck(loss, PARAMS, right)
    record_property("size", "small")
"""
        run(pytester, tests, "--junitxml=junit.xml", "-ojunit_family=xunit1", passed=1)

        tree = ElementTree.parse(pytester.path / "junit.xml")
        assert sorted(found.get("name") for found in tree.iter("property")) == ["color", "gradcheck", "size"]

    def read(self, pytester):
        tree = ElementTree.parse(pytester.path / "junit.xml")
        return [
            (case.get("name"), strict(found.get("value")))
            for case in tree.iter("testcase")
            for found in case.iter("property")
        ]


CLOSE = """
def close(params):
    return {"W": params["W"].copy(), "b": 2.002 * params["b"]}
"""


class TestRtolAndSeed:
    FIXTURE = CLOSE + "\ndef test_close(gradcheck):\n    gradcheck(loss, PARAMS, close)\n"
    PLAIN = CLOSE + "\ndef test_close():\n    library.assert_gradient(loss, PARAMS, close)\n"

    @pytest.mark.parametrize("tests", [FIXTURE, PLAIN], ids=["fixture", "function"])
    def test_command_line(self, pytester, tests):
        """They hold for the fixture and for the function."""
        run(pytester, tests, failed=1)

        run(pytester, tests, "--gradcheck-rtol=1e-2", passed=1)
        run(pytester, tests, "--gradcheck-seed=17", failed=1).stdout.fnmatch_lines(["E * seed 17"])

    def test_workers(self, pytester):
        """They hold in the workers of pytest-xdist."""
        run(pytester, self.FIXTURE, "--gradcheck-rtol=1e-2", "-n", "1", passed=1)

    def test_ini(self, pytester):
        """The ini file has them, too; the command line comes first, and a test before both."""
        pytester.makeini("[pytest]\ngradcheck_rtol = 1e-2\ngradcheck_seed = 17\n")
        own = self.FIXTURE.replace("close)\n", "close, rtol=1e-5, seed=3)\n")

        run(pytester, self.FIXTURE, passed=1)
        done = run(pytester, self.FIXTURE, "--gradcheck-rtol=1e-5", failed=1)
        done.stdout.fnmatch_lines(["E * seed 17"])
        run(pytester, own, failed=1).stdout.fnmatch_lines(["E * seed 3"])

    @pytest.mark.parametrize(
        ("option", "words"),
        [
            ("--gradcheck-rtol=small", "*gradcheck-rtol: a number is needed, got 'small'"),
            ("--gradcheck-rtol=0", "*rtol is out of range"),
            ("--gradcheck-rtol=nan", "*rtol is out of range"),
            ("--gradcheck-seed=-1", "*the seed cannot be used"),
            ("--gradcheck-seed=1.5", "*gradcheck-seed: a number is needed, got '1.5'"),
        ],
    )
    def test_bad_value(self, pytester, option, words):
        """A bad value ends the run before it begins, in words."""
        done = run(pytester, RIGHT, option)

        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([words])


HEAVY = {"numpy", "scipy", "hypothesis", "gradcheck.report", "gradcheck.suite"}


class TestUnused:
    """A suite that checks no gradient pays for next to nothing (how little: benchmarks/plugin.py)."""

    def test_import(self):
        """The plugin itself imports nothing heavy."""
        code = f"import sys, gradcheck.pytest_plugin; print({HEAVY} & set(sys.modules))"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stdout == "set()\n"

    def test_run(self, pytester):
        """Nor does a run of tests, until its end."""
        pytester.makeconftest(f"""
import sys
def pytest_unconfigure():
    print("heavy:", {HEAVY} & set(sys.modules))
""")
        pytester.makepyfile(test_inner_other="def test_other():\n    pass\n")

        done = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:hypothesispytest")

        done.assert_outcomes(passed=1)
        done.stdout.fnmatch_lines(["heavy: set()"])

    def test_loaded(self, pytester):
        """Installed, the plugin is there without a word in the suite."""
        done = pytester.runpytest_subprocess("--markers")

        done.stdout.fnmatch_lines(["@pytest.mark.gradcheck(inconclusive): *"])
