"""Any file, by an adapter: a small Python file that says how to call it."""

import types
from typing import Any

import numpy as np

from gradcheck.submissions.functions_model import by_name, leaves, rebuilt
from gradcheck.submissions.models import Flat, Model
from gradcheck.submissions.source import Source, Unfit

SHAPE = "adapter"
KIND = "function"
CALLS = "parameters(rng), loss(module, params), gradient(module, params)"
FORM = f"any file, with --adapter: {CALLS}"
NEEDS = ()
USES = ()
FUNCTIONS = ("parameters", "loss", "gradient")


def bind(source: Source, text: str) -> Model:
    """Return the file as the adapter's source calls it."""
    adapter = types.ModuleType("adapter")
    exec(compile(text, "the adapter", "exec"), vars(adapter))  # noqa: S102 (what it is for)
    missing = [name for name in FUNCTIONS if not callable(getattr(adapter, name, None))]
    if missing:
        raise Unfit(f"the adapter has no function {', no '.join(missing)}", expected=CALLS)
    return Adapter(source, adapter)


class Adapter(Model):
    """A file and its adapter."""

    offers = ("loss",)
    origin = "the adapter"

    def __init__(self, source: Source, adapter: Any) -> None:
        self._module, self._adapter = source.module, adapter
        self._nest: Any = {}

    def draw(self, seed: int) -> Flat:
        """Return the parameters that the adapter draws."""
        self._nest = self._adapter.parameters(np.random.default_rng(seed))
        return self.parameters()

    def parameters(self) -> Flat:
        """Return the leaves of the adapter's nest."""
        return dict(leaves(self._nest))

    def set(self, params: Flat) -> None:
        """Make the nest anew."""
        self._nest = rebuilt(self._nest, iter(params.values()))

    def loss(self, x: Any, d: Any) -> Any:
        """Return the adapter's loss."""
        return self._adapter.loss(self._module, self._nest)

    def gradient(self, x: Any, d: Any) -> Any:
        """Return the adapter's gradient by the names of the parameters."""
        return by_name(self._adapter.gradient(self._module, self._nest), self.parameters(), [])
