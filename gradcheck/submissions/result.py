"""The result of a submission: a report, or why there is none, and what was understood."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gradcheck import formats
from gradcheck.errors import GradientInconclusive, GradientMismatch, SubmissionError
from gradcheck.report import Report

_EXIT_CODES = {
    "match": 0,
    "mismatch": GradientMismatch.exit_code,
    "inconclusive": GradientInconclusive.exit_code,
    "error": SubmissionError.exit_code,
}

Plot = dict[str, str]


def exit_code(verdict: str, flags: Collection[str]) -> int:
    """Return the code of the command line: a match with another forward pass is none with what was asked."""
    differs = verdict == "match" and "forward-differs" in flags
    return _EXIT_CODES["mismatch" if differs else verdict]


@dataclass(frozen=True)
class SubmissionResult:
    """What is known of a submission.

    Attributes
    ----------
    file : str
        As it was given.
    outcome : Report or SubmissionError
    seed : int
    seconds : float
        Wall time of everything.
    sandbox : str
        The level that it ran under.
    shape : str or None
        The calling convention recognised.
    understood : tuple of str
        What was inferred, in words.
    flags : tuple of str
        What was noticed, one word each.
    plots : tuple of dict
        As `gradcheck.formats.html` takes them; no part of `to_dict`.
    """

    file: str
    outcome: Report | SubmissionError
    seed: int
    seconds: float
    sandbox: str
    shape: str | None = None
    understood: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()

    @property
    def verdict(self) -> str:
        """``"match"``, ``"mismatch"``, ``"inconclusive"`` or ``"error"``."""
        return "error" if isinstance(self.outcome, SubmissionError) else self.outcome.verdict

    @property
    def exit_code(self) -> int:
        """Of the command line."""
        return exit_code(self.verdict, self.flags)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: the fields of a report and those of a submission."""
        own = {
            "file": self.file,
            "shape": self.shape,
            "sandbox": self.sandbox,
            "understood": list(self.understood),
        }
        if isinstance(self.outcome, SubmissionError):
            empty = Report("inconclusive", {}, "", 0, self.seed, self.seconds, flags=self.flags).to_dict()
            problem = {"verdict": "error", "max_relative_error": None}
            return {**empty, **problem, **own, "reason": self.outcome.reason, "message": str(self.outcome)}
        return {**self.outcome.to_dict(), **own, "flags": list(self.flags)}

    def __str__(self) -> str:
        return formats.render("text", [self.to_dict()])
