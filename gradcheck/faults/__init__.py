"""The catalogue of known mistakes; each plants itself and is recognised by its plant.

A family is a module of this package with ``FAMILY``, a tuple of `Fault`; its docstring begins with
the family's title. `FAMILIES` is gathered from all of them, and `FAULTS` has all by code.
"""

import importlib
import pkgutil

from gradcheck.faults.catalogue import Fault, NetworkFault, Plant
from gradcheck.faults.pattern import Pattern, View


def _gather() -> dict[str, tuple[Fault, ...]]:
    families: dict[str, tuple[Fault, ...]] = {}
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(module, "FAMILY"):
            families[(module.__doc__ or "").split("\n")[0].rstrip(".")] = module.FAMILY
    return families


FAMILIES: dict[str, tuple[Fault, ...]] = _gather()
FAULTS: dict[str, Fault] = {fault.code: fault for family in FAMILIES.values() for fault in family}
assert len(FAULTS) == sum(map(len, FAMILIES.values())), "codes must be unique"

__all__ = ["FAMILIES", "FAULTS", "Fault", "NetworkFault", "Pattern", "Plant", "View"]
