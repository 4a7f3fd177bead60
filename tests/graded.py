"""Strategies for results of a class: any report or refusal, with any words of a student in it."""

from hypothesis import strategies as st
from reports import reports

from gradcheck.errors import SubmissionError
from gradcheck.grading.feedback import LEVELS, feedback
from gradcheck.grading.rubric import LAWS, Rubric
from gradcheck.grading.scoring import scored
from gradcheck.submissions.result import SubmissionResult

HOSTILE = [
    '=HYPERLINK("http://example.org")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a,b;c\"d'e\nf", "\0\x1b[31m",
    "<script>alert(1)</script>", "]]>", "&amp;", "\ud800", "\ufffe", "Żółć 山田", "..", "con", "",
]  # fmt: skip
words = st.text(max_size=20) | st.sampled_from(HOSTILE)
reasons = st.sampled_from(["file", "syntax", "import", "timeout", "crashed", "internal"])
refusals = st.builds(SubmissionError, reasons, words, given=words, do=words)
flags = st.lists(st.sampled_from([law.flag for law in LAWS.values()]), unique=True).map(tuple)


outcomes_of_all_kinds = reports() | refusals


@st.composite
def graded(draw, outcomes=outcomes_of_all_kinds):
    """Draw a graded result."""
    outcome, rubric, level = draw(outcomes), Rubric(), draw(st.sampled_from(LEVELS))
    result = SubmissionResult(draw(words), outcome, 0, draw(st.floats(0, 1e3)), "process", flags=draw(flags))
    plain = result.to_dict()
    return {
        **plain,
        **scored(plain, rubric),
        "student": draw(words),
        "help_level": level,
        "feedback": feedback(plain, level),
    }


classes = st.lists(graded(), min_size=1, max_size=4)
