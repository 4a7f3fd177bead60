"""The README tells the truth: its output is what the command prints, its code runs."""

import re
import subprocess
import sys
from pathlib import Path

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


def test_example_of_mutation_testing(capsys):
    exec(block("code: mutation"), {})

    assert capsys.readouterr().out.splitlines()[0] in block("code: mutation")
