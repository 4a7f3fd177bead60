"""The law of reuse: backpropagation keeps what it has computed.

Judged by counts of calls of Python functions that belong to neither numpy, scipy nor the standard
library, never by time. What runs in other threads, or without a call of a function, is not seen.
"""

import gc
import math
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any, NamedTuple

from gradcheck.errors import UsageError
from gradcheck.laws.cases import Case, DoesNotApply
from gradcheck.laws.comparison import Violation, total

# A gradient takes at most about 4 times the operations of its function: W. Baur and V. Strassen,
# "The complexity of partial derivatives", Theoretical Computer Science 22(3), 1983.
SMALL_MULTIPLE = 4
DEPTHS, WIDTHS = (2, 4, 6), (4, 16)
_FOREIGN = frozenset({"numpy", "scipy"}) | sys.stdlib_module_names


class Cost(NamedTuple):
    """What a forward pass with its backward pass costs.

    Attributes
    ----------
    passes : float
        Calls of functions that a forward pass calls too, in forward passes.
    calls : int
        Calls of all functions.
    entries : int
        Numbers for which there is a derivative.
    """

    passes: float
    calls: int
    entries: int


def reuse(case: Case) -> Violation | None:
    """Count calls; with `grow`, at several depths and widths."""
    own = cost(case)
    if own.entries <= SMALL_MULTIPLE and not case.grow:
        raise DoesNotApply(f"{own.entries} entries are too few to tell one pass from one for each entry")
    found = _too_many(own)
    if found or not case.grow:
        return found
    narrow, wide = (cost(case.grow(DEPTHS[0], width)) for width in WIDTHS)
    costs = [cost(case.grow(depth, WIDTHS[0])) for depth in DEPTHS]
    return _grows_with_width(narrow, wide) or _grows_with_depth([c.calls for c in costs])


def cost(case: Case) -> Cost:
    """Count the calls of both passes."""
    arguments = case.arguments()
    forward = count_calls(lambda: case.loss(arguments))
    if not forward:
        raise DoesNotApply("the forward pass calls no Python function of its own: nothing to count")
    backward = count_calls(lambda: case.backward(arguments)())
    repeated = sum(backward[code] for code in forward)
    entries = total(case.differentiated(arguments))
    return Cost(repeated / forward.total(), backward.total(), entries)


def count_calls(function: Callable[[], Any]) -> Counter[CodeType]:
    """Call a function; return how often each Python function was called meanwhile."""
    calls: Counter[CodeType] = Counter()

    def notice(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and _own(frame):
            calls[frame.f_code] += 1

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # it would call finalizers, and callbacks such as those of Hypothesis, now and then
    sys.setprofile(notice)
    try:
        function()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return calls


def _own(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    # Comprehensions are frames in some versions of Python and not in others.
    inline = frame.f_code.co_name.startswith("<") and frame.f_code.co_name != "<lambda>"
    foreign = module.partition(".")[0] in _FOREIGN and module != "__main__"
    return not (inline or foreign or module.startswith("gradcheck.laws."))


def _too_many(own: Cost) -> Violation | None:
    # Nearer, as a power of the number of entries, to one pass for each entry than to one for all.
    if own.passes <= max(SMALL_MULTIPLE, math.sqrt(own.entries)):
        return None
    differenced = own.passes >= own.entries
    why = "differenced numerically" if differenced else "computed again and again instead of kept"
    return Violation(
        f"one gradient runs {own.passes:.4g} forward passes, for {own.entries} entries: results are {why}"
    )


def _grows_with_width(narrow: Cost, wide: Cost) -> Violation | None:
    if wide.entries <= narrow.entries:
        raise UsageError(
            "grow(depth, width) does not return wider networks",
            given=f"{narrow.entries} entries for width {WIDTHS[0]}, {wide.entries} for {WIDTHS[1]}",
            expected="a case with so many layers of that width",
        )
    power = math.log(max(wide.passes, 1) / max(narrow.passes, 1)) / math.log(wide.entries / narrow.entries)
    if power < 0.5:  # nearer to 0 (whatever the number of entries) than to 1 (in proportion to it)
        return None
    return Violation(
        f"one gradient runs {narrow.passes:.4g} forward passes for {narrow.entries} entries, but"
        f" {wide.passes:.4g} for {wide.entries}: results are differenced numerically"
    )


def _grows_with_depth(calls: list[int]) -> Violation | None:
    steps = [after - before for before, after in pairwise(calls)]
    if steps[-1] <= steps[0]:
        return None
    depths = ", ".join(map(str, DEPTHS))
    return Violation(
        f"{depths} layers take {', '.join(map(str, calls))} calls: each further layer costs more than"
        " the one before, as when results are computed again (recursively) instead of kept"
    )
