"""Read a gradient that should have the nest of its parameters, and say what differs if it does not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.blocks import in_blocks
from gradcheck.errors import GradientInterfaceError
from gradcheck.parameters import Leaf, as_array, flat, is_container, items, path_name

Array = NDArray[Any]

_SHORT = 2.0**15  # numbers of so few binary digits are exact in any precision


def read_gradient(
    gradient: Any,
    params: Any,
    leaves: tuple[Leaf, ...],
    source: str,
    *,
    nouns: tuple[str, str] = ("gradient", "parameter"),
    copy: bool = True,
) -> list[Array]:
    """Read the values of a gradient that has the nest structure of its parameters.

    Parameters
    ----------
    gradient : nest
        As `params`, but it may use other containers with the same keys; constants may be
        left out.
    params : nest of parameters
    leaves : tuple of Leaf
        Of `params`.
    source : str
        Where the gradient came from, for messages: ``"gradient(params)"``.
    nouns : (str, str)
        What it is and what it belongs to, for messages.
    copy : bool
        Whether the values must outlive the gradient.

    Returns
    -------
    list of ndarray
        One for each leaf, shape as `Leaf.values`, in the precision that it was given in.

    Raises
    ------
    GradientInterfaceError
        If a name is missing or unknown, or a value has another shape or no real number in it.
    """
    found: dict[str, Any] = {}
    extra: list[str] = []
    _collect(gradient, params, (), found, extra)
    expected = {leaf.name: leaf for leaf in leaves}
    missing = [name for name in expected if found.get(name) is None]
    if missing or extra:
        given = [f"{name} {np.shape(found[name])}" for name in expected if name not in missing]
        listed = ", ".join(given + extra) or f"{type(gradient).__name__} without any name of {nouns[1]}s"
        do = "add the missing return" if gradient is None else ""
        raise _wrong_names(missing, extra, expected, nouns, f"{listed}, from {source}", do)
    return [_leaf_gradient(found[name], leaf, nouns, source, copy) for name, leaf in expected.items()]


def integers_overlooked(gradient: Any, params: Any) -> list[str]:
    """Return a note if a gradient is given for integers in params, as if they were no constants.

    Parameters
    ----------
    gradient, params : nest
        As `read_gradient` has taken them.

    Returns
    -------
    list of str
    """
    found: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    _collect(gradient, params, (), found, [])
    _collect(params, params, (), constants, [])
    names = [name for name, value in found.items() if _is_integer(constants[name]) and _is_slope(value)]
    note = (
        f"integers are constants: the gradient given for {', '.join(names)} was not looked at "
        "(write 1.0 in place of 1 to have it checked)"
    )
    return [note] if names else []


def _is_integer(value: Any) -> bool:
    return not is_container(value) and as_array(value).dtype.kind in "iu"


def _is_slope(value: Any) -> bool:
    array = as_array(value)
    return array.dtype.kind in "fc" and bool(np.any(array))


def held_in_single(gradient: list[Array]) -> bool:
    """Return whether all numbers are such as single precision has, and some use all its digits.

    Parameters
    ----------
    gradient : list of ndarray
        Numbers that are not finite tell nothing.

    Returns
    -------
    bool
    """
    digits = False
    for values in gradient:
        for every in in_blocks(values):
            block = every[np.isfinite(every)]
            with np.errstate(over="ignore"):
                if not np.array_equal(block.astype(np.float32), block):
                    return False
            mantissas = np.frexp(block)[0] * _SHORT
            digits = digits or bool(np.any(mantissas != np.round(mantissas)))
    return digits


def arrays_of(gradient: Any) -> list[Array]:
    """Return the floating-point arrays that a gradient holds, in its order, not copied.

    Parameters
    ----------
    gradient : nest

    Returns
    -------
    list of ndarray
    """
    if isinstance(gradient, np.ndarray):
        return [gradient] if gradient.dtype.kind in "fc" else []
    return [a for _, item in items(gradient) for a in arrays_of(item)] if is_container(gradient) else []


def _collect(node: Any, params: Any, path: tuple[str, ...], found: dict[str, Any], extra: list[str]) -> None:
    if not is_container(params):
        found[path_name(path)] = node
        return
    children = {str(key): item for key, item in items(params)}
    if isinstance(node, np.ndarray) and node.ndim and isinstance(params, list | tuple):
        node = list(node)
    if not is_container(node):
        return
    for key, item in items(node):
        if str(key) in children:
            _collect(item, children[str(key)], (*path, str(key)), found, extra)
        elif item is not None:
            extra.append(path_name((*path, str(key))))


def _wrong_names(
    missing: list[str],
    extra: list[str],
    expected: dict[str, Leaf],
    nouns: tuple[str, str],
    given: str,
    do: str,
) -> GradientInterfaceError:
    noun, owner = nouns
    if missing:
        problem = f"the {noun} has nothing for {owner} {missing[0]!r}"
        do = do or f"return {', '.join(missing)} too; what is constant has to be an integer"
    else:
        problem = f"the {noun} has {extra[0]!r}, which is no {owner}"
        do = f"leave {', '.join(extra)} out"
    if len(missing) == len(extra):
        do = f"name each as its {owner}: {', '.join(missing)}"
    return GradientInterfaceError(
        problem,
        given=given,
        expected=", ".join(f"{name} {leaf.shape}" for name, leaf in expected.items()),
        do=do,
    )


def _leaf_gradient(value: Any, leaf: Leaf, nouns: tuple[str, str], source: str, copy: bool) -> Array:
    array = as_array(value)
    allowed = "fiuc" if leaf.dtype.kind == "c" else "fiu"
    if array.dtype.kind not in allowed:
        raise GradientInterfaceError(
            f"the {nouns[0]} of {leaf.name!r} does not consist of {_numbers(leaf)} numbers",
            given=f"{type(value).__name__} of dtype {array.dtype}, shape {array.shape}, from {source}",
            expected=f"{leaf.dtype}, shape {leaf.shape}",
        )
    if array.shape != leaf.shape:
        raise _wrong_shape(array.shape, leaf, nouns, source)
    # Integers are exact: only floats tell in which precision the gradient was computed.
    given = array.dtype if array.dtype.kind in "fc" else np.dtype(np.float64)
    kind = np.complex64 if leaf.dtype.kind == "c" else np.float16
    return flat(array.astype(np.promote_types(given, kind), order="C", copy=copy))


def _wrong_shape(
    shape: tuple[int, ...], leaf: Leaf, nouns: tuple[str, str], source: str
) -> GradientInterfaceError:
    same = [n for n in shape if n != 1] == [n for n in leaf.shape if n != 1]
    if same:
        do = f"the shapes differ only by axes of length 1: reshape to {leaf.shape}, or an update broadcasts"
    elif shape == leaf.shape[::-1]:
        do = f"it looks transposed: entry [i, j] belongs to {leaf.name}[i, j]"
    elif shape[1:] == leaf.shape:
        do = f"a leading axis of {shape[0]} is left: sum over the samples"
    else:
        do = f"return one number for each entry of the {nouns[1]}"
    return GradientInterfaceError(
        f"the {nouns[0]} of {leaf.name!r} has another shape than the {nouns[1]}",
        given=f"{shape}, from {source}",
        expected=f"{leaf.shape}",
        do=do,
    )


def _numbers(leaf: Leaf) -> str:
    return "real or complex" if leaf.dtype.kind == "c" else "real"
