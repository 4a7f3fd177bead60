"""What gradcheck and its peers say of gradients that other people wrote and released.

The cases are those of `tests/wild`: right gradients, wrong ones (proven there with mpmath), and each
right one with a single entry off by ten times what is allowed. Peers get float64; a compiled loss that
takes float32 only is an error for them.

    python benchmarks/wild.py [--peers NAME ...]
"""

import argparse
import importlib.util
import pkgutil
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import peers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import wild
from helpers import mapped, named_leaves

KINDS = ("right", "wrong", "planted")
COLUMNS = ("right refused", "undecided", "wrong accepted", "planted accepted", "errors")
# At a kink a changed value may be as right as the first, and where all slopes are 0 none can be changed.
FLAT = ("-kink", "-optimum", "ReLU.grad2", "HardSigmoid.grad2")


@dataclass(frozen=True)
class Given:
    """A loss of a flat dict of arrays, as the peers take it."""

    params: dict[str, Any]
    value: Callable[[dict[str, Any]], float]


@dataclass(frozen=True)
class Question:
    """What a checker is asked; the names are those of `corpus.Case`."""

    problem: Given
    gradient: Callable[[dict[str, Any]], dict[str, Any]]


def released() -> Iterator[Any]:
    """Yield the cases whose package is installed."""
    for module in sorted(m.name for m in pkgutil.iter_modules(wild.__path__) if m.name.endswith("_cases")):
        for case in importlib.import_module(f"wild.{module}").CASES:
            if importlib.util.find_spec(case.package):
                yield case


def questions(case: Any) -> Iterator[tuple[str, Question]]:
    """Yield a case as it is released, and with a mistake planted."""
    loss, nest, *gradient = case.build()
    value = loss if gradient else lambda params: loss(params)[0]

    def rebuilt(params: dict[str, Any]) -> Any:
        return mapped(lambda name, _: params[name] if np.ndim(params[name]) else params[name][()], nest)

    def slope(params: dict[str, Any]) -> dict[str, Any]:
        at = rebuilt(params)
        found = loss(at)[1] if not gradient else gradient[0](at) if callable(gradient[0]) else gradient[0]
        found = found if isinstance(found, dict | list | tuple) else np.asarray(found)
        return {name: np.asarray(leaf) for name, leaf in named_leaves(found)}

    problem = Given(
        {name: np.asarray(leaf) for name, leaf in named_leaves(nest)},
        lambda params: float(value(rebuilt(params))),
    )
    yield "wrong" if case.wrong else "right", Question(problem, slope)
    if not case.wrong and not case.name.endswith(FLAT):
        yield "planted", Question(problem, lambda params: _planted(slope(params)))


def _planted(slopes: dict[str, Any]) -> dict[str, Any]:
    largest = max(slopes, key=lambda name: float(np.max(np.abs(slopes[name]))))
    leaf = slopes[largest].copy()
    leaf.flat[np.argmax(np.abs(leaf))] *= 1.01 if leaf.dtype == np.float32 else 1 + 1e-5
    return {**slopes, largest: leaf}


def main() -> None:
    """Print one row for each checker."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="+", default=list(peers.PEERS), choices=list(peers.PEERS))
    warnings.simplefilter("ignore")
    asked = [(kind, question) for case in released() for kind, question in questions(case)]
    total = Counter(kind for kind, _ in asked)
    print(f"{total['right']} right, {total['wrong']} wrong, {total['planted']} planted")
    print("".join(f"{title:>18}" for title in ("", *COLUMNS)))
    for name in peers.available(parser.parse_args().peers):
        count = Counter((kind, peers.ask(name, question).verdict) for kind, question in asked)
        numbers = (
            count["right", "mismatch"],
            sum(count[kind, "inconclusive"] for kind in KINDS),
            count["wrong", "match"],
            count["planted", "match"],
            sum(count[kind, "error"] for kind in KINDS),
        )
        print("".join(f"{item:>18}" for item in (name, *numbers)))


if __name__ == "__main__":
    main()
