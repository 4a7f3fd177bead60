"""What can only confirm: other views of entries that differences at their own scale do not resolve.

In turn: steps as large as the leaf's other entries, or as other leaves, the noise of the entry alone, the
loss in extended precision, the complex step, and a fit to many values. Each has to agree with what is known
of the entry already, and none makes a mismatch.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from gradcheck.derivatives.complex_step import ComplexStep
from gradcheck.derivatives.extrapolation import Estimate
from gradcheck.derivatives.fit import fitted_derivative
from gradcheck.derivatives.lines import DirectionLine, EntryLine, entry_scales
from gradcheck.derivatives.noise import measure_noise
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.setting import Setting, in_extended_precision, second_look
from gradcheck.methods.tiny import is_tiny
from gradcheck.problem import Problem

View = Callable[[int], Estimate | None]


class Confirmation:
    """Other views of the entries of a problem; each is made when it is needed first.

    Parameters
    ----------
    problem : Problem
    setting : Setting
    evidence : sequence of LeafEvidence
        What is known of each leaf.
    """

    def __init__(self, problem: Problem, setting: Setting, evidence: Sequence[LeafEvidence]) -> None:
        self.problem, self.setting, self.evidence = problem, setting, evidence
        self._agreements: dict[int, bool | None] = {}

    def ask(self, leaf: int) -> None:
        """Ask about the entries of a leaf that were measured but could not be decided."""
        rtol, evidence = self.setting.rtol, self.evidence[leaf]
        views = (
            self._wide,
            self._widest,
            self._in_its_own_noise,
            self._in_extended_precision,
            self._by_complex_step,
            self._by_fit,
        )
        for view in views:
            unresolved = evidence.unresolved(rtol)
            if not unresolved:
                return
            if estimate := view(leaf):
                for k in unresolved:
                    if found := estimate(k):
                        evidence.confirm(k, found, rtol)

    def _wide(self, leaf: int) -> View:
        """Take steps as large as the leaf's other entries, which may be far too large for this one."""
        return self._over(leaf, self.setting.scales[leaf])

    def _widest(self, leaf: int) -> View | None:
        """Take steps as large as the largest leaf, if this one is tiny beside it."""
        tiny = is_tiny(self.setting, self.setting.scales[leaf])
        return self._over(leaf, max(self.setting.scales)) if tiny else None

    def _over(self, leaf: int, scale: float) -> View:
        problem, setting = self.problem, self.setting
        smaller = entry_scales(problem.start[leaf], setting.scales[leaf]) < scale
        return lambda k: second_look(problem, leaf, k, setting, scale) if smaller[k] else None

    def _in_its_own_noise(self, leaf: int) -> View:
        """Take the noise along the entry's own line where there is more: small steps then object to less."""
        problem, setting = self.problem, self.setting
        scales = entry_scales(problem.start[leaf], setting.scales[leaf])

        def estimate(k: int) -> Estimate | None:
            line = DirectionLine(problem, {leaf: np.where(np.arange(len(scales)) == k, scales, 0)})
            noise = measure_noise(line, problem.value, problem.unit_roundoff)
            if noise.level <= setting.noise.level:
                return None
            return second_look(problem, leaf, k, dataclasses.replace(setting, noise=noise))

        return estimate

    def _in_extended_precision(self, leaf: int) -> View | None:
        if self._extended is None:
            return None
        twin, setting = self._extended

        def estimate(k: int) -> Estimate:
            found = second_look(twin, leaf, k, setting)
            self.problem.evaluations += found.evaluations
            return dataclasses.replace(found, kind="extended") if found.kind == "smooth" else found

        return estimate

    def _by_complex_step(self, leaf: int) -> View | None:
        if not self._steps_through(leaf):
            return None
        step, scale = self._complex_step, self.evidence[leaf].scale()
        return lambda k: step.estimate(leaf, k, float(scale[k]))

    def _by_fit(self, leaf: int) -> View:
        problem, setting, evidence = self.problem, self.setting, self.evidence[leaf]
        scales = entry_scales(problem.start[leaf], setting.scales[leaf])
        enough = setting.rtol * evidence.judge(setting.rtol).judged

        def estimate(k: int) -> Estimate | None:
            if evidence.odd.get(k, "unresolved") != "unresolved":
                return None  # a kink or an edge is no polynomial
            line, scale = EntryLine(problem, leaf, k), float(scales[k])
            return fitted_derivative(line, problem.value, scale, setting.noise, float(enough[k]))

        return estimate

    def _steps_through(self, leaf: int) -> bool:
        """Whether the complex step agrees with what differences resolve.

        Where they resolve nothing of the leaf, it has to agree with the other leaves, and with the
        largest entry of the gradient to be judged: not with zeros, which a broken step gives as well.
        """
        agrees = self._agreement(leaf)
        if agrees is not None:
            return agrees
        others = [self._agreement(other) for other in range(len(self.evidence)) if other != leaf]
        analytic = self.evidence[leaf].analytic
        k = int(np.argmax(np.abs(analytic)))
        return (
            True in others
            and False not in others
            and abs(self._complex_step.derivative(leaf, k) - analytic[k])
            <= self.setting.rtol * abs(analytic[k])
            > 0
        )

    def _agreement(self, leaf: int) -> bool | None:
        if leaf not in self._agreements:
            known = self.evidence[leaf]
            self._agreements[leaf] = self._complex_step.agrees(leaf, known.numeric, known.uncertainty)
        return self._agreements[leaf]

    @cached_property
    def _complex_step(self) -> ComplexStep:
        return ComplexStep(self.problem)

    @cached_property
    def _extended(self) -> tuple[Problem, Setting] | None:
        return in_extended_precision(self.problem, self.setting)
