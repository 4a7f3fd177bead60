"""A project of somebody else that has nothing but gradcheck in its test requirements."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).with_name("example_project")


@pytest.fixture
def project(tmp_path):
    """Return a copy of the project."""
    return shutil.copytree(PROJECT, tmp_path / "ridge")


def run(folder, *arguments):
    """Run its tests as its author would."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_requirements():
    """Its test requirements are gradcheck, and its own tests import nothing else."""
    written = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    [tests] = (PROJECT / "tests").glob("*.py")

    assert written["project"]["optional-dependencies"] == {"test": ["gradcheck"]}
    imported = set(re.findall(r"^(?:import|from) (\w+)", tests.read_text(), re.MULTILINE))
    assert imported == {"numpy", "pytest", "hypothesis", "ridge", "gradcheck"}


def test_right(project):
    """Its tests pass, and every gradient is in the section."""
    done = run(project, "-v")

    assert done.returncode == 0, done.stdout
    for test in ("test_plain_function", "test_fixture[10.0]", "test_layer", r"test_any_batch (30 checks)"):
        assert re.search(rf"^tests/\S+::{re.escape(test)}$", done.stdout, re.MULTILINE), test
    assert "results of" in done.stdout


@pytest.mark.parametrize(
    ("line", "mistake", "failing"),
    [
        ("delta.sum(axis=0)", "delta.mean(axis=0)", {"plain_function", "fixture", "any_batch"}),
        ("(1 + np.exp(-u))", "(1 + np.exp(u))", {"layer"}),
        ("delta = dz / ", "delta = dz; delta /= ", {"laws"}),
    ],
)
def test_mistake(project, line, mistake, failing):
    """A mistake in one line fails the tests of that gradient, and those alone."""
    source = project / "ridge/__init__.py"
    assert line in source.read_text()
    source.write_text(source.read_text().replace(line, mistake))

    done = run(project)

    assert done.returncode == 1, done.stdout
    assert set(re.findall(r"^FAILED \S+::test_([a-z_]+)", done.stdout, re.MULTILINE)) == failing
