"""From a recognised convention to a submission that can be checked: every form is tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from gradcheck.errors import SubmissionError
from gradcheck.submissions.adapter import read_adapter
from gradcheck.submissions.arrangement import Arrangement, arrangements
from gradcheck.submissions.binding import Binding, Options, Params
from gradcheck.submissions.form import Form
from gradcheck.submissions.function_binding import FunctionBinding
from gradcheck.submissions.layers_binding import LayersBinding
from gradcheck.submissions.layouts import LAYOUTS
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.network_binding import NetworkBinding
from gradcheck.submissions.recognition import recognise
from gradcheck.submissions.values import as_parameters

_FATAL = ("timeout", "exit", "memory")


def bind(submission: Submission, options: Options) -> tuple[str, Binding]:
    """Find out how a file wants to be called.

    Parameters
    ----------
    submission : Submission
    options : Options

    Returns
    -------
    shape : str
        Of the first convention by which it can be called.
    binding : Binding

    Raises
    ------
    SubmissionError
        If there is none: why the most particular one fails.
    """
    if options.adapter is not None:
        found = submission.bind("adapter", read_adapter(options.adapter))
        return "adapter", FunctionBinding(submission, found["origin"])
    failures: list[_Failure] = []
    for convention in recognise(submission.names):
        bound = _bound(submission, convention, options)
        if not isinstance(bound, _Failure):
            return convention.SHAPE, bound
        failures.append(bound)
        if bound.is_final:
            break
    raise max(failures, key=lambda failure: (failure.is_final, failure.progress)).error


@dataclass(frozen=True)
class _Failure:
    """Why a file cannot be called in a way, and how far it came: its `NetworkBinding.progress`."""

    progress: int
    error: SubmissionError

    @property
    def is_final(self) -> bool:
        """Whether there is no sense in trying another way: it is this one, or the file does not run."""
        return self.progress > 1 or self.error.reason in _FATAL


def _bound(submission: Submission, convention: Any, options: Options) -> Binding | _Failure:
    try:
        if convention.KIND == "network":
            return _network(submission, convention, options)
        (variant,) = convention.VARIANTS
        found = submission.bind(convention.SHAPE, variant)
        if convention.KIND == "function":
            return FunctionBinding(submission, found["origin"])
        layers = LayersBinding(submission, as_parameters(found["parameters"]), found["origin"])
        layers.compare(options.seed)
    except SubmissionError as error:
        return _Failure(0, error)
    return layers


def _network(submission: Submission, convention: Any, options: Options) -> Binding | _Failure:
    """Return the first form of which no doubt is left, else a known network, else what can be called.

    A file that takes a batch is judged by one, though it may take one sample as well.
    """
    failures: list[_Failure] = []
    possible: list[tuple[Any, NetworkBinding]] = []
    certain: tuple[Any, ...] = ()
    for variant, form, words in _forms(submission, convention, failures):
        way = (variant, form.arrangement, form.target)
        if certain and (way != certain or form.layout.samples == 1):
            continue
        bound = NetworkBinding(form, convention.USUAL_LOSS, is_free=convention.IS_FREE)
        try:
            bound.settle(options)
        except SubmissionError as error:
            failures.append(_Failure(bound.progress, error))
            if error.reason in _FATAL:
                break
            continue
        bound.understood.insert(0, words)
        possible.append((variant, bound))
        certain = certain or (way if bound.is_certain else ())
        if certain and form.layout.samples > 1:  # one sample alone hides mistakes about the batch
            break
    if not possible:
        return max(failures, key=lambda failure: (failure.error.reason in _FATAL, failure.progress))
    variant, bound = max(possible, key=lambda attempt: attempt[1].rank)
    if len(failures) + len(possible) > 1:
        submission.start_afresh()
        submission.bind(convention.SHAPE, variant)
    return bound


def _forms(
    submission: Submission, convention: Any, failures: list[_Failure]
) -> Iterator[tuple[Any, Form, str]]:
    """Yield variant, form and words for all that may be tried; what cannot be bound is a failure."""
    for variant in convention.VARIANTS:
        try:
            found = submission.bind(convention.SHAPE, variant)
            template, offers = as_parameters(found["parameters"]), tuple(found["offers"])
            read = _arranged(template)
        except SubmissionError as error:
            failures.append(_Failure(0, error))
            continue
        for arrangement, target, layout in product(read, convention.TARGETS, convention.LAYOUTS):
            if arrangement.widths[-1] > 1 or target not in ("classes", "one-hot"):
                form = Form(submission, template, offers, arrangement, LAYOUTS[layout], target)
                yield variant, form, f"{arrangement}, from {found['origin']}"


def _arranged(template: Params) -> list[Arrangement]:
    shapes = {name: np.shape(value) for name, value in template.items()}
    found = list(arrangements(shapes))
    if not found:
        raise SubmissionError(
            "interface",
            "the parameters are not those of a network of dense layers",
            given=", ".join(f"{name} {shape}" for name, shape in list(shapes.items())[:8]),
            expected="W1 (in, hidden), b1 (hidden,), W2 (hidden, out), ...",
            do="say how the file is called with --adapter FILE",
        )
    return found
