"""How often a planted mistake is named, and how often something wrong is said.

Random dense networks of 2 to 5 layers, all activations and losses, with and without penalty,
batches of 1 to 8. Into each, known mistakes are planted one by one and in pairs, and errors that are
in no catalogue. `check_gradient` judges each as a user's: one problem, the loss of the network.

    python benchmarks/diagnosis.py [--networks 2000] [--seed 0] [--mistakes 3] [--workers 2] [--only unknown]
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, repeat
from typing import NamedTuple

import numpy as np

from gradcheck import Report, check_gradient
from gradcheck.faults import FAULTS, NetworkFault, Pattern, Plant
from gradcheck.networks import ACTIVATIONS, LOSSES, PENALTIES, RIGHT, DenseNetwork, ForwardPass, Steps
from gradcheck.networks.steps import backward

NAMED = {code for code, fault in FAULTS.items() if isinstance(fault, NetworkFault | Pattern)}
VISIBLE = 1e-5  # ten times rtol


class Problem(NamedTuple):
    """A network, its parameters and data, and the forward pass there."""

    network: DenseNetwork
    params: dict[str, np.ndarray]
    run: ForwardPass

    def check(self, gradient: dict[str, np.ndarray]) -> Report:
        """Judge a gradient, as a user would."""
        return check_gradient(self.network.problem(self.run.z[0], self.run.d).loss, self.params, gradient)


def draw(rng: np.random.Generator) -> Problem:
    """Draw a network of 2 to 5 layers with random parameters and data."""
    depth, samples = int(rng.integers(2, 6)), int(rng.integers(1, 9))
    names = [str(name) for name in rng.choice(list(ACTIVATIONS), depth)]
    loss = str(rng.choice(list(LOSSES)))
    penalties = {str(rng.choice(list(PENALTIES))): 0.1} if rng.integers(2) else {}
    network = DenseNetwork(names, loss, penalties)
    widths = rng.integers(2, 7, depth + 1) if rng.integers(3) else np.full(depth + 1, rng.integers(2, 6))
    params = {}
    for layer, (rows, columns) in enumerate(pairwise(widths), 1):
        params[f"W{layer}"] = rng.normal(size=(rows, columns))
        params[f"b{layer}"] = rng.normal(size=columns)
    x, d = rng.normal(size=(samples, widths[0])), _target(rng, loss, (samples, int(widths[-1])))
    return Problem(network, params, network.forward(params, x, d))


def _target(rng: np.random.Generator, loss: str, shape: tuple[int, int]) -> np.ndarray:
    kind = LOSSES[loss].target
    if kind == "classes":
        return rng.integers(shape[1], size=shape[0])
    if kind == "probabilities":
        return rng.uniform(size=shape)
    return rng.choice([-1.0, 1.0], size=shape) if kind == "signs" else rng.normal(size=shape)


def applicable(problem: Problem) -> dict[str, list[Plant]]:
    """Return the ways to plant each mistake that change the gradient visibly."""
    found = {}
    for code, fault in FAULTS.items():
        if isinstance(fault, NetworkFault) and fault.applies(problem.run):
            plants = [p for p in fault.plants(problem.network) if _changes(problem, p.gradient(problem.run))]
            found |= {code: plants} if plants else {}
    return found


def _changes(problem: Problem, gradient: dict[str, np.ndarray]) -> bool:
    right = backward(problem.run).gradient
    for name, given in gradient.items():
        size = np.maximum(np.abs(given), np.abs(right[name]))
        if (np.abs(given - right[name]) > VISIBLE * np.maximum(size, 1e-6 * np.max(size))).any():
            return True
    return False


def together(problem: Problem, first: Plant, second: Plant) -> dict[str, np.ndarray]:
    """Return the gradient with both mistakes."""
    chosen = {step: getattr(plant.steps, step) for plant in (first, second) for step in plant.replaced}
    chosen |= {step: _either(step, first, second) for step in first.replaced.keys() & second.replaced.keys()}
    return backward(problem.run, Steps(**chosen)).gradient


def _either(step: str, first: Plant, second: Plant):
    def taken(run, layer, array):
        plants = [plant for plant in (first, second) if layer in plant.layers]
        return (plants[0].replaced[step] if plants else getattr(RIGHT, step))(run, layer, array)

    return taken


def collide(first: Plant, second: Plant) -> bool:
    """Tell whether two mistakes want the same step of the same layer."""
    layers = set(first.layers) & set(second.layers) or first.layers == second.layers == ()
    return bool(layers and first.replaced.keys() & second.replaced.keys())


def unknown(rng: np.random.Generator, problem: Problem) -> Iterator[dict[str, np.ndarray]]:
    """Yield gradients with an error of no catalogue: noise, one entry, a formula."""
    right = backward(problem.run).gradient
    yield {n: g * (1 + 0.1 * rng.normal(size=g.shape)) for n, g in right.items()}
    entry = {n: g.copy() for n, g in right.items()}
    leaf = entry[str(rng.choice(list(entry)))]
    leaf[tuple(rng.integers(leaf.shape))] += rng.normal() * (1 + np.abs(leaf).max())
    yield entry
    # Of the parameter too: where all entries have one size, a function of the gradient is a factor. Of its
    # root: where the error stops and only an L1 penalty is left, g |w| is an L2 penalty's gradient.
    formulas = (
        lambda g, w: g * np.exp(w),
        lambda g, w: np.sin(g + w),
        lambda g, w: g * np.sqrt(np.abs(w)),
        lambda g, w: g + 0.1 * np.cos(3 * w),
    )
    formula = formulas[int(rng.integers(len(formulas)))]
    yield {n: formula(g, problem.params[n]) for n, g in right.items()}


def names(report: Report) -> set[str]:
    """Return all codes that are named, and those that are said to be equal."""
    listed = (code.split("+") for f in report.findings for code in (f.code, *f.equal))
    return {code for codes in listed for code in codes}


class Tally:
    """Counts by kind, and the cases that went wrong."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.examples: list[str] = []
        self.slowest = 0.0

    def add(self, other: "Tally") -> None:
        """Take in what another network showed."""
        self.counts += other.counts
        self.missed += other.missed
        self.examples += other.examples
        self.slowest = max(self.slowest, other.slowest)

    def timed(self, problem: Problem, gradient: dict[str, np.ndarray]) -> Report:
        """Judge a gradient, and keep the longest time that took."""
        began = time.process_time()
        report = problem.check(gradient)
        self.slowest = max(self.slowest, time.process_time() - began)
        return report

    def single(self, seed: int, problem: Problem, code: str, plant: Plant) -> None:
        """Plant one mistake."""
        report = self.timed(problem, plant.gradient(problem.run))
        self.counts["single"] += 1
        self.counts["single called a match"] += report.ok
        if code in names(report):
            self.counts["single named"] += 1
        else:
            self.missed[code] += 1
            self._note(seed, f"{code} {plant.layers}", report)

    def pair(self, seed: int, problem: Problem, codes: tuple[str, str], plants: tuple[Plant, Plant]) -> None:
        """Plant two mistakes in different places."""
        gradient = together(problem, *plants)
        if not _changes(problem, gradient):
            return
        report = self.timed(problem, gradient)
        self.counts["pair"] += 1
        self.counts["pair called a match"] += report.ok
        self.counts["pair named"] += set(codes) <= names(report)

    def no_mistake_of_ours(self, seed: int, problem: Problem, gradient: dict[str, np.ndarray]) -> None:
        """Plant what is in no catalogue."""
        if not _changes(problem, gradient):
            return
        report = self.timed(problem, gradient)
        self.counts["unknown"] += 1
        self.counts["unknown called a match"] += report.ok
        if names(report) & NAMED:
            self.counts["unknown named"] += 1
            self._note(seed, "unknown", report)

    def right(self, seed: int, problem: Problem) -> None:
        """Plant nothing."""
        report = self.timed(problem, backward(problem.run).gradient)
        self.counts["right"] += 1
        self.counts["right with a finding"] += bool(report.findings)
        self.counts["right called a mismatch"] += report.verdict == "mismatch"

    def _note(self, seed: int, planted: str, report: Report) -> None:
        found = ", ".join(finding.code for finding in report.findings) or f"nothing ({report.verdict})"
        self.examples.append(f"network {seed}: {planted}, found {found}")

    def table(self) -> str:
        """Return the figures as a Markdown table."""
        c = self.counts
        rows = [
            ("one known mistake", c["single"], c["single called a match"], c["single named"]),
            ("two known mistakes", c["pair"], c["pair called a match"], c["pair named"]),
            ("an error of no catalogue", c["unknown"], c["unknown called a match"], c["unknown named"]),
            ("nothing", c["right"], c["right"] - c["right called a mismatch"], c["right with a finding"]),
        ]
        rows = [row for row in rows if row[1]]
        lines = ["| planted | gradients | not refused | mistake named |", "|---|---|---|---|"]
        for planted, count, match, named in rows:
            lines.append(f"| {planted} | {count:,} | {match:,} | {named:,} ({named / max(count, 1):.1%}) |")
        return "\n".join(lines)


def examine(seed: int, mistakes: int, only: str) -> Tally:
    """Draw one network, and plant into it."""
    tally, rng = Tally(), np.random.default_rng(seed)
    problem = draw(rng)
    known = applicable(problem)
    chosen = [str(code) for code in rng.permutation(sorted(known))]
    plants = {code: known[code][int(rng.integers(len(known[code])))] for code in chosen}
    for code in chosen[: mistakes if only in ("all", "one") else 0]:
        tally.single(seed, problem, code, plants[code])
    for codes in zip(chosen[0::2], chosen[1::2], strict=False) if only in ("all", "two") else ():
        first, second = (plants[code] for code in codes)
        if not collide(first, second):
            tally.pair(seed, problem, codes, (first, second))
            break
    gradients = list(unknown(rng, problem))
    if only in ("all", "unknown"):
        tally.no_mistake_of_ours(seed, problem, gradients[seed % len(gradients)])
    if only in ("all", "nothing"):
        tally.right(seed, problem)
    return tally


def main() -> None:
    """Print the table, then what was missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", type=int, default=2000)
    parser.add_argument("--mistakes", type=int, default=3, help="planted one by one into each network")
    parser.add_argument("--seed", type=int, default=0, help="of the first network; the next has the next")
    parser.add_argument("--only", choices=("all", "one", "two", "unknown", "nothing"), default="all")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    tally = Tally()
    seeds = range(chosen.seed, chosen.seed + chosen.networks)
    with ProcessPoolExecutor(chosen.workers) as pool:
        found_each = pool.map(examine, seeds, repeat(chosen.mistakes), repeat(chosen.only), chunksize=5)
        for done, found in enumerate(found_each, 1):
            tally.add(found)
            if not done % 100:
                print(f"{done} networks: {dict(tally.counts)}", file=sys.stderr, flush=True)
    print(tally.table())
    print(f"\nslowest check: {tally.slowest:.1f} s of processor time")
    print(f"not named: {dict(tally.missed.most_common())}")
    print("\n".join(tally.examples[:60]))


if __name__ == "__main__":
    main()
