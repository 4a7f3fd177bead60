"""All known mistakes: by family, and by code."""

import importlib
import pkgutil

from gradcheck.faults import families
from gradcheck.faults.catalogue import Fault
from gradcheck.networks.arrays import look_up


def _gather() -> dict[str, tuple[Fault, ...]]:
    found: dict[str, tuple[Fault, ...]] = {}
    for entry in pkgutil.iter_modules(families.__path__):
        module = importlib.import_module(f"{families.__name__}.{entry.name}")
        found[(module.__doc__ or "").split("\n")[0].rstrip(".")] = module.FAMILY
    return found


FAMILIES: dict[str, tuple[Fault, ...]] = _gather()
FAULTS: dict[str, Fault] = {fault.code: fault for family in FAMILIES.values() for fault in family}
assert len(FAULTS) == sum(map(len, FAMILIES.values())), "codes must be unique"


def known(code: str) -> Fault:
    """Return the mistake of a code, or say which codes are nearest."""
    return look_up(FAULTS, "known mistake", code, do="see all by `gradcheck explain`")
