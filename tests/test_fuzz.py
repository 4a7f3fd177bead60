"""`gradcheck fuzz`: the smallest case that fails, kept for the next run, and who is to blame."""

import json
import warnings

import numpy as np
import pytest

from gradcheck import cli
from gradcheck.networks import ACTIVATIONS, DenseNetwork

MODULE = """
from dataclasses import replace
import numpy as np
from gradcheck.networks import RIGHT

class Right:
    def loss(self, network, params, x, d):
        return network.loss(params, x, d)

    def gradient(self, network, params, x, d):
        return network.gradient(params, x, d)

def without_transpose(run, layer, delta):
    W = run.W(layer)
    return delta @ (W if W.shape[0] == W.shape[1] else W.T)

class Wrong(Right):
    def gradient(self, network, params, x, d):
        steps = replace(RIGHT, through_weights=without_transpose)
        return network.trace(params, x, d, steps).gradient

class Raises(Right):
    def gradient(self, network, params, x, d):
        if network.depth > 1 and len(x) > 1:
            raise KeyError("delta2")
        return network.gradient(params, x, d)

class Shapes(Right):
    def gradient(self, network, params, x, d):
        gradient = network.gradient(params, x, d)
        return {**gradient, "W1": gradient["W1"][0]}

class NeedsArguments(Right):
    def __init__(self, name): ...

class Dense:
    def __init__(self, units=2):
        self.units = units

    def shapes(self, x):
        return {"W": (x.shape[1], self.units), "b": (self.units,)}

    def forward(self, params, x):
        return x @ params["W"] + params["b"], (params["W"], x)

    def backward(self, dz, cache):
        W, x = cache
        return {"W": x.T @ dz, "b": dz.sum(axis=0)}, dz @ W.T

class FirstSampleOnly(Dense):
    def backward(self, dz, cache):
        dparams, dx = super().backward(dz, cache)
        return {**dparams, "b": dz[0]}, dx

class OddName:
    def shapes(self, x):
        return {"W\\n1": (x.shape[1],)}

    def forward(self, params, x):
        return x * params["W\\n1"], (params["W\\n1"], x)

    def backward(self, dz, cache):
        W, x = cache
        return {"W\\n1": (dz * x).sum(axis=0)}, dz * W

class Pictures:
    sample_shape = (2, 3)

    def forward(self, params, x):
        assert x.shape[1:] == (2, 3)
        return x.sum(axis=1), x

    def backward(self, dz, cache):
        return {}, dz[:, None] + 0 * cache

class BadShapes(Dense):
    def shapes(self, x):
        return x.nonsense

class Unreadable(Right):
    @property
    def loss(self):
        raise RuntimeError("no weights")

class Warns(Right):
    def gradient(self, network, params, x, d):
        np.log(np.zeros(1))
        return network.gradient(params, x, d)

class TwoRelus:
    sample_shape = [3]
    slope_at_zero, factor = 0, 1

    def shapes(self, x):
        return {"W": (3, 4), "V": (4, 2)}

    def forward(self, params, x):
        u = x @ params["W"]
        v = np.maximum(u, 0) @ params["V"]
        return np.maximum(v, 0), (params, x, u, v)

    def backward(self, dz, cache):
        params, x, u, v = cache
        dv = dz * (v > 0)
        du = self.factor * (dv @ params["V"].T) * ((u > 0) + self.slope_at_zero * (u == 0))
        return {"W": x.T @ du, "V": np.maximum(u, 0).T @ dv}, du @ params["W"].T

class WrongRelus(TwoRelus):
    factor = 1.01

class NotANumberAtKinks(TwoRelus):
    slope_at_zero = np.nan

class NoShape(Pictures):
    sample_shape = 3

class ShapeForgotten(Pictures):
    sample_shape = None

nothing = object()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "fuzzed_by_tests.py").write_text(MODULE)
    (tmp_path / "broken_for_tests.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def fuzz(capsys, *arguments, examples=100):
    code = cli.main(["fuzz", "--examples", str(examples), *arguments])
    return code, *capsys.readouterr()


def rebuilt(code):
    names = {}
    exec(code, names)
    return names["network"], names["params"], names["x"], names["d"]


class TestReference:
    def test_passes(self, capsys):
        """Exit code 0, a table, errors below 1e-6, and nothing on standard error beside a terminal."""
        code, out, err = fuzz(capsys)

        assert (code, err) == (0, "")
        assert out.startswith("MATCH: 100 random networks")
        assert "parameter  count  median" in out

    def test_json_has_the_numbers_of_the_table(self, capsys):
        """``--json -`` prints JSON alone; the same seed gives the same result."""
        first, second = (json.loads(fuzz(capsys, "--seed", "3", "--json", "-")[1]) for _ in range(2))

        assert first["ok"]
        assert 0 < first["max_relative_error"] < 1e-6
        row = first["parameters"]["W1"]
        assert row["median"] <= row["maximum"]
        assert (row["count"], row["seed"]) == (100 - first["constant"] - first["inconclusive"], 3)
        assert {**first, "seconds": 0} == {**second, "seconds": 0}

    def test_bounds_are_kept(self, capsys):
        """What the options ask for is what is drawn."""
        _, out, _ = fuzz(
            capsys, "--layers", "2", "--widths", "3-4", "--batch", "2", "--activations", "tanh,sigmoid",
            "--losses", "huber", "--json", "-", examples=20,
        )  # fmt: skip

        assert set(json.loads(out)["parameters"]) <= {"W1", "b1", "W2", "b2"}

    def test_dtype_and_scale(self, capsys):
        """Single precision at the scale asked for: it is what the implementation gets."""
        _, out, _ = fuzz(
            capsys, "fuzzed_by_tests:Raises", "--dtype", "float32", "--scale", "0.5", "--layers", "2",
            "--batch", "2",
        )  # fmt: skip

        assert "dtype=float32" in out
        assert "'W1': array([[0.1]], dtype=float32)" in out


class TestWrongGradient:
    def test_smallest_network_is_shown_and_kept(self, capsys):
        """Exit code 1; two layers of two units and one sample; the next run finds it at once."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:Wrong", "--json", "-", examples=1000)
        result = json.loads(out)
        network, params, x, d = rebuilt(result["failure"]["code"])

        assert "W_NO_T: W2 and b2 are right" in result["failure"]["message"]
        assert network.criterion.name == "half_squared_error"
        assert (code, result["verdict"], result["replayed"]) == (1, "mismatch", False)
        assert isinstance(network, DenseNetwork)
        assert network.depth == 2
        assert max(W.shape[1] for W in params.values() if W.ndim == 2) == 2
        assert len(x) == 1
        assert np.isfinite(network.loss(params, x, d))

        code, out, _ = fuzz(capsys, "fuzzed_by_tests:Wrong")

        assert code == 1
        assert "MISMATCH: 1 random network against" in out
        assert "kept by an earlier run" in out
        assert f"kept in {result['kept']}" in out


class TestLayer:
    @pytest.mark.parametrize("name", ["Dense", "Pictures"])
    def test_right_layer_passes(self, capsys, name):
        """Parameters and input are checked; sample_shape says what x looks like."""
        code, out, _ = fuzz(capsys, f"fuzzed_by_tests:{name}")

        assert code == 0
        assert out.startswith("MATCH: 100 random inputs")
        assert "\nx " in out

    def test_wrong_layer_shrinks(self, capsys):
        """A batch of two is the smallest that shows that only one sample counts for b."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:FirstSampleOnly", "--json", "-")
        names = {}
        exec(json.loads(out)["failure"]["code"], names)

        assert code == 1
        assert names["x"].shape == (2, 1)
        assert names["params"].keys() == {"W", "b"}

    def test_name_of_a_parameter_keeps_to_its_line(self, capsys):
        """A line feed in it is written out."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:OddName", examples=5)

        assert code == 0
        assert any(line.startswith(r"params.W\n1  ") for line in out.splitlines())

    def test_kinks_that_meet_are_no_mistake(self, capsys):
        """Where units of relu are at 0 together, what the chain rule gives may be no derivative."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:TwoRelus", examples=300)

        assert code == 0, out

    @pytest.mark.parametrize("name", ["WrongRelus", "NotANumberAtKinks"])
    def test_mistakes_among_kinks_are_found(self, capsys, name):
        """What is wrong beside the kinks too, or no number, is a mismatch."""
        code, _, _ = fuzz(capsys, f"fuzzed_by_tests:{name}")

        assert code == 1


class TestBrokenImplementation:
    def test_gradient_that_raises_is_shown_with_its_network(self, capsys):
        """Exit code 4, the traceback from the first line of its own, and the smallest network."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:Raises")

        assert code == 4
        assert out.startswith("ERROR: ")
        assert "KeyError: 'delta2'" in out
        assert "DenseNetwork(('identity', 'identity')" in out
        assert "subjects.py" not in out

    def test_wrong_shape_is_the_interface(self, capsys):
        """Exit code 4, both shapes, and the network."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:Shapes")

        assert code == 4
        assert "another shape" in out
        assert max(map(len, out.splitlines())) <= 80
        assert "network = DenseNetwork" in out

    def test_layer_that_takes_another_input_is_told_how(self, capsys):
        """Exit code 4, the traceback, and what to add."""
        code, out, _ = fuzz(capsys, "fuzzed_by_tests:ShapeForgotten")

        assert code == 4
        assert "AssertionError" in out
        assert "unless the layer has a sample_shape" in out

    def test_warnings_are_shown_once(self, capsys):
        """One and the same warning of every network is shown once."""
        with warnings.catch_warnings(record=True, action="always") as caught:
            code, _, _ = fuzz(capsys, "fuzzed_by_tests:Warns", examples=10)

        assert code == 0
        assert [str(warning.message) for warning in caught] == ["divide by zero encountered in log"]

    @pytest.mark.parametrize(
        ("place", "code", "words"),
        [
            ("fuzzed_by_tests:nothing", 2, "neither a network nor a layer"),
            ("fuzzed_by_tests:missing", 2, "has no missing"),
            ("fuzzed_by_tests:nq", 2, "expected: one of BadShapes, Dense, FirstSampleOnly, "),
            ("json:nothing", 2, "expected: loss(network, params, x, d) and "),
            ("fuzzed_by_tests:Dence", 2, "; close to it: Dense"),
            ("fuzzed_by_tests.py:Dense", 2, "leave out .py: fuzzed_by_tests:Dense"),
            ("fuzzed_by_tests:Unreadable", 4, "RuntimeError: no weights"),
            ("fuzzed_by_tests:NoShape", 4, "sample_shape is not the shape of a sample"),
            ("no_such_module_for_tests:X", 2, "there is no module"),
            ("not a module", 2, "names no module"),
            ("broken_for_tests:X", 4, "does not import"),
            ("fuzzed_by_tests:NeedsArguments", 4, "no object"),
            ("fuzzed_by_tests:BadShapes", 4, "gives no shapes"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, capsys, place, code, words):
        """One message that says what was looked for."""
        given, out, err = fuzz(capsys, place)

        assert (given, out) == (code, "")
        assert words in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--layers", "3-1"),
        ("--activations", "gelo"),
        ("--rtol", "0.5e-13"),
        ("--losses", ""),
        ("--dtype", "int"),
    ],
)
def test_impossible_bounds_are_refused(capsys, arguments):
    """Exit code 2, nothing drawn."""
    code, out, err = fuzz(capsys, *arguments)

    assert (code, out) == (2, "")
    assert "expected" in err


def test_unknown_activation_gets_all_and_the_nearest(capsys):
    """A typing error is answered with what was meant, and with what else there is."""
    _, _, err = fuzz(capsys, "--activations", "relux")

    words = " ".join(err.split())
    assert all(name in words for name in ACTIVATIONS)
    assert "; close to it: relu, elu, selu" in words
