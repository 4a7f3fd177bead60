"""The form of the course note: what is understood of a file, and how it is called."""

import pkgutil
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck.networks import ACTIVATIONS
from gradcheck.submissions import conventions
from gradcheck.submissions.binding import Options
from gradcheck.submissions.verify import verify

SOURCE = """
import numpy as np

network = {{"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.ones(3), "b2": 0.0}}

def forward(network, x):
    u1 = x @ network["W1"] + network["b1"]
    z1 = {f}
    return z1, z1 @ network["W2"] + network["b2"]

def backward({parameters}):
    {before}
    u1 = x @ network["W1"] + network["b1"]
    delta1 = (y - d) * network["W2"] * ({slope})
    return {{"W1": np.outer(x, delta1), "b1": delta1, "W2": (y - d) * z1, "b2": y - d}}
"""
TANH = {"f": "np.tanh(u1)", "slope": "1 - z1**2", "parameters": "x, d, z1, y", "before": "pass"}
FORMULAS = {
    "sigmoid": ("1 / (1 + np.exp(-u1))", "z1 * (1 - z1)"),
    "tanh": ("np.tanh(u1)", "1 - z1**2"),
    "relu": ("np.maximum(0, u1)", "u1 > 0"),
    "identity": ("u1", "1"),
}


@pytest.fixture
def verified(tmp_path):
    """Return a function that verifies a variant of the form."""

    def check(**changes):
        path = tmp_path / "net.py"
        path.write_text(SOURCE.format(**{**TANH, **changes}))
        return verify(str(path), Options())

    return check


def test_formulas_are_of_known_activations():
    """What this file writes out is what the table calls so."""
    u1 = np.linspace(-2, 2, 7)
    for name, (f, _) in FORMULAS.items():
        np.testing.assert_allclose(eval(f), ACTIVATIONS[name].f(u1), rtol=1e-14)


@pytest.mark.parametrize("name", FORMULAS)
def test_activation_is_found_by_its_values(verified, name):
    """However it is written."""
    f, slope = FORMULAS[name]
    result = verified(f=f, slope=slope)

    assert result.verdict == "match"
    assert f"hidden layer {name}, output identity, as forward computes them" in result.understood


@pytest.mark.parametrize(
    "parameters", ["x, d, z1, y", "d, x, y, z1", "network, x, d, z1, y", "x, d, z1, y, rate=0.1"]
)
def test_arguments_go_by_name(verified, parameters):
    """In any order, with or without the network."""
    assert verified(parameters=parameters).verdict == "match"


@pytest.mark.parametrize(
    ("parameters", "before"), [("x, t, h, y", "d, z1 = t, h"), ("a, b, h, out", "x, d, z1, y = a, b, h, out")]
)
def test_arguments_go_by_place_where_names_tell_nothing(verified, parameters, before):
    """In the order of the published form."""
    assert verified(parameters=parameters, before=before).verdict == "match"


def test_backward_gets_what_forward_returned(verified):
    """A cache is never made up: z1 is that of the parameters at hand."""
    before = "assert np.array_equal(z1, forward(network, x)[0]), 'made up'"

    assert verified(before=before).verdict == "match"


def test_global_and_argument_are_the_same_network(verified):
    """A function may read either."""
    before = "own = network; network_ = globals()['network']; assert own is network_"

    assert verified(before=before, parameters="x, d, z1, y").verdict == "match"


class TestTheTableOfConventions:
    def test_module_is_in_it(self):
        """A file in the folder is enough."""
        modules = {module.name for module in pkgutil.iter_modules(conventions.__path__)}

        assert {shape.replace("-", "_") for shape in conventions.CONVENTIONS} == modules

    def test_same_name_twice_is_refused(self, monkeypatch):
        """Nobody would know which of the two was meant."""
        twins = [SimpleNamespace(name="one"), SimpleNamespace(name="two")]
        monkeypatch.setattr(conventions.pkgutil, "iter_modules", lambda path: twins)
        monkeypatch.setattr(
            conventions.importlib, "import_module", lambda name: SimpleNamespace(SHAPE="same")
        )

        with pytest.raises(AssertionError, match="same"):
            conventions._gather()
