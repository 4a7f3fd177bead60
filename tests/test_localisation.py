"""method="directions": what is wrong is found, entry by entry or as a whole."""

import numpy as np
import pytest
from written_out import changed, network

import gradcheck


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("factor", [1 + 1e-4, 1.001, 0.0, -1.0])
def test_single_wrong_entry_is_found(seed, factor):
    """One wrong entry of 3,340, however small beside others, is found and named alone."""
    loss, params, gradient = network((100, 30, 10), 16, seed)
    rng = np.random.default_rng(seed)
    name = ["W1", "W1", "b1", "W2", "b2"][seed % 5]
    index = tuple(int(rng.integers(n)) for n in params[name].shape)

    wrong = changed(gradient, name, index, factor)
    report = gradcheck.check_gradient(loss, params, wrong, method="directions", seed=seed)

    assert report.verdict == "mismatch"
    assert {n: p.wrong for n, p in report.parameters.items() if p.wrong_count} == {name: (index,)}
    assert all(p.verdict == "match" for n, p in report.parameters.items() if n != name)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [1 + 1e-4, 1.001, 1.01])
def test_single_wrong_entry_is_found_where_round_off_is_loud(seed, factor):
    """Whole directions and parts of them take the large steps that make up for it."""
    w = np.random.default_rng(seed).normal(size=1000)

    def loss(params):
        return 1e9 + 0.5 * np.sum(params["w"] ** 2)

    wrong = changed(lambda params: {"w": params["w"].copy()}, "w", (17,), factor)
    report = gradcheck.check_gradient(loss, {"w": w}, wrong, method="directions", seed=seed)

    assert report.verdict == "mismatch", str(report)
    assert report.parameters["w"].wrong == ((17,),)


@pytest.mark.parametrize("factor", [1e-300, 1e-100, 1e-40, 1e40, 1e100, 1e300])
def test_loss_of_any_size(factor):
    """Directions move the parameters, however small or large the loss is: a wrong entry is found."""
    loss, params, gradient = network((20, 10, 5), 8)

    def times(params):
        return {name: factor * g for name, g in gradient(params).items()}

    def verdict(gradient):
        options = {"params": params, "method": "directions"}
        return gradcheck.check_gradient(lambda p: factor * loss(p), gradient=gradient, **options).verdict

    assert verdict(times) == "match"
    assert verdict(changed(times, "W1", (3, 4), 1.001)) == "mismatch"


def test_several_wrong_entries():
    """Wrong entries of two parameters are all found."""
    loss, params, gradient = network((100, 30, 10), 16)
    wrong = changed(gradient, "W1", (3, 4), 1.01)
    wrong = changed(changed(wrong, "W1", (50, 20), 0.5), "b2", (7,), 2.0)

    report = gradcheck.check_gradient(loss, params, wrong, method="directions")

    found = {n: set(p.wrong) for n, p in report.parameters.items() if p.wrong_count}
    assert found == {"W1": {(3, 4), (50, 20)}, "b2": {(7,)}}


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ((slice(None), 3), "[:,3]"),
        ((5, slice(None)), "[5,:]"),
        ((slice(None), slice(None)), "wrong all over"),
    ],
)
def test_rows_columns_and_wholes_are_named(index, words):
    """What is wrong as a whole is said as a whole."""
    loss, params, gradient = network((100, 30, 10), 16)

    wrong = changed(gradient, "W1", index, 1.1)
    report = gradcheck.check_gradient(loss, params, wrong, method="directions")

    assert report.parameters["W1"].verdict == "mismatch"
    assert any(note.startswith("W1") and words in note for note in report.notes), report.notes


def test_nan_is_a_mismatch():
    """NaN in a large gradient is a mismatch at that entry."""
    loss, params, gradient = network((100, 30, 10), 16)

    report = gradcheck.check_gradient(
        loss, params, changed(gradient, "W1", (9, 9), np.nan), method="directions"
    )

    assert report.parameters["W1"].wrong == ((9, 9),)


def test_what_is_right_to_fewer_digits_is_told_from_what_is_wrong():
    """A visible gap without any wrong entry is no reason to leave a parameter open beside a wrong one."""
    loss, params, gradient = network((20, 30, 5), 8)

    def coarse(params):
        found = gradient(params)
        found["W1"] *= 1 + 1e-8
        found["b2"][2] *= 1.01
        return found

    report = gradcheck.check_gradient(loss, params, coarse, method="directions")

    assert [p.verdict for p in report.parameters.values()] == ["match", "match", "match", "mismatch"]
    assert "numeric" in report.flags
    assert any(note.startswith("W1: right only to 1e-08") for note in report.notes)


@pytest.mark.parametrize("seed", range(5))
def test_loss_that_stands_still(seed):
    """Nothing is left to measure where all relus are dead, and a wrong entry is still found."""
    w = 0.3 * np.random.default_rng(seed).normal(size=4)
    wrong = np.array([1e-3, 0, 0, 0])

    report = gradcheck.check_gradient(
        lambda w: np.sum(np.maximum(w - 3, 0)), w, wrong, method="directions", seed=seed
    )

    assert report.parameters["params"].wrong == ((0,),)


@pytest.mark.parametrize("seed", [15, 33, 59, 73])
def test_parts_along_which_the_loss_overflows(seed):
    """A part of a direction that has no value chooses no steps."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 12))
    u, v = 10 ** rng.uniform(-12, 12, n), rng.normal(size=n)
    a = rng.normal(size=n) * 10 ** rng.uniform(-2, 2, n)
    wrong = a * np.exp(v) / u
    wrong[int(rng.integers(n))] *= 1.01

    report = gradcheck.check_gradient(
        lambda w: float(np.sum(a * np.exp(w / u))), v * u, wrong, method="directions", seed=seed
    )

    assert report.verdict in ("mismatch", "inconclusive")
