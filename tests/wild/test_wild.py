"""Gradients of released packages: right ones match, wrong ones do not, and that they are wrong is proven.

The packages come with the extra ``wild``; without one of them its cases are skipped.
"""

import importlib.util
import pkgutil
from importlib.metadata import version

import numpy as np
import pytest
from helpers import mapped, named_leaves
from mpmath import mp, mpf

import wild
from gradcheck import check_gradient
from wild.case import Case, weights

CASES: list[Case] = [
    case
    for module in sorted(m.name for m in pkgutil.iter_modules(wild.__path__) if m.name.endswith("_cases"))
    for case in importlib.import_module(f"wild.{module}").CASES
]
WRONG = [case for case in CASES if case.wrong]
# At a kink a changed value may be as right as the first, and where all slopes are 0 none can be changed.
FLAT = ("-kink", "-optimum", "ReLU.grad2", "HardSigmoid.grad2")
SLOPING = [case for case in CASES if not (case.wrong or case.name.endswith(FLAT))]

# What other packages warn of is not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore")


def built(case):
    """Return (loss, params, gradient) of a case whose package is there in the release that was read."""
    # Found, not imported: some of them need a name that newer versions lack, and their cases supply it.
    if importlib.util.find_spec(case.package) is None:
        pytest.skip(f"needs {case.package}: pip install 'gradcheck[wild]'")
    if case.wrong and version(case.wrong.release[0]) != case.wrong.release[1]:
        pytest.skip(f"known of {' '.join(case.wrong.release)} only")
    loss, params, *gradient = case.build()
    return loss, params, gradient[0] if gradient else None


def params_of(cases):
    """Return pytest parameters, each by the name of its case."""
    return [pytest.param(case, id=case.id) for case in cases]


def test_ids_are_unique():
    """Every case can be run by its name."""
    ids = [case.id for case in CASES]

    assert len(set(ids)) == len(ids), [name for name in set(ids) if ids.count(name) > 1]


@pytest.mark.parametrize("case", params_of(CASES))
def test_verdict(case):
    """A gradient is judged as what it is."""
    report = check_gradient(*built(case))

    assert report.verdict == case.verdict, str(report)


@pytest.mark.parametrize("case", params_of(SLOPING))
def test_planted_mistake(case):
    """One entry of a right gradient, changed by ten times what is allowed, is seen."""
    loss, params, gradient = built(case)
    value = loss if gradient is not None else lambda params: loss(params)[0]
    right = loss(params)[1] if gradient is None else gradient(params) if callable(gradient) else gradient
    largest = max(named_leaves(right), key=lambda leaf: np.max(np.abs(leaf[1])))[0]
    single = any(np.asarray(leaf).dtype == np.float32 for _, leaf in named_leaves(right))

    def planted(name, leaf):
        leaf = np.array(leaf)
        if name == largest:
            leaf.flat[np.argmax(np.abs(leaf))] *= 1.01 if single else 1 + 1e-5
        return leaf

    assert check_gradient(value, params, mapped(planted, right)).verdict == "mismatch"


@pytest.mark.parametrize("case", params_of(WRONG))
def test_wrong_by_another_way(case):
    """With 30 digits the gradient is as wrong as the report says, and the loss is the package's loss."""
    loss, params, gradient = built(case)
    report = check_gradient(loss, params, gradient)
    (parameter,) = report.parameters.values()
    worst = parameter.worst
    x = [mpf(float(value)) for value in np.ravel(params)]
    value = loss(params)

    with mp.workdps(30):
        entry = int(np.ravel_multi_index(worst.index, parameter.shape)) if worst.index else 0
        slope = _derivative(case.wrong, x, entry)
        again = _value(case.wrong, x)

    assert float(again) == pytest.approx(value[0] if isinstance(value, tuple) else value, rel=1e-6)
    assert abs(float(slope) - worst.numeric) <= max(worst.uncertainty, 1e-9 * abs(worst.numeric))
    assert not abs(float(slope) - worst.analytic) <= 1e-3 * abs(float(slope))


def _value(wrong, x):
    if not wrong.second:
        return wrong.loss(x)
    v = weights(len(x))
    return mp.diff(lambda t: wrong.loss([a + t * b for a, b in zip(x, v, strict=True)]), 0)


def _derivative(wrong, x, entry):
    def moved(s, t):
        return [a + t * b + s * (k == entry) for k, (a, b) in enumerate(zip(x, weights(len(x)), strict=True))]

    if wrong.second:
        return mp.diff(lambda s, t: wrong.loss(moved(s, t)), (0, 0), (1, 1))
    return mp.diff(lambda s: wrong.loss(moved(s, 0)), 0)
