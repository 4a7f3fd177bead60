"""What a convention makes of a submission: problems to check, a loss and a gradient for each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gradcheck.report import Finding

Params = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What the user states about a submission.

    Attributes
    ----------
    adapter : str or None
        Path of a Python file that says how the submission is called.
    loss, activation : str or None
        Names of `gradcheck.networks.LOSSES` and `ACTIVATIONS`; None is found out.
    seed : int
    rtol : float or None
        As in `gradcheck.check_gradient`.
    timeout : float
        Seconds of wall time for the whole submission.
    sandbox : str
        One of `gradcheck.submissions.sandbox.LEVELS`.
    numeric : {"warn", "fail"}
        Whether a gradient that is itself a finite difference is flagged alone, or an error.
    """

    adapter: str | None = None
    loss: str | None = None
    activation: str | None = None
    seed: int = 0
    rtol: float | None = None
    timeout: float = 60.0
    sandbox: str = "auto"
    numeric: str = "warn"


@dataclass(frozen=True)
class Draw:
    """One problem, in the submission's own form.

    Attributes
    ----------
    name : str
        What is special about it; ``""`` for one in general position.
    params : dict of str to array or float
    x, d : array or float
    """

    name: str
    params: Params
    x: Any
    d: Any


class Binding(Protocol):
    """A submission that can be checked.

    Attributes
    ----------
    understood : list of str
        What was inferred, in words.
    flags : set of str
        What was noticed so far.
    """

    understood: list[str]
    flags: set[str]

    def draws(self, seed: int) -> Iterator[Draw]:
        """Yield the problems, the first in general position."""

    def loss(self, draw: Draw) -> Callable[[Params], float]:
        """Return E as a function of the parameters, at the x and d of the draw."""

    def reference(self, draw: Draw) -> Callable[[Params], float] | None:
        """Return E of the known function that forward computes at the draw; None if it is none."""

    def gradient(self, draw: Draw) -> dict[str, Any]:
        """Return the submission's own gradient, its shapes and types checked."""

    def explain(self, cases: Sequence[tuple[Draw, dict[str, Any]]], rtol: float) -> tuple[Finding, ...]:
        """Return what is known to cause these gradients."""
