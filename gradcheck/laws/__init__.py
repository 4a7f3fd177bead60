"""Laws that any right backward pass keeps, as checks for any implementation.

They need no numeric derivative, so they see what a comparison of numbers does not: results that
depend on earlier calls, arguments that are written to, work that is done again and again.
`LAWS` lists them; an implementation is a `NetworkCase` or a `LayerCase`.
"""

from gradcheck.laws.cases import Case, DoesNotApply, LayerCase, NetworkCase
from gradcheck.laws.catalogue import LAWS, Law, LawBroken
from gradcheck.laws.checks import Check, iter_checks, parametrize_with_checks
from gradcheck.laws.comparison import Violation

__all__ = [
    "LAWS",
    "Case",
    "Check",
    "DoesNotApply",
    "Law",
    "LawBroken",
    "LayerCase",
    "NetworkCase",
    "Violation",
    "iter_checks",
    "parametrize_with_checks",
]
