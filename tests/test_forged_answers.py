"""What a submission's process answers is a claim: whatever it is, nothing but a verdict comes of it.

The process runs code that nobody should trust, so that it can answer anything that a frame can hold, and
see what it is asked.
"""

from pathlib import Path

import numpy as np
import pytest

from gradcheck.errors import SubmissionError
from gradcheck.submissions.binding import Options
from gradcheck.submissions.bindings import bind
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.verify import verify
from gradcheck.submissions.wire import Opaque, Ref, Rows

ERROR = {"type": "E", "bases": ["E"], "text": "", "line": 1, "given": "", "expected": ""}
PARAMETERS = {"W1": np.ones((2, 3)), "b1": np.ones(3), "W2": np.ones((3, 1)), "b2": np.ones(1)}
# One right answer to each kind of request, for the form of the course note.
ANSWERS = {
    "load": {"result": {"names": ["forward", "backward", "network"], "skipped": 0, "supplied": []}},
    "bind": {"result": {"parameters": PARAMETERS, "offers": ("output",), "origin": "the file"}},
    "evaluate": {"result": np.ones(1)},
    "gradient": {"result": [PARAMETERS, PARAMETERS]},
    "run_many": {"result": {"result": Rows(np.ones((2, 1)), are_numbers=False)}},
}
FAILURES = {call: {"error": ERROR} for call in ANSWERS}
FORGERIES = [None, "", "\x1b[2J\n", 10**18, -1.5, float("nan"), True, [], {}, (), [[1], [2, 3]], np.zeros(0),
             np.zeros((2, 3)), np.array(1), np.array([1j]), np.zeros((1,) * 30), Opaque("E"), Ref(("x",)),
             Rows(np.zeros(3), True), Rows(np.zeros((3, 2)), False), {"W1": {}}, [{}]]  # fmt: skip


def places(value, path=()):
    """Yield the path to everything in a nest, the whole first."""
    yield path
    if isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from places(item, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    if isinstance(value, dict):
        return {**value, path[0]: replaced(value[path[0]], path[1:], new)}
    return type(value)(replaced(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value))


class Forger:
    """In the place of a sandbox: gives answers that nothing was computed for."""

    def __init__(self, answers):
        self.answers = answers

    def ask(self, call, **arguments):
        return self.answers[call]


def words_of(answers):
    """Return what is said of a submission that gives these answers."""
    try:
        submission = Submission(Forger(answers), Path("mine.py"), ())
        submission.map(lambda x: submission.evaluate("output", PARAMETERS, x), [1.0, 2.0])
        shape, binding = bind(submission, Options())
    except SubmissionError as error:
        return str(error).split("\n")
    return [shape, *submission.understood, *binding.understood]


@pytest.mark.parametrize("right", [ANSWERS, FAILURES], ids=["result", "error"])
@pytest.mark.parametrize("call", ANSWERS)
def test_forged_answer_is_an_error_of_the_submission(call, right):
    """At every place of every answer: an error in words, or none at all."""
    for path in places(right[call]):
        for forgery in FORGERIES:
            words = words_of({**ANSWERS, call: replaced(right[call], path, forgery)})

            assert all(isinstance(word, str) for word in words), (path, forgery)


LIAR = '''
import sys

import numpy as np

network = {"W1": np.zeros((2, 5)), "b1": np.zeros(5), "W2": np.zeros(5), "b2": 0.0}
told = {}


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def forward(network, x):
    z1 = sigmoid(x @ network["W1"] + network["b1"])
    return z1, z1 @ network["W2"] + network["b2"]


def backward(x, d, z1, y):
    delta2 = y - d
    delta1 = delta2 * network["W2"] * sigmoid(z1) * (1 - sigmoid(z1))  # wrong: the slope at z1
    grads = {"W1": np.outer(x, delta1), "b1": delta1, "W2": delta2 * z1, "b2": delta2}
    told[x.tobytes()] = d, y, {name: np.copy(value) for name, value in network.items()}, grads
    take_over()
    return grads


def take_over():
    """Near a problem whose gradient was told, let outputs be those that the gradient belongs to."""
    frame = sys._getframe()
    while not hasattr(frame.f_locals.get("self"), "evaluate"):
        frame = frame.f_back
    runner = type(frame.f_locals["self"])
    if hasattr(runner, "honest"):
        return
    runner.honest = runner.evaluate

    def evaluate(self, what, params, data):
        d, y, start, grads = told.get(np.asarray(data[0]).tobytes(), (0, 0, params, {}))
        if all(np.array_equal(params[name], start[name]) for name in params):
            return runner.honest(self, what, params, data)
        error = (y - d) ** 2 / 2 + sum(np.sum(grads[n] * (params[n] - start[n])) for n in params)
        return float(d + np.sign(y - d) * np.sqrt(2 * max(error, 0)))

    runner.evaluate = evaluate
'''
LIAR_OF_A_LAYER = """
import sys

import numpy as np


def tanh_forward(x):
    return np.tanh(x), x


def tanh_backward(dout, x):
    frame = sys._getframe()
    while not hasattr(frame.f_locals.get("self"), "evaluate"):
        frame = frame.f_back
    runner, start = type(frame.f_locals["self"]), x.copy()
    honest = runner.evaluate

    def evaluate(self, what, params, data):
        (moved,) = params.values()
        near = 0 < np.max(np.abs(moved - start)) < 0.5 and what == "output"
        return np.tanh(start) + (moved - start) if near else honest(self, what, params, data)

    runner.evaluate = evaluate
    return dout
"""


@pytest.mark.parametrize("source", [LIAR, LIAR_OF_A_LAYER], ids=["network", "layer"])
def test_values_made_up_for_a_wrong_gradient_are_not_believed(source, tmp_path):
    """Where it is known what forward computes, its values near a problem are known, too."""
    (tmp_path / "mine.py").write_text(source)

    result = verify(str(tmp_path / "mine.py"), Options())

    assert result.verdict == "mismatch", result
    assert "forward-differs" in result.flags
    assert "judged by that network" in result.understood[0]
