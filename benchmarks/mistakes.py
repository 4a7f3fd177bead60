"""Mistakes planted into any right gradient: `PLANTS` by name, and gradients that are differences.

A plant is chosen once, at the point (which leaf, which entry), and then changes the gradient in the
same way wherever it is called. `DIFFERENCES` have no gradient to begin with: they are what people hand
in who were asked for one, with the steps of the course notes and of SciPy.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from problem import Array, Loss, Params, as_float64

Change = Callable[[Params, Params], Params]
Plant = Callable[[np.random.Generator, Params], Change | None]


def _change_leaf(name: str, change: Callable[[Array, Array], Array]) -> Change:
    return lambda gradient, params: {**gradient, name: np.asarray(change(gradient[name], params[name]))}


def _change_entry(name: str, index: tuple[int, ...], change: Callable[[Array], float]) -> Change:
    def changed(leaf: Array, _: Array) -> Array:
        leaf = np.array(leaf)
        leaf[index] = change(leaf)
        return leaf

    return _change_leaf(name, changed)


def _leaf(rng: np.random.Generator, gradient: Params, fits: Callable[[Array], bool]) -> str | None:
    names = [name for name, leaf in gradient.items() if fits(leaf)]
    return names[int(rng.integers(len(names)))] if names else None


def _leaf_plant(fits: Callable[[Array], bool], change: Callable[[Array, Array], Array]) -> Plant:
    def plant(rng: np.random.Generator, gradient: Params) -> Change | None:
        name = _leaf(rng, gradient, fits)
        return None if name is None else _change_leaf(name, change)

    return plant


def _line_plant(axis: int, factor: float) -> Plant:
    """Multiply one row (axis 0) or one column (axis 1)."""

    def plant(rng: np.random.Generator, gradient: Params) -> Change | None:
        name = _leaf(rng, gradient, lambda g: g.ndim == 2 and bool(g.any()))
        if name is None:
            return None
        shape = [1, 1]
        shape[axis] = gradient[name].shape[axis]
        factors = np.ones(shape)
        factors.flat[int(rng.integers(factors.size))] = factor
        return _change_leaf(name, lambda g, p: g * factors)

    return plant


def _entry_plant(fits: Callable[[Array], Array], change: Callable[[float, float], float]) -> Plant:
    """Change one entry, drawn from a leaf that has one that fits; change(entry, largest of the leaf)."""

    def plant(rng: np.random.Generator, gradient: Params) -> Change | None:
        name = _leaf(rng, gradient, lambda g: bool(np.any(fits(g))))
        if name is None:
            return None
        places = np.argwhere(np.atleast_1d(fits(gradient[name])))
        index = tuple(int(i) for i in places[int(rng.integers(len(places)))][: gradient[name].ndim])
        return _change_entry(name, index, lambda g: change(float(g[index]), float(np.abs(g).max()) or 1.0))

    return plant


def _opposite_pair(rng: np.random.Generator, gradient: Params) -> Change | None:
    """Two entries off by the same amount, one up and one down: their sum stays right."""
    name = _leaf(rng, gradient, lambda g: g.size > 1 and bool(g.any()))
    if name is None:
        return None
    one, other = rng.choice(gradient[name].size, 2, replace=False)
    pattern = np.zeros(gradient[name].size)
    pattern[[one, other]] = 1e-3, -1e-3
    return _change_leaf(name, lambda g, p: g + pattern.reshape(g.shape) * np.abs(g).max())


def _swapped(rng: np.random.Generator, gradient: Params) -> Change | None:
    pairs = [(a, b) for a in gradient for b in gradient if a < b and gradient[a].shape == gradient[b].shape]
    if not pairs:
        return None
    a, b = pairs[int(rng.integers(len(pairs)))]
    return lambda g, p: {**g, a: g[b], b: g[a]}


def _everything(factor: float) -> Plant:
    return lambda rng, gradient: lambda g, p: {name: factor * leaf for name, leaf in g.items()}


def _filled(leaf: Array) -> bool:
    return bool(leaf.any())


def _leaf_factor(factor: float) -> Plant:
    return _leaf_plant(_filled, lambda g, p: factor * g)


def _entry_factor(factor: float) -> Plant:
    return _entry_plant(lambda g: g != 0, lambda a, top: factor * a)


def _several(leaf: Array) -> bool:
    return leaf.ndim > 0 and len(leaf) > 1


PLANTS: dict[str, Plant] = {
    **{f"leaf*(1+{error:g})": _leaf_factor(1 + error) for error in (1e-3, 1e-4, 2e-5)},
    **{f"all*(1+{error:g})": _everything(1 + error) for error in (1e-3, 1e-4, 2e-5)},
    **{
        f"entry*(1{error:+g})": _entry_factor(1 + error)
        for error in (1e-1, -1e-2, 1e-2, -1e-3, 1e-3, -1e-4, 1e-4, -2e-5, 2e-5)
    },
    "entry=0": _entry_factor(0.0),
    "entry*-1": _entry_factor(-1.0),
    "entry=nan": _entry_plant(lambda g: g == g, lambda a, top: np.nan),
    "0=1e-6*largest": _entry_plant(lambda g: g == 0, lambda a, top: 1e-6 * top),
    "0=1e-3*largest": _entry_plant(lambda g: g == 0, lambda a, top: -1e-3 * top),
    "leaf*2": _leaf_factor(2.0),
    "leaf=0": _leaf_factor(0.0),
    "all*2": _everything(2.0),
    "all*-1": _everything(-1.0),
    "row*1.1": _line_plant(0, 1.1),
    "row=0": _line_plant(0, 0.0),
    "column*1.001": _line_plant(1, 1.001),
    "column=0": _line_plant(1, 0.0),
    "transposed": _leaf_plant(lambda g: g.ndim == 2 and g.shape[0] == g.shape[1] > 1, lambda g, p: g.T),
    "reversed": _leaf_plant(_several, lambda g, p: g[::-1]),
    "reshaped": _leaf_plant(lambda g: g.ndim == 2 and min(g.shape) > 1, lambda g, p: g.T.reshape(g.shape)),
    "mean": _leaf_plant(_several, lambda g, p: np.full_like(g, g.mean())),
    "plus-parameter": _leaf_plant(lambda g: True, lambda g, p: g + 1e-3 * p),
    "float16": _leaf_plant(
        _filled, lambda g, p: np.float64(np.float16(g / np.abs(g).max())) * np.abs(g).max()
    ),
    "opposite-pair": _opposite_pair,
    "swapped-leaves": _swapped,
}


def _differences(loss: Loss, params: Params, step: float, back: float) -> Params:
    """Return (loss(x + step) - loss(x - back)) / (step + back) for every entry."""
    moved = as_float64(params)
    found = {name: np.empty(leaf.shape) for name, leaf in moved.items()}
    for name, leaf in moved.items():
        for at, x in np.ndenumerate(leaf.copy()):
            leaf[at] = x + step
            above = float(loss(moved))
            leaf[at] = x - back
            found[name][at] = (above - float(loss(moved))) / (step + back)
            leaf[at] = x
    return found


DIFFERENCES: dict[str, Callable[[Loss, Params], Params]] = {
    **{f"differences-{step:g}": partial(_differences, step=step, back=step) for step in (1e-4, 1e-5, 1e-6)},
    "differences-forward": partial(_differences, step=2.0**-26, back=0.0),
}
