"""A recurrent network of characters with global weights: lossFun(inputs, targets, hprev)."""

from typing import Any

import numpy as np

from gradcheck.submissions.functions_model import by_name
from gradcheck.submissions.models import Flat, Model
from gradcheck.submissions.source import Source

SHAPE = "character-rnn"
KIND = "function"
FORM = (
    "globals Wxh, Whh, Why, bh, by and lossFun(inputs, targets, hprev) -> loss, dWxh, dWhh, dWhy, dbh, dby, h"
)
NEEDS = ("lossFun|loss_fun|lossfun", "Wxh", "Whh", "Why", "bh", "by")
USES = ()
VARIANTS = (None,)
# Set here, so that what makes them in the file, from a text that is not there, need not run.
GIVEN = ("Wxh", "Whh", "Why", "bh", "by", "vocab_size", "hidden_size", "seq_length", "data", "chars")

_CHARACTERS, _HIDDEN = 7, 5
# No entry of the gradient by the output's biases is larger: files clip at 5, where gradients end.
_STEPS = 4


def bind(source: Source, variant: None) -> Model:
    """Return the function around the globals."""
    return CharacterRNN(source)


class CharacterRNN(Model):
    """Global weights, several steps through time."""

    offers = ("loss",)
    origin = "lossFun, a recurrent network over several steps"

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source, self._name = source, source.first(NEEDS[0]).__name__
        vars(source.module).update(vocab_size=_CHARACTERS, hidden_size=_HIDDEN, seq_length=_STEPS)

    def draw(self, seed: int) -> Flat:
        """Return weights so small that no unit saturates and nothing is clipped."""
        rng = np.random.default_rng(seed)
        shapes = {"Wxh": (_HIDDEN, _CHARACTERS), "Whh": (_HIDDEN, _HIDDEN), "Why": (_CHARACTERS, _HIDDEN)}
        shapes |= {"bh": (_HIDDEN, 1), "by": (_CHARACTERS, 1)}
        return {name: 0.4 * rng.normal(size=shape) for name, shape in shapes.items()}

    def parameters(self) -> Flat:
        """Return the globals, nothing before they are set."""
        return {name: self._source[name] for name in GIVEN[:5] if name in self._source}

    def set(self, params: Flat) -> None:
        """Set the globals."""
        vars(self._source.module).update(params)

    def loss(self, x: Any, d: Any) -> Any:
        """Return the first of what the function returns."""
        return self._run(x)[0]

    def gradient(self, x: Any, d: Any) -> Any:
        """Return what the function returns, by the names in its return."""
        return by_name(self._run(x), self.parameters(), self._source.returned(self._name))

    def _run(self, seed: int) -> Any:
        rng = np.random.default_rng(seed)
        text = rng.integers(_CHARACTERS, size=_STEPS + 1).tolist()
        return self._source[self._name](text[:-1], text[1:], 0.1 * rng.normal(size=(_HIDDEN, 1)))
