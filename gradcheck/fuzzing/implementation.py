"""What `gradcheck fuzz` judges: an object with a loss and a gradient of dense networks."""

import importlib
import sys
from pathlib import Path
from typing import Any, Protocol

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.networks import DenseNetwork
from gradcheck.networks.arrays import Array, Gradient, Params

_METHODS = ("loss", "gradient")


class Implementation(Protocol):
    """A loss of dense networks and its gradient, as somebody has written them."""

    def loss(self, network: DenseNetwork, params: Params, x: Array, d: Any) -> Any:
        """Return E, a real number."""

    def gradient(self, network: DenseNetwork, params: Params, x: Array, d: Any) -> Any:
        """Return dE/dparams: the names and shapes of the parameters."""


class Reference:
    """The reference networks: they compute their own loss and gradient."""

    def loss(self, network: DenseNetwork, params: Params, x: Array, d: Any) -> Any:
        """Return E, a real number."""
        return network.loss(params, x, d)

    def gradient(self, network: DenseNetwork, params: Params, x: Array, d: Any) -> Gradient:
        """Return dE/dparams: the names and shapes of the parameters."""
        return network.gradient(params, x, d)


def load_implementation(place: str) -> Implementation:
    """Import an implementation.

    Parameters
    ----------
    place : str
        ``MODULE:OBJECT``, or ``MODULE`` for one whose functions are the methods; the working
        directory is searched, too. Of a class an object is made.

    Returns
    -------
    Implementation

    Raises
    ------
    UsageError
        If there is no such module or object, or it lacks a method.
    SubmissionError
        If the module does not import, or no object of the class can be made.
    """
    module_name, _, path = place.partition(":")
    found: Any = _module(place, module_name)
    for name in filter(None, path.split(".")):
        if not hasattr(found, name):
            raise UsageError(f"{module_name} has no {path}", given=place, expected="MODULE:OBJECT")
        found = getattr(found, name)
    if isinstance(found, type):
        found = _made(found, place)
    missing = [name for name in _METHODS if not callable(getattr(found, name, None))]
    if missing:
        raise UsageError(
            f"{place} has no {' and no '.join(missing)}",
            given=f"{type(found).__name__} with {', '.join(_public(found)) or 'no public name'}",
            expected="loss(network, params, x, d) and gradient(network, params, x, d)",
        )
    implementation: Implementation = found
    return implementation


def _module(place: str, name: str) -> Any:
    if not all(map(str.isidentifier, name.split("."))):
        raise UsageError(f"{place!r} names no module", expected="MODULE:OBJECT, such as mynet:MyNetwork")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise UsageError(
                f"there is no module {error.name}", given=place, do=f"run it where {name} can be imported"
            ) from error
        raise _unimportable(name, error) from error
    except (Exception, SystemExit) as error:
        raise _unimportable(name, error) from error


def _unimportable(name: str, error: BaseException) -> SubmissionError:
    return SubmissionError("import", f"{name} does not import", given=f"{type(error).__name__}: {error}")


def _made(kind: type, place: str) -> Any:
    try:
        return kind()
    except Exception as error:
        raise SubmissionError(
            "interface",
            f"no object of {place} can be made",
            given=f"{type(error).__name__}: {error}",
            do="name an object instead of its class",
        ) from error


def _public(found: Any) -> list[str]:
    return [name for name in dir(found) if not name.startswith("_")][:8]
