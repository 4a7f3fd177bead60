"""``method="entries"``: every entry of every parameter against its own numeric derivative.

A first look at all entries, two evaluations each, confirms nearly all of a right gradient. A
second look at those it cannot confirm measures a bound on the error and finds kinks, jumps and
edges. Where very many entries of a leaf disagree, a sample gets the second look; if it confirms
every one of them as wrong, so are the others that disagree as clearly.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import INCONCLUSIVE, MATCH, MISMATCH
from gradcheck.derivatives.differences import central_differences, first_step, largest_bend
from gradcheck.derivatives.lines import entry_scales
from gradcheck.methods.confirmation import Confirmation
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.kinks import doubt_where_kinks_meet
from gradcheck.methods.setting import Setting, second_look
from gradcheck.methods.tiny import doubt_where_tiny
from gradcheck.problem import Problem

Array = NDArray[Any]

_SAMPLE = 16
_MOST = 512
_CLEAR = 16.0


def examine(problem: Problem, setting: Setting) -> list[LeafEvidence]:
    """Measure the derivative of every entry of every leaf.

    Parameters
    ----------
    problem : Problem
    setting : Setting

    Returns
    -------
    list of LeafEvidence
        One for each leaf.
    """
    evidence = [_examine_leaf(problem, index, setting) for index in range(len(problem.leaves))]
    confirmation = Confirmation(problem, setting, evidence)
    for index in range(len(evidence)):
        confirmation.ask(index)
        doubt_where_kinks_meet(problem, setting, index, evidence[index])
        doubt_where_tiny(problem, setting, index, evidence[index])
    return evidence


def _examine_leaf(problem: Problem, index: int, setting: Setting) -> LeafEvidence:
    evidence = _first_look(problem, index, setting)
    if not evidence.analytic.size:
        return evidence

    def look_again(entries: Array) -> None:
        looks = problem.each(second_look, [(index, k, setting) for k in entries.tolist()])
        for k, found in zip(entries.tolist(), looks, strict=True):
            evidence.replace(k, found)

    _settle(evidence, setting, look_again)
    worst = evidence.suspicious_match(setting.rtol)
    if worst is not None:
        look_again(np.array([worst]))
    return evidence


def _first_look(problem: Problem, index: int, setting: Setting) -> LeafEvidence:
    analytic = problem.analytic[index]
    if not analytic.size:
        return LeafEvidence(analytic, analytic, analytic, lambda: 0.0)
    sizes = entry_scales(problem.start[index], setting.scales[index])
    for k in _largest_first(analytic):
        step, third = first_step(problem, index, k, float(sizes[k]), setting.noise.level)
        if math.isfinite(third):
            break  # it lies at no edge of the domain
    everything = np.arange(analytic.size)
    look = central_differences(problem, index, everything, sizes, step, setting.noise, third)
    steps = sizes / setting.scales[index]
    return LeafEvidence(
        analytic,
        look.values,
        look.uncertainty,
        partial(setting.natural, problem, index),
        setting.unit_roundoff(problem, index),
        bend=largest_bend(problem, index, everything, sizes, step, look) / setting.scales[index],
        steps=steps,
        unsteady=problem.unsteady[index],
    )


def _sampled(entries: Array) -> Array:
    return entries[:: max(1, math.ceil(len(entries) / _SAMPLE))]


def _largest_first(analytic: Array) -> Iterator[int]:
    """Yield the entry with the largest derivative, and then a sample of the others in their order."""
    sizes = np.where(np.isfinite(analytic), np.abs(analytic), 0)
    yield int(np.argmax(sizes))
    yield from _sampled(np.argsort(-sizes, kind="stable")).tolist()[1:]


def _settle(evidence: LeafEvidence, setting: Setting, look_again: Callable[[Array], None]) -> None:
    """Look again at all that is no match: a sample of the clear disagreements, then the rest."""
    judgement = evidence.judge(setting.rtol)
    # An agreement to rtol is evidence by itself: two independent errors do not cancel so far.
    agreeing = judgement.gap <= setting.rtol * judgement.size
    undecided = (judgement.severity != MATCH) | (judgement.unseen & ~agreeing)
    undecided &= np.isfinite(evidence.analytic)
    if not undecided.any():
        return
    clear = undecided & (judgement.severity == MISMATCH) & (judgement.gap > _CLEAR * judgement.bound)
    obvious = np.flatnonzero(clear)
    sample = _sampled(obvious)
    look_again(sample)
    confirmed = bool(np.all(evidence.judge(setting.rtol).severity[sample] == MISMATCH))
    rest = (
        np.flatnonzero(undecided & ~clear) if confirmed else np.setdiff1d(np.flatnonzero(undecided), sample)
    )
    if setting.differs:
        some = _sampled(rest)
        look_again(some)
        if np.all(evidence.judge(setting.rtol).severity[some] == INCONCLUSIVE):
            evidence.doubt(rest)  # what is so loud drowns them all
            return
        rest = np.setdiff1d(rest, some)
    look_again(rest[:_MOST])
    evidence.doubt(rest[_MOST:][judgement.severity[rest[_MOST:]] != MATCH])
