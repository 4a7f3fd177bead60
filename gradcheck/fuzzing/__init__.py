"""Random networks against an implementation until one fails: `gradcheck fuzz`."""

from gradcheck.fuzzing.loading import load_subject
from gradcheck.fuzzing.result import FuzzResult
from gradcheck.fuzzing.run import fuzz

__all__ = ["FuzzResult", "fuzz", "load_subject"]
