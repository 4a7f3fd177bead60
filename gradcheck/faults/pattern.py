"""What a pattern is: a mistake that shows in a parameter's gradient, whatever computed it.

It turns a right gradient into a wrong one, given a value such as a factor. To be recognised, the
value is read off the wrong gradient, and has to turn the right one into it in every entry.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.faults.catalogue import Fault

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class View:
    """What is seen of one parameter.

    Attributes
    ----------
    parameter : ndarray
    given, right : ndarray
        The gradient as it was given and as it is right, both of the parameter's shape.
    uncertainty : ndarray
        Bound on the error of `right`.
    others : mapping of str to ndarray
        The right gradients of the other parameters.
    whole : bool
        Whether these are all entries, in their places, and not some, in one axis.
    is_complex : bool
        Whether the last axis holds real and imaginary part.
    """

    parameter: Array
    given: Array
    right: Array
    uncertainty: Array
    others: Mapping[str, Array] = field(default_factory=dict)
    whole: bool = True
    is_complex: bool = False

    def ratio(self) -> float:
        """Return given over right where right is known best."""
        k = self._best(self.right)
        return float(self.given.flat[k] / self.right.flat[k]) if self.right.flat[k] else np.nan

    def slope(self) -> float:
        """Return the error over the parameter where that is known best."""
        k = self._best(self.parameter)
        gap, size = self.given.flat[k] - self.right.flat[k], self.parameter.flat[k]
        return float(gap / size) if size else np.nan

    def _best(self, sizes: Array) -> int:
        floor = np.finfo(float).eps * np.abs(self.right)
        with np.errstate(all="ignore"):
            clarity = np.abs(sizes) / np.maximum(self.uncertainty, floor)
        usable = np.isfinite(self.uncertainty) & np.isfinite(self.given) & (sizes != 0)
        return int(np.argmax(np.where(usable, np.nan_to_num(clarity, nan=0.0), -1.0)))


@dataclass(frozen=True)
class Pattern(Fault):
    """A mistake that shows in a parameter's gradient.

    Attributes
    ----------
    wrong : callable
        ``wrong(view, value)``: the gradient with this mistake; reads all of the view but `given`.
    fitted : callable
        ``fitted(view)``: the values with which `given` could be that gradient.
    planted : callable
        ``planted(view)``: values to plant it with.
    words : callable
        ``words(value)``: what was computed instead; the gradient is the subject.
    freedom : callable
        ``freedom(view)``: how many numbers are fitted.
    slack : callable
        ``slack(view, value)``: by how much an entry may differ all the same.
    elementwise : bool
        Whether each entry depends on its own right value alone.
    """

    wrong: Callable[[View, Any], Array]
    fitted: Callable[[View], Iterable[Any]]
    planted: Callable[[View], Iterable[Any]]
    words: Callable[[Any], str]
    freedom: Callable[[View], int] = lambda view: 0
    slack: Callable[[View, Any], float] = lambda view, value: 0.0
    elementwise: bool = False
