"""A nest of parameters as named leaves: private copies whose entries are set in place.

A nest is a number, an array, or any dict, list, tuple, namedtuple or dataclass of nests.
A leaf is named by its path: ``W1``, ``layers.0.b``; a nest that is itself one leaf is
named ``params``. Integers, booleans, strings, None and functions are constants.
"""

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import GradientInterfaceError

Array = NDArray[Any]
_CONSTANTS = (bool, int, str, bytes, type(None), np.integer, np.bool_)
_NUMBERS = (float, complex, np.inexact)
_CONTAINERS = (dict, list, tuple)
_ROOT = "params"


@dataclass(slots=True)
class Leaf:
    """One parameter of a private nest.

    Attributes
    ----------
    name : str
        Its path.
    shape : tuple of int
    dtype : numpy.dtype
        As the caller gave it, which may be narrower than that of `values`.
    values : ndarray, shape (n,) or, for complex leaves, (2 n,)
        Writable. For an array it is a view of what the nest holds, so that setting an entry
        changes the nest; complex entries are pairs (real, imaginary).
    start : ndarray
        The values at the beginning, shape and dtype as `values`; not writable.
    sync : callable or None
        For a leaf that the nest holds as a plain number: puts ``values[0]`` there.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    values: Array
    start: Array
    sync: Callable[[], None] | None

    @property
    def grid(self) -> tuple[int, ...]:
        """The shape of `values` by axes: `shape`, for complex leaves with a last axis of 2."""
        return (*self.shape, 2) if self.dtype.kind == "c" else self.shape

    def set(self, values: Array) -> None:
        """Set all entries, shape as `values`."""
        self.values[:] = values
        if self.sync:
            self.sync()


class Parameters:
    """A private copy of a nest and its leaves.

    Parameters
    ----------
    nest : nest of parameters
    widen : numpy scalar type, optional
        Floats narrower than this become it.
    to_complex : bool
        Whether floats become complex, for the complex step.

    Attributes
    ----------
    widen : numpy scalar type or None
    nest : nest of parameters
        The copy; what a loss is called with.
    leaves : tuple of Leaf
        In the order of the nest.

    Raises
    ------
    GradientInterfaceError
        If the nest holds something that is neither a parameter nor a constant, two leaves
        have the same name, or there is no leaf at all.
    """

    def __init__(
        self, nest: Any, *, widen: type[np.floating[Any]] | None = None, to_complex: bool = False
    ) -> None:
        self.widen, self.to_complex = widen, to_complex
        self._arrays: list[Array | None] = []
        self._leaves: list[Leaf] = []
        self.nest: Any = None
        try:
            self.nest = self._copied(nest, (), partial(_place, self, "nest"))
        except RecursionError:
            raise GradientInterfaceError(
                "the nest of parameters has no end",
                given=f"{type(nest).__name__} that contains itself",
                expected="numbers and arrays at a finite depth",
            ) from None
        self.leaves = tuple(self._leaves)
        _refuse_bad_names([leaf.name for leaf in self.leaves], nest)

    def intact(self) -> bool:
        """Whether the nest still holds the leaves: a loss may have put other arrays into it."""
        nodes = list(leaf_nodes(self.nest))
        return len(nodes) == len(self.leaves) and all(map(_holds, nodes, self._arrays, self.leaves))

    def _copied(self, node: Any, path: tuple[str, ...], put: Callable[[Any], None]) -> Any:
        if isinstance(node, np.ndarray):
            return self._copied_array(node, path)
        if isinstance(node, _NUMBERS):
            return self._copied_number(node, path, put)
        if isinstance(node, dict | list) or _is_dataclass(node):
            twin = copy.copy(node)
            for key, item in items(node):
                _place(twin, key, self._copied(item, (*path, str(key)), partial(_place, twin, key)))
            return twin
        if isinstance(node, tuple):
            slots = _TupleSlots(type(node), list(node), put)
            for i, (key, item) in enumerate(items(node)):
                slots.items[i] = self._copied(item, (*path, str(key)), partial(_place, slots, key))
            return slots.rebuilt()
        if isinstance(node, _CONSTANTS) or callable(node):
            return node
        raise GradientInterfaceError(
            f"parameter {path_name(path)!r} is of a type that cannot be differentiated",
            given=f"{type(node).__module__}.{type(node).__qualname__}",
            expected="a number, a numpy array, or a dict, list, tuple, namedtuple or dataclass of them",
            do=conversion(node) or "convert it, for example with numpy.asarray",
        )

    def _copied_array(self, node: Array, path: tuple[str, ...]) -> Array:
        if node.dtype.kind in "biuSU":
            return node.copy()
        if node.dtype.kind not in "fc":
            raise GradientInterfaceError(
                f"parameter {path_name(path)!r} is an array that cannot be differentiated",
                given=f"dtype {node.dtype}, shape {node.shape}",
                expected="a floating-point or complex dtype (integers are constants)",
                do="give ragged parameters as a list of arrays" if node.dtype == object else "",
            )
        working = self._working(node.dtype)
        twin = node.astype(working, order="C", copy=True)
        start = flat(np.array(node, dtype=working, order="C"))
        start.flags.writeable = False
        self._leaves.append(Leaf(path_name(path), node.shape, node.dtype, flat(twin), start, None))
        self._arrays.append(twin)
        return twin

    def _copied_number(self, node: Any, path: tuple[str, ...], put: Callable[[Any], None]) -> Any:
        dtype = np.asarray(node).dtype
        cell = np.array([node], dtype=self._working(dtype))
        plain = isinstance(node, float | complex) and not isinstance(node, np.generic)

        def current() -> Any:
            return cell[0].item() if plain else cell[0]

        start = flat(cell.copy())
        self._leaves.append(Leaf(path_name(path), (), dtype, flat(cell), start, lambda: put(current())))
        self._arrays.append(None)
        return current()

    def _working(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        if self.to_complex:
            return np.promote_types(dtype, np.complex128)
        return dtype if self.widen is None else np.promote_types(dtype, self.widen)


def conversion(node: Any) -> str:
    """Say what to do with an array of another framework; nothing for any other object."""
    package = type(node).__module__.partition(".")[0]
    framework = {"torch": "torch", "jax": "jax", "jaxlib": "jax", "autograd": "autograd"}.get(package, "")
    if not framework:
        return ""
    door = f"gradcheck.frameworks.{framework}.check (extra {framework})"
    return f"convert it to numpy, or let {door} differentiate it"


def on_copies(function: Callable[[Any], Any], nest: Any) -> Any:
    """Return the function of a private copy of the nest."""
    return function(Parameters(nest).nest)


def as_array(value: Any) -> Array:
    """Return a value as an array; what is ragged, like None, has no shape and no numbers."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(None)


def flat(array: Array) -> Array:
    """Return all numbers of an array as one axis, complex ones as pairs; a view where possible."""
    numbers = np.asarray(array).reshape(-1)
    return numbers.view(numbers.real.dtype) if numbers.dtype.kind == "c" else numbers


def path_name(path: tuple[str, ...]) -> str:
    """Return the name of the leaf at a path of keys."""
    return ".".join(path) or _ROOT


def _is_dataclass(node: Any) -> bool:
    return hasattr(type(node), "__dataclass_fields__")  # of an instance, not of a class


def is_container(node: Any) -> bool:
    """Whether a node of a nest holds other nodes."""
    return isinstance(node, _CONTAINERS) or _is_dataclass(node)


def is_leaf(node: Any) -> bool:
    """Whether a node of a nest is a number or an array that is no constant."""
    return node.dtype.kind in "fc" if isinstance(node, np.ndarray) else isinstance(node, _NUMBERS)


def items(node: Any) -> Iterator[tuple[Any, Any]]:
    """Return the keys (index, key or field) and nodes of a container."""
    if isinstance(node, dict):
        yield from node.items()
    elif _is_dataclass(node):
        yield from ((f.name, getattr(node, f.name)) for f in dataclasses.fields(node))
    elif hasattr(node, "_fields"):
        yield from zip(node._fields, node, strict=True)
    else:
        yield from enumerate(node)


def with_items(node: Any, nodes: Iterable[Any]) -> Any:
    """Return a container like another that holds other nodes, in the order of `items`."""
    if isinstance(node, tuple):
        return _tuple(type(node), nodes)
    twin = copy.copy(node)
    for (key, _), item in zip(items(node), nodes, strict=True):
        _place(twin, key, item)
    return twin


def leaf_nodes(node: Any) -> Iterator[Any]:
    """Return the numbers and arrays of a nest that are no constants, in its order."""
    if is_container(node):
        for _, item in items(node):
            yield from leaf_nodes(item)
    elif is_leaf(node):
        yield node


def _holds(node: Any, array: Array | None, leaf: Leaf) -> bool:
    if array is None:
        return np.shape(node) == () and np.array_equal(flat(node), leaf.values, equal_nan=True)
    return node is array and node.shape == leaf.shape


class _TupleSlots:
    """The items of a tuple that is made anew when one of them is set."""

    def __init__(self, kind: type, items: list[Any], put: Callable[[Any], None]) -> None:
        self.kind, self.items, self.put = kind, items, put
        self.index = {key: i for i, key in enumerate(getattr(kind, "_fields", range(len(items))))}

    def rebuilt(self) -> Any:
        return _tuple(self.kind, self.items)


def _tuple(kind: type, nodes: Iterable[Any]) -> Any:
    return kind(*nodes) if hasattr(kind, "_fields") else kind(nodes)


def _place(container: Any, key: Any, value: Any) -> None:
    if isinstance(container, _TupleSlots):
        container.items[container.index[key]] = value
        container.put(container.rebuilt())
    elif isinstance(container, dict | list):
        container[key] = value
    else:
        object.__setattr__(container, key, value)


def _refuse_bad_names(names: list[str], nest: Any) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise GradientInterfaceError(
            f"two parameters have the same name {twice[0]!r}",
            given=", ".join(names),
            do="rename one of the keys; a dot in a key reads like a level of the nest",
        )
    if not names:
        raise GradientInterfaceError(
            "there is no parameter to differentiate",
            given=f"{nest!r:.70}",
            expected="at least one floating-point number or array (integers are constants)",
            do="the order of arguments is loss, params, gradient" if callable(nest) else "",
        )
