"""The catalogue of known mistakes; each plants itself and is recognised by its plant.

A family is a module of this package with ``FAMILY``, a tuple of `Fault`; `FAULTS` is gathered
from all of them.
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from gradcheck.faults.catalogue import Fault, Plant

if TYPE_CHECKING:
    from types import ModuleType


def _gather() -> dict[str, Fault]:
    modules: list[ModuleType] = [
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.name != "catalogue"
    ]
    faults = [fault for module in modules for fault in module.FAMILY]
    codes = [fault.code for fault in faults]
    twice = {code for code in codes if codes.count(code) > 1}
    assert not twice, f"codes must be unique: {twice}"
    return dict(zip(codes, faults, strict=True))


FAULTS: dict[str, Fault] = _gather()

__all__ = ["FAULTS", "Fault", "Plant"]
