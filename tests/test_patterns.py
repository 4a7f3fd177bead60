"""What two gradients tell by themselves: a pattern is found where it is planted, and nowhere else."""

import numpy as np
import pytest

import gradcheck
from gradcheck.faults import FAULTS, Pattern, View
from gradcheck.networks import DenseNetwork

PATTERNS = {code: fault for code, fault in FAULTS.items() if isinstance(fault, Pattern)}
READ_OFF = {"CONFINED", "TRUNCATED", "NOT_FINITE"}
SHAPES = {"W1": (5, 4), "S": (4, 4), "T": (4, 4), "b1": (4,), "h": (3, 6, 2), "c": (3, 2), "k": ()}
COMPLEX = "c"


def drawn(seed):
    """Return parameters and a gradient for each."""
    rng = np.random.default_rng(seed)
    params, gradient = (
        {name: np.asarray(3 * rng.normal(size=shape)) for name, shape in SHAPES.items()} for _ in range(2)
    )
    for nest in (params, gradient):
        nest[COMPLEX] = nest[COMPLEX] + 1j * rng.normal(size=SHAPES[COMPLEX])
    return params, gradient


def judged(params, right, given, **options):
    """Check a gradient of the loss that has the right one at any point."""

    def loss(p):
        return sum(float(np.sum((np.conj(right[name]) * p[name]).real)) for name in p)

    return gradcheck.check_gradient(loss, params, given, **options)


def view_of(name, params, right):
    """Return what the patterns see of a parameter."""
    others = {other: leaf for other, leaf in right.items() if other != name}
    if name == COMPLEX:
        pairs = [leaf[name].view(float).reshape(*SHAPES[name], 2) for leaf in (params, right)]
        return View(pairs[0], pairs[1], pairs[1], np.zeros(pairs[1].shape), others, is_complex=True)
    zeros = np.zeros(SHAPES[name])
    return View(params[name], right[name], right[name], zeros, others)


def plantings(pattern):
    """Yield each parameter and the wrong gradient of it, for each way to plant the pattern."""
    params, right = drawn(1)
    for name in SHAPES:
        view = view_of(name, params, right)
        for value in pattern.planted(view):
            wrong = pattern.wrong(view, value)
            if not np.array_equal(wrong, view.right):
                wrong = np.array(wrong, order="C")
                yield name, wrong.view(complex)[..., 0] if name == COMPLEX else wrong


@pytest.mark.parametrize("code", PATTERNS)
def test_planted_pattern_is_found(code):
    """In every parameter where it leaves a trace, but for one that needs more numbers than there are."""
    params, right = drawn(1)
    found = 0
    for name, wrong in plantings(PATTERNS[code]):
        report = judged(params, right, {**right, name: wrong})
        if report.verdict == "match":
            continue

        codes = {code for finding in report.findings for code in (finding.code, *finding.equal)}
        assert code in codes or (wrong.size < 4 and PATTERNS[code].freedom(view_of(name, params, right)))
        assert all(finding.parameters == (name,) for finding in report.findings)
        assert all(finding.residual < 1e-6 or "precision" in finding.message for finding in report.findings)
        found += code in codes

    assert found or code == "FLOAT32"


def test_single_precision_is_found_where_it_matters():
    """A gradient that holds only float32 numbers, and is wrong by their round-off, is called so."""
    params, right = drawn(1)
    given = right["W1"].astype(np.float32).astype(float)

    report = judged(params, right, {**right, "W1": given}, rtol=1e-9)

    assert [finding.code for finding in report.findings] == ["FLOAT32"]


@pytest.mark.parametrize("size", [1e-4, 0.1, 10.0])
def test_random_error_is_no_pattern(size):
    """What is wrong in no known way gets no name, only a place."""
    for seed in range(40):
        params, right = drawn(seed)
        rng = np.random.default_rng(seed)
        name = list(SHAPES)[seed % len(SHAPES)]
        noise = size * rng.normal(size=SHAPES[name]) * rng.choice([0, 1], p=[0.3, 0.7], size=SHAPES[name])

        report = judged(params, right, {**right, name: right[name] * (1 + noise)})

        assert {finding.code for finding in report.findings} <= READ_OFF


def test_right_gradient_has_no_finding():
    """Neither by entries nor by directions."""
    params, right = drawn(2)

    assert judged(params, right, right).findings == ()
    assert judged(params, right, right, method="directions").findings == ()


class TestSeveralParameters:
    def test_one_finding_for_all(self):
        """The same factor everywhere is one mistake."""
        params, right = drawn(3)

        (finding,) = judged(params, right, {name: 5 * leaf for name, leaf in right.items()}).findings

        assert (finding.code, finding.parameters) == ("TIMES_COUNT", tuple(SHAPES))
        assert finding.message.startswith("every gradient is 5 times the right one. This explains all")

    def test_a_number_is_confirmed_by_another_parameter(self):
        """One entry cannot tell a factor, but agrees with that of others."""
        params, right = drawn(3)

        (finding,) = judged(params, right, {**right, "S": 0.7 * right["S"], "k": 0.7 * right["k"]}).findings

        assert (finding.code, finding.parameters) == ("TIMES_CONSTANT", ("S", "k"))

    def test_two_mistakes(self):
        """Different ones in different parameters are two."""
        params, right = drawn(3)

        found = judged(params, right, {**right, "S": right["S"].T, "b1": -right["b1"]}).findings

        assert {finding.mistake for finding in found} == {("TRANSPOSED", ("S",)), ("NEGATED", ("b1",))}


class TestWhere:
    @pytest.mark.parametrize(
        ("name", "place", "code", "words"),
        [
            ("W1", (slice(None), 2), "CONFINED", "in column 2."),
            ("W1", ([0, 3], slice(None)), "CONFINED", "in rows 0 and 3."),
            ("b1", [1, 2], "CONFINED", "in indices 1 and 2."),
            ("h", (slice(None), [0, 1]), "TRUNCATED", "at 0 and 1 of axis 1."),
            ("h", (slice(None), slice(None), 1), "", ""),
            ("W1", (0, 0), "", ""),
        ],
    )
    def test_error_is_confined(self, name, place, code, words):
        """To some lines along one axis; half of them is no confinement, one entry is in the table."""
        params, right = drawn(4)
        wrong = right[name].copy()
        wrong[place] += np.random.default_rng(0).normal(size=wrong[place].shape)
        if not code and name == "h":
            wrong[:, :, 0] *= 1.1 + np.arange(6)

        found = judged(params, right, {**right, name: wrong}).findings

        assert [finding.code for finding in found] == ([code] if code else [])
        assert all(words in finding.message for finding in found)

    def test_not_finite(self):
        """How many entries are not finite is counted."""
        params, right = drawn(4)
        wrong = right["W1"].copy()
        wrong[2] = np.nan

        (finding,) = judged(params, right, {**right, "W1": wrong}).findings

        assert finding.code == "NOT_FINITE"
        assert "4 of 20 entries of the gradient of W1" in finding.message


class TestOtherDoors:
    def test_directions_say_what_was_measured(self):
        """Only entries that were measured count, and the message says so."""
        params, right = drawn(5)

        report = judged(params, right, {**right, "W1": 2 * right["W1"]}, method="directions")

        (finding,) = report.findings
        assert finding.code == "DOUBLED"
        assert "entries that were measured" in finding.message

    def test_layer(self):
        """A layer's finding holds for every cotangent."""
        rng = np.random.default_rng(0)

        def backward(dout, cache):
            x, W = cache
            return -dout @ W.T, (x.T @ dout).T, dout[0]

        inputs = (rng.normal(size=(5, 4)), rng.normal(size=(4, 4)), rng.normal(size=4))

        report = gradcheck.check_layer(lambda x, W, b: (x @ W + b, (x, W)), backward, inputs)

        found = {finding.mistake for finding in report.findings}
        assert found == {("NEGATED", ("x",)), ("TRANSPOSED", ("W",))}

    def test_what_one_cotangent_shows_is_not_said(self):
        """A coincidence of one cotangent is no finding."""
        calls = []

        def vjp(cotangent, x):
            calls.append(cotangent)
            first = np.array_equal(np.sign(cotangent), np.sign(calls[0]))
            return 2 * cotangent if first else cotangent * np.array([1, 3, 2.5, 2, 7])

        report = gradcheck.check_vjp(lambda x: x, (np.arange(1.0, 6.0),), vjp)

        assert report.verdict == "mismatch"
        assert report.findings == ()

    def test_network_that_is_known(self):
        """The loss of a network's problem tells the step, not only the numbers."""
        rng = np.random.default_rng(0)
        network = DenseNetwork(("sigmoid", "identity"))
        params = {"W1": rng.normal(size=(3, 4)), "b1": rng.normal(size=4), "W2": rng.normal(size=(4, 2))}
        problem = network.problem(rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))
        plant = next(iter(FAULTS["NO_DERIV_ALL"].plants(network)))
        wrong = plant.gradient(network.forward(params, problem.x, problem.d))

        report = gradcheck.check_gradient(problem.loss, params, wrong)

        assert [finding.code for finding in report.findings] == ["NO_DERIV_ALL"]
        assert gradcheck.check_gradient(problem.loss, params, problem.gradient).ok
