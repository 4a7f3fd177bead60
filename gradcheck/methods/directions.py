"""``method="directions"``: a certificate that no entry is wrong, at a cost independent of their number.

Along directions that weigh every entry by its relative error r_i (`probe`), the gap t has the standard
deviation c |r|, and is rarely far smaller. So from K directions,
|r| <= sqrt(sum (|t_k| + e_k)^2 / s_K(alpha)) / c but for a probability alpha, where e_k bounds the error
of the measured derivative and s_K is given in `certificate`.

The certificate judges errors of ten times `rtol`: it passes only if such an error would have passed
with a probability of at most `FALSE_PASS`. Where it disagrees, `localisation` finds the wrong entries
and each gets a second look, which alone can make it a mismatch.

To call a gap an error one has to know the noise of the loss; to call it small one has not, for noise
hides no error (`certificate`). So it is measured only where the gaps of the first directions are not
small enough to be proof by themselves: `at_once`.

Where many samples meet many relus a kink lies close by along every direction, and steps that are
small enough drown in round-off: what that leaves open is certified in extended precision, if the loss
computes in it.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import Verdict, decide
from gradcheck.methods.certificate import Certificate, Certified, Stage, bounded
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.kinks import doubt_where_kinks_meet
from gradcheck.methods.localisation import CONFIRMED, Located, wrong_entries, wrong_leaves
from gradcheck.methods.probe import SMALLEST, Gap, Probe
from gradcheck.methods.setting import Setting, in_extended_precision, second_look
from gradcheck.problem import Problem
from gradcheck.report import ParameterReport

Array = NDArray[Any]

TIMES_RTOL = 10.0
_MARGIN = 1.25
_MANY = 0.1  # of the entries of a leaf; of a normal distribution 2.5 % are smaller than `SMALLEST`
_HOPELESS = 2.0  # times what the gaps of the last stage may be
_DOUBLE = 2.0**-53  # unit round-off

# Noise or a kink leaves a gap imprecise, which more directions make up for.
_AT_ONCE = (Stage(2, 1 / 4), Stage(3, 1 / 16), Stage(4, 1 / 16))
_TOGETHER = (Stage(3, 1 / 8), Stage(4, 1 / 16), Stage(8, 1 / 16))
_ALONE = (Stage(3, 1 / 8), Stage(8, 1 / 16), Stage(16, 1 / 16))
_EXTENDED = (Stage(3, 1 / 16), Stage(8, 1 / 32), Stage(16, 1 / 32))


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
        self.reports: dict[int, ParameterReport] = {}
        self.notes: list[str] = []
        self.evidence: dict[int, LeafEvidence] = {}
        self.open: list[int] = []
        self.probability = 0.0
        self.leaves = [leaf for leaf, start in enumerate(problem.start) if start.size]

    def at_once(self) -> Certified | None:
        """Certify all leaves by the first stage that suffices; None once a gap rules out the last."""
        gaps: tuple[Gap, ...] = ()
        for stage in _AT_ONCE:
            while len(gaps) < stage.directions:
                gaps += (self._gap(len(gaps), self.leaves, _AT_ONCE[0]),)
                certificate = Certificate(gaps, stage.false_pass)
                if any(self._is_idle(certificate, leaf, _AT_ONCE[-1]) for leaf in self.leaves):
                    return None
            if all(self._passes(certificate, leaf) for leaf in self.leaves):
                for leaf in self.leaves:
                    self._accept(certificate, leaf)
                return self._certified()
        return None

    def run(self) -> Certified:
        """Certify what can be, and find what is wrong in the rest."""
        broken = [leaf for leaf in self.leaves if not np.isfinite(self.problem.analytic[leaf]).all()]
        for leaf in broken:
            self._confirm(
                leaf, Located(np.flatnonzero(~np.isfinite(self.problem.analytic[leaf]))[:CONFIRMED], "")
            )
        zero = [leaf for leaf in self.leaves if self._is_zero(leaf)]
        rest = [leaf for leaf in self.leaves if leaf not in broken + zero]
        while rest:
            rest = self._round(rest)
        self._alone(zero)  # beside others a derivative that is there could not be seen
        if self.open:
            self._in_extended_precision()
        self.notes += [self._bound_only(leaf) for leaf in self.open]
        return self._certified()

    def _certified(self) -> Certified:
        self.notes += [note for leaf in self.leaves if (note := self._overlooked(leaf))]
        reports = {
            known.name: self.reports.get(leaf) or self._report(leaf, "match", 0.0, 0.0)
            for leaf, known in enumerate(self.problem.leaves)
        }
        return Certified(reports, self.probability, tuple(self.notes), self.evidence)

    def _round(
        self, leaves: list[int], stages: Sequence[Stage] = _TOGETHER, known: tuple[Gap, ...] = ()
    ) -> list[int]:
        """Certify these leaves together; return those about which nothing is known yet."""
        certificate, passing = Certificate(known, 1.0), list[int]()
        for stage in stages:
            certificate = self._certify(leaves, stage, certificate.gaps)
            seen = certificate.disagrees is not None
            passing = [
                leaf
                for leaf in leaves
                if self._passes(certificate, leaf) and not (seen and self._is_zero(leaf))
            ]
            rest = [leaf for leaf in leaves if leaf not in passing]
            if seen:
                break
            if all(self._is_idle(certificate, leaf, stages[-1]) for leaf in rest):
                break
        for leaf in passing:
            self._accept(certificate, leaf)
        if not rest:
            return []
        worst = certificate.disagrees
        if worst is None:
            return self._alone(rest) if stages is _TOGETHER else self._give_up(rest, certificate)
        found = wrong_leaves(self.probe, worst, leaves, certificate.gaps[worst])
        wrong = [leaf for leaf in found if leaf in rest]
        for leaf in wrong:
            self._settle(leaf, worst, stages)
        return [leaf for leaf in rest if leaf not in wrong] if wrong else self._give_up(rest, certificate)

    def _settle(self, leaf: int, worst: int, stages: Sequence[Stage]) -> None:
        """Look at a leaf that stands out along a direction."""
        if stages is _TOGETHER and self.probe.is_round_off(leaf):
            self._alone([leaf])
        elif self._confirm(leaf, wrong_entries(self.probe, worst, leaf)) != "mismatch":
            self._outlast(leaf)

    def _outlast(self, leaf: int) -> None:
        """Certify a leaf with a gap but no wrong entry: it may be right to rtol, if not to all digits."""
        self.probe.isolate(leaf, self.probe.sizes[leaf])
        certificate = Certificate((), 1.0)
        for stage in _ALONE:
            certificate = self._certify([leaf], stage, certificate.gaps)
            if self._passes(certificate, leaf):
                self._accept(certificate, leaf)
                break
            if self._is_idle(certificate, leaf, _ALONE[-1]):
                break

    def _certify(self, leaves: Sequence[int], stage: Stage, known: tuple[Gap, ...]) -> Certificate:
        """Measure the gaps along further directions."""
        gaps = list(known)
        while len(gaps) < stage.directions:
            gaps.append(self._gap(len(gaps), leaves, stage))
        return Certificate(tuple(gaps), stage.false_pass)

    def _gap(self, k: int, leaves: Sequence[int], stage: Stage) -> Gap:
        """Measure the gap along the k-th direction, as precisely as the right gradient needs to pass."""
        wanted = TIMES_RTOL * self.setting.rtol * min(self.probe.amplitudes[leaf] for leaf in leaves)
        self.probe.draw(k, leaves)
        return self.probe.gap(leaves, wanted * stage.precision() / _MARGIN)

    def _passes(self, certificate: Certificate, leaf: int) -> bool:
        _, bound = certificate.estimate(self.probe.amplitudes[leaf])
        return decide(0.0, bound, TIMES_RTOL * self.setting.rtol) == "match"

    def _is_idle(self, certificate: Certificate, leaf: int, last: Stage) -> bool:
        """Whether a leaf would not pass the last stage, either."""
        most = _HOPELESS * TIMES_RTOL * self.setting.rtol * last.precision()
        return certificate.spread(self.probe.amplitudes[leaf]) > most

    def _accept(self, certificate: Certificate, leaf: int) -> None:
        amplitude = self.probe.amplitudes[leaf]
        self.reports[leaf] = self._report(leaf, "match", *certificate.estimate(amplitude))
        probability = certificate.false_pass(amplitude, TIMES_RTOL * self.setting.rtol)
        self.probability = max(self.probability, probability)

    def _alone(self, leaves: Sequence[int]) -> list[int]:
        """Certify leaves one by one, where together the others hid them."""
        for leaf in leaves:
            self.probe.isolate(leaf, self.probe.sizes[leaf])
            known: tuple[Gap, ...] = ()
            if not self._is_zero(leaf):
                known = self._certify([leaf], _ALONE[0], ()).gaps
                if self._vanishes(leaf, known):
                    self.probe.isolate(leaf, self.setting.natural(self.problem, leaf))
                    known = ()
            self._round([leaf], _ALONE, known)
        return []

    def _vanishes(self, leaf: int, gaps: Sequence[Gap]) -> bool:
        """Whether a leaf has derivative 0 as far as can be seen, and the analytic one is that too."""
        if all(abs(gap.slope) <= gap.uncertainty for gap in gaps):
            return True
        still = all(abs(gap.slope - gap.value) <= gap.beyond_doubt for gap in gaps)
        return still and self.probe.is_round_off(leaf)

    def _is_zero(self, leaf: int) -> bool:
        return not np.any(self.problem.analytic[leaf])

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
        counted, rest = self.problem, self.open
        self.problem, self.setting = finer
        self.probe, self.open = self.probe.finer(*finer), []
        before = self.problem.evaluations
        while rest:
            rest = self._round(rest, _EXTENDED)
        counted.evaluations += self.problem.evaluations - before

    def _bound_only(self, leaf: int) -> str:
        report = self.reports[leaf]
        return (
            f"{report.name}: the directions bound its relative error only by "
            f"{report.max_relative_error + report.uncertainty:.0e}; method='entries' looks at each entry"
        )

    def _overlooked(self, leaf: int) -> str:
        """Say how many entries of a leaf count as larger than they are, if they are many."""
        small, known = self.probe.small(leaf), self.problem.leaves[leaf]
        if small <= _MANY * self.problem.start[leaf].size:
            return ""
        return (
            f"{known.name}: {small} derivatives are smaller than {SMALLEST * self.probe.sizes[leaf]:.0e} and "
            "judged as if they were of that size; method='entries' judges each by its own"
        )

    def _report(self, leaf: int, verdict: Verdict, error: float, bound: float) -> ParameterReport:
        limit = TIMES_RTOL * self.setting.rtol * self.probe.sizes[leaf]
        return bounded(self.problem.leaves[leaf], verdict, error, bound, limit)

    def _confirm(self, leaf: int, located: Located) -> Verdict:
        """Give the entries found a second look: only that makes a mismatch."""
        problem, known = self.problem, self.problem.leaves[leaf]
        entries = located.entries
        size, blank = self.probe.sizes[leaf], np.full(len(entries), np.nan)
        roundoff = self.setting.unit_roundoff(problem, leaf)
        evidence = LeafEvidence(
            problem.analytic[leaf][entries], blank, blank, lambda: size, roundoff, entries
        )
        for i, k in enumerate(entries.tolist()):
            evidence.replace(i, second_look(problem, leaf, k, self.setting))
        doubt_where_kinks_meet(problem, self.setting, leaf, evidence)
        self.evidence[leaf] = evidence
        report = evidence.report(known, self.setting.rtol)
        if located.pattern and report.verdict == "mismatch":
            self.notes.append(f"{known.name}: {located.pattern}")
        if report.verdict == "match":  # of these entries; what the directions saw is spread wider
            report = dataclasses.replace(report, verdict="inconclusive")
        self.reports[leaf] = report
        return report.verdict
