"""autograd: functions of ``autograd.numpy``, with primitives of one's own or not; extra ``autograd``."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Unpack

import numpy as np

from gradcheck.arguments import named
from gradcheck.assertion import assert_match
from gradcheck.checking import Options
from gradcheck.frameworks.extras import needed
from gradcheck.frameworks.function import Array, Flat, FlatFunction, check_function, mapped, nothing_varies
from gradcheck.parameters import is_container, items
from gradcheck.report import Report


def check(
    function: Callable[..., Any],
    args: Any,
    *,
    modes: Iterable[str] = ("rev",),
    order: int = 1,
    **options: Unpack[Options],
) -> Report:
    """Decide whether the derivatives that autograd takes of a function are right.

    Parameters
    ----------
    function : callable
        ``function(*args)``: a number, an array, or a tuple, list or dict of autograd's.
    args : tuple or list
        The arguments, each a number, an array or a nest of them; anything else is the only
        argument. Integers are constants.
    modes : some of {"rev", "fwd"}
        ``autograd.make_vjp`` and ``autograd.make_jvp``.
    order : int
        Derivatives up to this order are checked.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report
        A gradient by complex numbers has the sign of autograd turned: ``dE/dRe(w) + i dE/dIm(w)``.

    Raises
    ------
    UsageError
        If modes or order are unknown, no argument varies, or there is no autograd.
    """
    return check_function(_bound(function, args, {}, None), modes, options, order)


def check_grads(
    f: Callable[..., Any],
    argnum: int | Sequence[int] = 0,
    modes: Iterable[str] = ("fwd", "rev"),
    order: int = 2,
) -> Callable[..., None]:
    """Do what `autograd.test_util.check_grads` does: ``check_grads(f)(*args)``.

    Parameters
    ----------
    f : callable
    argnum : int or sequence of int
        The arguments that vary.
    modes, order
        As in `check`.

    Returns
    -------
    callable
        Takes the arguments of f, keywords too, and fails unless the derivatives are right: it
        raises GradientMismatch, GradientInconclusive, and what `check` raises.
    """
    chosen = (argnum,) if isinstance(argnum, int) else tuple(argnum)

    def judged(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        bound = _bound(f, args, kwargs, chosen)

        def run(**options: Unpack[Options]) -> Report:
            return check_function(bound, modes, options, order)

        assert_match(run)

    return judged


class _Autograd(FlatFunction):
    """A function of arrays and of autograd's boxes."""

    def vjp(self, flat: Flat, point: list[Any], cotangent: list[Any]) -> list[Any]:
        """Return what `autograd.make_vjp` gives."""
        make_vjp, boxes = needed("autograd", "autograd").make_vjp, _boxes()
        vjp, _ = make_vjp(lambda inputs: boxes(flat(list(inputs))))(boxes(point))
        return list(vjp(boxes(cotangent)))

    def jvp(self, flat: Flat, point: list[Any], tangents: list[Any]) -> list[Any]:
        """Return what `autograd.make_jvp` gives."""
        make_jvp, boxes = needed("autograd", "autograd").make_jvp, _boxes()
        _, found = make_jvp(lambda inputs: boxes(flat(list(inputs))))(boxes(point))(boxes(tangents))
        return list(found)


def _bound(
    function: Callable[..., Any], args: Any, keywords: dict[str, Any], chosen: tuple[int, ...] | None
) -> _Autograd:
    """Return a function of the leaves of the chosen arguments (None: all) that vary."""
    needed("autograd", "autograd")
    arguments = named(getattr(function, "fun", function), args)  # a primitive keeps its function there
    leaves: dict[str, Array] = {}
    names = list(arguments)

    def collect(name: str, leaf: Any) -> None:
        if _varies(leaf):
            leaves[name] = np.asarray(leaf)

    for i in range(len(names)) if chosen is None else chosen:
        mapped(collect, arguments[names[i]], (names[i],))
    if not leaves:
        raise nothing_varies(arguments)

    def flat(arrays: list[Any]) -> list[Any]:
        values = dict(zip(leaves, arrays, strict=True))
        placed = mapped(lambda name, leaf: values.get(name, leaf), arguments)
        return [out for out in _outputs(function(*placed.values(), **keywords)) if _varies(out)]

    return _Autograd(flat, leaves)


def _varies(leaf: Any) -> bool:
    value = _unboxed(leaf)
    return (
        isinstance(value, float | complex | np.inexact | np.ndarray) and np.asarray(value).dtype.kind in "fc"
    )


def _outputs(node: Any) -> list[Any]:
    """Return the leaves of a nest, whose containers autograd may have put into boxes."""
    inside = _unboxed(node)
    if inside is not node and is_container(inside):
        node = dict(node.items()) if isinstance(inside, dict) else list(node)
    return [leaf for _, item in items(node) for leaf in _outputs(item)] if is_container(node) else [node]


def _unboxed(node: Any) -> Any:
    """Return what is in a box, which may be in one itself."""
    while hasattr(node, "_value"):
        node = node._value
    return node


def _boxes() -> Any:
    return needed("autograd.builtins", "autograd").tuple
