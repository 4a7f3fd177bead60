"""What does not fit together is refused in words: losses and gradients of the wrong kind, shape or names."""

import copy
import re

import numpy as np
import pytest
from helpers import check

from gradcheck import (
    GradientInterfaceError,
    UsageError,
    check_hessian_product,
    check_jvp,
    check_layer,
    check_vjp,
)

W = np.array([1.0, -2.0, 3.0])


def loss(w):
    return 0.5 * np.sum(np.square(w))


def gradient(w):
    return w.copy()


class TestLoss:
    @pytest.mark.parametrize(
        ("value", "given"),
        [
            (np.ones(3), "ndarray, dtype float64, shape (3,)"),
            (np.ones((1, 1)), "ndarray, dtype float64, shape (1, 1)"),
            ([1.0], "list, dtype float64, shape (1,)"),
            (None, "NoneType"),
            (1 + 0j, "complex"),
            ("1.0", "str"),
            (True, "bool"),
            ({"loss": 1.0}, "dict"),
            ((1.0, W, W), "tuple"),
        ],
    )
    def test_not_a_real_number(self, value, given):
        """What is not one real number is refused, with its type and shape."""
        with pytest.raises(GradientInterfaceError, match="the loss is not a real number") as caught:
            check(lambda w: value, W, gradient)

        assert given in str(caught.value)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, value):
        """A loss that is not finite at the point is refused."""
        with pytest.raises(GradientInterfaceError, match="the loss is not finite at the point") as caught:
            check(lambda w: value, W, gradient)

        assert str(value) in str(caught.value)

    def test_integer(self):
        """A loss that returns integers is told of it: what they cut off is missing in its differences."""
        reports = [check(lambda w, kind=kind: kind(w * w), 1.5, 3.0) for kind in (int, np.int32, float)]

        assert [report.verdict for report in reports] == ["mismatch", "mismatch", "match"]
        assert [any("returns integers" in note for note in r.notes) for r in reports] == [True, True, False]

    def test_pair(self):
        """Without a gradient the loss returns (value, gradient), and says so if it does not."""
        assert check(lambda w: (loss(w), w.copy()), W).verdict == "match"
        assert check(lambda w: (loss(w), 1.001 * w), W).verdict == "mismatch"
        with pytest.raises(GradientInterfaceError, match="there is no gradient to check"):
            check(loss, W)
        with pytest.raises(GradientInterfaceError, match="leave the gradient argument out"):
            check(lambda w: (loss(w), w), W, gradient)

    def test_order_of_arguments(self):
        """A loss that cannot be called is refused with the right order."""
        with pytest.raises(GradientInterfaceError, match=r"check_gradient\(loss, params, gradient\)"):
            check(W, loss, gradient)
        with pytest.raises(GradientInterfaceError, match="the order of arguments is loss, params, gradient"):
            check(loss, gradient, W)

    def test_its_own_error_is_not_ours(self):
        """What the loss raises at the point reaches the caller as it is."""
        with pytest.raises(ZeroDivisionError):
            check(lambda w: 1 / 0, W, gradient)

    @pytest.mark.parametrize("zero", [True, False])
    def test_constant(self, zero):
        """A loss that depends on nothing confirms nothing, and refutes what is not 0."""
        report = check(lambda w: 1.0, W, 0 * W if zero else W)

        assert report.verdict == ("inconclusive" if zero else "mismatch")
        assert ("trivial" in report.flags) == zero
        assert len(report.notes) == zero

    def test_hidden(self):
        """What a large constant hides is not said to be constant, but why it is left open."""
        report = check(lambda w: 1e19 + np.sum(w), W, 1 + 0 * W)

        assert report.verdict == "inconclusive"
        assert any("leave constants out of it" in note for note in report.notes)

    def test_width(self):
        """A message has 80 columns, whatever it quotes; what has no space in it stays whole."""
        params = {f"layer{i}.weight": 1.0 for i in range(30)} | {"x" * 90: 1.0}

        with pytest.raises(GradientInterfaceError) as caught:
            check(lambda p: 1.0, params, {"w": 1.0})

        long = [line for line in str(caught.value).splitlines() if len(line) > 80]
        assert all(("x" * 90) in line and len(line.split()) < 3 for line in long)
        assert "\n            layer" in str(caught.value)


class TestCost:
    @pytest.mark.parametrize(
        "kind",
        [
            float,
            np.array,
            np.float32,
            lambda v: int(1e6 * v),
            lambda v: (v, W),
            lambda v: v if v >= 7 else 1j,
            lambda v: v if v >= 7 else 1 / 0,
        ],
    )
    def test_evaluations(self, kind):
        """The evaluations reported are the calls of the loss, whatever it returns, in its domain or not."""
        calls = []

        def counted(w):
            calls.append(0)
            return kind(loss(w))

        report = check(counted, W, None if isinstance(kind(7.0), tuple) else W)

        assert report.evaluations == len(calls)

    def test_what_the_loss_returns_costs_nothing(self):
        """A loss that returns an array of no axes is called as often as one that returns a number."""
        assert check(lambda w: np.array(loss(w)), W, W).evaluations == check(loss, W, W).evaluations


class TestGradient:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (W[None], "differ only by axes of length 1"),
            (W[:, None], "differ only by axes of length 1"),
            (np.ones((5, 3)), "a leading axis of 5 is left"),
            (W[:2], "one number for each entry"),
            (1.0, "one number for each entry"),
        ],
    )
    def test_shape(self, given, words):
        """Another shape is refused, both shapes are said, and what may have happened."""
        with pytest.raises(GradientInterfaceError, match="another shape") as caught:
            check(loss, W, given)

        assert re.search(rf"given: +{re.escape(str(np.shape(given)))}", str(caught.value))
        assert re.search(r"expected: +\(3,\)", str(caught.value))
        assert words in str(caught.value)

    def test_source(self):
        """The message says which function the gradient came from."""

        def backward(w):
            return w[:2]

        for given, source in ((backward, "backward"), (lambda w: w[:2], "gradient")):
            with pytest.raises(GradientInterfaceError, match=rf"from {source}\(params\)"):
                check(loss, W, given)

    def test_transposed(self):
        """A transposed gradient is named as such."""
        with pytest.raises(GradientInterfaceError, match="transposed"):
            check(loss, np.ones((2, 3)), lambda w: w.T)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (None, "nothing for parameter 'W'"),
            ({}, "nothing for parameter 'W'"),
            ({"W": W}, "nothing for parameter 'b'"),
            ({"W": W, "b": None}, "nothing for parameter 'b'"),
            ({"dW": W, "db": 0.0}, "name each as its parameter: W, b"),
            ({"W": W, "b": 0.0, "c": 0.0}, "'c', which is no parameter"),
            ((W, 0.0), "nothing for parameter 'W'"),
        ],
    )
    def test_structure(self, given, words):
        """A missing or an extra name is said, with the names that there are."""
        with pytest.raises(GradientInterfaceError) as caught:
            check(lambda p: loss(p["W"]) + p["b"], {"W": W, "b": 1.0}, lambda p: given)

        assert words in str(caught.value)
        assert "expected: W (3,), b ()" in str(caught.value)

    @pytest.mark.parametrize(
        "given",
        [W > 0, W * 1j, W + 0j, W.astype(object), W.astype(str), np.array([1.0, None, 2.0]),
         [1.0, [2.0, 3.0]],
         (number for number in W), {"w": W}],
    )  # fmt: skip
    def test_not_real_numbers(self, given):
        """Booleans, complex numbers, objects and text are no gradient of a real parameter."""
        with pytest.raises(GradientInterfaceError, match="does not consist of real numbers"):
            check(loss, W, given)

    @pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, wrong):
        """NaN and inf are a mismatch where they are, never equal to anything."""
        report = check(loss, W, np.array([1.0, wrong, 3.0]))

        assert report.verdict == "mismatch"
        assert report.parameters["params"].wrong == ((1,),)
        assert report.max_relative_error == np.inf

    @pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8])
    def test_integers(self, dtype):
        """Integers are exact numbers: no precision is forgiven."""
        assert check(np.sum, W, np.ones(3, dtype)).verdict == "match"
        assert check(lambda w: 1.0005 * np.sum(w), W, np.ones(3, dtype)).verdict == "mismatch"

    @pytest.mark.parametrize(
        ("given", "noted"),
        [(np.array([99.0, 0.0]), True), (99.0, True), (None, False), (np.zeros(2), False), ([1, 2], False)],
    )
    def test_of_integers(self, given, noted):
        """A gradient given for constants is not looked at; that is noted."""
        params = {"W": W, "b": np.array([1, 2])}

        report = check(lambda p: loss(p["W"]), params, lambda p: {"W": p["W"] + 0, "b": copy.copy(given)})

        assert report.ok
        assert [*report.parameters] == ["W"]
        assert [note.partition(" (")[0] for note in report.notes] == [
            "integers are constants: the gradient given for b was not looked at"
        ] * noted

    def test_cache_is_used_up(self):
        """What a gradient raises at its second call alone tells that there was one."""
        cache = {}

        def forward(w):
            cache["w"] = w
            return loss(w)

        with pytest.raises(KeyError) as caught:
            check(forward, W, lambda w: cache.pop("w").copy())

        assert "called a second time with equal arguments" in caught.value.__notes__[0]


class TestKinds:
    """What is given to the checks of functions of many outputs."""

    @pytest.mark.parametrize(
        ("call", "name", "order"),
        [
            (lambda: check_vjp(None, (W,), gradient), "the function", "check_vjp(function, args, vjp)"),
            (lambda: check_vjp(np.tanh, (W,), None), "the vjp", "check_vjp(function, args, vjp)"),
            (lambda: check_jvp(W, (W,), gradient), "the function", "check_jvp(function, args, jvp)"),
            (lambda: check_jvp(np.tanh, (W,), None), "the jvp", "check_jvp(function, args, jvp)"),
            (lambda: check_layer(None, None, W), "forward", "check_layer(forward, backward, inputs)"),
            (lambda: check_layer(loss, W, W), "backward", "check_layer(forward, backward, inputs)"),
            (lambda: check_hessian_product(W, W, loss), "the gradient", "(gradient, params, product)"),
            (lambda: check_hessian_product(gradient, W, np.eye(3)), "the product", "params, product)"),
        ],
    )
    def test_no_function(self, call, name, order):
        """What cannot be called is refused with the right order, as in check_gradient."""
        with pytest.raises(GradientInterfaceError, match=f"^{name} cannot be called") as caught:
            call()

        assert order in " ".join(str(caught.value).split())

    @pytest.mark.parametrize(
        ("options", "words"), [({"vectorized": True}, "^vectorized is for"), ({"seed": "a"}, "seed")]
    )
    @pytest.mark.parametrize("kind", [check_vjp, check_jvp, check_layer, check_hessian_product])
    def test_options(self, kind, options, words):
        """What cannot be used is refused before anything is called; vectorized is for a loss."""
        with pytest.raises(UsageError, match=words):
            kind(*((loss, W, loss) if kind is not check_layer else (loss, loss, W)), **options)

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda f: check_vjp(np.square, (W,), f), r"from cut\(cotangent, \*args\)"),
            (lambda f: check_layer(lambda w: (w**2, w), f, W), r"from cut\(dout, cache\)"),
            (lambda f: check_hessian_product(gradient, W, f), r"from cut\(params, v\)"),
            (
                lambda f: check_jvp(np.square, (W,), f),
                r"(?s)tangent of 'output'.*the output\n.*from cut\(args, tangents\)",
            ),
        ],
        ids=["vjp", "layer", "product", "jvp"],
    )
    def test_source(self, call, words):
        """The message names the function that the user has given, and what it was to return."""

        def cut(*arguments):
            return np.ones(2)

        with pytest.raises(GradientInterfaceError, match=words):
            call(cut)

    @pytest.mark.parametrize(
        "call",
        [
            lambda f: check_vjp(np.square, (W,), f),
            lambda f: check_vjp(np.power, (W, 2), f),
            lambda f: check_jvp(np.square, (W,), f),
            lambda f: check_layer(lambda w, n: (w**2, w), f, (W, 1.0)),
            lambda f: check_hessian_product(gradient, W, f),
            lambda f: check(loss, W, f),
        ],
    )
    def test_missing_return(self, call):
        """What returns None misses its return."""
        with pytest.raises(GradientInterfaceError, match="add the missing return"):
            call(lambda *arguments: None)

    @pytest.mark.parametrize("kind", [check_vjp, check_jvp])
    def test_not_finite(self, kind):
        """Of many outputs it is the output that is not finite at the point."""
        with pytest.raises(GradientInterfaceError, match="the output is not finite at the point") as caught:
            kind(lambda w: np.where(w < 0, np.nan, w), (W,), gradient)

        assert "nan, the first of 1" in str(caught.value)

    def test_bare_gradient_beside_constants(self):
        """Where a single argument varies its gradient needs no tuple."""
        assert check_vjp(lambda w, n: w**n, (W, 3), lambda c, w, n: c * n * w ** (n - 1)).ok
