"""``method="directions"``: a certificate that no entry is wrong, at a cost independent of their number.

Along directions that weigh every entry by its relative error r_i (`probe`), the gap t has the standard
deviation c |r|, and is rarely far smaller. So from K directions,
|r| <= sqrt(sum (|t_k| + e_k)^2 / s_K(alpha)) / c but for a probability alpha, where e_k bounds the error
of the measured derivative and s_K is given in `certificate`.

The certificate judges errors of ten times `rtol`: it passes only if such an error would have passed
with a probability of at most `FALSE_PASS`. Where it disagrees, `localisation` finds the wrong entries
and each gets a second look, which alone can make it a mismatch.

To call a gap an error one has to know the noise of the loss; to call it small one has not, for noise
hides no error (`certificate`). So it is measured only where the gaps of the first directions, at steps
that look small enough for kinks and large enough for round-off, are no proof by themselves: `at_once`.

Entries that are small beside others of their leaf count as larger than they are; where they are many,
or belong to far larger parameters, they are certified by themselves. Near an optimum, derivatives too small
for either precision to see them to ten times `rtol` count as 1 % of what they are nearby.

Where many samples meet many relus a kink lies close by along every direction, and steps that are
small enough drown in round-off: what that leaves open is certified in extended precision, if the loss
computes in it.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import SMALLEST_SIZE, Verdict
from gradcheck.methods.certificate import (
    AGAIN,
    ALONE,
    AT_ONCE,
    BENT,
    EXTENDED,
    TOGETHER,
    Certificate,
    Certified,
    Evidence,
    Stage,
)
from gradcheck.methods.certifier import TIMES_RTOL, Certifier
from gradcheck.methods.inspection import inspected
from gradcheck.methods.leaf_reports import astray_note, bounded, near_note, open_note, small_note, weaker
from gradcheck.methods.localisation import CONFIRMED, Located, wrong_entries, wrong_leaves
from gradcheck.methods.probe import Gap, Probe
from gradcheck.methods.setting import Setting, in_extended_precision
from gradcheck.methods.tiny import is_moved_by_more, is_tiny
from gradcheck.problem import Problem
from gradcheck.report import ParameterReport

Array = NDArray[Any]

_DOUBLE = 2.0**-53  # unit round-off
_MOST = 1 / 2  # of the slopes: where gaps are larger, most of the gradient may be wrong
_LOUD = 3  # doublings of the steps: a gap so loud is measured again


def examine(problem: Problem, setting: Setting) -> Certified:
    """Certify the gradient by random directions, and find what is wrong where that fails.

    Parameters
    ----------
    problem : Problem
    setting : Setting

    Returns
    -------
    Certified
    """
    return _Examination(problem, setting).run()


def at_once(problem: Problem, setting: Setting) -> Certified | None:
    """Certify a right gradient by few directions; None where they do not suffice, whatever the reason.

    Parameters
    ----------
    problem : Problem
    setting : Setting
        Its noise may be less than the loss has.

    Returns
    -------
    Certified or None
    """
    if problem.unit_roundoff > _DOUBLE:
        return None
    if not all(np.any(a) and np.isfinite(a).all() for a in problem.analytic if a.size):
        return None
    return _Examination(problem, setting).at_once()


class _Examination:
    def __init__(self, problem: Problem, setting: Setting) -> None:
        self.problem, self.setting = problem, setting
        self.probe = Probe(problem, setting)
        self.certifier = Certifier(problem, setting, self.probe)
        self.reports: dict[int, ParameterReport] = {}
        self.notes: list[str] = []
        self.evidence = Evidence()
        self.open: list[int] = []
        self.probability = 0.0
        self.leaves = [leaf for leaf, start in enumerate(problem.start) if start.size]

    def at_once(self) -> Certified | None:
        """Certify all leaves by the first stage that suffices; None once a gap rules out the last."""
        if any(map(self.certifier.is_uneven, self.leaves)):
            return None
        stages, first = AT_ONCE, self.certifier.gap(0, self.leaves, AT_ONCE[0])
        if first.chosen:
            stages = AGAIN
        elif first.room >= _LOUD:
            stages, first = AGAIN, self.certifier.gap(0, self.leaves, AGAIN[0])
        certificate = Certificate((first,), 1.0)
        for stage in stages:
            if any(self.certifier.is_idle(certificate, leaf, stages[-1]) for leaf in self.leaves):
                break
            certificate = self.certifier.certify(self.leaves, stage, certificate.gaps)
            if all(self.certifier.passes(certificate, leaf) for leaf in self.leaves):
                for leaf in self.leaves:
                    self._accept(certificate, leaf)
                return self._certified()
        return None

    def run(self) -> Certified:
        """Certify what can be, and find what is wrong in the rest."""
        bad = {leaf: np.flatnonzero(~np.isfinite(self.problem.analytic[leaf])) for leaf in self.leaves}
        broken = [leaf for leaf, entries in bad.items() if len(entries)]
        for leaf in broken:
            self._confirm(leaf, Located(bad[leaf][:CONFIRMED], ""))
        zero = [leaf for leaf in self.leaves if self.certifier.is_zero(leaf)]
        rest = [leaf for leaf in self.leaves if leaf not in broken + zero]
        while rest:
            rest = self._round(rest)
        self._alone(zero)  # beside others a derivative that is there could not be seen
        for leaf in self.leaves:
            self._descend(leaf)
        unseen = self.open  # not even a disagreement was
        if unseen:
            self._in_extended_precision()
        for leaf in unseen:
            self._near_optimum(leaf)
        if not self.setting.differs:
            self._note_what_entries_may_settle()
        return self._certified()

    def _note_what_entries_may_settle(self) -> None:
        still = self.setting.variation == 0  # whatever moves: nothing is to be seen by entries, either
        unclear = [leaf for leaf in self.open if not (still and self.certifier.is_zero(leaf))]
        self.notes += [open_note(self.reports[leaf]) for leaf in unclear]
        led_to = [report for leaf, report in self.reports.items() if leaf not in self.open]
        self.notes += [astray_note(report) for report in led_to if report.verdict == "inconclusive"]

    def _certified(self) -> Certified:
        reports = {
            known.name: self.reports.get(leaf) or self._report(leaf, "match", 0.0, 0.0)
            for leaf, known in enumerate(self.problem.leaves)
        }
        return Certified(reports, self.probability, tuple(self.notes), self.evidence)

    def _round(
        self, leaves: list[int], stages: Sequence[Stage] = TOGETHER, known: tuple[Gap, ...] = ()
    ) -> list[int]:
        """Certify these leaves together; return those about which nothing is known yet."""
        certificate, passing = Certificate(known, 1.0), list[int]()
        for stage in stages:
            certificate = self.certifier.certify(leaves, stage, certificate.gaps)
            passing = [leaf for leaf in leaves if self.certifier.passes(certificate, leaf)]
            rest = [leaf for leaf in leaves if leaf not in passing]
            if certificate.disagrees is not None:
                break
            if all(self.certifier.is_idle(certificate, leaf, stages[-1]) for leaf in rest):
                break
        for leaf in passing:
            self._accept(certificate, leaf)
        if not rest:
            return []
        if certificate.disagrees is not None:
            return self._pursue(certificate, certificate.disagrees, leaves, rest, stages)
        return self._alone(rest) if stages is TOGETHER else self._give_up(rest, certificate)

    def _pursue(
        self,
        certificate: Certificate,
        worst: int,
        leaves: list[int],
        suspects: list[int],
        stages: Sequence[Stage],
    ) -> list[int]:
        """Look where the gap along a direction arises; return the suspects about which it says nothing."""
        gap = certificate.gaps[worst]
        found = wrong_leaves(self.probe, worst, leaves, gap)
        wrong = [leaf for leaf in suspects if leaf in found]
        # No leaf has a second chance to pass the same stages.
        known = certificate.gaps if stages is ALONE else ()
        for leaf in wrong:
            if stages is TOGETHER and self.probe.is_round_off(leaf):
                self._alone([leaf])
                continue
            located = wrong_entries(self.probe, worst, leaf, gap, alone=len(found) == 1)
            if self._confirm(leaf, located) != "mismatch":
                self._outlast(leaf, stages, known)
        if wrong:
            return [leaf for leaf in suspects if leaf not in wrong]
        for leaf in suspects:
            self._give_up([leaf], certificate)
            self._outlast(leaf, stages, known)
        return []

    def _outlast(self, leaf: int, stages: Sequence[Stage], known: tuple[Gap, ...]) -> None:
        """Certify a leaf with a gap but no wrong entry: it may be right, if not to all digits."""
        if stages is not EXTENDED:
            self.probe.isolate(leaf, self.probe.sizes[leaf])
            if passed := self.certifier.passed(leaf, ALONE, known):
                self._accept(passed, leaf)

    def _accept(self, certificate: Certificate, leaf: int) -> None:
        amplitude = self.probe.amplitudes[leaf]
        self.reports[leaf] = self._report(leaf, "match", *certificate.estimate(amplitude))
        probability = certificate.false_pass(amplitude, TIMES_RTOL * self.setting.rtol)
        self.probability = max(self.probability, probability)
        self.open = [k for k in self.open if k != leaf]

    def _alone(self, leaves: Sequence[int]) -> list[int]:
        """Certify leaves one by one, where together the others hid them."""
        for leaf in leaves:
            self.probe.isolate(leaf, self.probe.sizes[leaf])
            known: tuple[Gap, ...] = ()
            if not self.certifier.is_zero(leaf):
                known = self.certifier.certify([leaf], ALONE[0], ()).gaps
                tiny = is_tiny(self.setting, self.setting.scales[leaf])
                if self.certifier.vanishes(leaf, known) and not tiny:
                    self.probe.isolate(leaf, self.setting.natural(self.problem, leaf))
                    known = ()
            self._round([leaf], ALONE, known)
            unseen = self.reports[leaf].verdict == "match" and self.certifier.is_zero(leaf)
            if unseen and is_moved_by_more(self.problem, self.setting, leaf):
                self.reports[leaf] = self._report(leaf, "inconclusive", 0.0, math.inf)
                self.open.append(leaf)
        return []

    def _give_up(self, leaves: Sequence[int], certificate: Certificate) -> list[int]:
        for leaf in leaves:
            error, bound = certificate.estimate(self.probe.amplitudes[leaf])
            self.reports[leaf] = self._report(leaf, "inconclusive", error, bound)
        self.open += leaves
        return []

    def _in_extended_precision(self) -> None:
        """Certify what is open with the loss in extended precision, if it computes in it."""
        finer = in_extended_precision(self.problem, self.setting)
        if finer is None:
            return
        given, unseen = (self.problem, self.setting, self.probe, self.certifier), self.open
        self.problem, self.setting = finer
        self.probe, self.open = self.probe.finer(*finer), []
        self.certifier = Certifier(*finer, self.probe)
        before, rest = self.problem.evaluations, unseen
        while rest:
            rest = self._round(rest, EXTENDED)
        for leaf in unseen:
            self._descend(leaf, EXTENDED)
        given[0].evaluations += self.problem.evaluations - before
        self.problem, self.setting, self.probe, self.certifier = given

    def _near_optimum(self, leaf: int) -> None:
        """Certify a leaf whose derivatives are small beside what they are nearby, by these (rule 2)."""
        known = self.reports[leaf]
        if known.verdict != "inconclusive" or known.max_relative_error > _MOST * known.entries**0.5:
            return
        size = SMALLEST_SIZE * self.setting.bend(self.problem, leaf)
        if self.probe.sizes[leaf] < size:
            self.probe.isolate(leaf, size)
            if passed := self.certifier.passed(leaf, BENT):
                self._accept(passed, leaf)
                self.notes.append(near_note(known.name, size))

    def _descend(self, leaf: int, stages: Sequence[Stage] = ALONE) -> None:
        """Certify the small entries of a leaf by themselves, as far down as they are seen."""
        while self.reports[leaf].verdict == "match" and self.certifier.is_uneven(leaf):
            known, small, least = self.reports[leaf], self.probe.small(leaf), self.probe.least(leaf)
            self.probe.descend(leaf)
            self._round([leaf], stages)
            if self.reports[leaf].verdict == "inconclusive":
                self.notes.append(small_note(known.name, small, least))
                self.reports[leaf] = known
                self.open = [k for k in self.open if k != leaf]
                break
            self.reports[leaf] = weaker(known, self.reports[leaf])

    def _report(self, leaf: int, verdict: Verdict, error: float, bound: float) -> ParameterReport:
        limit = TIMES_RTOL * self.setting.rtol * self.probe.sizes[leaf]
        return bounded(self.problem.leaves[leaf], verdict, error, bound, limit)

    def _confirm(self, leaf: int, located: Located) -> Verdict:
        """Give the entries found a second look: only that makes a mismatch."""
        known = self.problem.leaves[leaf]
        sizes = (self.probe.sizes[leaf], self.probe.whole(leaf))
        evidence = inspected(self.problem, self.setting, leaf, located.entries, *sizes)
        self.evidence[leaf] = evidence
        report = evidence.report(known, self.setting.rtol)
        if located.pattern and report.verdict == "mismatch":
            self.notes.append(f"{known.name}: {located.pattern}")
        if report.verdict == "match":  # of these entries; what the directions saw is spread wider
            report = dataclasses.replace(report, verdict="inconclusive")
        self.reports[leaf] = report
        return report.verdict
