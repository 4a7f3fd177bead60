"""What `gradcheck fuzz` found: plain data, and its text for people."""

import dataclasses
import math
import textwrap
from dataclasses import dataclass
from typing import Any

from gradcheck import formats
from gradcheck.decision import Verdict
from gradcheck.formats.text import told
from gradcheck.fuzzing.tally import Row, render

_EXIT_CODES = {"match": 0, "mismatch": 1, "inconclusive": 3, "error": 4}
_TOLERATED = 0.01  # of the problems


@dataclass(frozen=True)
class Failure:
    """The smallest problem that fails.

    Attributes
    ----------
    reason : {"mismatch", "raised", "interface"}
    message : str
        The report's table, the traceback, or what does not fit.
    code : str
        Rebuilds the problem: params, x, and of networks also network and d.
    """

    reason: str
    message: str
    code: str


@dataclass(frozen=True)
class FuzzResult:
    """What random problems have shown of an implementation.

    Attributes
    ----------
    name : str
        Of the implementation.
    drawn : {"networks", "inputs"}
        What was random.
    examined : int
        Problems, until the first that failed.
    constant, inconclusive : int
        Those whose loss depends on no parameter, so that there is nothing to confirm, and those
        that could be neither confirmed nor refuted.
    undecided : str or None
        Code of the first inconclusive one.
    parameters : tuple of Row
        Count, median and maximum relative error of each parameter, and the seed of the worst case.
    failure : Failure or None
    replayed : bool
        Whether the failure was kept by an earlier run.
    kept : str or None
        Directory in which the failure is kept.
    seed, part : int
        Seed of the first part; problems in a part, the most that a seed draws.
    seconds : float
        Wall time.
    """

    name: str
    drawn: str
    examined: int
    constant: int
    inconclusive: int
    undecided: str | None
    parameters: tuple[Row, ...]
    failure: Failure | None
    replayed: bool
    kept: str | None
    seed: int
    part: int
    seconds: float = dataclasses.field(compare=False)

    @property
    def verdict(self) -> Verdict | str:
        """Match, mismatch, inconclusive, or error where the implementation broke.

        An inconclusive problem says nothing of the implementation: one in every hundred begun is
        passed over.
        """
        if self.failure:
            return "mismatch" if self.failure.reason == "mismatch" else "error"
        nothing = self.examined == self.constant + self.inconclusive
        tolerated = math.ceil(_TOLERATED * self.examined)
        return "inconclusive" if nothing or self.inconclusive > tolerated else "match"

    @property
    def exit_code(self) -> int:
        """Of the command line."""
        return _EXIT_CODES[self.verdict]

    @property
    def max_relative_error(self) -> float:
        """The largest of all parameters; 0 if there is none."""
        return max((row.maximum for row in self.parameters), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data (dict, list, str, numbers)."""
        rows = {row.parameter: dataclasses.asdict(row) for row in self.parameters}
        own = {"verdict": self.verdict, "ok": self.verdict == "match", "parameters": rows}
        return {**dataclasses.asdict(self), **own, "max_relative_error": self.max_relative_error}

    def to_json(self) -> str:
        """Return valid JSON."""
        return formats.render("json", [self.to_dict()])

    def __str__(self) -> str:
        parts = [self._headline()]
        if self.parameters:
            parts.append(render(list(self.parameters)))
        if self.failure:
            again = ", kept by an earlier run" if self.replayed else ""
            text = self.failure.message
            parts += [f"the smallest case that fails{again}:\n{_indented(self.failure.code)}",
                      told(text) if self.failure.reason == "interface" else text]  # fmt: skip
        if self.undecided:
            parts.append(f"the first inconclusive case:\n{_indented(self.undecided)}")
        return "\n\n".join([*parts, self._origin()])

    def _headline(self) -> str:
        drawn = self.drawn.removesuffix("s") if self.examined == 1 else self.drawn
        text = f"{self.verdict.upper()}: {self.examined} random {drawn} against {self.name}"
        if self.parameters:
            text += f", maximum relative error {self.max_relative_error:.1e}"
        text += f"; {self.inconclusive} inconclusive" if self.inconclusive else ""
        text += f"; {self.constant} with a constant loss" if self.constant else ""
        return textwrap.fill(text, 80, subsequent_indent="  ")

    def _origin(self) -> str:
        text = f"seed {self.seed}; --seed SEED --examples {self.part} draws the worst case of a row again"
        kept = f"\n{told(f'kept in {self.kept}; the next run begins with it')}" if self.kept else ""
        return text + kept


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
