"""Layers by family, each a module with ``EXAMPLES``, found by name.

`LAYERS` gathers the examples; tests run over it, so that a new layer needs no test of its own.
"""

import importlib
import pkgutil

from gradcheck.networks.layers.attention import MultiHeadAttention, ScaledDotProductAttention
from gradcheck.networks.layers.compose import Residual, Sequential
from gradcheck.networks.layers.convolution import Conv2d
from gradcheck.networks.layers.dense import Activate, Dense, Flatten
from gradcheck.networks.layers.dropout import Dropout
from gradcheck.networks.layers.embedding import Embedding
from gradcheck.networks.layers.layer import Example, Layer
from gradcheck.networks.layers.normalisation import BatchNorm, BatchNormInference, LayerNorm
from gradcheck.networks.layers.pooling import AveragePool2d, MaxPool2d
from gradcheck.networks.layers.recurrent import GRU, LSTM, RNN


def _gather() -> dict[str, Example]:
    examples: dict[str, Example] = {}
    for module in pkgutil.iter_modules(__path__):
        found = importlib.import_module(f"{__name__}.{module.name}")
        own = getattr(found, "EXAMPLES", {})
        assert not examples.keys() & own.keys(), f"names must be unique: {module.name}"
        examples |= own
    return examples


LAYERS: dict[str, Example] = _gather()

__all__ = [
    "GRU",
    "LAYERS",
    "LSTM",
    "RNN",
    "Activate",
    "AveragePool2d",
    "BatchNorm",
    "BatchNormInference",
    "Conv2d",
    "Dense",
    "Dropout",
    "Embedding",
    "Example",
    "Flatten",
    "Layer",
    "LayerNorm",
    "MaxPool2d",
    "MultiHeadAttention",
    "Residual",
    "ScaledDotProductAttention",
    "Sequential",
]
