"""A submission that is a function of parameters of its own: judged by differences alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradcheck.report import Finding
from gradcheck.submissions.binding import Draw, Params
from gradcheck.submissions.gradients import checked_gradient
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.values import as_parameters, equal, number

_DRAWS = 3


class FunctionBinding:
    """Loss and gradient of a submission; it makes parameters and data from a seed that is given to it.

    Parameters
    ----------
    submission : Submission
        Bound to its convention.
    origin : str
        Where the parameters come from, in words.
    """

    def __init__(self, submission: Submission, origin: str) -> None:
        self._submission = submission
        self.understood = [f"{origin}: judged by differences alone, mistakes are not named"]
        self.flags: set[str] = set()

    def draws(self, seed: int) -> Iterator[Draw]:
        """Yield the problems; x is the seed of the data."""
        for i in range(_DRAWS):
            own = _DRAWS * seed + i
            yield Draw("", as_parameters(self._submission.evaluate("draw", {}, own)), own, None)

    def loss(self, draw: Draw) -> Callable[[Params], float]:
        """Return the submission's own loss."""
        return lambda params: number(self._submission.evaluate("loss", params, draw.x, None))

    def reference(self, draw: Draw) -> None:
        """Return None: what it computes is not known."""

    def gradient(self, draw: Draw) -> dict[str, Any]:
        """Return the submission's own gradient."""
        returned, after = self._submission.gradient(draw.params, draw.x, None)
        gradient = checked_gradient(returned, {name: np.shape(p) for name, p in draw.params.items()})
        if not equal(after, draw.params):
            self.flags.add("mutates")
        return gradient

    def explain(self, cases: Sequence[tuple[Draw, dict[str, Any]]], rtol: float) -> tuple[Finding, ...]:
        """Return nothing: what it computes is not known."""
        return ()
