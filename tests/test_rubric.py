"""Points: what is right is paid, what is wrong is not, and the parts add up."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck.errors import UsageError
from gradcheck.grading.feedback import LEVELS, feedback
from gradcheck.grading.rubric import LAWS, Rubric, load
from gradcheck.grading.scoring import scored

NAMES = ("W1", "b1", "W2", "b2")
verdicts = st.fixed_dictionaries(dict.fromkeys(NAMES, st.sampled_from(["match", "mismatch", "inconclusive"])))
weights = st.sampled_from([0.5, 1.0, 2.0, 7.0])
rubrics = st.builds(
    Rubric,
    points=st.sampled_from([1.0, 10.0, 100.0]),
    inconclusive=st.sampled_from([0.0, 0.5, 1.0]),
    charge_once=st.booleans(),
    parts=st.fixed_dictionaries({"gradient": weights, "laws": weights}),
    parameters=st.dictionaries(st.sampled_from([*NAMES, "W*"]), weights),
    laws=st.dictionaries(st.sampled_from(list(LAWS)), weights),
)


def finding(*parameters):
    return {
        "code": "DERIV_AT_Z",
        "parameters": list(parameters),
        "message": "f'(z) for f'(u)",
        "hint": "Which?",
    }


def result(*, flags=(), findings=(), **verdict):
    found = set(verdict.values())
    worst = next((v for v in ("mismatch", "inconclusive") if v in found), "match")
    rows = {
        n: {"name": n, "verdict": v, "max_relative_error": 0.1 if v == "mismatch" else 1e-9}
        for n, v in verdict.items()
    }
    return {"verdict": worst, "parameters": rows, "flags": list(flags), "findings": list(findings)}


def error(reason="timeout"):
    return {**result(), "verdict": "error", "reason": reason, "message": "it ran too long"}


class TestScore:
    @given(rubrics, verdicts, st.sets(st.sampled_from([law.flag for law in LAWS.values()])))
    def test_items_add_up(self, rubric, verdict, flags):
        """To the score and to its maximum; nothing is paid twice or lost."""
        score = scored(result(flags=flags, **verdict), rubric)

        assert math.isclose(sum(item["max_points"] for item in score["items"]), rubric.points)
        assert math.isclose(sum(item["points"] for item in score["items"]), score["score"], abs_tol=1e-5)
        assert all(0 <= item["points"] <= item["max_points"] for item in score["items"])

    @given(rubrics)
    def test_right_in_everything_is_all_points(self, rubric):
        """Exactly, whatever the weights."""
        assert scored(result(**dict.fromkeys(NAMES, "match")), rubric)["score"] == rubric.points

    @given(rubrics)
    def test_nothing_judged_or_nothing_right_is_no_point(self, rubric):
        """Not for keeping laws either: a file that does nothing keeps them all."""
        assert scored(error(), rubric)["score"] == 0
        if not rubric.charge_once:
            assert scored(result(**dict.fromkeys(NAMES, "mismatch")), rubric)["score"] == 0

    def test_weights_are_shares(self):
        """By default a parameter is a quarter of 80 points here, a law a fifth of 20."""
        wrong = result(W1="mismatch", b1="match", W2="match", b2="match", flags=["mutates"])

        assert scored(wrong, Rubric())["score"] == 100 - 20 - 4
        assert scored(wrong, Rubric(parameters={"W*": 3.0, "W1": 5.0}))["score"] == 100 - 40 - 4
        assert scored(wrong, Rubric(laws={"arguments_unchanged": 6.0}))["score"] == 100 - 20 - 12

    def test_inconclusive_is_paid_as_the_rubric_says(self):
        """Nothing unless it says so, and a person is to look at it."""
        open_ = result(W1="inconclusive", b1="match")

        assert scored(open_, Rubric())["score"] == 60
        assert scored(open_, Rubric(inconclusive=0.5))["score"] == 80
        assert scored(open_, Rubric())["review"]

    def test_one_mistake_can_be_charged_once(self):
        """For its dearest parameter; what it does not explain is charged all the same."""
        wrong = result(
            W1="mismatch", b1="mismatch", W2="mismatch", b2="match", findings=[finding("W1", "b1")]
        )

        assert scored(wrong, Rubric(charge_once=False))["score"] == 40
        assert scored(wrong, Rubric(charge_once=True))["score"] == 60

    def test_mistakes_are_what_a_class_page_counts(self):
        """Codes, laws and reasons; unexplained only where nothing else is known."""
        assert scored(result(W1="mismatch", findings=[finding("W1")]), Rubric())["mistakes"] == ["DERIV_AT_Z"]
        assert scored(result(W1="mismatch"), Rubric())["mistakes"] == ["unexplained"]
        assert scored(result(W1="mismatch", flags=["accumulates"]), Rubric())["mistakes"] == [
            "no_accumulation"
        ]
        assert scored(error("syntax"), Rubric())["mistakes"] == ["syntax"]
        assert scored(result(W1="match"), Rubric())["mistakes"] == []


class TestRubricFile:
    def test_everything_can_be_stated(self, tmp_path):
        """And what is not stated is as it was."""
        path = tmp_path / "rubric.toml"
        path.write_text(
            "points = 10\ninconclusive = 0.5\ncharge_once = true\n[parts]\nlaws = 0\n"
            '[parameters]\nW1 = 2\n"b*" = 0.5\n[laws]\nreuse = 3\n'
        )

        assert load(path) == Rubric(
            10.0, 0.5, True, {"gradient": 80.0, "laws": 0.0}, {"W1": 2.0, "b*": 0.5}, {"reuse": 3.0}
        )

    def test_empty_file_is_the_default(self, tmp_path):
        """There is nothing that must be stated."""
        path = tmp_path / "rubric.toml"
        path.write_text("")

        assert load(path) == Rubric()

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("points = [", "is not TOML"),
            ("point = 10", "unknown entry\n  given:    point (did you mean points?)"),
            (
                "[laws]\nno_acumulation = 1",
                "unknown name in [laws]\n  given:    no_acumulation (did you mean no_acc",
            ),
            ("[parts]\nstyle = 1", "unknown name in [parts]\n  given:    style\n  expected: gradient, laws"),
            (
                "[parameters]\nW1 = -1",
                "rubric's parameters.W1 cannot be used\n  given:    -1\n  expected: a number >= 0",
            ),
            ("[parameters]\nW1 = true", "given:    True"),
            ("[parameters]\nW1 = nan", "given:    nan"),
            ("points = 'ten'", "given:    'ten'"),
            ("inconclusive = 2", "a share from 0 to 1"),
            ("charge_once = 1", "true or false"),
            ("laws = 3", "a table of weights"),
            ("[parts]\ngradient = 0\nlaws = 0", "a part that weighs more than 0"),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, tmp_path, text, words):
        """Before anything is judged, with the nearest name."""
        path = tmp_path / "rubric.toml"
        path.write_text(text)

        with pytest.raises(UsageError) as raised:
            load(path)
        assert words in str(raised.value)

    def test_parameters_that_nobody_has_are_known(self):
        """Names and patterns."""
        rubric = Rubric(parameters={"W1": 1.0, "W*": 1.0, "V1": 2.0, "c*": 2.0})

        assert rubric.unknown({"W1", "b1"}) == ["V1", "c*"]


class TestFeedback:
    wrong = result(W1="mismatch", W2="match", b1="inconclusive", findings=[finding("W1")], flags=["mutates"])

    def test_each_level_adds_to_the_last(self):
        """No line is taken back."""
        texts = [feedback(self.wrong, level).splitlines() for level in LEVELS]

        for less, more in itertools.pairwise(texts):
            assert set(less) < set(more)

    def test_levels_tell_what_they_are_named_after(self):
        """The verdict, the parameters, the question, the mistake."""
        verdict, parameter, hint, full = (feedback(self.wrong, level) for level in LEVELS)

        assert verdict == "The gradient is not right yet.\n"
        assert (
            "Right: W2 (to 1.0e-09).\nNot right: W1 (maximum relative error 1.0e-01).\nOpen: b1" in parameter
        )
        assert "changes the parameters or the data" in parameter
        assert "Hint: Which?" in hint
        assert "DERIV_AT_Z: f'(z) for f'(u)" in full
        assert not any(word in parameter for word in ("Which", "DERIV"))
        assert "DERIV" not in hint

    def test_why_it_could_not_be_judged_is_told_at_every_level(self):
        """Nobody can mend a file without knowing that it does not load."""
        assert all("it ran too long" in feedback(error(), level) for level in LEVELS)
