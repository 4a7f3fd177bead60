"""The result of a check: frozen, small, no arrays, picklable; the same for every way of checking.

`Report.merge` folds several results of the same kind into one and is associative bit for bit:
everything it keeps is a maximum, an ordered union, or an exact sum.
"""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

from gradcheck import formats
from gradcheck.decision import Verdict, worst_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Index = tuple[int, ...]
WRONG_LISTED = 20
_TICK = 2.0**-20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Worst:
    """The entry of a parameter with the largest relative error.

    Attributes
    ----------
    index : tuple of int
        Of the entry; ``()`` for a number. That of a complex one ends with 0 for its real part and 1
        for its imaginary part.
    analytic, numeric : float
        The derivative that was given and the one that was measured.
    uncertainty : float
        Bound on the error of `numeric`, in its units.
    """

    index: Index
    analytic: float
    numeric: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class ParameterReport:
    """The result for one parameter (a named leaf).

    Attributes
    ----------
    name : str
        Path of the leaf, such as ``W1`` or ``layers.0.b``.
    shape : tuple of int
    dtype : str
        As it was given.
    verdict : {"match", "mismatch", "inconclusive"}
    max_relative_error : float
        Largest ``|a - D| / size`` of an entry; size is ``max(|a|, |D|)``, or what an entry too
        small to be seen was judged by (see `gradcheck.decision`). ``inf`` if a is not finite.
    uncertainty : float
        Of `max_relative_error`, likewise relative.
    detection_limit : float
        The smallest error of an entry that would have been seen, in the units of the gradient.
    entries, checked : int
        Entries of the leaf, and how many of them were checked; a complex number counts as two, its real
        and its imaginary part.
    wrong_count : int
        Entries that are a mismatch.
    wrong : tuple of tuple of int
        Their indices, the first 20. That of a complex number ends with 0 for its real part and 1 for
        its imaginary part; tables write ``[2].imag`` for ``(2, 1)``.
    worst : Worst or None
        None if the leaf has no entry.
    kinks : int
        Entries at which left and right derivative differ.
    inconclusive_count : int
        Entries that are neither a match nor a mismatch.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    verdict: Verdict
    max_relative_error: float
    uncertainty: float
    detection_limit: float
    entries: int
    checked: int
    wrong_count: int = 0
    wrong: tuple[Index, ...] = ()
    worst: Worst | None = None
    kinks: int = 0
    inconclusive_count: int = 0

    def merge(self, other: "ParameterReport") -> "ParameterReport":
        """Return the result of both checks of this parameter; counts add up."""
        worse = other if other.max_relative_error > self.max_relative_error else self
        return dataclasses.replace(
            worse,
            shape=self.shape,
            dtype=self.dtype,
            verdict=worst_of([self.verdict, other.verdict]),
            detection_limit=max(self.detection_limit, other.detection_limit),
            entries=self.entries + other.entries,
            checked=self.checked + other.checked,
            wrong_count=self.wrong_count + other.wrong_count,
            wrong=_union(self.wrong, other.wrong)[:WRONG_LISTED],
            kinks=self.kinks + other.kinks,
            inconclusive_count=self.inconclusive_count + other.inconclusive_count,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A known mistake that explains the wrong entries.

    Attributes
    ----------
    code : str
        Of the mistake, as in ``gradcheck explain CODE``.
    parameters : tuple of str
        The parameters it explains.
    message, hint : str
        What was computed instead; a question that leads to the line.
    residual : float
        Largest relative error left once the explanation is applied.
    equal : tuple of str
        Codes of other mistakes that give the same gradient here.
    """

    code: str
    parameters: tuple[str, ...]
    message: str
    hint: str
    residual: float
    equal: tuple[str, ...] = ()

    @property
    def mistake(self) -> tuple[str, tuple[str, ...]]:
        """What is found, and where."""
        return self.code, self.parameters


@dataclass(frozen=True)
class Report:
    """The result of a check: a verdict, and for each parameter the maximum relative error.

    Attributes
    ----------
    verdict : {"match", "mismatch", "inconclusive"}
    parameters : dict of str to ParameterReport
        In the order in which the parameters were given.
    method : str
        ``"entries"`` or ``"directions"``.
    evaluations : int
        Calls of the loss.
    seed : int
        The one that repeats this result.
    seconds : float
        Wall time; the only field that differs between two equal runs.
    false_pass_probability : float or None
        ``method="directions"`` only.
    findings : tuple of Finding
    notes : tuple of str
        Noise level, precision, kinks met: what a reader should know to trust the numbers.
    flags : tuple of str
        What was noticed about the functions, one word each: ``"nondeterministic"``, ...
    """

    verdict: Verdict
    parameters: dict[str, ParameterReport]
    method: str
    evaluations: int
    seed: int
    seconds: float = field(compare=False)
    false_pass_probability: float | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Multiples of 2**-20 s add without rounding, so that merging is associative.
        object.__setattr__(self, "seconds", math.floor(self.seconds / _TICK) * _TICK)

    @property
    def ok(self) -> bool:
        """Whether the verdict is ``"match"``."""
        return self.verdict == "match"

    @property
    def max_relative_error(self) -> float:
        """The largest of all parameters; 0 if there is none."""
        return max((p.max_relative_error for p in self.parameters.values()), default=0.0)

    def merge(self, other: "Report") -> "Report":
        """Return the result of both checks; a parameter of both is merged by name.

        Parameters
        ----------
        other : Report

        Returns
        -------
        Report
            Counts and times added, errors and probabilities maximised, the verdict the worse one.
        """
        parameters = dict(self.parameters)
        for name, result in other.parameters.items():
            parameters[name] = parameters[name].merge(result) if name in parameters else result
        probabilities = [
            r.false_pass_probability for r in (self, other) if r.false_pass_probability is not None
        ]
        return Report(
            verdict=worst_of([self.verdict, other.verdict]),
            parameters=parameters,
            method="+".join(sorted({*self.method.split("+"), *other.method.split("+")})),
            evaluations=self.evaluations + other.evaluations,
            seed=self.seed,
            seconds=self.seconds + other.seconds,
            # A wrong gradient passes the whole only if it passes the check that it fails.
            false_pass_probability=max(probabilities, default=None),
            findings=_findings(self.findings, other.findings),
            notes=_union(self.notes, other.notes),
            flags=_union(self.flags, other.flags),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data (dict, list, str, numbers), the input of every format."""
        result = dataclasses.asdict(self)
        return {**result, "ok": self.ok, "max_relative_error": self.max_relative_error}

    def to_json(self) -> str:
        """Return valid JSON; numbers that are not finite are the strings "nan", "inf", "-inf"."""
        return formats.render("json", [self.to_dict()])

    def to_html(self) -> str:
        """Return a page that needs nothing beside itself."""
        return formats.render("html", [self.to_dict()])

    def plot(self) -> "Figure":
        """Draw the error of every parameter beside its uncertainty and detection limit.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        UsageError
            Without matplotlib, which the extra ``report`` brings.
        """
        from gradcheck.figures import draw_rows

        return draw_rows(self.to_dict())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from gradcheck.formats import html

        return html.fragment(self.to_dict())

    def __str__(self) -> str:
        return formats.render("text", [self.to_dict()])


def _union(first: Iterable[T], second: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys([*first, *second]))


def agreed(reports: Iterable[Report]) -> tuple[Finding, ...]:
    """Return what is found in each of several checks of the same gradient, as the merged report has it.

    Parameters
    ----------
    reports : iterable of Report
        At least one.

    Returns
    -------
    tuple of Finding
    """
    reports = list(reports)
    common = set.intersection(*({found.mistake for found in report.findings} for report in reports))
    merged = reduce(Report.merge, reports)
    return tuple(found for found in merged.findings if found.mistake in common)


def _findings(first: Iterable[Finding], second: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of both; of the same mistake in the same parameters the less exact one."""
    kept: dict[tuple[str, tuple[str, ...]], Finding] = {}
    for found in (*first, *second):
        known = kept.setdefault(found.mistake, found)
        kept[found.mistake] = max(known, found, key=lambda f: (f.residual, f.message, f.hint, f.equal))
    return tuple(kept.values())
