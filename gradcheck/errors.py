"""What can go wrong, one exception for each party who has to act.

The party decides the exit code of the command line: `exit_code` of the exception.
A verdict is not an error; `GradientMismatch` and `GradientInconclusive` are how
`assert_gradient` reports one.
"""

import textwrap
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck.report import Report


_INDENT = " " * 12
_wrapped = partial(
    textwrap.fill, width=80, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
)


class GradcheckError(Exception):
    """Base of every error that gradcheck raises on purpose.

    Parameters
    ----------
    problem : str
        One sentence: what is wrong.
    given, expected, do : str, optional
        What was given, what was expected instead, and what to do about it; each
        becomes a line of its own in the message, or more where it is wider than 80 columns.
    """

    exit_code = 5

    def __init__(self, problem: str, *, given: str = "", expected: str = "", do: str = "") -> None:
        self.problem = problem
        lines = (("given", given), ("expected", expected), ("do", do))
        super().__init__("\n".join([problem, *(_labelled(label, text) for label, text in lines if text)]))


def _labelled(label: str, text: str) -> str:
    """Return a text behind its label; its lines stay, and are broken where there is a space."""
    lines = text.strip("\n").split("\n")
    heads = [f"  {label + ':':<10}", *[_INDENT] * (len(lines) - 1)]
    return "\n".join(_wrapped(line, initial_indent=head) for head, line in zip(heads, lines, strict=True))


class UsageError(GradcheckError, ValueError):
    """An argument given to gradcheck cannot be used."""

    exit_code = 2


class GradientInterfaceError(UsageError):
    """The loss or the gradient given does not fit its parameters (shape, structure, type)."""


def missing_extra(what: str, package: str, extra: str) -> UsageError:
    """Return the error for something that needs a package which is not installed.

    Parameters
    ----------
    what : str
        That needs it, in the plural.
    package : str
    extra : str
        Of gradcheck, that brings the package.

    Returns
    -------
    UsageError
    """
    return UsageError(
        f"{what} need {package}",
        given=f"{package} cannot be imported",
        do=f"pip install 'gradcheck[{extra}]'",
    )


class SubmissionError(GradcheckError):
    """A submission cannot be judged: it does not load, keep its interface, or end in time.

    Parameters
    ----------
    reason : str
        One word for machines: ``"file"``, ``"syntax"``, ``"import"``, ``"interface"``,
        ``"timeout"``, ``"memory"``, ``"exit"``, ``"crashed"``.
    problem, given, expected, do : str
        As in `GradcheckError`.
    """

    exit_code = 4

    def __init__(
        self, reason: str, problem: str, *, given: str = "", expected: str = "", do: str = ""
    ) -> None:
        self.reason = reason
        super().__init__(problem, given=given, expected=expected, do=do)


class GradientVerdictError(AssertionError):
    """Base of the two failing verdicts.

    Parameters
    ----------
    report : Report
        The full result; its table is the message.
    """

    exit_code = 1

    def __init__(self, report: "Report") -> None:
        self.report = report
        super().__init__(str(report))


class GradientMismatch(GradientVerdictError):  # noqa: N818 (a verdict, named so in the public contract)
    """The gradient is wrong: an entry differs by more than any error of the numeric side."""


class GradientInconclusive(GradientVerdictError):  # noqa: N818
    """The gradient can be neither confirmed nor refuted at the precision asked for."""

    exit_code = 3


# A failure names them as users know them: a summary line has 80 columns.
for _public in (UsageError, GradientInterfaceError, GradientMismatch, GradientInconclusive):
    _public.__module__ = "gradcheck"
