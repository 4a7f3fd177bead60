"""The implementation that `gradcheck fuzz MODULE:OBJECT` names."""

import contextlib
import importlib
import sys
from pathlib import Path
from typing import Any

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.formats.text import listed
from gradcheck.fuzzing.subjects import KINDS, Kind, Subject
from gradcheck.networks.arrays import nearest

_FORMS = ", or ".join(
    " and ".join(f"{name}{takes}" for name, takes in kind.methods.items()) for kind in KINDS
)


def load_subject(place: str) -> Subject:
    """Import an implementation.

    Parameters
    ----------
    place : str
        ``MODULE:OBJECT``, or ``MODULE`` for one whose functions are the methods; the working
        directory is searched, too. Of a class an object is made.

    Returns
    -------
    Subject

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
        owner, found = found, _attribute(found, name, place)
        if found is None:
            fit = _that_fit(owner)
            raise UsageError(
                f"{module_name} has no {path}",
                given=place,
                expected=nearest(name, listed(fit), fit) or _FORMS,
            )
    if isinstance(found, type):
        found = _made(found, place)
    kind = _kind(found, place)
    if kind is None:
        raise UsageError(
            f"{place} is neither a network nor a layer",
            given=f"{type(found).__name__} with {listed(_public(found)) or 'no public name'}",
            expected=_FORMS,
        )
    return kind(found)


def _kind(found: Any, place: str) -> Kind | None:
    fitting = (k for k in KINDS if all(callable(_attribute(found, name, place)) for name in k.methods))
    return next(fitting, None)


def _that_fit(owner: Any) -> list[str]:
    """Return the names of what a module or an object has that could be judged."""
    names = []
    for name in _public(owner):
        with contextlib.suppress(SubmissionError):
            if _kind(_attribute(owner, name, name), name):
                names.append(name)
    return names


def _module(place: str, name: str) -> Any:
    if not all(map(str.isidentifier, name.split("."))):
        raise UsageError(f"{place!r} names no module", expected="MODULE:OBJECT, such as mynet:MyNetwork")
    if name.endswith(".py"):
        raise UsageError(
            f"{name} is a file, not a module", given=place, do=f"leave out .py: {place.replace('.py', '')}"
        )
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


def _attribute(found: Any, name: str, place: str) -> Any:
    """Return an attribute, or None if there is none; a property may raise."""
    try:
        return getattr(found, name, None)
    except Exception as error:
        raise SubmissionError(
            "interface", f"{name} of {place} cannot be read", given=f"{type(error).__name__}: {error}"
        ) from error


def _public(found: Any) -> list[str]:
    return [name for name in dir(found) if not name.startswith("_")]
