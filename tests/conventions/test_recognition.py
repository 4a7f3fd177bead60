"""What is recognised, what is said of the rest, and files of any name."""

import json
from pathlib import Path

import pytest

from gradcheck.cli import main
from gradcheck.submissions.binding import Options
from gradcheck.submissions.conventions import CONVENTIONS
from gradcheck.submissions.verify import verify

FOLDER = Path(__file__).parent.parent / "submissions"
SOURCE = (FOLDER / "parameter_nest/right.py").read_text()


def verified(path, text):
    path.write_text(text)
    return verify(str(path), Options())


def test_list_shows_every_convention(capsys):
    """With what such a file has, in 80 columns."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--list-conventions"])
    out = capsys.readouterr().out

    assert ended.value.code == 0
    assert [line for line in out.splitlines() if not line.startswith(" ")] == list(CONVENTIONS)
    assert max(map(len, out.splitlines())) <= 80


def test_readme_has_the_same_list():
    """Word for word, in the same order."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    rows = [
        line
        for line in readme.splitlines()
        if any(line.startswith(f"| `{shape}` |") for shape in CONVENTIONS)
    ]

    assert rows == [f"| `{shape}` | {convention.FORM} |" for shape, convention in CONVENTIONS.items()]


def test_unrecognised_file_says_what_was_looked_for(tmp_path):
    """And what to do."""
    message = str(verified(tmp_path / "sort.py", "def quicksort(items): return sorted(items)").outcome)

    assert "looks like a forward and a backward pass" in message
    assert "--list-conventions" in message
    assert "--adapter" in message


@pytest.mark.parametrize(
    "name",
    ["numpy.py", "random.py", "gradcheck.py", "json.py", "my net.py", "-net.py", "--json.py", "nét'.py"],
)
def test_any_file_name_will_do(tmp_path, name):
    """Names of modules, with blanks, dashes, quotes and accents."""
    assert verified(tmp_path / name, SOURCE).verdict == "match"


def test_reproduction_of_a_name_with_a_dash_is_no_option(tmp_path, monkeypatch, capsys):
    """The line that is printed can be run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-net.py").write_text(SOURCE)

    assert main(["verify", "--", "-net.py"]) == 0
    assert "gradcheck verify ./-net.py --seed 0" in capsys.readouterr().out


def notebook(*cells, version=4):
    cells = [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]
    text = {"cell_type": "markdown", "source": "# My network"}
    return json.dumps({"nbformat": version, "metadata": {}, "cells": [text, *cells]})


class TestNotebooks:
    CELLS = (
        "%matplotlib inline\n!pip install numpy\nimport numpy as np",
        "%%bash\nls",
        "np.dot?",
        "this is no Python",
    )

    def test_code_cells_are_run_without_magics(self, tmp_path):
        """Also what is no Python at all."""
        text = notebook(*self.CELLS, SOURCE.splitlines(keepends=True), "%%time\nx = 1")

        assert verified(tmp_path / "net.ipynb", text).verdict == "match"

    def test_last_definition_wins(self, tmp_path):
        """As in a notebook that is run from top to bottom."""
        wrong = "def backward(params, x, d):\n    return {name: 0 * p for name, p in params.items()}"

        assert verified(tmp_path / "a.ipynb", notebook(wrong, SOURCE)).verdict == "match"
        assert verified(tmp_path / "b.ipynb", notebook(SOURCE, wrong)).verdict == "mismatch"

    @pytest.mark.parametrize("text", ["", "[]", '{"cells": 3}', "import numpy"])
    def test_what_is_no_notebook_is_a_syntax_error(self, tmp_path, text):
        """One clear message."""
        result = verified(tmp_path / "net.ipynb", text)

        assert result.outcome.reason == "syntax"
        assert "no Jupyter notebook" in str(result.outcome)

    def test_definition_that_does_not_parse_is_a_syntax_error(self, tmp_path):
        """It is not left out in silence."""
        result = verified(tmp_path / "net.ipynb", notebook(SOURCE, "def backward(:\n    pass"))

        assert result.outcome.reason == "syntax"
