"""MISTAKES.md: what `gradcheck explain --page` prints, with an example for each mistake that has one."""

import re
from pathlib import Path

import numpy as np
import pytest

from gradcheck import cli
from gradcheck.faults import FAULTS, NetworkFault, Pattern

PAGE = Path(__file__).parent.parent / "MISTAKES.md"
NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?"
# Of complex gradients; below the digits that are shown.
WITHOUT_EXAMPLE = {"CONJUGATED", "FLOAT32"}


def parts(text):
    """Return a text without its numbers, and the numbers."""
    return re.sub(NUMBER, "#", text), [float(number) for number in re.findall(NUMBER, text)]


def test_page_is_what_the_command_prints(capsys):
    """The words are the same, and the numbers to their digits."""
    assert cli.main(["explain", "--page"]) == 0
    words, numbers = parts(capsys.readouterr().out)
    kept_words, kept_numbers = parts(PAGE.read_text(encoding="utf-8"))

    assert words == kept_words, "run: gradcheck explain --page > MISTAKES.md"
    np.testing.assert_allclose(kept_numbers, numbers, rtol=2e-3)


@pytest.mark.parametrize("code", FAULTS)
def test_every_mistake_has_its_entry(code):
    """The code heads it; whatever can be planted has a right and a wrong number that differ."""
    entries = {entry.split("`")[1]: entry for entry in PAGE.read_text(encoding="utf-8").split("\n### ")[1:]}
    entry = entries[code]

    assert FAULTS[code].hint in entry
    if isinstance(FAULTS[code], NetworkFault | Pattern) and code not in WITHOUT_EXAMPLE:
        right, wrong = re.search(r"\| right (.*)\n\| wrong (.*)", entry).groups()
        assert right != wrong
