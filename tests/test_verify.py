"""Each file gets the verdict it deserves: right ones a match, and no broken one ever."""

from pathlib import Path

import pytest

from gradcheck.submissions.binding import Options
from gradcheck.submissions.result import SubmissionResult
from gradcheck.submissions.verify import EXAMPLES, verify

OFFENDERS = Path(__file__).parent / "offenders"
RIGHT = [
    *OFFENDERS.glob("right*.py"),
    OFFENDERS / "shadows_numpy/numpy.py",
    OFFENDERS / "own_functions/submission.py",
]
# File -> the parameters that are wrong.
WRONG = {
    "relu_with_d_sigmoid": {"W1", "b1"},
    "wrong_only_at_zero": {"W2"},
    "half_forgotten": {"W1", "b1", "W2", "b2"},
    "output_slope_forgotten": {"W1", "b1", "W2", "b2"},
    "returns_nan": {"b1"},
    "returns_inf": {"b1"},
    "accumulates": {"W1", "b1", "W2", "b2"},
    "random_backward": {"b1"},
    "bias_averaged": {"b2"},
}
# File -> the reason, and what the message must say.
BROKEN = {
    "syntax_error": ("syntax", "line 9"),
    "import_error": ("import", "functions_of_nobody"),
    "runtime_error_at_import": ("import", "ZeroDivisionError"),
    "empty": ("interface", "looks like a forward and a backward pass"),
    "no_backward": ("interface", "no function `backward`"),
    "wrong_signature": ("interface", "backward(x, d, z1, y, momentum)"),
    "forward_signature": ("interface", "forward(network, x, training)"),
    "forward_nan": ("interface", "the loss of forward"),
    "forward_ragged": ("interface", "no output of the size"),
    "forward_complex": ("interface", "no output of the size"),
    "returns_none": ("interface", "backward returns None"),
    "missing_key": ("interface", "lacks 'b1'"),
    "extra_key": ("interface", "'W3'"),
    "wrong_shape": ("interface", "it is transposed\n  given:    shape (3, 2)\n  expected: shape (2, 3)"),
    "broadcastable_shape": (
        "interface",
        "broadcasting would hide\n  given:    shape (1, 3)\n  expected: shape (3,)",
    ),
    "sample_not_summed": ("interface", "not summed over the samples\n  given:    shape (5, 3)"),
    "returns_complex": ("interface", "b1 holds complex numbers"),
    "returns_integers": ("interface", "b1 holds integers"),
    "returns_objects": ("interface", "b1 is of type array of object"),
    "writes_network": ("interface", "backward changes the parameters"),
    "constant_forward": ("interface", "does not depend on its parameters"),
    "exits_at_import": ("exit", "SystemExit"),
    "exits_in_backward": ("exit", "SystemExit"),
    "kills_process_at_import": ("exit", "ended its own process with exit code 0"),
    "kills_process_in_backward": ("exit", "ended its own process with exit code 0"),
    "aborts_in_backward": ("crashed", "SIGABRT"),
    "raises_in_backward": ("crashed", "Mute"),
    "takes_all_memory": ("memory", "MemoryError"),
}
LOOPS = ("loops_at_import", "loops_in_backward")
INCONCLUSIVE = ("random_forward",)
SUSPECT = ("numeric", "complex_step")
FLAGS = {
    "accumulates": "accumulates",
    "random_backward": "nondeterministic",
    "random_forward": "nondeterministic",
    "writes_network": "mutates",
    "constant_forward": "trivial",
    "numeric": "numeric",
    "complex_step": "numeric",
}


def offender(name: str, **options: object) -> SubmissionResult:
    return verify(str(OFFENDERS / f"{name}.py"), Options(**options))


def test_every_offender_is_tested():
    """A new file without an expectation is noticed."""
    tables = {*WRONG, *BROKEN, *LOOPS, *INCONCLUSIVE, *SUSPECT}
    rights = {path.stem for path in OFFENDERS.glob("right*.py")}

    assert tables | rights == {path.stem for path in OFFENDERS.glob("*.py")}


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_file_is_a_match(path):
    """However it is written, trains, prints, plots or names its keys."""
    result = verify(str(path), Options())

    assert (result.verdict, result.flags) == ("match", ())


@pytest.mark.parametrize(("name", "parameters"), WRONG.items())
def test_wrong_parameters_are_told_from_right_ones(name, parameters):
    """The parameters that are wrong are a mismatch, and only they."""
    result = offender(name)

    assert result.verdict == "mismatch"
    assert {p.name for p in result.outcome.parameters.values() if p.verdict != "match"} == parameters


@pytest.mark.parametrize(("name", "reason", "words"), [(name, *what) for name, what in BROKEN.items()])
def test_broken_file_is_an_error_that_says_why(name, reason, words):
    """One clear error: the reason for machines, the message for people."""
    result = offender(name)

    assert (result.verdict, result.exit_code) == ("error", 4)
    assert result.outcome.reason == reason
    assert words in str(result.outcome)
    assert "Traceback" not in str(result)


@pytest.mark.parametrize("name", LOOPS)
def test_endless_loop_is_stopped(name):
    """At import and in a function, about when the time is over."""
    result = offender(name, timeout=1.5)

    assert result.outcome.reason == "timeout"
    assert 1.5 <= result.seconds < 5


@pytest.mark.parametrize("name", INCONCLUSIVE)
def test_random_forward_is_no_match(name):
    """Where the loss itself is noise nothing can be said."""
    assert offender(name).verdict == "inconclusive"


@pytest.mark.parametrize("name", SUSPECT)
def test_finite_differences_are_a_match_with_a_note(name):
    """The numbers are right; whether they were to be propagated back is for a teacher to say."""
    result = offender(name)

    assert result.verdict == "match"
    assert "is it itself a finite difference" in " ".join(str(result).split())


@pytest.mark.parametrize("name", SUSPECT)
def test_finite_differences_can_be_refused(name):
    """By who asks for a backward pass."""
    result = offender(name, numeric="fail")

    assert (result.verdict, result.outcome.reason) == ("error", "interface")
    assert "takes differences of forward" in str(result)


@pytest.mark.parametrize(("name", "flag"), FLAGS.items())
def test_odd_behaviour_is_flagged(name, flag):
    """By its own word."""
    assert offender(name).flags == (flag,)


class TestTheCourseNote:
    def test_published_one_is_wrong_and_explained(self):
        """W2 and b2 are right, W1 and b1 wrong, and the reason is the point of the derivative."""
        result = verify("example:course-note", Options())
        verdicts = {name: p.verdict for name, p in result.outcome.parameters.items()}
        [finding] = result.outcome.findings

        assert verdicts == {"W1": "mismatch", "b1": "mismatch", "W2": "match", "b2": "match"}
        assert all(0.1 < result.outcome.parameters[name].max_relative_error <= 1 for name in ("W1", "b1"))
        assert all(result.outcome.parameters[name].max_relative_error < 1e-6 for name in ("W2", "b2"))
        assert finding.code == "DERIV_AT_Z"
        assert finding.parameters == ("W1", "b1")
        assert "at the activation z1 where the pre-activation u1 belongs" in finding.message
        assert finding.residual < 1e-12

    def test_relu_forward_with_d_sigmoid_is_another_mistake(self):
        """Its twin with the same wrong parameters is named as itself."""
        [finding] = offender("relu_with_d_sigmoid").outcome.findings

        assert finding.code == "WRONG_FUNC"

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize(
        ("name", "verdict"),
        [("course-note", "mismatch"), ("course-note-repaired", "match"), ("course-note-relu", "match")],
    )
    def test_verdict_is_not_a_matter_of_luck(self, name, verdict, seed):
        """Any seed gives the same verdict."""
        assert verify(f"example:{name}", Options(seed=seed)).verdict == verdict

    def test_same_seed_gives_the_same_result(self):
        """But for the time it took."""
        first, second = (verify("example:course-note", Options(seed=3)).to_dict() for _ in range(2))
        for result in (first, second):
            del result["seconds"]

        assert first == second

    def test_every_example_has_its_name(self):
        """A file in the folder of examples can be asked for."""
        assert {path.stem for path in EXAMPLES.glob("*.py")} == {
            "course_note", "course_note_repaired", "course_note_relu"
        }  # fmt: skip
