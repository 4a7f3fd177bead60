"""method="directions": the certificate holds what it promises, at a cost that does not grow."""

import itertools

import numpy as np
import pytest

import gradcheck
from gradcheck import checking
from gradcheck.methods import directions


def network(sizes, samples, seed=0, activation=np.tanh):
    """Return loss, params and gradient of a network with an identity output."""
    rng = np.random.default_rng(seed)
    params = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        params[f"W{layer}"] = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        params[f"b{layer}"] = 0.1 * rng.normal(size=n_out)
    x, d = rng.normal(size=(samples, sizes[0])), rng.normal(size=(samples, sizes[-1]))
    layers = len(sizes) - 1

    def forward(params):
        z = [x.astype(params["W1"].dtype)]
        for layer in range(1, layers + 1):
            u = z[-1] @ params[f"W{layer}"] + params[f"b{layer}"]
            z.append(activation(u) if layer < layers else u)
        return z

    def loss(params):
        return 0.5 * np.sum((forward(params)[-1] - d) ** 2)

    def gradient(params):
        z, found = forward(params), {}
        delta = z[-1] - d.astype(z[-1].dtype)
        for layer in range(layers, 0, -1):
            found[f"W{layer}"], found[f"b{layer}"] = z[layer - 1].T @ delta, delta.sum(axis=0)
            slope = 1 - z[layer - 1] ** 2 if activation is np.tanh else (z[layer - 1] > 0)
            delta = (delta @ params[f"W{layer}"].T) * slope
        return found

    return loss, params, gradient


def changed(gradient, name, index, factor):
    def wrong(params):
        found = gradient(params)
        found[name][index] *= factor
        return found

    return wrong


def relu(u):
    return np.maximum(u, 0)


@pytest.mark.parametrize("sizes", [(3, 2, 1), (10, 20, 20, 5), (100, 30, 10)])
@pytest.mark.parametrize("seed", range(5))
def test_right_gradient_passes(sizes, seed):
    """A right gradient is a match with a stated probability of at most 1e-6, from few evaluations."""
    loss, params, gradient = network(sizes, 8, seed)

    report = gradcheck.check_gradient(loss, params, gradient, method="directions", seed=seed)

    assert report.verdict == "match", str(report)
    assert report.method == "directions"
    assert 0 <= report.false_pass_probability <= 1e-6
    assert all(p.checked == p.entries for p in report.parameters.values())


@pytest.mark.parametrize("activation", [np.tanh, relu])
@pytest.mark.parametrize("sizes", [(5, 3, 2), (784, 30, 10)])
def test_cost_does_not_grow(sizes, activation):
    """15 evaluations of 24 entries and of 23,860; more directions, or smaller steps, are rare."""
    used = []
    for seed in range(7):
        loss, params, gradient = network(sizes, 32, seed, activation)
        calls = []

        def counted(params, loss=loss, calls=calls):
            calls.append(1)
            return loss(params)

        report = gradcheck.check_gradient(counted, params, gradient, method="directions")

        assert report.verdict == "match"
        assert len(calls) == report.evaluations
        used.append(len(calls))

    assert np.median(used) == 15
    assert max(used) <= 27


@pytest.mark.parametrize("seed", range(10))
def test_steps_grow_where_round_off_is_loud(seed):
    """As it is in a sum of many terms: one direction shows it, and the others take larger steps."""
    w = np.random.default_rng(seed).uniform(1, 2, size=2000)

    def loss(w):
        value = np.sum(w**3) / 3
        return value * (1 + 3e-14 * np.sin(1e16 * value))

    report = gradcheck.check_gradient(loss, w, w**2, method="directions", seed=seed)

    assert report.verdict == "match", str(report)
    assert report.evaluations <= 35


@pytest.mark.parametrize("seed", range(5))
def test_widest_steps_serve_a_sum_of_many_squares(seed):
    """Its round-off drowns small steps, which are not tried before; of large ones two differences suffice."""
    w = np.random.default_rng(seed).normal(size=1_000_000)

    report = gradcheck.check_gradient(lambda w: 0.5 * np.sum(w * w), w, w, seed=seed)

    assert report.verdict == "match", str(report)
    assert report.evaluations <= 15


@pytest.mark.parametrize(("noise", "verdict"), [(1e-12, "match"), (1e-4, "inconclusive")])
def test_noise_is_measured_where_the_first_directions_do_not_suffice(noise, verdict):
    """A right gradient of a noisy loss is certified by more evaluations, or nothing is said of it."""
    loss, params, gradient = network((20, 10, 5), 8)

    def noisy(params):
        value = loss(params)
        return value * (1 + noise * np.sin(1e16 * value))

    report = gradcheck.check_gradient(noisy, params, gradient, method="directions")

    assert report.verdict == verdict, str(report)
    assert report.evaluations > 27


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
    w = w if fits else np.linalg.lstsq(x, d)[0]

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
    w = np.linalg.lstsq(x, d)[0] * (1 + distance * rng.normal(size=12))
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


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (lambda w: 0.5 * np.sum(w**2), lambda w: w),
        (lambda w: np.cumsum(w**2)[-1], lambda w: 2 * w),
        (lambda w: np.mean(w**2), lambda w: 2 * w / w.size),
        (lambda w: np.sum(w**3), lambda w: 3 * w**2),
        (lambda w: np.sum(np.sin(w)), np.cos),
        (lambda w: np.sum(w * np.arange(w.size)), lambda w: np.arange(w.size) + 0.0),
    ],
    ids=["squares", "summed-one-by-one", "mean-square", "cubes", "sines", "linear"],
)
@pytest.mark.parametrize("size", [1_000, 300_000])
@pytest.mark.parametrize("seed", range(3))
def test_cost_does_not_grow_where_round_off_does(loss, gradient, size, seed):
    """Sums of many terms are rounded often, but are smooth: larger steps make up for it."""
    w = np.random.default_rng(seed).normal(size=size)

    report = gradcheck.check_gradient(loss, w, gradient, method="directions", seed=seed)

    assert report.verdict == "match", str(report)
    assert report.evaluations <= 33


def test_nan_is_a_mismatch():
    """NaN in a large gradient is a mismatch at that entry."""
    loss, params, gradient = network((100, 30, 10), 16)

    report = gradcheck.check_gradient(
        loss, params, changed(gradient, "W1", (9, 9), np.nan), method="directions"
    )

    assert report.parameters["W1"].wrong == ((9, 9),)


@pytest.mark.parametrize("seed", range(5))
def test_kinks_on_the_way(seed):
    """A right relu gradient is never a mismatch, though a direction crosses kinks."""
    loss, params, gradient = network((50, 30, 10), 16, seed, relu)

    report = gradcheck.check_gradient(loss, params, gradient, method="directions", seed=seed)

    assert report.verdict != "mismatch"
    wrong = changed(gradient, "W2", (3, 3), 1.01)
    assert gradcheck.check_gradient(loss, params, wrong, method="directions").verdict == "mismatch"


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps >= np.finfo(float).eps, reason="extended precision is double precision here"
)
@pytest.mark.parametrize("samples", [128, 256])
def test_kinks_close_by_along_every_direction(samples, monkeypatch):
    """Where many samples meet many relus, extended precision decides what round-off hides."""
    loss, params, gradient = network((60, 100, 60, 5), samples, activation=relu)

    def checked(gradient):
        return gradcheck.check_gradient(loss, params, gradient, method="directions")

    report = checked(gradient)

    assert report.verdict == "match", str(report)
    assert report.false_pass_probability <= 1e-6
    for name in ("W1", "b1", "W2"):
        wrong = checked(changed(gradient, name, (3,) * params[name].ndim, 1 + 1e-4))
        assert {n for n, p in wrong.parameters.items() if p.verdict != "match"} == {name}
    monkeypatch.setattr(directions, "in_extended_precision", lambda *_: None)
    assert checked(gradient).verdict == "inconclusive"


def test_auto_picks_by_size_and_says_so(monkeypatch):
    """Few entries are checked one by one, many by directions, and in doubt one by one again."""
    loss, params, gradient = network((10, 5, 2), 4)
    assert gradcheck.check_gradient(loss, params, gradient).method == "entries"

    monkeypatch.setattr(checking, "MOST_ENTRIES", 10)
    assert gradcheck.check_gradient(loss, params, gradient).method == "directions"

    def rough(params):
        return {name: (1 + 9e-7) * value for name, value in gradient(params).items()}

    assert gradcheck.check_gradient(loss, params, rough, method="directions").verdict == "inconclusive"
    assert gradcheck.check_gradient(loss, params, rough).method == "entries"


def test_same_seed_same_report():
    """A second run gives the same Report."""
    loss, params, gradient = network((100, 30, 10), 16)
    wrong = changed(gradient, "W1", (3, 4), 1.01)

    first, second = (gradcheck.check_gradient(loss, params, wrong, method="directions") for _ in range(2))

    assert first == second


def test_unsteady_gradient_is_no_match():
    """A gradient that is right at one call and wrong at the next is not certified."""
    loss, params, gradient = network((100, 30, 10), 16)
    calls = []

    def unsteady(params):
        calls.append(1)
        return {name: value * (1 + len(calls) % 2) for name, value in gradient(params).items()}

    report = gradcheck.check_gradient(loss, params, unsteady, method="directions")

    assert "nondeterministic" in report.flags
    assert report.verdict != "match"


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


@pytest.mark.parametrize("sizes", [(784, 30, 10), (1000, 300, 10)])
def test_gradients_in_single_precision(sizes):
    """Their round-off is an error among others, which the directions bound with them."""
    loss, params, gradient = network(sizes, 8)

    def single(params):
        return gradient({name: p.astype(np.float32) for name, p in params.items()})

    report = gradcheck.check_gradient(loss, params, single, method="directions")

    assert report.verdict == "match", str(report)
    wrong = gradcheck.check_gradient(loss, params, changed(single, "W1", (7, 3), 1.1), method="directions")
    assert wrong.parameters["W1"].wrong == ((7, 3),)


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
