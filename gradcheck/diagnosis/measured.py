"""What is known of a wrong gradient, from the derivatives that were measured."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis.case import Case
from gradcheck.diagnosis.explanation import explain
from gradcheck.diagnosis.patterns import read
from gradcheck.faults import View
from gradcheck.methods.evidence import LeafEvidence
from gradcheck.networks import DenseNetwork, Network
from gradcheck.problem import Problem
from gradcheck.report import Finding


def diagnose(
    loss: Any, problem: Problem, evidence: Mapping[int, LeafEvidence], rtol: float
) -> tuple[Finding, ...]:
    """Say what is known of the wrong entries of a gradient.

    Parameters
    ----------
    loss : callable
        The network is known if it is the method `loss` of an object with `network`, `x` and `d`.
    problem : Problem
    evidence : mapping of int to LeafEvidence
        The derivatives that were measured, for each leaf of which there are any.
    rtol : float

    Returns
    -------
    tuple of Finding
    """
    found: tuple[Finding, ...] = ()
    owner: Any = getattr(loss, "__self__", None)
    if isinstance(getattr(owner, "network", None), DenseNetwork | Network) and loss.__name__ == "loss":
        found = explain(owner.network, [_case(owner, problem)], rtol)
    return found or read(*_views(problem, evidence, rtol), rtol)


def _case(owner: Any, problem: Problem) -> Case:
    named = list(zip(problem.leaves, problem.start, problem.analytic, strict=True))
    params = {leaf.name: start.reshape(leaf.shape).astype(np.float64) for leaf, start, _ in named}
    gradient = {leaf.name: given.reshape(leaf.shape) for leaf, _, given in named}
    return Case(params, owner.x, np.asarray(owner.d), gradient)


def _views(
    problem: Problem, evidence: Mapping[int, LeafEvidence], rtol: float
) -> tuple[dict[str, View], dict[str, NDArray[np.int8]]]:
    views, severity = {}, {}
    for index, found in evidence.items():
        leaf, where = problem.leaves[index], found.where
        shape = leaf.grid if where is None else (len(where),)
        start = problem.start[index] if where is None else problem.start[index][where]
        uncertainty = found.uncertainty.copy()
        uncertainty[list(found.odd)] = np.inf  # a kink has no one derivative
        views[leaf.name] = View(
            start.reshape(shape),
            found.analytic.reshape(shape),
            found.numeric.reshape(shape),
            uncertainty.reshape(shape),
            whole=where is None,
            is_complex=where is None and leaf.dtype.kind == "c",
        )
        severity[leaf.name] = found.judge(rtol).severity.reshape(shape)
    others = {name: view.right for name, view in views.items() if view.whole}
    return {
        name: replace(view, others={n: right for n, right in others.items() if n != name})
        for name, view in views.items()
    }, severity
