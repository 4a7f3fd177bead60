"""Random networks against an implementation until one fails: `gradcheck fuzz`."""

from gradcheck.fuzzing.implementation import Implementation, load_implementation
from gradcheck.fuzzing.result import FuzzResult
from gradcheck.fuzzing.run import fuzz

__all__ = ["FuzzResult", "Implementation", "fuzz", "load_implementation"]
