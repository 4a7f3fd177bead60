"""Executors and stacked losses: the same verdicts, whoever evaluates; what does not fit is refused."""

import multiprocessing
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck import GradientInterfaceError, check_gradient, check_layer, check_vjp
from gradcheck.errors import UsageError
from gradcheck.execution import progress


def net_loss(x, d, params):
    """Return half the squared error of a dense tanh network; params may be stacked."""
    z = x
    for layer in range(1, len(params) // 2 + 1):
        z = np.tanh(z @ params[f"W{layer}"] + params[f"b{layer}"][..., None, :])
    return 0.5 * np.sum((z - d) ** 2, axis=(-2, -1))


def net_gradient(x, d, params, factor=1.0):
    """Return its gradient, that of the last bias times a factor."""
    layers = len(params) // 2
    zs = [x]
    for layer in range(1, layers + 1):
        zs.append(np.tanh(zs[-1] @ params[f"W{layer}"] + params[f"b{layer}"]))
    delta, result = zs[-1] - d, {}
    for layer in range(layers, 0, -1):
        delta = delta * (1 - zs[layer] ** 2)
        result[f"W{layer}"], result[f"b{layer}"] = zs[layer - 1].T @ delta, delta.sum(axis=0)
        delta = delta @ params[f"W{layer}"].T
    result[f"b{layers}"] = factor * result[f"b{layers}"]
    return result


def problem(widths, samples, seed=0):
    """Return loss, params and gradient of a random network."""
    rng = np.random.default_rng(seed)
    params = {}
    for layer, (m, n) in enumerate(pairwise(widths), 1):
        params[f"W{layer}"] = rng.normal(size=(m, n)) / np.sqrt(m)
        params[f"b{layer}"] = rng.normal(size=n)
    x, d = rng.normal(size=(samples, widths[0])), rng.normal(size=(samples, widths[-1]))
    return partial(net_loss, x, d), params, partial(net_gradient, x, d)


NET = problem((5, 20, 7, 3), 4)
nets = st.builds(
    problem, st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(1, 6), st.integers(0, 1000)
)


def hinge(params):
    """Return a loss with a kink at the point of each entry of w, and entries beside it."""
    return float(np.sum(np.abs(params["w"] - np.linspace(-1, 1, 150))) + np.sum(params["v"] ** 3))


def hinge_gradient(params):
    return {"w": np.sign(params["w"] - np.linspace(-1, 1, 150)), "v": 3.0003 * params["v"] ** 2}


HINGE = hinge, {"w": np.linspace(-1, 1, 150), "v": np.linspace(0.5, 2, 70)}, hinge_gradient


@pytest.fixture(scope="module")
def processes():
    """Return two processes that inherit nothing."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


class TestExecutors:
    """executor=: the same Report as without."""

    @pytest.mark.parametrize("workers", [1, 2, 4])
    @pytest.mark.parametrize("case", [NET, HINGE], ids=["right", "kinks-and-wrong"])
    @pytest.mark.parametrize("vectorized", [False, True], ids=["plain", "vectorized"])
    def test_threads(self, case, workers, vectorized):
        """Bit for bit, first and second looks, whatever the number of workers."""
        vectorized = vectorized and case is NET
        alone = check_gradient(*case, method="entries", vectorized=vectorized)

        with ThreadPoolExecutor(workers) as pool:
            report = check_gradient(*case, method="entries", vectorized=vectorized, executor=pool)

        assert report == alone

    @pytest.mark.parametrize("case", [NET, HINGE], ids=["right", "kinks-and-wrong"])
    def test_processes(self, case, processes):
        """Processes get all that they need, and nothing else has to be sent."""
        loss, params, gradient = case
        lock = threading.Lock()  # cannot be pickled, nor need it be

        def locked(params):
            with lock:
                return gradient(params)

        assert check_gradient(loss, params, locked, method="entries", executor=processes) == check_gradient(
            loss, params, locked, method="entries"
        )

    def test_work_is_done_by_the_workers(self):
        """Most evaluations of a right gradient happen in the pool."""
        names = []

        def loss(w):
            names.append(threading.current_thread().name)
            return float(np.sum(w**2))

        with ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
            check_gradient(loss, np.linspace(1, 2, 300), lambda w: 2 * w, method="entries", executor=pool)

        assert sum(name.startswith("pool") for name in names) >= 600

    def test_parameters_of_few_entries(self):
        """Ten parameters of twelve entries are shared out, too."""
        seen = set()

        def loss(params):
            seen.add(threading.get_ident())
            return sum(np.sum(w**3) for w in params)

        params = [np.linspace(1, 2, 12) for _ in range(10)]
        with ThreadPoolExecutor(3) as pool:
            report = check_gradient(loss, params, lambda params: [3 * w**2 for w in params], executor=pool)

        assert report.ok
        assert len(seen - {threading.get_ident()}) > 1

    def test_a_loss_that_changes_its_argument(self, processes):
        """Each task has private copies; the flag is the same."""
        params = {"w": np.linspace(1, 2, 200)}
        alone, report = (
            check_gradient(doubling, params, lambda p: {"w": 8 * p["w"]}, method="entries", executor=pool)
            for pool in (None, processes)
        )

        assert report == alone
        assert report.ok
        assert "mutates" in report.flags

    def test_exceptions_of_the_loss(self):
        """They come through as they are."""

        def loss(w):
            if w[150] != 1.0 and threading.current_thread() is not threading.main_thread():
                raise LookupError("no value here")
            return float(np.sum(w**2))

        with ThreadPoolExecutor(2) as pool, pytest.raises(LookupError, match="no value here"):
            check_gradient(loss, np.ones(300), lambda w: 2 * w, method="entries", executor=pool)

    def test_type_errors_of_the_loss_in_threads(self):
        """A TypeError of a loss that pickle would not take either is still its own."""

        def loss(w):
            if w[150] != 1.0 and threading.current_thread() is not threading.main_thread():
                raise TypeError("of the loss")
            return float(np.sum(w**2))

        with ThreadPoolExecutor(2) as pool, pytest.raises(TypeError, match="of the loss"):
            check_gradient(loss, np.ones(300), lambda w: 2 * w, method="entries", executor=pool)

    def test_what_cannot_be_sent(self, processes):
        """A local function is refused with what to do about it."""
        with pytest.raises(UsageError, match=r"cannot be sent to another process[\s\S]*threads"):
            check_gradient(lambda w: float(np.sum(w**2)), np.ones(300), lambda w: 2 * w, executor=processes)

    def test_what_is_no_executor(self):
        """A number of workers is none."""
        with pytest.raises(UsageError, match="the executor cannot run tasks"):
            check_gradient(*NET, executor=4)

    def test_other_kinds(self, processes):
        """They take executors too."""
        x = np.linspace(-1, 1, 200)
        options = {"method": "entries"}

        assert check_vjp(np.sin, x, cosine, executor=processes, **options) == check_vjp(
            np.sin, x, cosine, **options
        )
        assert check_layer(relu, relu_backward, x, executor=processes, **options) == check_layer(
            relu, relu_backward, x, **options
        )


def doubling(params):
    params["w"] *= 2
    return float(np.sum(params["w"] ** 2))


def cosine(c, x):
    return c * np.cos(x)


def relu(x):
    return np.maximum(x, 0), x


def relu_backward(dout, x):
    return dout * (x > 0)


class TestVectorized:
    """vectorized=True: the loss takes stacked leaves, too."""

    @settings(max_examples=40)
    @given(net=nets, wrong=st.booleans())
    def test_same_verdicts(self, net, wrong):
        """Stacked or not, the same entries are right and wrong."""
        loss, params, gradient = net
        gradient = partial(gradient, factor=1.01) if wrong else gradient
        plain, stacked = (
            check_gradient(loss, params, gradient, method="entries", vectorized=way) for way in (False, True)
        )

        assert stacked.verdict == plain.verdict
        for name, result in plain.parameters.items():
            assert stacked.parameters[name].verdict == result.verdict
            assert stacked.parameters[name].wrong == result.wrong

    @given(net=nets, workers=st.sampled_from([1, 3]))
    @settings(max_examples=10)
    def test_same_report_on_any_executor(self, net, workers):
        """Chunks have the same limits whoever evaluates them."""
        with ThreadPoolExecutor(workers) as pool:
            report = check_gradient(*net, method="entries", vectorized=True, executor=pool)

        assert report == check_gradient(*net, method="entries", vectorized=True)

    def test_calls(self):
        """Few calls, but every element of a stack counts as an evaluation."""
        calls = []

        def loss(w):
            calls.append(w.ndim)
            return np.sum(w**2, axis=-1)

        report = check_gradient(
            loss, np.linspace(1, 2, 320), lambda w: 2 * w, method="entries", vectorized=True
        )

        assert report.ok
        assert report.evaluations > 640
        assert len(calls) < 100
        assert 1 < calls.count(2) < 20

    def test_leaves_that_stay(self):
        """They come once where the loss broadcasts, so that it computes once what depends on them alone."""
        shapes = set()

        def loss(p):
            shapes.add((p["a"].shape[:-1], p["b"].shape[:-1]))
            return np.sum(np.tanh(p["a"]), axis=-1) * np.sum(p["b"] ** 2, axis=-1)

        def gradient(p):
            a, b = p["a"], p["b"]
            return {"a": (1 - np.tanh(a) ** 2) * np.sum(b**2), "b": 2 * b * np.sum(np.tanh(a))}

        params = {"a": np.linspace(0.5, 1, 30), "b": np.linspace(1, 2, 20)}
        report = check_gradient(loss, params, gradient, method="entries", vectorized=True)

        assert report.ok, str(report)
        assert shapes == {((), ()), ((5,), (1,)), ((60,), (1,)), ((1,), (5,)), ((1,), (40,))}

    def test_a_loss_that_does_not_broadcast(self):
        """One that takes the elements of a stack one by one gets all leaves as often as needed."""

        def one(a, b):
            return np.sum(a**2) * np.sum(b**3)

        def loss(p):
            return (
                one(**p)
                if p["a"].ndim == 1
                else np.array([one(a, b) for a, b in zip(*p.values(), strict=True)])
            )

        params = {"a": np.array([0.5, 2.0]), "b": np.array([1.0, -0.5, 3.0])}

        def gradient(p):
            return {"a": 2 * p["a"] * np.sum(p["b"] ** 3), "b": 3 * p["b"] ** 2 * np.sum(p["a"] ** 2)}

        assert check_gradient(loss, params, gradient, method="entries", vectorized=True).ok

    def test_all_sorts_of_leaves(self):
        """Numbers become arrays of shape (count,); complex leaves and nests stay what they are."""
        shapes = set()

        def loss(p):
            t, (z, rest), n = p
            if np.ndim(t):
                shapes.add((t.shape[1:], z.shape[1:], z.dtype.kind, rest["M"].shape[1:], n))
            return (t**2) * (np.sum(np.abs(z) ** 2, axis=-1) + np.sum(rest["M"] ** n, axis=(-2, -1)))

        z, M = np.array([1 + 2j, 0.5 - 1j]), np.array([[1.0, 2.0], [0.5, -1.0]])

        def gradient(p):
            t, (z, rest), n = p
            total = np.sum(np.abs(z) ** 2) + np.sum(rest["M"] ** n)
            return 2 * t * total, (2 * t**2 * z, {"M": t**2 * n * rest["M"] ** (n - 1)}), None

        report = check_gradient(loss, (0.7, (z, {"M": M}), 3), gradient, method="entries", vectorized=True)

        assert report.ok, str(report)
        assert shapes == {((), (2,), "c", (2, 2), 3)}

    def test_loss_and_gradient_in_one(self):
        """A loss that returns (value, gradient) returns values first for a stack as well."""

        def both(w):
            return np.sum(w**2, axis=-1), 2 * w

        assert check_gradient(both, np.linspace(1, 2, 50), method="entries", vectorized=True).ok

    def test_outside_of_the_domain(self):
        """One element that has no value does not take it from the others."""

        def loss(w):
            if np.any(w < 0):
                raise ValueError("negative")
            return np.sum(w**2 + w, axis=-1)

        report = check_gradient(
            loss, np.array([0.0, 1.0, 2.0]), lambda w: 2 * w + 1, method="entries", vectorized=True
        )

        assert report.ok, str(report)

    def test_no_warning_in_threads(self):
        """Nor from the workers, for an element that has no value."""
        alone = []

        def loss(w):
            if w.ndim == 1:
                alone.append(w)
            return np.sum(w + 0 * np.log(w + 1e-9), axis=-1)

        with ThreadPoolExecutor(2) as pool:
            w = np.append(0, np.linspace(1, 2, 299))
            report = check_gradient(
                loss, w, lambda w: np.ones_like(w), method="entries", vectorized=True, executor=pool
            )

        assert report.ok, str(report)
        assert len(alone) < 100  # as a warning, here an exception, would have a whole stack evaluated

    @pytest.mark.parametrize(
        ("wrong", "text"),
        [
            (lambda w, x: np.sum((x @ w["W"] + w["b"]) ** 2, axis=(-2, -1)), "first axis"),
            (lambda w, x: np.sum((x @ w["W"]) ** 2) + np.sum(w["b"] ** 2), "one real number for each"),
            (
                lambda w, x: np.sum((x @ w["W"]) ** 2, axis=(-2, -1)) + np.sum(w["b"] ** 2),
                "differs from the plain",
            ),
            (lambda w, x: float(np.sum((x @ w["W"]) ** 2)), "one real number for each"),
        ],
        ids=["bias-without-axis", "sum-of-all", "sum-over-the-stack", "no-stack"],
    )
    @pytest.mark.parametrize("samples", [3, 5])
    def test_a_stacked_loss_that_forgets_an_axis_is_refused(self, wrong, text, samples):
        """Also where as many samples as elements make it broadcast."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(samples, 2))
        params = {"W": rng.normal(size=(2, 4)), "b": rng.normal(size=4)}

        with pytest.raises(GradientInterfaceError, match=text):
            check_gradient(
                lambda w: wrong(w, x),
                params,
                {"W": np.ones((2, 4)), "b": np.ones(4)},
                method="entries",
                vectorized=True,
            )

    def test_the_message_names_the_element(self):
        """Element, both values, and what to do."""
        with pytest.raises(
            GradientInterfaceError, match=r"for element [1-4] of a stack of 5[\s\S]*b\[:,None,:\]"
        ):
            check_gradient(
                lambda w: np.sum(w**2, axis=-1) * w.flat[0],
                np.ones(3),
                np.ones(3),
                method="entries",
                vectorized=True,
            )


class TestProgress:
    """progress=True: something on standard error, and the same Report."""

    def test_report_is_the_same(self, capsys):
        """Showing it changes nothing but standard error."""
        report = check_gradient(*NET, method="entries", progress=True)

        assert report == check_gradient(*NET, method="entries")
        assert not capsys.readouterr().out

    def test_plain_line_without_rich(self, capsys, monkeypatch):
        """Without rich a line counts up to the number of entries."""
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

        with progress(10, "label") as advance:
            advance(4)
            advance(6)

        assert capsys.readouterr().err == "\rlabel: 4 of 10\rlabel: 10 of 10\n"

    def test_every_entry_is_counted(self, monkeypatch):
        """The bar arrives at its end."""
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        shown = []
        monkeypatch.setattr(sys, "stderr", type("E", (), {"write": shown.append, "flush": lambda: None}))

        check_gradient(*NET, method="entries", progress=True)

        entries = sum(p.size for p in NET[1].values())
        assert f"{entries} of {entries}" in "".join(shown)
