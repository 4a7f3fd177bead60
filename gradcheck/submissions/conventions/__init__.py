"""How a submission is called: one module a convention, found by name.

A convention is a module with

- ``SHAPE``: its name, as reports give it;
- ``FORM``: what such a file looks like, in one line;
- ``NEEDS``: patterns of the names that a file must have, ``name`` or ``Class.method``; none for the
  one that is asked for;
- ``USES``: patterns of further names that it uses;
- ``KIND``: ``"network"``; ``"layers"`` that are checked one by one; ``"function"`` of any parameters;
- ``LAYOUTS``, ``TARGETS``: how x may lie and what d may be, in the order in which they are tried
  (keys of `gradcheck.submissions.layouts`);
- ``VARIANTS``: what ``bind`` is called with, one after the other until the file is understood;
- ``USUAL_LOSS``: of `gradcheck.networks.LOSSES`, where the file has no loss of its own (these for
  networks alone);
- ``IS_FREE``: whether such a file may mean other losses than that (see
  `gradcheck.submissions.inference.usual_losses`);
- ``bind(source, variant)``: a `gradcheck.submissions.models.Model`, or `Unfit`.

Both sides read it: gradcheck the table, the submission's process `bind`. So it imports nothing of
gradcheck but what likewise imports nothing of it.
"""

import importlib
import pkgutil
from typing import Any


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
    dict.fromkeys(
        name for convention in CONVENTIONS.values() for name in (*convention.NEEDS, *convention.USES)
    )
)
