"""What an assertion does with a report, and who is told of it.

A test runner may listen: it supplies the options that an assertion leaves open, keeps the report,
and has the last word on whether it passes. Nothing heavy is imported here, so that a runner's
plugin that only waits costs nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from gradcheck.errors import GradientInconclusive, GradientMismatch

if TYPE_CHECKING:
    from gradcheck.report import Report


class Listener(Protocol):
    """Who is told of assertions.

    Attributes
    ----------
    options : mapping of str to object
        Keywords of the checks, for those that an assertion leaves open.
    """

    options: Mapping[str, Any]

    def passes(self, report: "Report") -> bool:
        """Keep a report, and tell whether its assertion passes."""


class _Nobody:
    """What holds where nobody listens: a match passes."""

    options: Mapping[str, Any] = {}

    def passes(self, report: "Report") -> bool:
        return report.ok


UNHEARD: Listener = _Nobody()
_listeners: list[Listener] = [UNHEARD]


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener, and no other, be told of the assertions of a block, in all its threads."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.pop()


def assert_match(check: Callable[..., "Report"], *arguments: Any, **options: Any) -> "Report":
    """Return the report of ``check(*arguments, **options)``, or fail unless it is a match.

    Raises
    ------
    GradientMismatch, GradientInconclusive
    """
    __tracebackhide__ = True
    listener = _listeners[-1]
    report = check(*arguments, **{**listener.options, **options})
    if listener.passes(report):
        return report
    raise GradientMismatch(report) if report.verdict == "mismatch" else GradientInconclusive(report)
