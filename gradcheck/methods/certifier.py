"""What the directions decide of a leaf: whether it passes, may still pass, or has a derivative at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.decision import ROUND_OFF, decide
from gradcheck.methods.certificate import Certificate, Stage
from gradcheck.methods.probe import SMALLEST, Gap, Probe
from gradcheck.methods.setting import Setting
from gradcheck.problem import Problem

TIMES_RTOL = 10.0
_MARGIN = 1.25
_MANY = 1 / 4  # of the entries of a leaf; of a normal distribution 2.5 % are smaller than `SMALLEST`
_HOPELESS = 2.0  # times what the gaps of the last stage may be


@dataclass(frozen=True, slots=True)
class Certifier:
    """Measures gaps along the directions of a probe, and judges leaves by them.

    Parameters
    ----------
    problem : Problem
    setting : Setting
    probe : Probe
    """

    problem: Problem
    setting: Setting
    probe: Probe

    def certify(self, leaves: Sequence[int], stage: Stage, known: tuple[Gap, ...]) -> Certificate:
        """Measure the gaps along further directions."""
        gaps = list(known)
        while len(gaps) < stage.directions:
            gaps.append(self.gap(len(gaps), leaves, stage))
        return Certificate(tuple(gaps), stage.false_pass)

    def gap(self, k: int, leaves: Sequence[int], stage: Stage) -> Gap:
        """Measure the gap along the k-th direction, as precisely as the right gradient needs to pass."""
        wanted = TIMES_RTOL * self.setting.rtol * min(self.probe.amplitudes[leaf] for leaf in leaves)
        self.probe.draw(k, leaves)
        return self.probe.gap(leaves, wanted * stage.precision() / _MARGIN)

    def passes(self, certificate: Certificate, leaf: int) -> bool:
        """Whether no error that matters is left in a leaf; nor any that is seen, where all of it is 0."""
        if certificate.disagrees is not None and self.is_zero(leaf):
            return False
        _, bound = certificate.estimate(self.probe.amplitudes[leaf])
        return decide(0.0, bound, TIMES_RTOL * self.setting.rtol) == "match"

    def passed(self, leaf: int, stages: Sequence[Stage], known: tuple[Gap, ...] = ()) -> Certificate | None:
        """Certify a leaf that is isolated by the first stage that suffices; None if none does."""
        certificate = Certificate(known, 1.0)
        for stage in stages:
            if len(known) < stage.directions:
                certificate = self.certify([leaf], stage, certificate.gaps)
                if self.passes(certificate, leaf):
                    return certificate
                if self.is_idle(certificate, leaf, stages[-1]):
                    break
        return None

    def is_idle(self, certificate: Certificate, leaf: int, last: Stage) -> bool:
        """Whether a leaf would not pass the last stage, either."""
        most = _HOPELESS * TIMES_RTOL * self.setting.rtol * last.precision()
        return certificate.spread(self.probe.amplitudes[leaf]) > most

    def vanishes(self, leaf: int, gaps: Sequence[Gap]) -> bool:
        """Whether a leaf has derivative 0 as far as can be seen, and the analytic one is that too."""
        if all(abs(gap.slope) <= gap.uncertainty for gap in gaps):
            return True
        still = all(abs(gap.slope - gap.value) <= gap.beyond_doubt for gap in gaps)
        return still and self.probe.is_round_off(leaf)

    def is_zero(self, leaf: int) -> bool:
        """Whether the analytic derivative is 0 in all entries."""
        return not np.any(self.problem.analytic[leaf])

    def is_uneven(self, leaf: int) -> bool:
        """Whether too many entries of a leaf count as larger than they are, and are more than round-off."""
        small, size = self.probe.small(leaf), self.problem.start[leaf].size
        if not small or (small <= _MANY * size and not self.probe.mixes_units(leaf)):
            return False
        roundoff = ROUND_OFF * self.setting.unit_roundoff(self.problem, leaf) * self.probe.whole(leaf)
        return self.setting.rtol * SMALLEST * self.probe.sizes[leaf] > roundoff
