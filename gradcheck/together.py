"""What a loss can offer that is far from here: the values at many points for one journey."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any


class Together(ABC):
    """A loss that takes many points in one call, exactly as if each came alone."""

    @abstractmethod
    def __call__(self, params: Any) -> Any:
        """Return the loss at one point."""

    @abstractmethod
    def many(self, points: Iterable[Any]) -> list[float]:
        """Return the loss at each point; a point is valid only until the next is asked for."""
