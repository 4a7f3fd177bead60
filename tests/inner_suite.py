"""Suites in a suite: tests that check gradients, run by pytest as their authors would."""

import re
from importlib import import_module

import pytest

import gradcheck

# An inner run forgets what it imports, and neither numpy nor scipy can be imported twice.
import_module("scipy.special")
for name in gradcheck.__all__:
    getattr(gradcheck, name)

SOURCE = """
import numpy as np
import pytest
import gradcheck as library

W = np.array([1.0, -2.0, 3.0])
PARAMS = {"W": W, "b": 2.0}

def loss(params):
    return 0.5 * np.sum(params["W"] ** 2) + params["b"] ** 2

def right(params):
    return {"W": params["W"].copy(), "b": 2 * params["b"]}

def wrong(params):
    return {"W": params["W"].copy(), "b": params["b"]}

def noisy(params, calls=[]):
    calls.append(0)
    return loss(params) + 1e-3 * np.sin(37.0 * len(calls))
"""
RIGHT = """
def test_right(gradcheck):
    gradcheck(loss, PARAMS, right)
"""
WRONG = """
def test_wrong(gradcheck):
    gradcheck(loss, PARAMS, wrong)
"""


def run(pytester, tests, *arguments, **outcomes):
    """Run these tests, in a file that is named like none of our own, and print what a person sees."""
    pytester.makepyfile(test_inner_suite=SOURCE + tests)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER"):  # pytest repeats whole messages where one of them is set
            patch.delenv(name, raising=False)
        done = pytester.runpytest(*arguments)
    if outcomes:
        done.assert_outcomes(**outcomes)
    return done


def section(done):
    """Return the section as {test: {parameter: (verdict, maximum relative error)}}, and its last line."""
    found, test = {}, None
    lines = iter(done.outlines)
    next(line for line in lines if re.match("=+ gradients =+$", line))
    for line in lines:
        if row := re.match(r"    (\S+) +\S+ +(match|mismatch|inconclusive) +(\S+)$", line):
            found[test][row[3]] = row[2], float(row[1])
        elif "::" in line:
            test = line.partition("::")[2]
            found[test] = {}
        elif "checked gradient" in line:
            return found, line
    raise AssertionError(done.outlines)
