"""A gallery that breaks the laws: implementations with one fault each.

`BREAKERS` is ``{law: {fault: (case, what the message says)}}``.
"""

import numpy as np
from law_abiding import Layer, Mlp, layer_case, network_case


def layer(**methods):
    """Return the right layer with its backward (or forward) replaced."""
    return layer_case(type("Wrong", (Layer,), methods)())


def network(**methods):
    """Return the right network with some methods replaced."""
    return network_case(type("Wrong", (Mlp,), methods)())


def changed(change):
    """Return a layer whose right result goes through `change(dparams, dx, dz, cache)`."""

    def backward(self, dz, cache):
        return change(*Layer.backward(self, dz, cache), dz, cache)

    return layer(backward=backward)


def changed_gradient(change):
    """Return a network whose right gradient goes through `change(gradient, params, x, d)`."""

    def gradient(self, params, x, d):
        return change(Mlp.gradient(self, params, x, d), params, x, d)

    return network(gradient=gradient)


# --- laws of calls


def steps(gradient, params, x, d):
    params["W1"] -= 0.1 * gradient["W1"]
    return gradient


def masks_in_place(self, dz, cache):
    right = Layer.backward(self, dz, cache)
    dz *= dz > 0
    return right


def centres_in_place(self, params, x):
    x -= x.mean(axis=0)
    return Layer.forward(self, params, x)


def spends_cache(self, dz, cache):
    right = Layer.backward(self, dz, (cache[0], cache[1].copy()))
    cache[1][...] = 0
    return right


RNG = np.random.default_rng(5)


def drops_anew(gradient, params, x, d):
    return {name: g * RNG.integers(2, size=g.shape) for name, g in gradient.items()}


class Accumulates(Layer):
    """grads += without a reset."""

    def __init__(self):
        self.dW, self.db = np.zeros((2, 3)), np.zeros(3)

    def backward(self, dz, cache):
        dparams, dx = Layer.backward(self, dz, cache)
        self.dW = self.dW + dparams["W"]
        return dparams | {"W": self.dW}, dx


class OneBuffer(Layer):
    """Every result is the same array."""

    def __init__(self):
        self.buffer = np.zeros((2, 3))

    def backward(self, dz, cache):
        dparams, dx = Layer.backward(self, dz, cache)
        self.buffer[...] = dparams["W"]
        return dparams | {"W": self.buffer}, dx


class Stale(Mlp):
    """The gradient is that for the x of the call before."""

    x = None

    def gradient(self, params, x, d):
        before, self.x = self.x if np.shape(self.x) == np.shape(x) else x, x
        return Mlp.gradient(self, params, before, d)


# --- laws of linearity


def unit_length(dparams, dx, dz, cache):
    return dparams, dx / np.sqrt((dz * dz).sum() + 1e-12)


# --- the law of reuse


def central(self, params, x, d):
    found = {name: np.zeros_like(W) for name, W in params.items()}
    for name, W in params.items():
        for index in np.ndindex(W.shape):
            up, down = ({**params, name: W.copy()} for _ in range(2))
            up[name][index] += 1e-6
            down[name][index] -= 1e-6
            found[name][index] = (self.loss(up, x, d) - self.loss(down, x, d)) / 2e-6
    return found


def by_rows(self, params, x, d):
    """One forward pass for each input unit, on a right gradient: few enough to pass when small."""
    for _ in range(len(params["W1"]) ** 2 // 4):
        self.forward(params, x)
    return Mlp.gradient(self, params, x, d)


def forward_for_each_layer(self, params, x, d):
    right = Mlp.gradient(self, params, x, d)
    for layer in range(len(params)):
        self.forward(dict(list(params.items())[: layer + 1]), x)
    return right


def recursive_delta(self, params, x, d):
    """Begin at the output anew for the delta of each layer."""
    z = self.forward(params, x)
    depth = len(params)

    def delta(layer):
        above = z[-1] - d if layer == depth else delta(layer + 1) @ params[f"W{layer + 1}"].T
        return self.delta(above, z[layer])

    return {f"W{layer}": z[layer - 1].T @ delta(layer) for layer in range(1, depth + 1)}


def differenced(self, dz, cache):
    params, x = cache
    found = {name: np.zeros_like(p) for name, p in params.items()}
    for name, p in params.items():
        for index in np.ndindex(p.shape):
            up = {**params, name: p.copy()}
            up[name][index] += 1e-7
            change = self.forward(up, x)[0] - self.forward(params, x)[0]
            found[name][index] = np.sum(dz * change) / 1e-7
    return found, dz @ params["W"].T


BREAKERS = {
    "shapes_and_dtypes": {
        "keeps a dimension": (
            changed(lambda dp, dx, dz, c: (dp | {"b": dp["b"][None]}, dx)),
            r"params.b: \(1, 3\) float64 for \(3,\) float64",
        ),
        "forgets b": (changed(lambda dp, dx, dz, c: ({"W": dp["W"]}, dx)), "params.b: nothing for"),
        "names of its own": (
            changed_gradient(lambda g, p, x, d: {f"d{n}": v for n, v in g.items()}),
            r"params.W1: nothing for \(3, 3\) float64",
        ),
        "narrows": (
            changed_gradient(lambda g, p, x, d: {n: v.astype("f4") for n, v in g.items()}),
            "float32 for .* float64",
        ),
        "no dx": (changed(lambda dp, dx, dz, c: (dp, None)), "x: nothing for"),
    },
    "arguments_unchanged": {
        "steps": (changed_gradient(steps), r"after backward.*\n.*params.W1\["),
        "masks dz in place": (layer(backward=masks_in_place), r"after backward.*\n.*dz\["),
        "centres x in place": (layer(forward=centres_in_place), r"after forward.*\n.*x\["),
    },
    "equal_calls": {
        "random": (changed_gradient(drops_anew), "without a pattern: nondeterministic"),
        "accumulates": (layer_case(Accumulates()), "each call adds its result"),
        "spends its cache": (layer(backward=spends_cache), "left over"),
    },
    "no_accumulation": {
        "accumulates": (layer_case(Accumulates()), "each call adds its result"),
        "one buffer": (layer_case(OneBuffer()), "its arrays are used again"),
        "stale": (network_case(Stale()), "depends on the call before"),
    },
    "linear": {
        "clips": (changed(lambda dp, dx, dz, c: (dp, np.clip(dx, -1e3, 1e3))), r"x\["),
        "drops the small": (
            changed(lambda dp, dx, dz, c: (dp, np.where(np.abs(dx) > 1e-6, dx, 0))),
            r"e-07 a.*\n.*x\[",
        ),
        "not a number": (changed(lambda dp, dx, dz, c: (dp, dx * np.nan)), "nan for nan"),
        "forgets signs": (
            changed(lambda dp, dx, dz, c: (dp | {"b": np.abs(dz).sum(axis=0)}, dx)),
            r"params.b\[",
        ),
        "adds a constant": (changed(lambda dp, dx, dz, c: (dp, dx + 1e-8)), r"x\["),
        "normalises": (changed(unit_length), r"x\["),
    },
    "zero": {
        "weight decay": (
            changed(lambda dp, dx, dz, c: (dp | {"W": dp["W"] + 1e-9 * c[0]["W"]}, dx)),
            r"params.W\[.*for 0",
        ),
        "not a number": (
            changed(lambda dp, dx, dz, c: (dp, np.where(dz.any(), dx, np.nan))),
            "nan for 0",
        ),
    },
    "additive": {
        "last sample": (
            changed_gradient(lambda g, p, x, d: Mlp().gradient(p, x[-1:], d[-1:])),
            "a loss that is a sum",
        ),
        "mean for sum": (
            changed_gradient(lambda g, p, x, d: {n: v / len(x) for n, v in g.items()}),
            "a loss that is a sum",
        ),
        "a trifle in large batches": (
            changed_gradient(lambda g, p, x, d: {n: v * (1 + 1e-12 * (len(x) == 5)) for n, v in g.items()}),
            "a loss that is a sum",
        ),
        "b of the first": (changed(lambda dp, dx, dz, c: (dp | {"b": dz[0]}, dx)), r"params.b\["),
        "dx of the mean": (
            changed(lambda dp, dx, dz, c: (dp, dx / len(dx))),
            "within the batch, dx of sample 0",
        ),
    },
    "permutation": {
        "sorted": (changed(lambda dp, dx, dz, c: (dp, np.sort(dx, axis=0))), r"x\["),
        "weighs samples": (
            changed(lambda dp, dx, dz, c: (dp | {"W": c[1].T @ (dz * np.arange(len(dz))[:, None])}, dx)),
            r"params.W\[",
        ),
        "first sample": (
            changed_gradient(lambda g, p, x, d: Mlp().gradient(p, x[:1], d[:1])),
            r"params.W\d\[",
        ),
    },
    "single_precision": {
        "a float64 buffer": (
            changed(lambda dp, dx, dz, c: (dp, np.zeros(dx.shape) + dx)),
            r"x: \(5, 2\) float64 for \(5, 2\) float32",
        ),
        "a float64 constant": (
            changed_gradient(lambda g, p, x, d: {n: v * np.float64(2) for n, v in g.items()}),
            "float64 for .* float32",
        ),
    },
    "reuse": {
        "differences": (network(gradient=central), "differenced numerically"),
        "differences a layer": (layer(backward=differenced), "differenced numerically"),
        "passes for each row": (network(gradient=by_rows), "differenced numerically"),
        "forward for each layer": (
            network(gradient=forward_for_each_layer),
            r"2, 4, 6 layers take .* calls.*again",
        ),
        "recursive delta": (network(gradient=recursive_delta), r"2, 4, 6 layers take .* calls.*again"),
    },
}
