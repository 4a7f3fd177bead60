"""An adapter makes any file checkable: a few lines that say how it is called."""

from pathlib import Path

import pytest

from gradcheck.cli import main
from gradcheck.submissions.binding import Options
from gradcheck.submissions.verify import verify

ENGINE = """
class Slope:
    def __init__(self, data):
        self.m, self.c = data

    def error(self, points):
        return sum((self.m * x + self.c - y) ** 2 for x, y in points)

    def slopes(self, points):
        rest = [(x, self.m * x + self.c - y) for x, y in points]
        return 2 * sum(x * r for x, r in rest), {factor} * sum(r for _, r in rest)
"""
ADAPTER = """
POINTS = [(0.5, 1.0), (-1.0, 2.0), (2.0, -0.5)]

def parameters(rng):
    return {"m": rng.normal(), "c": rng.normal()}

def loss(module, params):
    return module.Slope((params["m"], params["c"])).error(POINTS)

def gradient(module, params):
    m, c = module.Slope((params["m"], params["c"])).slopes(POINTS)
    return {"m": m, "c": c}
"""


@pytest.fixture
def adapted(tmp_path):
    """Return a function that verifies the engine by an adapter."""

    def check(factor="2", adapter=ADAPTER):
        (tmp_path / "engine.py").write_text(ENGINE.format(factor=factor))
        (tmp_path / "adapter.py").write_text(adapter)
        return verify(str(tmp_path / "engine.py"), Options(adapter=str(tmp_path / "adapter.py")))

    return check


def test_right_file_is_a_match(adapted):
    """Whatever it is made of."""
    result = adapted()

    assert (result.verdict, result.shape) == ("match", "adapter")
    assert set(result.outcome.parameters) == {"m", "c"}


def test_wrong_parameter_is_a_mismatch(adapted):
    """And it alone."""
    parameters = adapted(factor="1").outcome.parameters

    assert {name: p.verdict for name, p in parameters.items()} == {"m": "match", "c": "mismatch"}


@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        (ADAPTER + "loss = None", "no function loss"),
        (ADAPTER.replace('{"m": rng.normal(), "c": rng.normal()}', "None"), "no nest of arrays"),
        (ADAPTER.replace("module.Slope", "module.Line"), "has no attribute 'Line'"),
    ],
)
def test_adapter_that_does_not_fit_is_an_error(adapted, adapter, words):
    """That names what it lacks."""
    result = adapted(adapter=adapter)

    assert result.verdict == "error"
    assert words in str(result.outcome)


@pytest.mark.parametrize("command", [["verify"], ["grade", "--out", "results"]], ids=["verify", "grade"])
@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        (None, "adapter.py: [Errno 2]"),
        ("import numpy\ndef parameters(rng:", "adapter.py, line 2: '(' was never closed"),
        ("loss = print\nreturn", "adapter.py, line 2: 'return' outside function"),
        ("def parameters(rng): return {}", "no function loss, no gradient"),
        ("import sys\nsys.path.append('.')", "no function parameters, no loss, no gradient"),
    ],
    ids=["missing", "unclosed", "compiler", "lacks", "path"],
)
def test_adapter_that_cannot_be_one_is_wrong_usage(tmp_path, monkeypatch, capsys, command, adapter, words):
    """The user is to blame, not the files: none of them is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "engine.py").write_text(ENGINE)
    if adapter is not None:
        (tmp_path / "adapter.py").write_text(adapter)
    place = "mine/engine.py" if command == ["verify"] else "mine"
    code = main([*command, place, "--adapter", "adapter.py"])
    out, err = capsys.readouterr()

    assert (code, out, (tmp_path / "results").exists()) == (2, "", False)
    assert words in " ".join(err.split())
    assert "engine.py" not in err


def test_adapter_may_take_its_functions_from_elsewhere(adapted, tmp_path):
    """What a star brings is known only when it runs."""
    (tmp_path / "shared.py").write_text(ADAPTER)

    assert adapted(adapter="from shared import *").verdict == "match"


def test_adapter_of_the_readme_runs(tmp_path):
    """On a file with the functions that it calls."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    adapter = readme.split("<!-- code: adapter -->\n```python\n")[1].split("```")[0]
    (tmp_path / "adapter.py").write_text(adapter)
    (tmp_path / "mine.py").write_text(
        "def my_loss(W, b, X, D): return 0.5 * ((X @ W + b - D) ** 2).sum()\n"
        "def my_backward(W, b, X, D): return X.T @ (X @ W + b - D), (X @ W + b - D).sum(axis=0)\n"
    )

    result = verify(str(tmp_path / "mine.py"), Options(adapter=str(tmp_path / "adapter.py")))

    assert result.verdict == "match"
