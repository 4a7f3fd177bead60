"""The form of the course note: two layers, a global dict `network`, forward and backward.

``forward(network, x)`` returns ``(z1, y)``; ``backward(x, d, z1, y)`` reads the global and
returns a dict of gradients. One sample at a time, x (in,), or a batch, x (N, in). W2 may be a
vector and b2 a number.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradcheck import diagnosis
from gradcheck.errors import SubmissionError
from gradcheck.networks import ACTIVATIONS, LOSSES, DenseNetwork
from gradcheck.report import Finding
from gradcheck.submissions import drawing
from gradcheck.submissions.arguments import Calling, forward_roles, match_arguments
from gradcheck.submissions.binding import Draw, Options, Params
from gradcheck.submissions.gradients import checked_gradient
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.sizes import Sizes
from gradcheck.submissions.wire import Ref

SHAPE = "course-note"
NAMES = ("network", "init_network", "forward", "backward")
EXPECTED = "a global dict `network` (or init_network()), forward(network, x) and backward(x, d, z1, y)"
_FATAL = ("timeout", "exit", "memory")
_NETWORK = Ref(("network",))


def missing(submission: Submission) -> list[str]:
    """Return what of this form the file lacks."""
    lacking = [f"function `{name}`" for name in ("forward", "backward") if name not in submission.functions]
    if "network" not in submission.values and "init_network" not in submission.functions:
        lacking.append("global dict `network`")
    return lacking


def bind(submission: Submission, options: Options) -> "CourseNote":
    """Find out how the file wants to be called.

    Parameters
    ----------
    submission : Submission
    options : Options

    Returns
    -------
    CourseNote

    Raises
    ------
    SubmissionError
        If it cannot be called in any of the forms.
    """
    sizes, origin = _sizes(submission)
    failures: list[tuple[int, SubmissionError]] = []
    for form in drawing.FORMS:
        bound = CourseNote(submission, sizes, form)
        try:
            bound.try_out(options)
        except SubmissionError as error:
            if error.reason in _FATAL:
                raise
            failures.append((bound.progress, error))
        else:
            bound.understood.insert(0, f"{sizes}, from {origin}")
            return bound
    raise max(failures, key=lambda failure: failure[0])[1]


class CourseNote:
    """A submission of this form, called in one of the forms of x.

    Parameters
    ----------
    submission : Submission
    sizes : Sizes
    form : str
        One of `gradcheck.submissions.drawing.FORMS`.
    """

    def __init__(self, submission: Submission, sizes: Sizes, form: str) -> None:
        self._submission, self._sizes, self._form = submission, sizes, form
        self.understood: list[str] = []
        self.flags: set[str] = set()
        self.progress = 0
        self._forward_roles = forward_roles(submission.functions["forward"])
        self._samples = drawing.FORMS[form]

    def try_out(self, options: Options) -> None:
        """Call everything once and settle what is open: arguments, activation, loss.

        Parameters
        ----------
        options : Options

        Raises
        ------
        SubmissionError
            If it cannot be called so; `progress` tells how far it came.
        """
        draw = drawing.general(self._sizes, self._form, np.random.default_rng([options.seed, 1]))
        returned = self._call(draw, [], [Ref((0,))])[0]
        self._is_tuple = isinstance(returned, tuple | list)
        values = returned if self._is_tuple else [returned]
        outputs = self._samples * self._sizes.outputs
        counts = [_count(value) for value in values]
        self._calling: Calling = match_arguments(self._submission.functions, counts, outputs)
        self._y_shape = np.shape(values[self._calling.output])
        self.progress = 1
        draw = next(self.draws(options.seed))
        returned = self._backward(draw)[0]
        self.progress = 2
        checked_gradient(returned, self._sizes.shapes)
        self.understood.append(f"called with {self._form}, x {np.shape(draw.x)}; y is {self._y_shape}")
        self._settle_activation(options)
        self._settle_loss(options)

    def draws(self, seed: int) -> Iterator[Draw]:
        """Yield the problems, the first in general position."""
        for draw in drawing.draws(self._sizes, self._form, seed):
            rng = np.random.default_rng([seed, 2])
            y = self._output(draw)
            d = y if draw.name == drawing.AT_TARGET else y + rng.normal(size=self._y_shape)
            yield Draw(draw.name, draw.params, draw.x, float(d) if np.ndim(d) == 0 else d)

    def loss(self, draw: Draw) -> Callable[[Params], float]:
        """Return E of the file's own forward."""
        d = self._rows(draw.d)

        def error(params: Params) -> float:
            y = self._output(Draw(draw.name, params, draw.x, draw.d))
            return float(self._criterion.value(self._rows(y), d))

        return error

    def gradient(self, draw: Draw) -> dict[str, Any]:
        """Return what the file's backward gives after its own forward."""
        returned, after = self._backward(draw)
        gradient = checked_gradient(returned, self._sizes.shapes)
        if not self._sizes.equal(after, draw.params):
            self.flags.add("mutates")
        return gradient

    def explain(self, cases: Sequence[tuple[Draw, dict[str, Any]]], rtol: float) -> tuple[Finding, ...]:
        """Name the known mistake, if the network is a known one."""
        if self._network is None:
            return ()
        own = self._sizes.in_rows
        known = [
            diagnosis.Case(own(draw.params), self._x_rows(draw), self._rows(draw.d), own(gradient))
            for draw, gradient in cases
        ]
        return diagnosis.explain(self._network, known, rtol)

    def _output(self, draw: Draw) -> Any:
        path = (0, self._calling.output) if self._is_tuple else (0,)
        y = self._call(draw, [], [Ref(path)])[0]
        if _count(y) == 0 or np.shape(y) != self._y_shape:
            raise SubmissionError(
                "interface",
                "forward returns an output of another shape or type than before",
                expected=f"real numbers, shape {self._y_shape}",
            )
        return np.asarray(y)

    def _backward(self, draw: Draw) -> list[Any]:
        known = {"network": _NETWORK, "x": draw.x, "d": draw.d}
        arguments = [
            known[role] if isinstance(role, str) else Ref((0, role) if self._is_tuple else (0,))
            for role in self._calling.backward
        ]
        return self._call(draw, [("backward", arguments)], [Ref((1,)), _NETWORK])

    def _call(self, draw: Draw, then: list[Any], give: list[Ref]) -> list[Any]:
        arguments = [_NETWORK if role == "network" else draw.x for role in self._forward_roles]
        return self._submission.run({"network": draw.params}, [("forward", arguments), *then], give)

    def _rows(self, y: Any) -> Any:
        return np.reshape(np.asarray(y, dtype=float), (self._samples, self._sizes.outputs))

    def _x_rows(self, draw: Draw) -> Any:
        return np.reshape(draw.x, (self._samples, self._sizes.inputs))

    def _settle_activation(self, options: Options) -> None:
        stated = options.activation
        self._network: DenseNetwork | None = None
        self._activations: tuple[str, str] | None = None
        general = [draw for draw in self.draws(options.seed) if not draw.name]
        outputs = [self._output(draw) for draw in general]
        for names in ((hidden, output) for output in ACTIVATIONS for hidden in ACTIVATIONS):
            if stated in (None, names[0]) and self._fits(names, general, outputs):
                self._activations = names
                self.understood.append(
                    f"hidden layer {names[0]}, output {names[1]}, as forward computes them"
                )
                return
        if stated:
            self.flags.add("forward-differs")
        self.understood.append(
            f"forward is no network with a hidden layer of {stated or 'a known activation'}: "
            "judged by differences alone, mistakes are not named"
        )

    def _fits(self, names: tuple[str, str], draws: Sequence[Draw], outputs: Sequence[Any]) -> bool:
        if not self._sizes.is_standard:
            return False
        network = DenseNetwork(names)
        for draw, given in zip(draws, outputs, strict=True):
            x, d = self._x_rows(draw), self._rows(draw.d)
            expected = network.forward(self._sizes.in_rows(draw.params), x, d).y
            unit = np.finfo(given.dtype).eps if given.dtype.kind == "f" else 0
            if not np.allclose(self._rows(given), expected, rtol=1e3 * unit, atol=1e3 * unit):
                return False
        return True

    def _settle_loss(self, options: Options) -> None:
        name = options.loss or self._loss_that_fits(next(self.draws(options.seed)))
        self._criterion = LOSSES[name]
        self.understood.append(f"loss {name}" + ("" if options.loss else ", its usual one"))
        if self._activations:
            self._network = DenseNetwork(self._activations, name)

    def _loss_that_fits(self, draw: Draw) -> str:
        """Return the mean over the batch, unless the file's output bias shows a sum.

        With an identity output, the gradient of b2 is dE/dy summed over the samples.
        """
        if self._samples == 1:
            return "half_squared_error"
        gradient = checked_gradient(self._backward(draw)[0], self._sizes.shapes)
        dy = self._rows(self._output(draw)) - self._rows(draw.d)
        is_sum = "b2" in gradient and np.allclose(np.ravel(gradient["b2"]), dy.sum(axis=0))
        return "half_squared_error" if is_sum else "mean_squared_error"


def _count(value: Any) -> int:
    """Return the number of entries, 0 for what is no array of real numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        return 0
    return array.size if array.dtype.kind in "fiu" else 0


def _sizes(submission: Submission) -> tuple[Sizes, str]:
    found = Sizes.of(submission.values.get("network"))
    if found is not None:
        return found, "the file's global `network`"
    signature = submission.functions.get("init_network")
    if signature is not None and not signature.parameters:
        found = Sizes.of(submission.run({}, [("init_network", [])], [Ref((0,))])[0])
        if found is not None:
            return found, "the file's init_network()"
    if not submission.is_whole:
        submission.run_whole()
        return _sizes(submission)
    raise SubmissionError(
        "interface",
        "the sizes of the network cannot be found out",
        given="no global `network` with arrays W1 and W2, and no init_network() that gives one",
        expected="network = {'W1': (in, hidden), 'b1': (hidden,), 'W2': (hidden,), 'b2': a number}",
    )
