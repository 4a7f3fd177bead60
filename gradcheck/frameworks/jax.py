"""jax: functions of pytrees, with ``custom_vjp``, ``custom_jvp`` or none; extra ``jax``.

Floating-point and complex leaves vary; integers, booleans and whatever is no array are constants.
The check runs in double precision, whatever ``jax_enable_x64`` says: within it arrays of float32 are
copied to float64, and the setting is as before when it ends. A function that insists on float32 is
checked in float32.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any, Unpack

import numpy as np

from gradcheck.arguments import named
from gradcheck.assertion import assert_match
from gradcheck.checking import Options
from gradcheck.frameworks.extras import needed
from gradcheck.frameworks.function import (
    Array,
    Flat,
    FlatFunction,
    Leaves,
    check_function,
    nothing_varies,
)
from gradcheck.parameters import path_name
from gradcheck.report import Report

_DOUBLE = 8  # bytes


def check(
    f: Callable[..., Any],
    args: Any,
    *,
    modes: Iterable[str] = ("rev",),
    order: int = 1,
    **options: Unpack[Options],
) -> Report:
    """Decide whether the derivatives that jax takes of a function are right.

    Parameters
    ----------
    f : callable
        ``f(*args)``: any pytree.
    args : tuple or list
        The arguments, each any pytree; anything else is the only argument.
    modes : some of {"rev", "fwd"}
        ``jax.vjp`` and ``jax.jvp``; a function with ``custom_vjp`` has only the first.
    order : int
        Derivatives up to this order are checked.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report
        A gradient by complex numbers has the sign of jax turned: ``dE/dRe(w) + i dE/dIm(w)``.

    Raises
    ------
    UsageError
        If modes or order are unknown, no argument varies, or there is no jax.
    """
    return check_function(_bound(needed("jax", "jax"), f, args), modes, options, order)


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 1,
    modes: Iterable[str] = ("fwd", "rev"),
    atol: Any = None,
    rtol: Any = None,
    eps: Any = None,
) -> None:
    """Do what `jax.test_util.check_grads` does: fail unless the derivatives are right.

    Parameters
    ----------
    f, args, order, modes
        As in `check`.
    atol, rtol, eps
        Not needed, and not used: the error of the differences is measured.

    Raises
    ------
    GradientMismatch, GradientInconclusive
        If the derivatives are not right, or cannot be judged.
    UsageError
        As `check`.
    """
    __tracebackhide__ = True
    assert_match(check, f, args, modes=modes, order=order)


class _Jax(FlatFunction):
    """A function of jax's arrays."""

    def __init__(self, flat: Flat, leaves: Leaves) -> None:
        super().__init__(flat, leaves)
        self._compiled = needed("jax", "jax").jit(flat)

    def value(self, leaves: Leaves) -> list[Array]:
        """Return the outputs, compiled: they are asked for again and again."""
        errors = needed("jax.errors", "jax")
        try:
            return self.run(self._compiled, leaves.values())
        except (errors.JAXTypeError, errors.JAXIndexError):  # its control flow depends on values
            self._compiled = self.flat
            return self.run(self.flat, leaves.values())

    def vjp(self, flat: Flat, point: list[Any], cotangent: list[Any]) -> list[Any]:
        """Return what `jax.vjp` gives."""
        found: list[Any] = needed("jax", "jax").vjp(flat, point)[1](cotangent)[0]
        return found

    def jvp(self, flat: Flat, point: list[Any], tangents: list[Any]) -> list[Any]:
        """Return what `jax.jvp` gives."""
        found: list[Any] = needed("jax", "jax").jvp(flat, (point,), (tangents,))[1]
        return found

    def run(self, function: Callable[..., list[Any]], *lists: Iterable[Array]) -> list[Array]:
        """Run in double precision if an array of the first list is."""
        jax = needed("jax", "jax")
        arrays = [list(map(np.asarray, own)) for own in lists]
        double = any(array.real.dtype.itemsize == _DOUBLE for array in arrays[0])
        with jax.enable_x64(True) if double else nullcontext():
            return super().run(function, *([jax.numpy.asarray(array) for array in own] for own in arrays))


def _bound(jax: Any, f: Callable[..., Any], args: Any) -> _Jax:
    """Return a function of the leaves of its arguments that vary."""
    arguments = named(f, args)
    names = list(arguments)
    paths, tree = jax.tree_util.tree_flatten_with_path(list(arguments.values()))
    given = [leaf for _, leaf in paths]
    varying = [i for i, leaf in enumerate(given) if _varies(jax, leaf)]

    def flat(arrays: list[Any]) -> list[Any]:
        leaves = list(given)
        for i, array in zip(varying, arrays, strict=True):
            leaves[i] = array
        outputs = jax.tree_util.tree_leaves(f(*jax.tree_util.tree_unflatten(tree, leaves)))
        return [out for out in outputs if _varies(jax, out)]

    leaves = {}
    for i in varying:
        (argument, *path), leaf = paths[i]
        name = path_name((names[argument.idx], *map(_key, path)))
        leaves[name] = np.asarray(jax.numpy.asarray(leaf))
    if not leaves:
        raise nothing_varies(arguments)
    return _Jax(flat, leaves)


def _varies(jax: Any, leaf: Any) -> bool:
    try:
        return bool(jax.numpy.issubdtype(jax.numpy.result_type(leaf), jax.numpy.inexact))
    except TypeError:  # no number: a string, a key
        return False


def _key(key: Any) -> str:
    """Return an index, a key or the name of a field as jax wraps them."""
    return str(next((getattr(key, kind) for kind in ("idx", "key", "name") if hasattr(key, kind)), key))
