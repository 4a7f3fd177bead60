"""Where several kinks meet in one entry: no number refutes a backward pass there.

With relu'(0) = 0 a backward pass gives the slope that each relu has on its left. Along one entry some of
them are passed from left to right, others from right to left (weights of 0, equal samples), so that the
sum need not lie between the left and the right derivative of the loss. What can be asked is whether the
gradient is right at a point beside, where the kinks are apart.
"""

import numpy as np

from gradcheck.decision import MISMATCH, decide
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.setting import Setting, second_look
from gradcheck.problem import Problem

_ASKED = 16


def doubt_where_kinks_meet(problem: Problem, setting: Setting, leaf: int, evidence: LeafEvidence) -> None:
    """Leave open the entries of a leaf that are refuted at a kink alone, if beside it they are right.

    Parameters
    ----------
    problem : Problem
    setting : Setting
    leaf : int
    evidence : LeafEvidence
        Of that leaf; changed.
    """
    severity = evidence.judge(setting.rtol).severity
    beyond = [k for k, kind in evidence.odd.items() if kind == "kink" and severity[k] == MISMATCH]
    beside = problem.beside(setting.scales, setting.seed) if beyond else None
    if beside is None:
        return
    asked = [k if evidence.where is None else int(evidence.where[k]) for k in beyond[:_ASKED]]
    verdicts = [_verdict(beside, leaf, k, setting) for k in asked]
    problem.evaluations += beside.evaluations
    if "match" in verdicts and "mismatch" not in verdicts:
        evidence.doubt(np.array(beyond))
        evidence.odd.update(dict.fromkeys(beyond, "kinks"))


def _verdict(problem: Problem, leaf: int, k: int, setting: Setting) -> str:
    analytic, found = float(problem.analytic[leaf][k]), second_look(problem, leaf, k, setting)
    if not np.isfinite(analytic):
        return "mismatch"
    gap = max(0.0, found.low - analytic, analytic - found.high)  # 0 where there is no derivative
    return decide(gap, found.uncertainty, setting.rtol * max(abs(analytic), abs(found.value)))
