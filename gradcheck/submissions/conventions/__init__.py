"""How a submission is called: one module a convention, found by name.

A convention is a module with

- ``SHAPE``: its name, as reports give it;
- ``NAMES``: the top-level names of a file that it uses;
- ``missing(submission)``: what of it a file lacks, in words; it recognises what lacks nothing;
- ``bind(submission, options)``: a `gradcheck.submissions.binding.Binding`.
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from gradcheck.errors import SubmissionError

if TYPE_CHECKING:
    from gradcheck.submissions.loading import Submission


def _gather() -> dict[str, Any]:
    modules = [
        importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
    ]
    shapes = [module.SHAPE for module in modules]
    twice = {shape for shape in shapes if shapes.count(shape) > 1}
    assert not twice, f"shapes must be unique: {twice}"
    return dict(zip(shapes, modules, strict=True))


CONVENTIONS: dict[str, Any] = _gather()
NAMES: tuple[str, ...] = tuple(
    dict.fromkeys(name for convention in CONVENTIONS.values() for name in convention.NAMES)
)


def recognise(submission: "Submission") -> Any:
    """Return the convention by which a submission is called.

    Parameters
    ----------
    submission : Submission

    Returns
    -------
    module

    Raises
    ------
    SubmissionError
        If no convention fits; the message says what the nearest one lacks.
    """
    lacking = {shape: convention.missing(submission) for shape, convention in CONVENTIONS.items()}
    shape = min(lacking, key=lambda shape: len(lacking[shape]))
    if lacking[shape]:
        raise SubmissionError(
            "interface",
            f"the file has no {', and no '.join(lacking[shape])}",
            given=f"functions {', '.join(submission.functions) or 'none of these'}",
            expected=CONVENTIONS[shape].EXPECTED,
        )
    return CONVENTIONS[shape]
