"""method="directions": derivatives of 0 or small beside others, judged by what can be seen of them."""

import numpy as np
import pytest
from written_out import changed, network

import gradcheck
from gradcheck.methods import directions


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("size", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("error", [0.0, 0.1, 1e-9])
def test_optimum(seed, size, fits, error):
    """Of a regression, with a loss of exactly 0 if the data fit: what round-off leaves is no error."""
    rng = np.random.default_rng(seed)
    samples, features = rng.integers(5, 200), rng.integers(1, 60)
    x, w = size * rng.normal(size=(samples, features)), rng.normal(size=features)
    d = x @ w + (0 if fits else rng.normal(size=samples))
    w = w if fits else np.linalg.lstsq(x, d, rcond=None)[0]

    def loss(w):
        return 0.5 * np.sum((x @ w - d) ** 2)

    wrong = error * size**2  # as the curvature
    report = gradcheck.check_gradient(loss, w, x.T @ (x @ w - d) + wrong, method="directions", seed=seed)

    if error:
        assert report.verdict == "mismatch", str(report)
    else:
        assert report.verdict != "mismatch", str(report)


@pytest.mark.parametrize("distance", [1e-10, 1e-9])
@pytest.mark.parametrize("seed", range(5))
def test_near_an_optimum(distance, seed):
    """Derivatives too small to be seen to rtol are judged by 1 % of what they are nearby, which is said."""
    rng = np.random.default_rng(seed)
    x, d = rng.normal(size=(40, 12)), rng.normal(size=40)
    w = np.linalg.lstsq(x, d, rcond=None)[0] * (1 + distance * rng.normal(size=12))
    right = x.T @ (x @ w - d)

    def check(gradient):
        def loss(w):
            return 0.5 * np.sum((x @ w - d) ** 2)

        return gradcheck.check_gradient(loss, w, gradient, method="directions", seed=seed)

    assert check(right).verdict == "match", str(check(right))
    assert any("as at an optimum" in note for note in check(right).notes) or distance == 1e-9
    assert check(right + np.where(np.arange(12) == 3, 1e-4, 0)).parameters["params"].wrong == ((3,),)


def test_loss_without_parameters_is_not_to_be_looked_at_again():
    """Where nothing depends on any parameter, the report says that alone."""
    report = gradcheck.check_gradient(lambda w: 3.0, np.ones(3), np.zeros(3), method="directions")

    assert report.verdict == "inconclusive"
    assert [note for note in report.notes if "entries" in note] == []
    assert report.flags, str(report)


def test_what_rounding_hides_is_no_match(monkeypatch):
    """Where the loss does not change at all, its rounding is no proof of a derivative of 0."""
    monkeypatch.setattr(directions, "in_extended_precision", lambda *_: None)
    params = {"w": np.linspace(1.0, 2.0, 50), "hidden": np.linspace(1.0, 2.0, 4)}

    def loss(params):
        return 1e14 + np.sum(params["w"] ** 2) + 1e-4 * np.sum(params["hidden"] ** 2)

    gradient = {"w": 2 * params["w"], "hidden": np.zeros(4)}
    report = gradcheck.check_gradient(loss, params, gradient, method="directions")

    assert report.parameters["hidden"].verdict == "inconclusive", str(report)


def test_error_of_a_parameter_with_a_tiny_gradient():
    """A parameter that hardly matters is judged by its own size."""
    loss, params, gradient = network((20, 10, 5), 8)
    weight = 1e-2

    def combined(params):
        return loss(params) + weight * np.sum(np.sin(params["extra"]))

    def combined_gradient(params, factor=1.0):
        return {**gradient(params), "extra": factor * weight * np.cos(params["extra"])}

    params = {**params, "extra": np.linspace(0.1, 1, 6)}
    right = gradcheck.check_gradient(combined, params, combined_gradient, method="directions")
    wrong = gradcheck.check_gradient(
        combined, params, lambda p: combined_gradient(p, 1.001), method="directions"
    )

    assert right.verdict == "match", str(right)
    assert wrong.parameters["extra"].verdict == "mismatch"
    assert wrong.parameters["W1"].verdict == "match"


def uneven(small, constant=0.0):
    """Return loss, params and gradient of a parameter of which 8 of 20 derivatives are that small."""
    loss, params, gradient = network((20, 10, 5), 8)
    params = {**params, "uneven": np.linspace(0.1, 1, 20)}
    weights = np.where(np.arange(20) < 8, small, 1.0)

    def with_uneven(params):
        return {**gradient(params), "uneven": weights * np.cos(params["uneven"])}

    return lambda p: constant + loss(p) + np.sum(weights * np.sin(p["uneven"])), params, with_uneven


@pytest.mark.parametrize("small", [1e-2, 1e-4, 1e-6])
def test_many_small_derivatives_are_certified_by_themselves(small):
    """They would count as larger beside the others; an error that matters to them alone is found."""
    loss, params, gradient = uneven(small)
    wrong = changed(gradient, "uneven", 5, 1.001)

    report = gradcheck.check_gradient(loss, params, gradient, method="directions")
    found = gradcheck.check_gradient(loss, params, wrong, method="directions")

    assert report.verdict == "match", str(report)
    assert report.notes == ()
    assert found.parameters["uneven"].wrong == ((5,),)


def test_small_derivatives_that_noise_hides_are_said():
    """Where they cannot be certified by themselves, a note tells by what they are judged."""
    loss, params, gradient = uneven(1e-7, constant=1e6)

    report = gradcheck.check_gradient(loss, params, gradient, method="directions", rtol=1e-4)

    assert report.verdict == "match", str(report)
    (note,) = report.notes
    assert note.startswith("uneven: 8 derivatives are smaller than 2e-02")


def test_parameter_without_effect():
    """A derivative of 0 everywhere in a parameter is confirmed, and 1e-6 there is not."""
    loss, params, gradient = network((20, 10, 5), 8)
    params = {**params, "unused": np.ones(4)}

    def checked(value):
        return gradcheck.check_gradient(
            lambda p: loss({n: v for n, v in p.items() if n != "unused"}),
            params,
            lambda p: {
                **gradient({n: v for n, v in p.items() if n != "unused"}),
                "unused": np.full(4, value),
            },
            method="directions",
        )

    assert checked(0.0).verdict == "match"
    assert checked(1e-6).parameters["unused"].verdict == "mismatch"


@pytest.mark.parametrize("size", [1e-4, 1e-9])
def test_zero_instead_of_a_tiny_derivative(size):
    """What is seen is not 0, however small it is beside the other parameters."""
    params = {"w": np.linspace(1.0, 2.0, 50), "tiny": np.linspace(1.0, 2.0, 4)}

    def loss(params):
        return np.sum(params["w"] ** 2) + size * np.sum(np.sin(params["tiny"]))

    gradient = {"w": 2 * params["w"], "tiny": np.zeros(4)}
    report = gradcheck.check_gradient(loss, params, gradient, method="directions")

    assert [p.verdict for p in report.parameters.values()] == ["match", "mismatch"], str(report)


def centred(dtype):
    """Return loss, params and a gradient, computed in a type, of a bias that a centring takes out again."""
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(16, 20)), rng.normal(size=(16, 40))
    params = {"W": rng.normal(size=(20, 40)) / 4, "b": rng.normal(size=40)}

    def forward(params, x):
        u = x @ params["W"] + params["b"]
        return np.tanh(u - u.mean(axis=0))

    def loss(params):
        return 0.5 * np.sum((forward(params, x) - d) ** 2)

    def gradient(params):
        z = forward({name: p.astype(dtype) for name, p in params.items()}, x.astype(dtype))
        delta = (z - d.astype(dtype)) * (1 - z**2)
        delta -= delta.mean(axis=0)
        return {"W": x.astype(dtype).T @ delta, "b": delta.sum(axis=0)}

    return loss, params, gradient


@pytest.mark.parametrize("method", ["entries", "directions"])
@pytest.mark.parametrize("returned", [np.float32, np.float64])
def test_round_off_of_a_derivative_of_zero(method, returned):
    """In single precision it is 1e-7 where double precision shows 0; anything larger is wrong."""
    loss, params, gradient = centred(np.float32)

    def given(params, wrong=None):
        found = {name: g.astype(returned) for name, g in gradient(params).items()}
        if wrong is not None:
            found["b"][3] = wrong
        return found

    def checked(gradient):
        return gradcheck.check_gradient(loss, params, gradient, method=method, rtol=1e-3)

    right, wrong = checked(given), checked(given(params, np.float32(1 / 3)))

    assert np.any(given(params)["b"] != 0)
    assert right.verdict == "match", str(right)
    assert not any("derivatives are smaller" in note for note in right.notes)
    assert {name for name, p in wrong.parameters.items() if p.verdict == "mismatch"} == {"b"}


def test_single_precision_passes_for_double_where_rtol_does_not_allow_it():
    """What is right to single precision only is wrong to the default rtol."""
    loss, params, gradient = centred(np.float32)

    def widened(params):
        return {name: g.astype(float) for name, g in gradient(params).items()}

    assert gradcheck.check_gradient(loss, params, widened, method="entries").verdict == "mismatch"
