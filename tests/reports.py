"""Strategies for results: any verdict, long names, large shapes, numbers that are not finite."""

from hypothesis import strategies as st

from gradcheck.report import Finding, ParameterReport, Report, Worst

VERDICTS = st.sampled_from(["match", "mismatch", "inconclusive"])
NAMES = st.sampled_from(
    ["W1", "b1", "layers.0.W", "x" * 40, "encoder.layers.11.attention.self.query.weight.g"]
)
ERRORS = st.floats(0, allow_nan=False)
SIZES = st.integers(0, 10**7)
INDICES = st.lists(SIZES, max_size=4).map(tuple)
WORDS = st.sampled_from(["kink", "the loss is noisy", "a note that is much longer than one line " * 4])
CODES = st.sampled_from(["DERIV_AT_Z", "W_TRANSPOSED", "B_MEAN"])


def parameter_reports(name, verdict, **changes):
    """Return the result of one parameter with these fields."""
    fields = {
        "shape": (2, 3),
        "dtype": "float64",
        "max_relative_error": 0.0,
        "uncertainty": 1e-12,
        "detection_limit": 1e-9,
        "entries": 6,
        "checked": 6,
    }
    return ParameterReport(name, verdict=verdict, **{**fields, **changes})


def report_of(*names):
    """Return a match of parameters of these names."""
    parameters = {
        name: parameter_reports(name, "match", worst=Worst((0, 1), 1.0, 1.0, 1e-12)) for name in names
    }
    return Report("match", parameters, "entries", 40, 0, 0.125)


@st.composite
def _parameters(draw, name):
    return ParameterReport(
        name=name,
        shape=draw(INDICES),
        dtype=draw(st.sampled_from(["float64", "float32"])),
        verdict=draw(VERDICTS),
        max_relative_error=draw(ERRORS),
        uncertainty=draw(ERRORS),
        detection_limit=draw(ERRORS),
        entries=draw(SIZES),
        checked=draw(SIZES),
        wrong_count=draw(SIZES),
        wrong=tuple(draw(st.lists(INDICES, max_size=20, unique=True))),
        worst=draw(st.none() | st.builds(Worst, INDICES, st.floats(), st.floats(), ERRORS)),
        kinks=draw(SIZES),
        inconclusive_count=draw(SIZES),
    )


_findings = st.builds(
    Finding,
    CODES,
    st.lists(NAMES, max_size=3).map(tuple),
    WORDS,
    WORDS,
    ERRORS,
    st.lists(CODES, max_size=2).map(tuple),
)


@st.composite
def reports(draw):
    """Draw a result of up to three parameters, or of very many."""
    names = draw(st.lists(NAMES, unique=True, max_size=3) | st.just([f"layers.{i}.W" for i in range(40)]))
    few = {name: draw(_parameters(name)) for name in names[:3]}
    return Report(
        verdict=draw(VERDICTS),
        parameters={name: few.get(name, parameter_reports(name, "match")) for name in names},
        method=draw(st.sampled_from(["entries", "directions", "directions+entries"])),
        evaluations=draw(SIZES),
        seed=draw(st.integers(0, 2**64)),
        seconds=draw(st.floats(0, 1e6)),
        false_pass_probability=draw(st.none() | st.floats(0, 1)),
        findings=tuple(draw(st.lists(_findings, max_size=2))),
        notes=tuple(draw(st.lists(WORDS, max_size=2))),
        flags=tuple(draw(st.lists(st.sampled_from(["mutates", "trivial"]), max_size=2))),
    )
