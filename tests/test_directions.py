"""method="directions": the certificate holds what it promises, at a cost that does not grow."""

import numpy as np
import pytest
from written_out import changed, network, relu

import gradcheck
from gradcheck import checking
from gradcheck.methods import directions
from gradcheck.methods.probe import Probe
from gradcheck.methods.setting import assumed_setting
from gradcheck.problem import Problem


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


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps >= np.finfo(float).eps, reason="extended precision is double precision here"
)
@pytest.mark.parametrize("seed", range(20))
def test_small_entries_in_extended_precision(seed):
    """What extended precision certifies has its small entries certified by themselves, or a note says so."""
    factors = np.array([1.0, 1, 1, 1, 1e-3, 1e-3, 1e-3, 1e-3])
    w = np.random.default_rng(seed).uniform(1, 2, size=8)

    right, wrong = (
        gradcheck.check_gradient(
            lambda w: 1e8 + np.sum(factors * np.sin(w)), w, given, method="directions", seed=seed
        )
        for given in (factors * np.cos(w), factors * np.cos(w) * (1 + 1e-4 * (np.arange(8) == 6)))
    )

    assert right.verdict != "mismatch", str(right)
    assert wrong.verdict != "match" or any("judged as if" in note for note in wrong.notes), str(wrong)


@pytest.mark.parametrize("leaves", [[1], [0, 2], [2, 1], [3]])
def test_a_leaf_moves_alike_whichever_others_do(leaves):
    """What a gap is made of is told by parts of the same direction."""
    params = [np.ones(7), np.ones(8193), np.ones(0), np.ones(20_001)]
    problem = Problem(
        lambda p: sum(np.sum(leaf**2) for leaf in p), params, lambda p: [2 * leaf for leaf in p]
    )
    probe = Probe(problem, assumed_setting(problem, None, 5))
    probe.draw(1, range(4))
    together = [v.copy() for v in probe.direction]
    probe.draw(0, range(4))
    before = [v.copy() for v in probe.direction]

    probe.draw(1, leaves)

    for leaf, v in enumerate(probe.direction):
        assert np.array_equal(v, together[leaf] if leaf in leaves else before[leaf])
    assert len(set(np.concatenate(together)[:14])) == 14


UNITS = {
    "all": lambda rng: 10 ** rng.uniform(-5, 5, size=12),
    "few": lambda rng: rng.permutation([2e6, *np.ones(11)]),
    "a-column": lambda rng: np.where(np.arange(4096) % 8 == 1 + rng.integers(3), 2e5, 1.0),
    "one-in-100": lambda rng: rng.permutation([2e3, *np.ones(99)]),
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("units", UNITS.values(), ids=UNITS)
def test_parameters_of_different_units(units, seed):
    """Derivatives are compared by what they are times their parameters, if only few are of another unit."""
    rng = np.random.default_rng(seed)
    units = units(rng)
    n = len(units)
    x, d = rng.normal(size=(8, n)) / np.sqrt(n), rng.normal(size=8)
    w = rng.uniform(0.1, 1, size=n) * units

    def loss(w):
        return 0.5 * np.sum((np.tanh(x @ (w / units)) - d) ** 2)

    y = np.tanh(x @ (w / units))
    right = x.T @ ((y - d) * (1 - y**2)) / units
    k = np.argmax(units)

    found = [
        gradcheck.check_gradient(loss, w, right * factors, method="directions", seed=seed)
        for factors in (1.0, 1 - 1e-4 * (np.arange(n) == k))
    ]

    assert found[0].verdict == "match", str(found[0])
    assert found[1].verdict != "match", str(found[1])
    assert not any("judged as if" in note for report in found for note in report.notes)


@pytest.mark.parametrize("seed", range(5))
def test_a_derivative_of_0_but_for_round_off(seed):
    """A bias before batch normalisation has nothing to compare, whatever the sizes of its entries."""
    rng = np.random.default_rng(seed)
    x, d = rng.normal(size=(20, 3)), rng.normal(size=(20, 6))
    params = {"W": rng.normal(size=(3, 6)), "b": rng.permutation([100.0, 1, 1, 1, 1, 1])}

    def forward(params):
        u = x @ params["W"] + params["b"]
        return (u - u.mean(0)) / u.std(0), u.std(0)

    def loss(params):
        return 0.5 * np.sum((forward(params)[0] - d) ** 2)

    def gradient(params):
        y, scale = forward(params)
        delta = ((y - d) - (y - d).mean(0) - y * ((y - d) * y).mean(0)) / scale
        return {"W": x.T @ delta, "b": delta.sum(0)}

    report = gradcheck.check_gradient(loss, params, gradient, method="directions", seed=seed)

    assert report.verdict == "match", str(report)
    assert report.notes == ()


def test_note_where_noise_hides_entries_of_very_different_sizes():
    """The size as which they count is told as what they were compared by."""
    units = 10.0 ** np.random.default_rng(0).uniform(-5, 5, size=12)
    factors = np.where(np.arange(12) < 8, 1e-9, 1.0)

    report = gradcheck.check_gradient(
        lambda w: np.sum(factors * np.sin(w / units)), units, factors * np.cos(1) / units, method="directions"
    )

    assert report.verdict == "match", str(report)
    [note] = report.notes
    assert "8 derivatives are smaller than 1e-02 over their parameter" in note


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
