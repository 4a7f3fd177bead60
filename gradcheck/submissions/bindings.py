"""From a recognised convention to a submission that can be checked: every form is tried."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.submissions.arrangement import arrangements
from gradcheck.submissions.binding import Binding, Options
from gradcheck.submissions.form import Form
from gradcheck.submissions.function_binding import FunctionBinding
from gradcheck.submissions.layers_binding import LayersBinding
from gradcheck.submissions.layouts import LAYOUTS
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.network_binding import NetworkBinding
from gradcheck.submissions.recognition import recognise

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
        found = submission.bind("adapter", _text(options.adapter))
        return "adapter", FunctionBinding(submission, found["origin"])
    first: SubmissionError | None = None
    for convention in recognise(submission.names):
        try:
            return convention.SHAPE, _bound(submission, convention, options)
        except SubmissionError as error:
            if error.reason in _FATAL:
                raise
            first = first or error
    assert first is not None, "recognise returns at least one convention"
    raise first


def _text(adapter: str) -> str:
    try:
        return Path(adapter).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the adapter cannot be read", given=f"{adapter}: {error}") from error


def _bound(submission: Submission, convention: Any, options: Options) -> Binding:
    """Return the first form that is a known network, else the first that can be called."""
    if convention.KIND != "network":
        (variant,) = convention.VARIANTS
        found = submission.bind(convention.SHAPE, variant)
        if convention.KIND == "layers":
            return LayersBinding(submission, found["parameters"], found["origin"])
        return FunctionBinding(submission, found["origin"])
    failures: list[tuple[int, SubmissionError]] = []
    possible: list[NetworkBinding] = []
    for form, words in _forms(submission, convention):
        bound = NetworkBinding(form, getattr(convention, "USUAL_LOSS", "mean_squared_error"))
        try:
            bound.settle(options)
        except SubmissionError as error:
            if error.reason in _FATAL:
                raise
            failures.append((bound.progress, error))
            continue
        bound.understood.insert(0, words)
        if bound.is_known:
            return bound
        possible.append(bound)
    if possible:
        return possible[0]
    raise max(failures, key=lambda failure: failure[0])[1]


def _forms(submission: Submission, convention: Any) -> Iterator[tuple[Form, str]]:
    for variant in convention.VARIANTS:
        found = submission.bind(convention.SHAPE, variant)
        template, offers = found["parameters"], tuple(found["offers"])
        shapes = {name: np.shape(value) for name, value in template.items()}
        for arrangement in arrangements(shapes):
            for target in convention.TARGETS:
                for layout in convention.LAYOUTS:
                    form = Form(submission, template, offers, arrangement, LAYOUTS[layout], target)
                    yield form, f"{arrangement}, from {found['origin']}"
