"""What is checked of a framework: a function over arrays, and the derivatives the framework takes of it.

Mode ``"rev"`` is the product of a cotangent with the Jacobian (vjp), ``"fwd"`` that of the Jacobian with
a tangent (jvp). The derivative of order 2 is that of the function ``(leaves, cotangent) -> vjp`` or
``(leaves, tangent) -> jvp``.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from gradcheck.checking import Options
from gradcheck.errors import UsageError
from gradcheck.kinds import check_pullback, check_pushforward
from gradcheck.parameters import is_container, items, path_name, with_items
from gradcheck.report import Report

Array = NDArray[Any]
Mode = Literal["rev", "fwd"]
Leaves = dict[str, Array]
Flat = Callable[[list[Any]], list[Any]]


class Function(ABC):
    """A function of a framework at a point.

    Attributes
    ----------
    leaves : dict of str to ndarray
        The arguments that vary, by name.
    """

    leaves: Leaves

    @abstractmethod
    def value(self, leaves: Leaves) -> list[Array]:
        """Return the outputs."""

    @abstractmethod
    def pull(self, leaves: Leaves, cotangent: list[Array]) -> Leaves:
        """Return the derivatives that the framework takes for a cotangent of each output."""

    @abstractmethod
    def push(self, values: tuple[Array, ...], tangents: tuple[Array, ...]) -> list[Array]:
        """Return the derivatives of the outputs that the framework takes along the tangents."""

    @abstractmethod
    def derivative(self, mode: Mode) -> "Function":
        """Return the function of leaves and of a random cotangent (tangent) that gives the derivatives."""


class FlatFunction(Function):
    """A function of a list of arrays, one for each name, in a framework that takes jax's kind of derivative.

    Parameters
    ----------
    flat : callable
        ``flat(list) -> list``.
    leaves : dict of str to ndarray
    """

    def __init__(self, flat: Flat, leaves: Leaves) -> None:
        self.flat, self.leaves = flat, leaves

    @abstractmethod
    def vjp(self, flat: Flat, point: list[Any], cotangent: list[Any]) -> list[Any]:
        """Return the products with the Jacobian of the framework's `flat`, traced or not."""

    @abstractmethod
    def jvp(self, flat: Flat, point: list[Any], tangents: list[Any]) -> list[Any]:
        """Return the products of the Jacobian of `flat`, likewise."""

    def run(self, function: Callable[..., list[Any]], *lists: Iterable[Array]) -> list[Array]:
        """Return ``function(*lists)`` of the framework's arrays as numpy's."""
        return list(map(np.asarray, function(*map(list, lists))))

    def value(self, leaves: Leaves) -> list[Array]:
        """Return the outputs."""
        return self.run(self.flat, leaves.values())

    def pull(self, leaves: Leaves, cotangent: list[Array]) -> Leaves:
        """Return the vjp, with the sign that torch has for complex numbers."""
        found = self.run(partial(self.vjp, self.flat), leaves.values(), map(np.conj, cotangent))
        return dict(zip(leaves, map(np.conj, found), strict=True))

    def push(self, values: tuple[Array, ...], tangents: tuple[Array, ...]) -> list[Array]:
        """Return the jvp."""
        return self.run(partial(self.jvp, self.flat), values, tangents)

    def derivative(self, mode: Mode) -> Self:
        """Return the function of the leaves, and of a cotangent of each output or a tangent of each leaf."""
        count = len(self.leaves)
        kind, take = ("cotangent", self.vjp) if mode == "rev" else ("tangent", self.jvp)
        beside = self.value(self.leaves) if mode == "rev" else self.leaves.values()
        drawn = {f"{kind} {i}": like(array, i) for i, array in enumerate(beside)}
        return type(self)(lambda arrays: take(self.flat, arrays[:count], arrays[count:]), self.leaves | drawn)


def check_function(function: Function, modes: Iterable[str], options: Options, order: int = 1) -> Report:
    """Return the report of a function's derivatives.

    Parameters
    ----------
    function : Function
    modes : iterable of {"rev", "fwd"}
    options : Options
        As of `check_gradient`.
    order : int
        Derivatives up to this order are checked.

    Returns
    -------
    Report
        The name of a parameter begins with the modes: ``"fwd x"``; in ``"fwd rev x"`` it is the
        reverse derivative whose forward one is checked. One ``"rev"`` alone goes without saying.

    Raises
    ------
    UsageError
    """
    chosen = _read_modes(modes)
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 1:
        raise UsageError("the order cannot be checked", given=f"{order!r}", expected="an integer >= 1")
    return reduce(Report.merge, _reports(function, chosen, options, order))


def _reports(
    function: Function, modes: Sequence[Mode], options: Options, order: int, suffix: str = ""
) -> Iterator[Report]:
    for mode in modes:
        if mode == "rev":
            report = check_pullback(_Value(function), function.leaves, function.pull, options)
        else:
            report = check_pushforward(function.value, function.leaves, function.push, options)
        yield _prefixed(report, f"{mode} {suffix}") if mode == "fwd" or suffix else report
    if order > 1:
        yield from _reports(function.derivative(modes[0]), modes, options, order - 1, f"{modes[0]} {suffix}")


class _Value:
    """The value of a function, which fails in a precision in which its derivative fails.

    So a function that takes a copy in double precision, while its backward pass does not, is checked
    in the precision given.
    """

    def __init__(self, function: Function) -> None:
        self._function, self._whole = function, set[str]()

    def __call__(self, leaves: Leaves) -> list[Array]:
        outputs = self._function.value(leaves)
        precision = str([array.dtype for array in leaves.values()])
        if precision not in self._whole:
            self._function.pull(leaves, [np.zeros_like(array) for array in outputs])
            self._whole.add(precision)
        return outputs


def mapped(function: Any, node: Any, path: tuple[str, ...] = ()) -> Any:
    """Return a nest with ``function(name, leaf)`` in the place of whatever is no container."""
    if not is_container(node):
        return function(path_name(path), node)
    return with_items(node, [mapped(function, item, (*path, str(key))) for key, item in items(node)])


def leaves_of(node: Any) -> list[Any]:
    """Return whatever is no container of a nest, in its order."""
    found: list[Any] = []
    mapped(lambda _, leaf: found.append(leaf), node)
    return found


def nothing_varies(arguments: dict[str, Any]) -> UsageError:
    """Return the error that there is no argument to differentiate."""
    return UsageError(
        "there is no argument to differentiate",
        given=", ".join(f"{name}: {type(value).__name__}" for name, value in arguments.items()) or "nothing",
        expected="at least one floating-point or complex number or array (integers are constants)",
    )


def like(array: Array, seed: int) -> Array:
    """Return random numbers in the shape and type of an array."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal(array.shape)
    if array.dtype.kind == "c":
        drawn = drawn + 1j * rng.standard_normal(array.shape)
    return np.asarray(drawn, array.dtype)


def _read_modes(modes: Iterable[str]) -> tuple[Mode, ...]:
    known = get_args(Mode)
    given = (modes,) if isinstance(modes, str) else tuple(modes)
    if not given or any(mode not in known for mode in given):
        raise UsageError("there is no such mode", given=repr(modes), expected="some of 'rev', 'fwd'")
    return tuple(mode for mode in known if mode in given)


def _prefixed(report: Report, prefix: str) -> Report:
    parameters = {
        prefix + name: dataclasses.replace(p, name=prefix + name) for name, p in report.parameters.items()
    }
    return dataclasses.replace(report, parameters=parameters)
