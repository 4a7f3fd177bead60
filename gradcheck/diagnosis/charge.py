"""A mistake that an implementation is charged with, and a way down that has such mistakes on it."""

from dataclasses import dataclass
from functools import cached_property

from gradcheck.faults import Fault, Plant
from gradcheck.networks.arrays import Array

Place = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Charge:
    """A mistake, and the way in which it occurs.

    Attributes
    ----------
    fault : Fault
    plant : Plant
        Of a step that is wrong in no known way: what the implementation must have computed there,
        ``wrong(case number)``.
    bits : float
        How much it takes to say it, the measure of what is simple: one for each step from "very
        common" to "rare", and log2 of the number of ways in which the fault could occur.
    known : bool
        Whether the fault says what is computed instead.
    """

    fault: Fault
    plant: Plant
    bits: float
    known: bool = True

    @cached_property
    def places(self) -> list[Place]:
        """Where the step is taken wrongly, in the order of the recursion."""
        layers = sorted(self.plant.layers, reverse=True) or (0,)
        return [(step, layer) for layer in layers for step in self.plant.replaced]

    @property
    def unexplained(self) -> tuple[str, ...]:
        """The parameters whose wrong entries it does not explain."""
        symbol = {"weight_gradient": "W", "bias_gradient": "b"}.get(self.plant.step)
        return () if self.known or symbol is None else tuple(f"{symbol}{i}" for i in self.plant.layers)


@dataclass(frozen=True, eq=False)
class Way:
    """A way down that contradicts nothing so far.

    Attributes
    ----------
    charges : tuple of Charge
        The mistakes on it, from the loss down.
    residual : float
        The largest relative error of an entry that it leaves.
    arrays : tuple of ndarray
        The derivative that has come down, for each case.
    """

    charges: tuple[Charge, ...] = ()
    residual: float = 0.0
    arrays: tuple[Array, ...] = ()

    @property
    def bits(self) -> float:
        """How much it takes to say."""
        return sum(charge.bits for charge in self.charges)
