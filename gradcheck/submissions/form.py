"""One form in which a network is called: its parameters as W1, b1, ...; x, y and d as rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.errors import SubmissionError
from gradcheck.submissions import drawing
from gradcheck.submissions.arrangement import Arrangement
from gradcheck.submissions.binding import Draw, Params
from gradcheck.submissions.inference import Seen
from gradcheck.submissions.layouts import TARGETS, Layout
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.values import described, number, real

_EXACT, _ROUND_OFFS = 1e-9, 1e3


@dataclass
class Form:
    """A submission called with its data in one form.

    Attributes
    ----------
    submission : Submission
        Bound to its convention.
    template : dict of str to array or float
        Its parameters.
    offers : tuple of str
        Which of ``"output"`` and ``"loss"`` it has.
    arrangement : Arrangement
    layout : Layout
    target : str
        A key of `gradcheck.submissions.layouts.TARGETS`.
    y_shape : tuple of int or None
        Of the output, once it is known.
    """

    submission: Submission
    template: Params
    offers: tuple[str, ...]
    arrangement: Arrangement
    layout: Layout
    target: str
    y_shape: tuple[int, ...] | None = None

    @property
    def outputs(self) -> int:
        """Number of outputs, K."""
        return self.arrangement.widths[-1]

    def general(self, rng: np.random.Generator) -> Draw:
        """Return a problem in general position."""
        params = drawing.general(self.template, self.arrangement, rng)
        x = rng.normal(size=(self.layout.samples, self.arrangement.widths[0]))
        return self.with_target(Draw("", params, self.layout.own(x), None), rng)

    def with_target(self, draw: Draw, rng: np.random.Generator) -> Draw:
        """Return the problem with a random target; one of real numbers is near the output."""
        rows = TARGETS[self.target](rng, self.layout.samples, self.outputs)
        d = rows if rows.ndim == 1 else self.layout.own(rows)
        if self.y_shape is not None and rows.ndim == 2:
            d = np.reshape(d, self.y_shape)
            d = d + self.output(draw) if self.target == "real" else d
        return Draw(draw.name, draw.params, draw.x, float(d) if np.ndim(d) == 0 else d)

    def output(self, draw: Draw) -> Any:
        """Return y in the submission's own shape.

        Raises
        ------
        SubmissionError
            If it is no array of real numbers with one for each sample and output.
        """
        value = self.submission.evaluate("output", draw.params, draw.x)
        array, size = real(value), self.layout.samples * self.outputs
        if array is None or array.size != size or self.y_shape not in (None, array.shape):
            raise SubmissionError(
                "interface",
                "forward returns an output of another shape or type than it must",
                given=described(value),
                expected=f"{size} real numbers, always in the same shape",
            )
        return array

    def loss(self, params: Params, draw: Draw) -> float:
        """Return the submission's own loss.

        Raises
        ------
        SubmissionError
            If it is not one real number.
        """
        return number(self.submission.evaluate("loss", params, draw.x, draw.d))

    def rows(self, y: Any) -> Any:
        """Return an output or target as (N, K), one-hot for numbers of classes."""
        if self.target == "classes" and np.shape(y) == (self.layout.samples,):
            return np.eye(self.outputs)[np.asarray(y)]
        return self.layout.rows(y, self.outputs)

    def seen(self, draw: Draw) -> Seen:
        """Return the problem in rows, with what the submission computes for it."""
        y = self.output(draw) if "output" in self.offers else None
        unit = np.finfo(y.dtype).eps if y is not None and y.dtype.kind == "f" else 0.0
        return Seen(
            self.arrangement.in_rows(draw.params),
            self.layout.rows(draw.x, self.arrangement.widths[0]),
            self.rows(draw.d),
            None if y is None else self.layout.rows(y, self.outputs),
            self.loss(draw.params, draw) if "loss" in self.offers else None,
            max(_EXACT, _ROUND_OFFS * float(unit)),
        )
