"""Every hand-written gradient is that of torch autograd, to 1e-10 in float64."""

import numpy as np
import pytest
from hypothesis import assume, given, settings

from gradcheck import networks
from gradcheck.networks import ACTIVATIONS, LAYERS, LOSSES, PENALTIES
from gradcheck.networks.penalties import is_weight
from gradcheck.strategies import problems

torch = pytest.importorskip("torch", reason="needs torch: pip install 'gradcheck[frameworks]'")
torch.set_num_threads(1)  # small tensors: more only wait for each other
theirs = pytest.importorskip("torch_definitions")

WITHIN = 1e-10
OPTIMUM = 1e-10  # below, a gradient is what round-off leaves of zero


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def tensor(x):
    """Return arrays as tensors: of floats, with a gradient."""
    if isinstance(x, tuple):
        return tuple(map(tensor, x))
    return torch.from_numpy(np.array(x)).requires_grad_(x.dtype.kind == "f")


def tensors(params):
    return {name: tensor(leaf) for name, leaf in params.items()}


def assert_same(mine, autograd):
    """Compare arrays with tensors, relative to the largest entry of all."""
    expected = [t.detach().numpy() for t in autograd]
    largest = max(np.max(np.abs(t), initial=0) for t in expected)
    for a, t in zip(mine, expected, strict=True):
        assert a.dtype == t.dtype == np.float64
        assert a.shape == t.shape
        assert np.max(np.abs(a - t), initial=0) <= WITHIN * largest


def as_list(x):
    return list(x) if isinstance(x, tuple) else [x]


def gradients(value, leaves):
    """Return torch's gradients of a number, zeros for a leaf that it does not depend on."""
    found = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    return list(found)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, rng):
    """Value and derivative, at zero, far out and exactly at kinks, too."""
    special = [-30.0, -1.0, -1e-8, 0.0, 1e-8, 1.0, 30.0]
    u = np.concatenate([rng.normal(size=53), special]).reshape(12, 5)
    dz, t = rng.normal(size=u.shape), tensor(u)

    z = theirs.ACTIVATIONS[name](t)

    assert_same([ACTIVATIONS[name].f(u)], [z])
    assert_same([ACTIVATIONS[name].backward(dz, u)], gradients((z * tensor(dz)).sum(), [t]))


def targets(loss, y, rng):
    """Return every kind of target that a loss takes."""
    N, K = y.shape
    if loss.target == "classes":
        return [rng.integers(K, size=N), rng.dirichlet(np.ones(K), size=N)]
    drawn = {
        "signs": lambda: rng.choice([-1.0, 1.0], y.shape),
        "probabilities": lambda: rng.uniform(size=y.shape),
        "real": lambda: rng.normal(size=y.shape),
    }
    return [drawn[loss.target]()]


@pytest.mark.parametrize("scale", [1, 1e4])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, scale, rng):
    """Value and dE/dy, for outputs of 1e4, too."""
    y = scale * rng.normal(size=(7, 5))
    for d in targets(LOSSES[name], y, rng):
        t = tensor(y)

        E = theirs.LOSSES[name](t, torch.from_numpy(d))

        assert_same([np.asarray(LOSSES[name].value(y, d))], [E])
        assert_same([LOSSES[name].gradient(y, d)], gradients(E, [t]))


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties(name, rng):
    """Value and derivative, at a weight of 0, too."""
    W = rng.normal(size=(3, 4)).round(1)
    W[0, 0] = 0
    t = tensor(W)

    cost = theirs.PENALTIES[name](t)

    assert_same([np.asarray(PENALTIES[name].cost(W).sum())], [cost])
    assert_same([PENALTIES[name].slope(W)], gradients(cost, [t]))


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, rng):
    """Output, and the derivatives for parameters and input, along a random dz."""
    layer = LAYERS[name].layer
    params, x = LAYERS[name].draw(rng)
    own, inputs = tensors(params), tensor(x)
    varying = [t for t in as_list(inputs) if t.requires_grad]

    z, cache = layer.forward(params, x)
    dz = rng.normal(size=z.shape)
    dparams, dx = layer.backward(dz, cache)
    out = theirs.forward(layer, own, inputs)

    assert_same([z], [out])
    autograd = gradients((out * torch.from_numpy(dz)).sum(), [*own.values(), *varying])
    assert_same([*(dparams[name] for name in own), *(as_list(dx) if varying else [])], autograd)


def test_a_chain_of_all_families(rng):
    """A network of convolution, normalisation, pooling, recurrence and attention under a loss."""
    net = networks.Network(
        [
            networks.layers.Conv2d(4, 3, padding=1),
            networks.layers.BatchNorm(),
            networks.layers.Activate("elu"),
            networks.layers.AveragePool2d(2, 2),
            networks.layers.Flatten(),
            networks.layers.LayerNorm(),
            networks.layers.Dense(3),
        ],
        "softmax_cross_entropy",
        {"l2": 0.1},
    )
    x, d = rng.normal(size=(5, 2, 4, 6)), rng.integers(3, size=5)
    params = net.draw(rng, x)
    own = tensors(params)

    E = theirs.LOSSES["softmax_cross_entropy"](theirs.forward(net.body, own, tensor(x)), torch.from_numpy(d))
    E = E + 0.1 * sum(theirs.PENALTIES["l2"](own[name]) for name in own if is_weight(name))

    gradient = net.gradient(params, x, d)
    assert_same([gradient[name] for name in own], gradients(E, list(own.values())))


def torch_loss(network, params, x, d):
    """Return the loss of a dense network, computed by torch."""
    z = torch.from_numpy(x)
    for layer, activation in network.activations.items():
        u = torch.nn.functional.linear(z, params[f"W{layer}"].T, params.get(f"b{layer}"))
        z = theirs.ACTIVATIONS[activation.name](u)
    weights = [params[name] for name in params if is_weight(name)]
    penalties = (
        strength * theirs.PENALTIES[penalty.name](W)
        for penalty, strength in network.penalties.items()
        for W in weights
    )
    return theirs.LOSSES[network.criterion.name](z, torch.from_numpy(np.asarray(d))) + sum(penalties)


def near_kink(run):
    """Whether two right ways of computing may find themselves on two sides of a kink."""

    def jumps(slope, at):
        return not np.allclose(slope(at - 1e-9), slope(at + 1e-9), rtol=0, atol=1e-6)

    kinked = any(jumps(activation.derivative, run.u[layer]) for layer, activation in run.activations.items())
    return kinked or jumps(lambda y: run.loss.slope(y, run.d), run.y)


@settings(max_examples=200)
@given(problem=problems())
def test_random_networks(problem):
    """Any depth, widths, activations, loss and penalty, at ties, zeros and saturated units."""
    mine = problem.gradient(problem.params)
    assume(max(np.max(np.abs(leaf)) for leaf in mine.values()) > OPTIMUM)
    assume(not near_kink(problem.network.forward(problem.params, problem.x, problem.d)))
    own = tensors(problem.params)

    E = torch_loss(problem.network, own, problem.x, problem.d)

    assert_same([mine[name] for name in own], gradients(E, list(own.values())))


def test_a_wrong_gradient_is_seen():
    """The comparison fails for an error of 2e-10."""
    right = torch.tensor([1.0, 3.0], dtype=torch.float64)

    assert_same([np.array([1.0, 3.0])], [right])
    with pytest.raises(AssertionError):
        assert_same([np.array([1.0, 3.0 + 6e-10])], [right])
