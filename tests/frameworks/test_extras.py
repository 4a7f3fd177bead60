"""Frameworks come with extras: without one a call says which, and nothing else suffers."""

import subprocess
import sys

import pytest

import gradcheck
from gradcheck import frameworks
from gradcheck.errors import UsageError


@pytest.mark.parametrize("name", ["torch", "jax", "autograd"])
def test_missing_framework_names_the_extra(name, monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(UsageError, match=rf"need {name}\n(.|\n)*pip install 'gradcheck\[{name}\]'"):
        getattr(frameworks, name).check(abs, (1.0,))


def test_broken_framework_is_not_called_missing(monkeypatch, tmp_path):
    """One that is there and cannot be imported shows its own error."""
    (tmp_path / "torch.py").write_text("import of_which_there_is_none")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)

    with pytest.raises(ModuleNotFoundError, match="of_which_there_is_none"):
        frameworks.torch.check(abs, (1.0,))


def test_frameworks_are_imported_late():
    """Neither gradcheck nor its modules for frameworks import one."""
    code = (
        "import sys, gradcheck; gradcheck.frameworks.torch, gradcheck.frameworks.jax; "
        "assert not {'torch', 'jax', 'autograd', 'sklearn', 'scipy.sparse'} & {*sys.modules}"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_array_of_a_framework_given_to_check_gradient(name):
    """The error names the function to call instead, and the extra that it needs."""
    array = type("Array", (), {"__module__": f"{name}.core"})()
    door = rf"gradcheck\.frameworks\.{name}\.check \(extra\s+{name}\)"

    with pytest.raises(gradcheck.GradientInterfaceError, match=door):
        gradcheck.check_gradient(lambda x: 0.0, array, lambda x: x)
    with pytest.raises(gradcheck.GradientInterfaceError, match=door):
        gradcheck.check_vjp(lambda x: array, 1.0, lambda c, x: x)
