"""How the data of a submission lie: samples in rows or columns, and what the target holds.

Inside gradcheck x is (N, in) and y, d are (N, K): rows are samples. A `Layout` gives them the form
that the submission takes and takes that form off again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.submissions.models import BATCH


@dataclass(frozen=True)
class Layout:
    """A form of x, y and d.

    Attributes
    ----------
    name : str
    samples : int
        N.
    axis : int or None
        That counts the samples; None for one sample without such an axis.
    """

    name: str
    samples: int
    axis: int | None

    def own(self, rows: Any) -> Any:
        """Return (N, width) in this form."""
        if self.axis is None:
            return rows[0]
        return rows if self.axis == 0 else np.ascontiguousarray(rows.T)

    def rows(self, own: Any, width: int) -> Any:
        """Return an array of this form, or one that differs by axes of length 1, as (N, width)."""
        array = np.asarray(own, dtype=float)
        if self.axis == 1:
            return array.reshape(width, self.samples).T
        return array.reshape(self.samples, width)


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("one sample", 1, None),
        Layout("a batch", BATCH, 0),
        Layout("a batch of one", 1, 0),
        Layout("samples in columns", BATCH, 1),
        Layout("one column", 1, 1),
    )
}


def _classes(rng: np.random.Generator, samples: int, outputs: int) -> Any:
    return rng.integers(outputs, size=samples)


def _one_hot(rng: np.random.Generator, samples: int, outputs: int) -> Any:
    return np.eye(outputs)[_classes(rng, samples, outputs)]


# Target -> how it is drawn, as rows, or (N,) for the numbers of classes.
TARGETS: dict[str, Callable[[np.random.Generator, int, int], Any]] = {
    "classes": _classes,
    "one-hot": _one_hot,
    "probabilities": lambda rng, samples, outputs: rng.integers(2, size=(samples, outputs)).astype(float),
    "signs": lambda rng, samples, outputs: rng.choice([-1.0, 1.0], size=(samples, outputs)),
    "real": lambda rng, samples, outputs: rng.normal(size=(samples, outputs)),
}
