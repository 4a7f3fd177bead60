"""The README tells the truth: its output is what the command prints, its code runs."""

import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from gradcheck import cli
from gradcheck.grading.rubric import Rubric, load
from gradcheck.submissions.verify import EXAMPLES

README = Path(__file__).parents[1] / "README.md"


def block(marker: str) -> str:
    """Return the first fenced block after a marker."""
    after = README.read_text(encoding="utf-8").split(f"<!-- {marker} -->")[1]
    found = re.search(r"^```\w*\n(.*?)^```", after, re.MULTILINE | re.DOTALL)
    assert found, marker
    return found[1]


def without_round_off(text: str) -> str:
    """Blank the numbers below 1e-8: they are round-off, which differs between machines."""
    return re.sub(r"\b\d(\.\d)?e-(0[89]|[1-9]\d)", "tiny", re.sub(r" {2,}", "  ", text))


def test_output_of_the_main_job():
    command = block("command: main").split(" && ")[-1].split()
    assert command[0] == ".venv/bin/gradcheck"

    run = subprocess.run(
        [sys.executable, "-m", "gradcheck", *command[1:]], capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert without_round_off(run.stdout) == without_round_off(block("output: main"))


def test_example_of_a_test():
    names: dict[str, object] = {}
    exec(block("code: test"), names)

    names["test_gradient_of_the_squared_error"]()


@pytest.mark.parametrize("error", [0.0, 1e-3])
def test_example_of_random_networks(error):
    """A right gradient passes, dead and tiny networks or not; a wrong one does not."""

    def my_gradient(network, params, x, d):
        return {name: (1 + error) * g for name, g in network.gradient(params, x, d).items()}

    names: dict[str, object] = {"my_gradient": my_gradient}
    exec(block("code: networks"), names)

    with pytest.raises(AssertionError, match="MISMATCH") if error else nullcontext():
        names["test_gradient"]()


def test_example_of_mutation_testing(capsys):
    exec(block("code: mutation"), {})

    assert capsys.readouterr().out.splitlines()[0] in block("code: mutation")


def test_output_of_grading_a_class(tmp_path, capsys):
    folder = tmp_path / "class"
    folder.mkdir()
    for student, example in (("a", "course_note"), ("b", "course_note"), ("c", "course_note_repaired"),
                             ("d", "course_note_relu")):  # fmt: skip
        (folder / f"{student}.py").write_text((EXAMPLES / f"{example}.py").read_text())
    (folder / "e.py").write_text("1 / 0\n")
    (tmp_path / "rubric.toml").write_text(block("file: rubric"))

    code = cli.main(["grade", str(folder), "--out", str(tmp_path / "out"), "--formats", "json"])

    assert code == 1
    assert capsys.readouterr().out.startswith(block("output: grade"))
    assert load(tmp_path / "rubric.toml") == Rubric(parameters={"W*": 2.0})
