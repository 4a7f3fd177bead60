"""Laws: right implementations keep them all, and each is shown to catch those that break it."""

import numpy as np
import pytest
from law_abiding import Layer, Mlp, layer_case, network_case
from law_breakers import BREAKERS, Accumulates
from problems import PRIMES, draw

import gradcheck
from gradcheck.laws import LAWS, DoesNotApply, LawBroken, LayerCase, NetworkCase, iter_checks
from gradcheck.networks import ACTIVATIONS, LAYERS, LOSSES, DenseNetwork

SEEDS = range(3)
MIXED = {"batch_norm", "batch_norm_images"}


def dense(name, activation="tanh", loss="half_squared_error", penalties=None):
    """Return a reference network of any size, as a case."""

    def case(depth, width):
        network = DenseNetwork((activation,) * (depth - 1) + ("identity",), loss, penalties)
        samples, widths = (PRIMES[0], PRIMES[1]) if width is None else (3, (width,) * (depth + 1))
        return NetworkCase(name, network, *draw(2, samples, widths[: depth + 1], loss), grow=case)

    return case(3, None)


REFERENCE = [
    *(
        LayerCase(f"layer_{name}", example.layer, *example.draw(np.random.default_rng(1)))
        for name, example in LAYERS.items()
    ),
    *(dense(name, activation=name) for name in ACTIVATIONS),
    *(dense(name, loss=name) for name in LOSSES),
    dense("penalised_sum", penalties={"l2": 0.1}),
    dense("penalised_mean", loss="mean_squared_error", penalties={"l1": 0.1}),
    layer_case(Layer()),
    network_case(Mlp()),
]


class TestRightImplementations:
    @gradcheck.parametrize_with_checks(
        [case for case in REFERENCE if case.name.removeprefix("layer_") not in MIXED]
    )
    def test_laws_hold(self, check):
        """Reference networks and layers keep every law, and none is skipped."""
        check.law.check(check.case)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_laws_hold_for_other_numbers(self, seed):
        """Round-off never breaks a law."""
        rng = np.random.default_rng(100 + seed)
        cases = [LayerCase(name, example.layer, *example.draw(rng)) for name, example in LAYERS.items()]

        for _, check in iter_checks(cases):
            if check.case.name in MIXED and check.law.name == "additive":
                continue
            check()

    @pytest.mark.parametrize("name", sorted(MIXED))
    def test_a_layer_that_mixes_samples(self, name):
        """Nothing is said about the parts of a batch; every other law holds, permutation too."""
        case = next(case for case in REFERENCE if case.name == f"layer_{name}")

        with pytest.raises(DoesNotApply, match="neither a sum nor a mean"):
            LAWS["additive"].check(case)
        for law in LAWS.values():
            if law.name != "additive":
                law.check(case)

    def test_float32(self):
        """An implementation that is given in float32 is judged by the round-off of float32."""
        for name, example in LAYERS.items():
            params, x = example.draw(np.random.default_rng(8))
            narrow = {n: p.astype(np.float32) for n, p in params.items()}
            x = tuple(a.astype("f4") for a in x) if isinstance(x, tuple) else x
            x = x.astype("f4") if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x

            for _, check in iter_checks([LayerCase(name, example.layer, narrow, x)]):
                if not (name in MIXED and check.law.name == "additive"):
                    check()

    @pytest.mark.parametrize(("width", "scale"), [(400, 1), (100, 10)])
    def test_saturated_units(self, width, scale):
        """Units that pass on many times the round-off of their input break no law."""
        params, x, d = draw(1, 16, (width, width, width, 3))
        wide = {name: p * scale for name, p in params.items()}
        case = NetworkCase("saturated", DenseNetwork(("tanh", "tanh", "identity")), wide, x, d)

        for law in ("additive", "permutation"):
            LAWS[law].check(case)

    def test_near_an_optimum(self):
        """Where the loss is little but the round-off of its outputs, it still is a sum."""
        case = network_case(Mlp(), width=100)
        near = case.network.forward(case.params, case.x)[-1] + 1e-6 * case.d

        LAWS["additive"].check(NetworkCase("near", case.network, case.params, case.x, near))

    def test_saturation_hides_no_fault(self):
        """Among saturated units a fault is still seen."""

        class Drops(DenseNetwork):
            def gradient(self, params, x, d):
                return super().gradient(params, x[:-1], d[:-1])

        params, x, d = draw(1, 16, (100, 100, 100, 3))
        wide = {name: 10 * p for name, p in params.items()}

        with pytest.raises(LawBroken, match="a loss that is a sum"):
            LAWS["additive"].check(NetworkCase("drops", Drops(("tanh", "tanh", "identity")), wide, x, d))

    def test_derivatives_that_jump(self):
        """Where rounding flips a kink, nothing can be said about sums of derivatives."""

        class Kinked(Mlp):
            def gradient(self, params, x, d):
                right = Mlp.gradient(self, params, x, d)
                at_kink = len(x) == 5 and params["W1"][0, 0] == start
                return {name: g * (2 if at_kink else 1) for name, g in right.items()}

        start = 0.5
        case = network_case(Kinked())
        case.params["W1"][0, 0] = start

        with pytest.raises(DoesNotApply, match="half of the digits"):
            LAWS["additive"].check(case)


def test_every_law_has_breakers():
    """A law that is published is shown to catch something."""
    assert set(BREAKERS) == set(LAWS)


@pytest.mark.parametrize(("law", "fault"), [(law, fault) for law in BREAKERS for fault in BREAKERS[law]])
def test_breakers(law, fault):
    """The law is broken; the message names law, statement, arguments, what was seen and where."""
    case, message = BREAKERS[law][fault]

    with pytest.raises(LawBroken, match=message) as caught:
        LAWS[law].check(case)

    text = str(caught.value)
    assert isinstance(caught.value, AssertionError)
    assert text.startswith(f"{case.name} breaks the law {law!r}\n")
    assert LAWS[law].statement in text
    assert "given:    params." in text


# What breaks more than one law by its nature: what is left over between calls spoils every comparison.
@pytest.mark.parametrize(
    ("law", "fault"),
    [
        (law, fault)
        for law in BREAKERS
        for fault in BREAKERS[law]
        if law in {"shapes_and_dtypes", "arguments_unchanged", "single_precision", "reuse"}
    ],
)
def test_breakers_keep_the_laws_of_calls(law, fault):
    """A fault of another kind is not taken for noise or for a state."""
    case, _ = BREAKERS[law][fault]

    for other in {"equal_calls", "no_accumulation"}:
        LAWS[other].check(case)


def test_noise_is_named():
    """Where equal calls differ, other laws say so, since they may be broken by that alone."""
    random, _ = BREAKERS["equal_calls"]["random"]
    accumulates = layer_case(Accumulates())

    with pytest.raises(LawBroken, match=r"note: .*nondeterministic \(law 'equal_calls'\)"):
        LAWS["additive"].check(random)
    with pytest.raises(LawBroken, match=r"note: .*each call adds .* \(law 'equal_calls'\)"):
        LAWS["linear"].check(accumulates)
    with pytest.raises(DoesNotApply, match="nondeterministic"):
        LAWS["no_accumulation"].check(random)


class TestWhatLawsCannotSay:
    def test_networks_have_no_cotangent(self):
        """Linearity is asked of layers only."""
        names = [check.law.name for _, check in iter_checks([network_case(Mlp())])]

        assert {*LAWS} - {*names} == {"linear", "zero"}

    @pytest.mark.parametrize("law", ["linear", "zero", "additive", "permutation"])
    @pytest.mark.parametrize("b", [lambda dz: dz, lambda dz: dz.sum()])
    def test_shapes_that_do_not_fit(self, law, b):
        """A gradient of another shape is a matter of that law, and cannot be added up."""

        class Unreduced(Layer):
            def backward(self, dz, cache):
                dparams, dx = Layer.backward(self, dz, cache)
                return dparams | {"b": b(dz)}, dx

        with pytest.raises(DoesNotApply, match="shapes_and_dtypes"):
            LAWS[law].check(layer_case(Unreduced()))

    @pytest.mark.parametrize("law", ["additive", "permutation"])
    def test_one_sample(self, law):
        """One sample says nothing about a batch."""
        case = network_case(Mlp())
        case = NetworkCase("one", case.network, case.params, case.x[:1], case.d[:1])

        with pytest.raises(DoesNotApply, match="two samples"):
            LAWS[law].check(case)

    def test_order_matters(self):
        """A loss that weighs samples by their place has no permutation law."""

        class Weighted(Mlp):
            def loss(self, params, x, d):
                return np.sum(np.arange(len(x))[:, None] * (self.forward(params, x)[-1] - d) ** 2)

        with pytest.raises(DoesNotApply, match="order of the samples"):
            LAWS["permutation"].check(network_case(Weighted()))

    def test_no_loss(self):
        """Of a loss that is zero nobody knows whether it is a sum or a mean."""

        class Nothing(Mlp):
            def loss(self, params, x, d):
                return 0.0

        with pytest.raises(DoesNotApply, match="too near to zero"):
            LAWS["additive"].check(network_case(Nothing()))

    def test_few_entries(self):
        """Passes for each entry cannot be told from a small multiple where entries are few."""
        case = LayerCase("few", Layer(), {"W": np.ones((1, 1)), "b": np.ones(1)}, np.ones((2, 1)))

        with pytest.raises(DoesNotApply, match="too few"):
            LAWS["reuse"].check(case)

    def test_nothing_to_count(self):
        """A forward pass without a Python function of its own has no calls."""

        class Compiled:
            forward = staticmethod(divmod)
            backward = staticmethod(lambda dz, cache: (0 * dz, dz))

        with pytest.raises(DoesNotApply, match="nothing to count"):
            LAWS["reuse"].check(LayerCase("compiled", Compiled(), np.full(9, 7.0), np.full(9, 2.0)))
