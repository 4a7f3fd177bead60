"""A submission that is a dense network: called in one form, compared with the reference networks.

Its gradient is judged by differences of its own forward; the reference network that computes the
same serves to name mistakes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck import diagnosis
from gradcheck.networks import LOSSES, DenseNetwork
from gradcheck.report import Finding
from gradcheck.submissions import drawing, inference
from gradcheck.submissions.binding import Draw, Options, Params
from gradcheck.submissions.form import Form
from gradcheck.submissions.gradients import checked_gradient
from gradcheck.submissions.values import equal

_SEEN = 5


class NetworkBinding:
    """A network of a submission, with its data in one form.

    Parameters
    ----------
    form : Form
    usual_loss : str
        Of a submission that has none.
    is_free : bool
        As in `gradcheck.submissions.inference.usual_losses`.

    Attributes
    ----------
    progress : int
        How far `settle` came.
    is_known : bool
        Whether a reference network computes the same.
    """

    def __init__(self, form: Form, usual_loss: str, *, is_free: bool = False) -> None:
        self._form, self._usual_loss, self._is_free = form, usual_loss, is_free
        self._shapes = {name: np.shape(value) for name, value in form.template.items()}
        self._activations: tuple[str, ...] | None = None
        self._output = "identity"
        self._is_other_loss = False
        self._loss = inference.Loss(usual_loss)
        self.understood: list[str] = []
        self.flags: set[str] = set()
        self.progress, self.is_known, self._is_usual, self._is_shown = 0, False, True, True

    @property
    def is_certain(self) -> bool:
        """Whether in addition it is what was asked for, and its gradient belongs to the loss assumed."""
        return self.is_known and self._is_shown and "forward-differs" not in self.flags

    @property
    def rank(self) -> tuple[bool, bool, bool, bool]:
        """How good a form this is: a known network, a batch, no doubt, targets that any loss takes."""
        is_batch = self._form.layout.samples > 1
        return self.is_known, is_batch, self.is_certain, self._form.target != "real"

    def settle(self, options: Options) -> None:
        """Call everything once, and find out what is computed.

        Parameters
        ----------
        options : Options

        Raises
        ------
        SubmissionError
            If it cannot be called so; `progress` tells how far it came.
        """
        form = self._form
        if "output" in form.offers:
            form.y_shape = np.shape(form.output(form.general(np.random.default_rng([options.seed, 1]))))
        draw = next(self.draws(options.seed))
        self.progress = 1
        if "loss" in form.offers:
            form.loss(draw.params, draw)
        returned, _ = form.submission.gradient(draw.params, draw.x, draw.d)
        self.progress = 2
        checked_gradient(returned, self._shapes)
        self.progress = 3
        self._understand(options)

    def draws(self, seed: int) -> Iterator[Draw]:
        """Yield the problems, the first in general position."""
        form = self._form
        for number in range(drawing.GENERAL):
            yield form.general(np.random.default_rng([seed, number]))
        draw = form.general(np.random.default_rng([seed, drawing.GENERAL]))
        x = form.layout.rows(draw.x, form.arrangement.widths[0])
        for name, params, rows in drawing.special(draw.params, x, form.arrangement):
            own, rng = Draw(name, params, form.layout.own(rows), None), np.random.default_rng([seed, 2])
            if name == drawing.SATURATED and "loss" in form.offers:
                continue  # log(1 - y) as people write it loses its digits there
            if name != drawing.AT_TARGET:
                yield form.with_target(own, rng)
            elif form.target == "real" and form.y_shape is not None:
                y = form.output(own)
                yield Draw(name, params, own.x, float(y) if y.ndim == 0 else y)

    def loss(self, draw: Draw) -> Callable[[Params], float]:
        """Return E of the submission's own forward."""
        form = self._form
        if self._loss.epsilon:
            return self._of_reference(draw)
        if "loss" in form.offers and not self._is_other_loss:
            return lambda params: form.loss(params, draw)
        d = form.rows(draw.d)

        def error(params: Params) -> float:
            y = form.output(Draw(draw.name, params, draw.x, draw.d))
            return self._loss.value(form.layout.rows(y, form.outputs), d, self._output)

        return error

    def reference(self, draw: Draw) -> Callable[[Params], float] | None:
        """Return E of the reference network that computes the same."""
        return self._of_reference(draw) if self.is_known else None

    def gradient(self, draw: Draw) -> dict[str, Any]:
        """Return what the submission's backward pass gives."""
        returned, after = self._form.submission.gradient(draw.params, draw.x, draw.d)
        gradient = checked_gradient(returned, self._shapes)
        if not equal(after, draw.params):
            self.flags.add("mutates")
        return gradient

    def explain(self, cases: Sequence[tuple[Draw, dict[str, Any]]], rtol: float) -> tuple[Finding, ...]:
        """Name the known mistake, if the network is a known one."""
        if not self.is_known:
            return ()
        known = []
        for draw, gradient in cases:
            params, x, d = self._in_rows(draw)
            rows = self._form.arrangement.in_rows(gradient).items()
            known.append(diagnosis.Case(params, x, d, {name: g / self._loss.factor for name, g in rows}))
        own = self._form.arrangement.own_names
        return tuple(
            replace(finding, parameters=tuple(dict.fromkeys(own[name] for name in finding.parameters)))
            for finding in diagnosis.explain(self._reference(), known, rtol)
        )

    def _in_rows(self, draw: Draw) -> tuple[dict[str, Any], Any, Any]:
        form = self._form
        x = form.layout.rows(draw.x, form.arrangement.widths[0])
        return form.arrangement.in_rows(draw.params), x, form.rows(draw.d)

    def _reference(self) -> DenseNetwork:
        assert self._activations is not None
        return self._loss.network(self._activations)

    def _of_reference(self, draw: Draw) -> Callable[[Params], float]:
        network, (_, x, d) = self._reference(), self._in_rows(draw)
        in_rows = self._form.arrangement.in_rows
        return lambda params: self._loss.factor * float(network.loss(in_rows(params), x, d))

    def _understand(self, options: Options) -> None:
        form, depth = self._form, self._form.arrangement.depth
        draws = [form.general(np.random.default_rng([options.seed, i])) for i in range(_SEEN)]
        seen = [form.seen(draw) for draw in draws]
        found: inference.Loss | None = None
        if "output" in form.offers:
            self._activations = inference.activations_that_fit(seen, depth, options.activation)
            if options.activation and not self._activations:
                self.flags.add("forward-differs")
                self._activations = inference.activations_that_fit(seen, depth, None)
            self._output = self._activations[-1] if self._activations else inference.output_of(seen)
            if "loss" not in form.offers:
                found = self._assumed_loss(draws[0], options.loss)
            elif self._activations:
                found = inference.loss_that_fits(seen, self._activations, options.loss)
            if "loss" in form.offers and found is None and options.loss:
                self._is_other_loss, found = True, self._assumed_loss(draws[0], options.loss)
        else:
            fit = inference.network_that_fits(seen, depth, options.activation, options.loss)
            self._activations, found = fit or (None, None)
        self._loss = found or self._loss
        is_classes = found is not None and LOSSES[found.name].target == "classes"
        self.is_known = self._activations is not None and found is not None
        self.is_known &= not is_classes or form.target in ("classes", "one-hot")
        if self._is_other_loss or (not self.is_known and (options.activation or options.loss)):
            self.flags.add("forward-differs")
        self._say(draws[0], options, found)

    def _assumed_loss(self, draw: Draw, stated: str | None) -> inference.Loss:
        """Return the stated loss, or of the usual ones that which the gradient of the last layer shows."""
        form, last = self._form, self._output
        if stated:
            return inference.Loss(stated, logits=stated == inference.LOGITS.get(last, ("",))[0])
        sizes = (form.layout.samples, form.outputs)
        kind = {"is_free": self._is_free, "is_single": form.layout.axis is None}
        usual = inference.usual_losses(self._usual_loss, last, *sizes, **kind)
        given = form.arrangement.in_rows(self.gradient(draw))
        y, d = form.layout.rows(form.output(draw), form.outputs), form.rows(draw.d)
        if f"b{form.arrangement.depth}" in given:
            bias = given[f"b{form.arrangement.depth}"]
            fits = [loss for loss in usual if np.allclose(bias, loss.delta(y, d, last).sum(axis=0))]
        else:
            fits = [loss for loss in usual if self._shows(loss, given, draw)]
        self._is_shown = bool(fits)
        names = (usual[0].name, "half_squared_error")
        self._is_usual = not fits or (fits[0].name in names and fits[0].factor == 1)
        return (fits or usual)[0]

    def _shows(self, loss: inference.Loss, given: Params, draw: Draw) -> bool:
        """Tell whether the weights of the last layer have the gradient that this loss gives."""
        if self._activations is None:
            return False
        right = loss.network(self._activations).gradient(*self._in_rows(draw))
        last = f"W{self._form.arrangement.depth}"
        return np.allclose(given[last], loss.factor * right[last])

    def _say(self, draw: Draw, options: Options, loss: inference.Loss | None) -> None:
        form = self._form
        y = f"; y is {form.y_shape}" if form.y_shape is not None else ""
        d = f"; d holds {form.target}, {np.shape(draw.d)}" if "loss" in form.offers else ""
        self.understood.append(f"called with {form.layout.name}, x {np.shape(draw.x)}{y}{d}")
        if self._activations:
            *hidden, output = self._activations
            by = "forward computes" if "output" in form.offers else "the loss shows"
            if loss and output == "identity" and "output" not in form.offers:
                output = next((f for f, (name, _) in inference.LOGITS.items() if name == loss.name), output)
            plural = "s" * (len(hidden) > 1)
            layers = f"hidden layer{plural} {', '.join(hidden)}, " if hidden else ""
            other = f"; {options.activation} was asked for" if "forward-differs" in self.flags else ""
            other = other if options.activation not in (None, *hidden) else ""
            self.understood.append(f"{layers}output {output}, as {by} them{other}")
        else:
            self.understood.append(
                f"forward is no network with a hidden layer of {options.activation or 'a known activation'}: "
                "judged by differences alone, mistakes are not named"
            )
        if loss is None:
            if self._activations:
                self.understood.append("loss of the file, none that is known")
            return
        reason = ", its usual one" if self._is_usual else ", as the gradient of the last layer shows"
        if self._is_other_loss:
            reason = ", as stated: the file's own is another"
        elif "loss" in form.offers or options.loss:
            reason = ""
        self.understood.append(f"{_worded(loss)}{reason}")


def _worded(loss: inference.Loss) -> str:
    words = f"loss {loss.name}"
    if abs(loss.factor - 1) > 1e-9:
        words = f"loss {loss.factor:.6g} times {loss.name}"
    if loss.penalty:
        words += f", with an L2 penalty of strength {loss.penalty:.6g}"
    if loss.epsilon:
        words += f"; it adds {loss.epsilon:g} inside the logarithm, which is left out here"
    return words
