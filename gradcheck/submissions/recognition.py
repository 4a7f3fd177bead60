"""Which convention a file follows: those whose names it has, the most particular first."""

import textwrap
from typing import Any

from gradcheck.errors import SubmissionError
from gradcheck.submissions.conventions import CONVENTIONS
from gradcheck.submissions.selection import fits

# A network that comes with its layers is judged as one.
_KINDS = ("network", "layers", "function")


def recognise(names: list[str]) -> list[Any]:
    """Return the conventions that a file may follow.

    Parameters
    ----------
    names : list of str
        Of the file: ``name`` and ``Class.method``.

    Returns
    -------
    list of module
        Not empty; networks before layers, and those that need most first.

    Raises
    ------
    SubmissionError
        If there is none; the message says what the nearest one lacks.
    """
    known = {shape: convention for shape, convention in CONVENTIONS.items() if convention.NEEDS}
    lacking = {shape: _lacking(convention, names) for shape, convention in known.items()}
    fitting = [CONVENTIONS[shape] for shape, missing in lacking.items() if not missing]
    if fitting:
        return sorted(fitting, key=lambda convention: (_KINDS.index(convention.KIND), -len(convention.NEEDS)))
    near = {s: missing for s, missing in lacking.items() if len(missing) < len(CONVENTIONS[s].NEEDS)}
    if not near:
        raise _unrecognised("nothing in the file looks like a forward and a backward pass", names, "")
    shape = min(near, key=lambda s: (len(near[s]) / len(CONVENTIONS[s].NEEDS), s))
    words = ", and no ".join(_worded(pattern) for pattern in near[shape])
    raise _unrecognised(f"the file has no {words}", names, CONVENTIONS[shape].FORM)


def listed() -> str:
    """Return what is recognised: the name of each convention, and below what such a file has."""
    return "\n".join(
        f"{shape}\n{textwrap.fill(convention.FORM, 80, initial_indent='    ', subsequent_indent='    ')}"
        for shape, convention in CONVENTIONS.items()
    )


def _lacking(convention: Any, names: list[str]) -> list[str]:
    return [p for p in convention.NEEDS if not any(fits(name, p) for name in names)]


def _worded(pattern: str) -> str:
    first, *others = pattern.split("|")
    kind = "method" if "." in first else "function"
    words = " or ".join(f"`{name.removeprefix('*.')}`" for name in (first, *others[:1]))
    return f"{kind} {words}"


def _unrecognised(problem: str, names: list[str], expected: str) -> SubmissionError:
    return SubmissionError(
        "interface",
        problem,
        given=f"{', '.join(names[:12])}" if names else "none of the names looked for",
        expected=expected,
        do="see `gradcheck verify --list-conventions`, or say how it is called with --adapter FILE",
    )
