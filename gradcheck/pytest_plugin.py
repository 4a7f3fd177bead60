"""The pytest plugin: the fixture `gradcheck`, a section at the end of the run, JSON and HTML.

It hears of every gradient that is asserted while a test runs, by the fixture or by
`gradcheck.assert_gradient`. What a test has asserted goes into its user properties, which JUnit XML
shows and by which pytest-xdist's workers send it. A suite that asserts no gradient pays for the
import of this file alone: whatever else is needed is imported once it is.
"""

import importlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import gradcheck
from gradcheck.assertion import assert_match, heard_by
from gradcheck.errors import GradcheckError, GradientVerdictError, UsageError

if TYPE_CHECKING:
    from gradcheck.report import Report
    from gradcheck.suite import Kept

_PROPERTY = "gradcheck"
_OPTIONS = (
    ("json", "PATH", "write the result of every gradient that a test asserts as JSON"),
    ("html", "PATH", "write it as an HTML page"),
    ("rtol", "R", "relative error that matters, where the assertion does not say (default: 1e-6)"),
    ("seed", "S", "of what is drawn at random, where the assertion does not say (default: 0)"),
)
_ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
_INCONCLUSIVE = ("fail", "pass")
_HOME = str(Path(gradcheck.__file__).parent)
_EXPLANATION = ("Explanation:", "These lines were always and only run by failing")


class Gradcheck:
    """The value of the fixture: fails unless a gradient is right, and returns its report.

    It has no state of its own, so a test with `hypothesis.given` may use it, too.
    """

    def __call__(self, loss: Any, params: Any, gradient: Any = None, **options: Any) -> "Report":
        """Assert what `gradcheck.check_gradient` checks."""
        __tracebackhide__ = True
        return assert_match(gradcheck.check_gradient, loss, params, gradient, **options)

    def vjp(self, function: Any, args: Any, vjp: Any, **options: Any) -> "Report":
        """Assert what `gradcheck.check_vjp` checks."""
        __tracebackhide__ = True
        return assert_match(gradcheck.check_vjp, function, args, vjp, **options)

    def jvp(self, function: Any, args: Any, jvp: Any, **options: Any) -> "Report":
        """Assert what `gradcheck.check_jvp` checks."""
        __tracebackhide__ = True
        return assert_match(gradcheck.check_jvp, function, args, jvp, **options)

    def layer(self, forward: Any, backward: Any, inputs: Any, **options: Any) -> "Report":
        """Assert what `gradcheck.check_layer` checks."""
        __tracebackhide__ = True
        return assert_match(gradcheck.check_layer, forward, backward, inputs, **options)

    def hessian_product(self, gradient: Any, params: Any, product: Any, **options: Any) -> "Report":
        """Assert what `gradcheck.check_hessian_product` checks."""
        __tracebackhide__ = True
        return assert_match(gradcheck.check_hessian_product, gradient, params, product, **options)


@pytest.fixture(scope="session", name="gradcheck")
def _gradcheck() -> Gradcheck:
    """Assert that a gradient is right: gradcheck(loss, params, gradient), .vjp, .jvp, .layer, ..."""
    importlib.import_module("gradcheck.kinds")  # now, not in the time that Hypothesis measures
    return Gradcheck()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option and an ini option for each of `_OPTIONS`, and one ini option more."""
    group = parser.getgroup("gradcheck", "gradients")
    for name, metavar, text in _OPTIONS:
        group.addoption(f"--gradcheck-{name}", metavar=metavar, help=text)
        parser.addini(f"gradcheck_{name}", text)
    parser.addini("gradcheck_inconclusive", "whether an inconclusive gradient is to fail (default) or pass")


def pytest_configure(config: pytest.Config) -> None:
    """Start to listen."""
    config.addinivalue_line(
        "markers", "gradcheck(inconclusive): whether an inconclusive gradient is to 'fail' or 'pass'"
    )
    config.pluginmanager.register(_Run(config), "gradcheck-run")


class _Run:
    """A run of tests: the hooks, and the listener of the test that runs."""

    def __init__(self, config: pytest.Config) -> None:
        self.options = _check_options(config)
        self._inconclusive = config.getini("gradcheck_inconclusive") or _INCONCLUSIVE[0]
        _refuse_unknown(self._inconclusive, "the ini option gradcheck_inconclusive")
        # A worker of pytest-xdist leaves the files to its controller.
        formats = () if hasattr(config, "workerinput") else ("json", "html")
        self._paths = {name: path for name in formats if (path := _path(config, name))}
        self._kept: Kept | None = None
        self._lenient = False
        self._results: list[dict[str, Any]] = []
        self._problems: list[str] = []

    def passes(self, report: "Report") -> bool:
        """Keep a report, and tell whether its assertion passes."""
        from gradcheck.suite import Kept

        passes = report.ok or (self._lenient and report.verdict == "inconclusive")
        self._kept = self._kept or Kept()
        self._kept.add(report, passes)
        return passes

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Import what tests will need now, not in the time that Hypothesis gives to an example."""
        modules = {module for item in session.items if (module := getattr(item, "module", None))}
        if any(value is gradcheck for module in modules for value in vars(module).values()):
            importlib.import_module("gradcheck.checking")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, Any, Any]:
        """Listen while a test runs."""
        with heard_by(self):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin anew, as does a test that is run again."""
        self._kept = None
        marker = item.get_closest_marker("gradcheck")
        chosen = _read_marker(marker, item.nodeid) if marker else self._inconclusive
        self._lenient = chosen == "pass"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Put what was asserted into the user properties."""
        try:
            return (yield)
        finally:
            self._publish(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Do so again, since fixtures may assert something, too."""
        try:
            return (yield)
        finally:
            self._publish(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Leave gradcheck's own frames out of a traceback, and its lines out of notes."""
        if call.excinfo:
            for entry in call.excinfo.traceback:
                if _is_own(entry):
                    entry.frame.f_globals.setdefault("__tracebackhide__", _is_no_fault_of_ours)
            for error in (call.excinfo.value, *getattr(call.excinfo.value, "exceptions", ())):
                _leave_out_own_lines(error)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test has asserted, in this process or in a worker; name what a subtest has."""
        if self._kept and hasattr(getattr(report, "context", None), "kwargs"):
            self._kept.name_subtest(report.context, report.start)
        if report.when == "teardown":
            for name, text in report.user_properties:
                if name == _PROPERTY:
                    self._results.append(json.loads(str(text)))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the files, also of a run that was interrupted."""
        for name, path in self._paths.items():
            from gradcheck import suite

            complete = exitstatus in _ENDED
            try:
                suite.write(name, path, self._results, complete=complete)
            except OSError as error:
                self._problems.append(f"{path} cannot be written: {error.strerror}")

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Show the maximum relative error of every parameter, and what could not be written."""
        verbosity = terminalreporter.config.get_verbosity()
        if self._results and verbosity >= 0:
            from gradcheck import suite

            terminalreporter.write_sep("=", "gradients")
            terminalreporter.write_line(suite.section(self._results, whole=verbosity > 0))
        for problem in self._problems:
            terminalreporter.write_line(f"gradcheck: {problem}", red=True)

    def _publish(self, item: pytest.Item) -> None:
        if self._kept:
            others = [pair for pair in item.user_properties if pair[0] != _PROPERTY]
            results = self._kept.as_json(item.nodeid)
            item.user_properties[:] = [*others, *((_PROPERTY, text) for text in results)]


def _check_options(config: pytest.Config) -> Mapping[str, Any]:
    options: dict[str, Any] = {}
    for name, kind in (("rtol", float), ("seed", int)):
        text = config.getoption(f"gradcheck_{name}") or config.getini(f"gradcheck_{name}")
        if text:
            try:
                options[name] = kind(text)
            except ValueError:
                raise pytest.UsageError(f"gradcheck-{name}: a number is needed, got {text!r}") from None
    if options:
        from gradcheck.checking import refuse_bad_options

        try:
            refuse_bad_options(**options)
        except UsageError as error:
            raise pytest.UsageError(f"gradcheck: {error}") from None
    return options


def _path(config: pytest.Config, name: str) -> Path | None:
    """Return where to write a format: relative to the command's folder, or to that of the ini file."""
    option = f"gradcheck_{name}"
    places = (
        (config.invocation_params.dir, config.getoption(option)),
        (config.rootpath, config.getini(option)),
    )
    return next((folder / path for folder, path in places if path), None)


def _read_marker(marker: pytest.Mark, nodeid: str) -> str:
    if marker.args or set(marker.kwargs) != {"inconclusive"}:
        raise pytest.UsageError(f"{nodeid}: the marker is gradcheck(inconclusive='pass'), got {marker}")
    _refuse_unknown(marker.kwargs["inconclusive"], f"{nodeid}: inconclusive")
    return str(marker.kwargs["inconclusive"])


def _refuse_unknown(choice: Any, what: str) -> None:
    if choice not in _INCONCLUSIVE:
        raise pytest.UsageError(f"{what} is {' or '.join(map(repr, _INCONCLUSIVE))}, got {choice!r}")


def _leave_out_own_lines(error: BaseException) -> None:
    """Keep only the user's own of the lines that Hypothesis lists as run by failing cases alone."""
    notes = getattr(error, "__notes__", [])
    theirs = [note for note in notes if not note.lstrip().startswith(_HOME)]
    if len(theirs) < len(notes):
        theirs = [note for note in theirs if not note.lstrip().startswith("(and ")]  # how many more there are
        heading = () if any(note.startswith(" " * 8) for note in theirs) else _EXPLANATION
        error.__notes__ = [note for note in theirs if not note.lstrip().startswith(heading)]


def _is_own(entry: Any) -> bool:
    return str(entry.frame.f_globals.get("__name__", "")).partition(".")[0] == "gradcheck"


def _is_no_fault_of_ours(excinfo: pytest.ExceptionInfo[BaseException] | None) -> bool:
    """Tell whether an exception was raised on purpose, or by a function that gradcheck called."""
    if excinfo is None or isinstance(excinfo.value, GradcheckError | GradientVerdictError):
        return True
    return not _is_own(excinfo.traceback[-1])
