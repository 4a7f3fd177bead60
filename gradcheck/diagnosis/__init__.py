"""Which known mistake explains a wrong gradient.

A fault is accepted only if the gradient that it would give equals the given one, entry by entry
and on every problem, to round-off: the decision rule of every check, at the strictest tolerance.
A resemblance proves nothing: a wrong derivative has a cosine of 0.999 with the right one. Where
nothing fits, nothing is said.
"""

from gradcheck.diagnosis.case import Case
from gradcheck.diagnosis.explanation import explain
from gradcheck.diagnosis.measured import diagnose

__all__ = ["Case", "diagnose", "explain"]
