"""The table of laws, and what is raised where one is broken."""

from collections.abc import Callable
from dataclasses import dataclass

from gradcheck.laws import algebra, purity, reuse
from gradcheck.laws.cases import Case
from gradcheck.laws.comparison import Violation, describe
from gradcheck.parameters import Parameters


class LawBroken(AssertionError):  # noqa: N818 (a failed assertion, like the verdicts)
    """An implementation breaks a law.

    Parameters
    ----------
    law : Law
    case : Case
    violation : Violation
    note : str, optional
        What else may explain it.
    """

    def __init__(self, law: "Law", case: Case, violation: Violation, note: str = "") -> None:
        self.law, self.case, self.violation = law, case, violation
        lines = (
            ("law", law.statement),
            ("given", describe(case.arguments())),
            ("seen", violation.seen),
            ("worst", violation.worst),
            ("note", note),
        )
        text = [f"{case.name} breaks the law {law.name!r}"]
        super().__init__("\n".join(text + [f"  {label + ':':<10}{line}" for label, line in lines if line]))


@dataclass(frozen=True)
class Law:
    """Something that any right backward pass does.

    Attributes
    ----------
    name : str
        A row of `LAWS`.
    statement : str
        What the law says, in a sentence.
    judge : callable
        ``judge(case)``: how the law is broken, or None; `DoesNotApply` where that shows only when run.
    applies : callable
        ``applies(case)``: whether the law says anything about such an implementation.
    """

    name: str
    statement: str
    judge: Callable[[Case], Violation | None]
    applies: Callable[[Case], bool] = lambda case: True

    def check(self, case: Case) -> None:
        """Check that an implementation keeps the law.

        Raises
        ------
        LawBroken
            If it does not.
        DoesNotApply
            If the law has nothing to say about it.
        GradientInterfaceError
            If what is to be differentiated is no nest of parameters: all laws would hold of nothing.
        """
        __tracebackhide__ = True
        Parameters(case.differentiated(case.arguments()))
        violation = self.judge(case)
        if violation is None:
            return
        unstable = "" if self.judge in _OF_CALLS else purity.instability(case)
        raise LawBroken(self, case, violation, unstable and f"{unstable} (law 'equal_calls')")


def _has_cotangent(case: Case) -> bool:
    return case.has_cotangent


_OF_CALLS = (purity.equal_calls, purity.no_accumulation)

LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        Law(
            "shapes_and_dtypes",
            "derivatives have the names, shapes and types of what they are derivatives for",
            purity.shapes_and_dtypes,
        ),
        Law("arguments_unchanged", "neither pass writes to its arguments", purity.arguments_unchanged),
        Law("equal_calls", "equal calls give equal results, bit for bit", purity.equal_calls),
        Law(
            "no_accumulation",
            "a call leaves nothing behind: not in later results, nor in those returned before",
            purity.no_accumulation,
        ),
        Law("linear", "backward(s a + t b) = s backward(a) + t backward(b)", algebra.linear, _has_cotangent),
        Law("zero", "a cotangent of zeros gives derivatives of zero", algebra.zero, _has_cotangent),
        Law(
            "additive",
            "derivatives add up over samples where the loss does, and average where it averages",
            algebra.additive,
        ),
        Law(
            "permutation",
            "a batch in another order gives the same for params, and dx in that order",
            algebra.permutation,
        ),
        Law("single_precision", "float32 in, float32 out", purity.single_precision),
        Law(
            "reuse",
            "a backward pass keeps what is computed: it costs a small multiple of a forward pass,"
            " whatever the number of parameters, and grows linearly with depth",
            reuse.reuse,
        ),
    )
}
