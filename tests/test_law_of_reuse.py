"""The law of reuse counts calls: what is counted, and what it makes of them."""

import dataclasses
import gc
import sys

import numpy as np
import pytest
from law_abiding import Mlp, network_case
from law_breakers import BREAKERS

from gradcheck.errors import UsageError
from gradcheck.laws import LAWS, LawBroken
from gradcheck.laws.reuse import count_calls


class TestCounts:
    def test_calls(self):
        """Own functions are counted, by function; those of numpy and comprehensions are not."""

        def inner():
            return [np.sum(np.ones(3)) for _ in range(2)]

        def outer():
            return [inner() for _ in range(3)]

        counts = count_calls(outer)

        assert counts == {outer.__code__: 1, inner.__code__: 3}

    def test_garbage_collection_is_not_counted(self):
        """It calls what others registered with it, whenever enough objects were made."""
        seen = []

        def callback(phase, info):
            seen.append(phase)

        def litters():
            for _ in range(gc.get_threshold()[0] + 1000):
                found = []
                found.append(found)

        gc.callbacks.append(callback)
        try:
            litters()
            assert seen, "nothing was collected, so that nothing was tried"
            assert count_calls(litters) == {litters.__code__: 1}
        finally:
            gc.callbacks.remove(callback)
        assert gc.isenabled()

    def test_profiler_comes_back(self):
        """A profiler that was there is there again, after an exception too."""

        def profiler(frame, event, argument):
            return None

        def fails():
            raise ZeroDivisionError

        sys.setprofile(profiler)
        try:
            with pytest.raises(ZeroDivisionError):
                count_calls(fails)
            assert sys.getprofile() is profiler
        finally:
            sys.setprofile(None)

    def test_loops_over_units_are_no_differences(self):
        """Calls for each unit or weight, in both passes alike, are no reason to complain."""

        class Slow(Mlp):
            def activate(self, u):
                return np.array([[self.one(v) for v in row] for row in u])

            def one(self, v):
                return np.tanh(v)

            def delta(self, dz, z):
                slopes = [[1 - self.one(np.arctanh(v)) ** 2 for v in row] for row in z]
                return dz * np.array(slopes)

        LAWS["reuse"].check(network_case(Slow()))

    def test_differences_show_without_growth(self):
        """The law needs no family of networks to see that a gradient is differenced."""
        grown, message = BREAKERS["reuse"]["differences"]
        alone = network_case(grown.network, width=5, grow=False)

        with pytest.raises(LawBroken, match=message):
            LAWS["reuse"].check(alone)

    def test_growth_that_does_not_grow(self):
        """A `grow` that keeps its width is refused: nothing could be told from it."""
        case = network_case(Mlp())

        with pytest.raises(UsageError, match=r"(?s)does not return wider.*18 entries for width 4, 18 for 16"):
            LAWS["reuse"].check(dataclasses.replace(case, grow=lambda depth, width: case))
