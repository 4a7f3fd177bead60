"""The search for the mistakes that explain a gradient, step by step from the loss down.

A backward pass is a sequence of steps. Each is taken as it should be, or as a known mistake takes
it, on what the steps before it have given: the implementation's own deltas. A way down ends where
it contradicts a gradient that the implementation returns. So each mistake is charged once, a
second one further down is still seen, and few ways are left after each layer.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradcheck.diagnosis.case import Case
from gradcheck.diagnosis.charge import Charge, Place, Way
from gradcheck.diagnosis.comparison import residual
from gradcheck.diagnosis.kinks import with_slopes
from gradcheck.faults import FAULTS, NetworkFault, Plant
from gradcheck.faults.catalogue import FREQUENCIES, LAYER, AnyNetwork
from gradcheck.networks import RIGHT, DenseNetwork, ForwardPass
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.steps import backward

MOST_STEPS = 40_000  # bounds the time
_KEPT = 200  # ways down from one layer to the next
_EMITTING = ("weight_gradient", "bias_gradient")
_UNKNOWN_BITS = 20.0
_EQUAL = 1e-9
_UNKNOWN = {
    "through_activation": (
        "DELTA_STEP",
        "dE/dW# and dE/db# agree on one delta#, which is not the one that follows from above",
    ),
    "weight_gradient": (
        "WEIGHT_STEP",
        "delta# is right, since dE/db# is; the step from it to dE/dW# is wrong",
    ),
    "bias_gradient": ("BIAS_STEP", "dE/dW# proves delta# right; the step from it to dE/db# is wrong"),
}


class Search:
    """The mistakes that could explain the gradients of some cases.

    Parameters
    ----------
    network : DenseNetwork or Network
    cases : sequence of Case
    share : float, optional
        Which slopes are right at kinks, see `gradcheck.diagnosis.kinks`; default the network's own.

    Attributes
    ----------
    right : list of dict of str to ndarray
        The right gradient of each case.
    """

    def __init__(self, network: AnyNetwork, cases: Sequence[Case], share: float | None = None) -> None:
        self.cases = cases
        self.runs: list[Any] = [network.forward(case.params, case.x, case.d) for case in cases]
        if share is not None:
            self.runs = [with_slopes(run, share) for run in self.runs]
        self.right = [_right_gradient(run) for run in self.runs]
        self._places = list(_places(network, cases[0].params))
        self._options: dict[Place, list[Charge]] = {place: [] for place in self._places}
        for charge in self._charges(network):
            if charge.places[0] in self._options:
                self._options[charge.places[0]].append(charge)
        self._left = MOST_STEPS
        self._solved: dict[tuple[Any, ...], Array | None] = {}

    def ways(self, most: int, *, unknown: bool = False) -> list[Way]:
        """Return the ways that explain all, the simplest first.

        Parameters
        ----------
        most : int
            Number of mistakes.
        unknown : bool, optional
            Whether a step may also be wrong in a way that is not known.

        Returns
        -------
        list of Way
            Empty if there is none, or the search takes too long.
        """
        self._left, self._unknown, self._most = MOST_STEPS, unknown, most
        ways = [Way()]
        for place in self._places:
            with np.errstate(all="ignore"):  # a mistake may well divide by zero
                ways = [new for way in ways for new in self._on(way, place)]
            if place[0] in _EMITTING and len(ways) > _KEPT:
                ways = sorted(ways, key=lambda way: way.bits)[:_KEPT]
            if self._left < 0:
                return []
        return sorted(ways, key=lambda way: (len(way.charges), way.bits))

    def touched(self, charge: Charge) -> set[str]:
        """Return the names of the parameters that a mistake alone makes wrong."""
        if charge.unexplained:
            return set(charge.unexplained)
        if not charge.known:
            return {name for name in self.cases[0].params if int(name[1:]) <= charge.plant.layers[0]}
        pairs = zip((charge.plant.gradient(run) for run in self.runs), self.right, strict=True)
        return {
            name for planted, right in pairs for name in right if residual(planted[name], right[name]) is None
        }

    def _charges(self, network: AnyNetwork) -> Iterator[Charge]:
        for fault in FAULTS.values():
            plants = list(fault.plants(network)) if isinstance(fault, NetworkFault) else []
            if isinstance(fault, NetworkFault) and plants and all(map(fault.applies, self.runs)):
                bits = FREQUENCIES.index(fault.frequency) + math.log2(len(plants))
                yield from (Charge(fault, plant, bits) for plant in plants)

    def _on(self, way: Way, place: Place) -> Iterator[Way]:
        """Yield the ways that go on from this one at a place."""
        committed = next((charge for charge in way.charges if place in charge.places), None)
        if committed:
            yield from self._taken(way, place, committed)
            return
        right = list(self._taken(way, place, None))
        yield from right
        step, layer = place
        if len(way.charges) == self._most or (step in _EMITTING and (right or _unproven(way, layer))):
            return
        for charge in self._possible(way, place):
            grown = Way((*way.charges, charge), way.residual, way.arrays)
            for new in self._taken(grown, place, charge):
                # Nobody is charged with what stays right; of several layers the uppermost may.
                ends = charge.places[-1] == place and step != "penalty_gradient"
                if not (ends and right and _same(new.arrays, right[0].arrays)):
                    yield new

    def _possible(self, way: Way, place: Place) -> Iterator[Charge]:
        """Yield the mistakes that may be made at a place.

        If dE/db contradicts delta, and dE/dW too, then one mistake more explains both or none.
        """
        step, layer = place
        beside = ("weight_gradient", layer)
        is_last = len(way.charges) == self._most - 1
        if self._unknown and is_last and all(charge.known for charge in way.charges):
            yield from self._unknown_steps(way, place)  # without one, all has been tried before
        elif step == "bias_gradient" and is_last and self._contradicted(way, beside):
            yield from (charge for charge in self._options[place] if beside in charge.places)
        else:
            yield from self._options[place]
            yield from self._unknown_steps(way, place)

    def _contradicted(self, way: Way, place: Place) -> bool:
        committed = next((charge for charge in way.charges if place in charge.places), None)
        return not any(True for _ in self._taken(way, place, committed))

    def _taken(self, way: Way, place: Place, charge: Charge | None) -> Iterator[Way]:
        """Yield the way with one step more, if that contradicts no gradient."""
        if place[0] == "penalty_gradient":
            if charge is None or self._penalty_differs(way):
                yield way
            return
        if place[0] in _EMITTING and charge is not None and not charge.known:
            yield way
            return
        coarse = any(not charge.known for charge in way.charges)
        worst, arrays = way.residual, []
        for i, case in enumerate(self.cases):
            self._left -= 1
            array, emitted = self._step(i, way, place, charge)
            if array is None:
                return
            arrays.append(array)
            for name, value in emitted.items():
                left = residual(case.gradient[name], value + self._penalty(i, way, name), coarse=coarse)
                if left is None:
                    return
                worst = max(worst, left)
        yield Way(way.charges, worst, tuple(arrays))

    def _step(self, i: int, way: Way, place: Place, charge: Charge | None) -> tuple[Any, dict[str, Any]]:
        """Return the derivative that goes further down, and the gradients that the step gives."""
        step, layer = place
        run: Any = self.runs[i]
        if charge is not None and not charge.known:
            return charge.plant.wrong(i), {}
        if step == LAYER:
            emitted, array = run.step(layer, way.arrays[i], charge.plant.wrong if charge else None)
            return array, emitted
        function = charge.plant.replaced[step] if charge else getattr(RIGHT, step)
        if step == "loss_gradient":
            return function(run).reshape(run.shape), {}
        result = function(run, layer, way.arrays[i])
        name = {"weight_gradient": f"W{layer}", "bias_gradient": f"b{layer}"}.get(step)
        return (way.arrays[i], {name: result}) if name else (result, {})

    def _penalty(self, i: int, way: Way, name: str) -> Any:
        planted = (charge.plant.wrong for charge in way.charges if charge.plant.step == "penalty_gradient")
        return next(planted, RIGHT.penalty_gradient)(self.runs[i], name)

    def _penalty_differs(self, way: Way) -> bool:
        return any(
            np.any(self._penalty(i, way, name) != RIGHT.penalty_gradient(self.runs[i], name))
            for i, case in enumerate(self.cases)
            for name in case.params
        )

    def _unknown_steps(self, way: Way, place: Place) -> Iterator[Charge]:
        """Yield the step as one that is wrong in an unknown way, if its neighbours prove that."""
        step, layer = place
        if not self._unknown or f"b{layer}" not in self.cases[0].params:
            return
        if any(layer in charge.plant.layers and charge.plant.step in _EMITTING for charge in way.charges):
            return

        def computed(i: int) -> Array | None:
            return self._solved_delta(i, way, layer)

        if step in _UNKNOWN:
            plant = Plant(step, computed, _UNKNOWN[step][1].replace("#", str(layer)), (layer,))
            yield Charge(FAULTS[_UNKNOWN[step][0]], plant, _UNKNOWN_BITS, known=False)

    def _solved_delta(self, i: int, way: Way, layer: int) -> Array | None:
        penalties = (charge for charge in way.charges if charge.plant.step == "penalty_gradient")
        key = (i, layer, *penalties)
        if key not in self._solved:
            self._solved[key] = self._solve_delta(i, way, layer)
        return self._solved[key]

    def _solve_delta(self, i: int, way: Way, layer: int) -> Array | None:
        """Return the delta on which dE/dW and dE/db agree; None if there is none, or many."""
        run, gradient = self.runs[i], self.cases[i].gradient
        z = np.vstack([run.z[layer - 1].T, np.ones(run.samples)])
        dW = gradient[f"W{layer}"] - self._penalty(i, way, f"W{layer}")
        seen = np.vstack([dW, gradient[f"b{layer}"] - self._penalty(i, way, f"b{layer}")])
        if len(z) <= run.samples or not np.isfinite(seen).all():
            return None
        delta, _, rank, _ = np.linalg.lstsq(z, seen, rcond=1e-8)
        agrees = rank == run.samples and residual(seen, z @ delta, coarse=True) is not None
        return delta if agrees else None


def _right_gradient(run: Any) -> Gradient:
    trace = backward(run) if isinstance(run, ForwardPass) else run.backward()
    return trace.gradient


def _places(network: AnyNetwork, params: Any) -> Iterator[Place]:
    yield from (("penalty_gradient", 0), ("loss_gradient", 0))
    if not isinstance(network, DenseNetwork):
        yield from ((LAYER, number) for number in range(len(network.body.layers), 0, -1))
        return
    for layer in range(network.depth, 0, -1):
        yield "through_activation", layer
        if f"b{layer}" in params:
            yield "bias_gradient", layer
        yield "weight_gradient", layer
        if layer > 1:
            yield "through_weights", layer


def _unproven(way: Way, layer: int) -> bool:
    """Whether the bias gradient of the layer is wrong in an unknown way: then W has to prove delta right."""
    return any(
        not charge.known and charge.plant.step == "bias_gradient" and layer in charge.plant.layers
        for charge in way.charges
    )


def _same(arrays: Sequence[Array], others: Sequence[Array]) -> bool:
    return all(
        a.shape == b.shape and bool((np.abs(a - b) <= _EQUAL * np.abs(b)).all())
        for a, b in zip(arrays, others, strict=True)
    )
