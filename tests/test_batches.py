"""Calls of a submission that travel together are calls like any other."""

from pathlib import Path

import numpy as np
import pytest

from gradcheck.errors import SubmissionError
from gradcheck.submissions.batched import BatchedLoss
from gradcheck.submissions.binding import Options
from gradcheck.submissions.loading import Submission
from gradcheck.submissions.sandbox import Sandbox
from gradcheck.submissions.verify import verify
from gradcheck.submissions.wire import Ref

SOURCE = """
import numpy as np
calls = []
def shifted(x): calls.append(1); x += b; return x
def count(): return len(calls)
def inverse(x): return 1 / x
def late(x): return x + offset
offset = float("1")
if calls == []: offset = 5.0
"""


@pytest.fixture
def submission(tmp_path):
    path = tmp_path / "file.py"
    path.write_text(SOURCE)
    with Sandbox(tmp_path, "process", 30.0) as sandbox:
        yield Submission(sandbox, path, ["shifted", "count", "inverse", "late"])


def caller(submission, name, **values):
    """Return a function that calls a function of the file."""
    return lambda x: submission.run(values, [(name, [x])], [Ref((0,))])[0]


def counted(submission, monkeypatch):
    """Return the list of the requests that are really sent."""
    sent = []
    ask = submission._sandbox.ask
    monkeypatch.setattr(
        submission._sandbox, "ask", lambda call, **arguments: (sent.append(call), ask(call, **arguments))[1]
    )
    return sent


def test_batch_gives_what_single_calls_give(submission, monkeypatch):
    """In one request, each call once, and no call sees what another wrote into its arguments."""
    x = np.arange(3.0)
    sent = counted(submission, monkeypatch)

    together = submission.map(lambda b: caller(submission, "shifted", b=b)(x), [1.0, 2.0, 3.0])

    assert sent == ["run_many"]
    assert submission.run({}, [("count", [])], [Ref((0,))]) == [3]
    assert [list(row) for row in together] == [list(x + b) for b in (1.0, 2.0, 3.0)]


def test_error_in_a_batch_is_that_of_the_call(submission):
    """With its type and line, as if the call had been alone."""
    inverse = caller(submission, "inverse")

    for failing in (lambda: inverse(0), lambda: submission.map(inverse, [1, 2, 0])):
        with pytest.raises(SubmissionError, match="ZeroDivisionError") as caught:
            failing()
        assert "line 6" in str(caught.value)


def test_function_that_calls_nothing_is_mapped_too(submission):
    """And one that calls twice."""
    late = caller(submission, "late")

    assert submission.map(lambda x: x + 1, [1, 2]) == [2, 3]
    assert submission.map(lambda x: late(late(x)), [1.0, 2.0]) == [11.0, 12.0]


def test_many_points_are_not_confused(submission):
    """The point that is asked for may be the same nest, changed from one to the next."""
    error = caller(submission, "shifted", b=0.0)
    point = {"W": np.ones(2), "c": 0.0}

    def moved():
        for c in (1.0, 2.0, 3.0):
            point["W"][0] = point["c"] = c
            yield point

    loss = BatchedLoss(lambda params: float(np.sum(error(params["W"]))) * params["c"], point, submission)

    assert loss.many(moved()) == [2, 6, 12]
    assert loss(point) == 12


def test_checking_sends_few_requests(monkeypatch):
    """Isolation costs a round trip for many evaluations, not for each."""
    sent = []
    ask = Sandbox.ask
    monkeypatch.setattr(Sandbox, "ask", lambda box, call, **a: (sent.append(call), ask(box, call, **a))[1])

    result = verify(str(Path(__file__).parent / "offenders/right.py"), Options())

    assert result.verdict == "match"
    assert len(sent) < result.outcome.evaluations / 3
