"""Random problems of the reference networks: what `gradcheck fuzz` says of many of them.

    python benchmarks/reference.py
    python benchmarks/reference.py --examples 10000 --workers 2

Nothing should be a mismatch, and at most one problem in a thousand inconclusive. The first problem of
every part that is not a match is printed as code.
"""

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from gradcheck.fuzzing import FuzzResult, fuzz

PART = 1000


def examine(part: int, examples: int) -> FuzzResult:
    """Examine one part; seeds of parts do not overlap. Nothing kept by other runs is replayed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        return fuzz(examples=examples, seed=part * PART)


def main() -> None:
    """Print what was found, as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    sizes = [min(PART, chosen.examples - done) for done in range(0, chosen.examples, PART)]
    with ProcessPoolExecutor(chosen.workers) as pool:
        results = list(pool.map(examine, range(len(sizes)), sizes))
    for part, result in enumerate(results):
        if result.failure:
            print(f"seed {part * PART}: {result.failure.message}\n{result.failure.code}\n")
        if result.undecided:
            print(f"seed {part * PART}, inconclusive:\n{result.undecided}\n")
    total = partial(count, results)
    failed = sum(result.failure is not None for result in results)
    print("| problems | mismatch | inconclusive | constant loss | worst relative error |")
    print("|---|---|---|---|---|")
    worst = max(result.max_relative_error for result in results)
    print(f"| {total('examined')} | {failed} | {total('inconclusive')} | {total('constant')} | {worst:.1e} |")


def count(results: list[FuzzResult], name: str) -> int:
    """Return the sum of an attribute."""
    return sum(getattr(result, name) for result in results)


if __name__ == "__main__":
    main()
