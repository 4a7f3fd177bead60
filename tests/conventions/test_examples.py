"""Each convention knows files as people write them: right ones match, wrong ones are told why.

The first line of a wrong file says what must come out: ``# wrong: W1 b1: DERIV_AT_Z``, the wrong
parameters and the mistake that is named, if a known one is.
"""

from pathlib import Path

import pytest

from gradcheck.submissions.binding import Options
from gradcheck.submissions.conventions import CONVENTIONS
from gradcheck.submissions.verify import verify

FOLDER = Path(__file__).parent.parent / "submissions"
RIGHT, WRONG = (
    [path for path in sorted(FOLDER.glob(f"*/{kind}*")) if path.is_file()] for kind in ("right", "wrong")
)


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def shape(path: Path) -> str:
    return path.parent.name.replace("_", "-")


@pytest.mark.parametrize("path", RIGHT, ids=name)
def test_right_file_is_a_match(path):
    """And the convention is the one that its folder is named after."""
    result = verify(str(path), Options())

    assert (result.verdict, result.shape, result.flags) == ("match", shape(path), ())


@pytest.mark.parametrize("path", WRONG, ids=name)
def test_wrong_file_is_a_mismatch_with_its_reason(path):
    """In the parameters that are wrong and no others."""
    parameters, _, code = path.read_text().splitlines()[0].removeprefix("# wrong: ").partition(":")

    result = verify(str(path), Options())

    assert (result.verdict, result.shape) == ("mismatch", shape(path))
    wrong = {p.name for p in result.outcome.parameters.values() if p.verdict != "match"}
    assert wrong == set(parameters.split())
    if code:
        assert [finding.code for finding in result.outcome.findings] == code.split()


@pytest.mark.parametrize("convention", sorted(set(CONVENTIONS) - {"course-note", "adapter"}))
def test_every_convention_has_examples(convention):
    """Those of the course note are in `offenders`; an adapter is made for any file."""
    kinds = {kind: {shape(path) for path in paths} for kind, paths in (("right", RIGHT), ("wrong", WRONG))}

    assert convention in kinds["right"] & kinds["wrong"]


def test_layer_that_is_not_what_its_name_says_is_flagged():
    """Forward and backward may belong together and still be wrong: that is said first."""
    result = verify(str(FOLDER / "layer_functions/other_forward.py"), Options())

    assert (result.verdict, result.flags) == ("match", ("forward-differs",))
    assert "of affine, affine_relu is not what the name says" in " ".join(result.understood)
