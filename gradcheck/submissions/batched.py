"""A submission's loss, of which many points travel to its process together."""

from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np

from gradcheck.submissions.binding import Params
from gradcheck.submissions.loading import Submission
from gradcheck.together import Together

_BATCH = 64
_BYTES = 1 << 22


class BatchedLoss(Together):
    """The loss of a binding.

    Parameters
    ----------
    error : callable
        ``error(params) -> float``.
    params : dict of str to array or float
        The point near which it is evaluated.
    submission : Submission
        By which `error` is computed.
    """

    def __init__(self, error: Callable[[Params], float], params: Params, submission: Submission) -> None:
        self._error, self._submission = error, submission
        size = sum(np.asarray(value).nbytes for value in params.values())
        self._count = max(1, min(_BATCH, _BYTES // max(1, size)))

    def __call__(self, params: Params) -> float:
        """Return the loss at one point."""
        return self._error(params)

    def many(self, points: Iterable[Params]) -> list[float]:
        """Return the loss at each point, in few requests."""
        copies = (
            {name: v.copy() if isinstance(v, np.ndarray) else v for name, v in params.items()}
            for params in points
        )
        values: list[float] = []
        while batch := list(islice(copies, self._count)):
            values += self._submission.map(self._error, batch)
        return values
