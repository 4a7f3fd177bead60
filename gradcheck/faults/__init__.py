"""The catalogue of known mistakes; each plants itself and is recognised by its plant.

`FAULTS` has all by code, `FAMILIES` by what they are about. `plant` gives wrong gradients, and
`survivors` tells which of them a test lets pass.
"""

from gradcheck.faults.catalogue import Fault, NetworkFault, Plant
from gradcheck.faults.mutation import Mutant, Survey, plant, survivors
from gradcheck.faults.pattern import Pattern, View
from gradcheck.faults.registry import FAMILIES, FAULTS

__all__ = [
    "FAMILIES",
    "FAULTS",
    "Fault",
    "Mutant",
    "NetworkFault",
    "Pattern",
    "Plant",
    "Survey",
    "View",
    "plant",
    "survivors",
]
