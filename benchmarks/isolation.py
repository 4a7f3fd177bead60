"""What isolation costs: a course-note file checked in a process of its own, and in this one.

    python benchmarks/isolation.py [--repeats 7]

Both check the same problems. "In process" calls the file's functions directly; "isolated" is all that
`verify` does once the submission's process has started, finding out what the file is included. The whole
command, start of both interpreters included, is timed by the wall. Each number is the best of the
repeats; the ratio is of the two bests.
"""

import argparse
import subprocess
import sys
import time
from importlib import util
from types import ModuleType
from typing import Any

from gradcheck import check_gradient
from gradcheck.submissions import course_functions, verify
from gradcheck.submissions.binding import Draw, Options
from gradcheck.submissions.network_binding import NetworkBinding
from gradcheck.submissions.sandbox import LEVELS, Sandbox, available

EXAMPLE = "course-note-repaired"


def main() -> None:
    """Time both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = range(parser.parse_args().repeats)
    module, draws = loaded(), problems()
    best = available("auto")
    for level in LEVELS[LEVELS.index(best) : -1]:
        alone, isolated = [], []
        for _ in repeats:  # in turn, so that a busy machine is the same for both
            alone.append(in_process(module, draws))
            isolated.append(in_isolation(level))
        print(f"{level}: isolated {1e3 * min(isolated):.0f} ms, in process {1e3 * min(alone):.0f} ms, "
              f"ratio {min(isolated) / min(alone):.2f}")  # fmt: skip
    print(f"gradcheck verify with {best}: {min(whole() for _ in repeats):.2f} s wall")


def loaded() -> ModuleType:
    """Return the example as a module of this process."""
    common = ModuleType("common")
    common.functions = course_functions  # type: ignore[attr-defined]
    sys.modules |= {"common": common, "common.functions": course_functions}
    source = (verify.EXAMPLES / f"{EXAMPLE.replace('-', '_')}.py").read_text()
    found = util.module_from_spec(util.spec_from_loader("example", None))  # type: ignore[arg-type]
    # What follows its functions trains and plots.
    exec(source.partition("\nnetwork = init_network()")[0].replace("import matplotlib", "#"), vars(found))
    return found


def problems() -> list[Draw]:
    """Return the problems on which `verify` checks the example."""
    kept: list[Draw] = []
    honest = NetworkBinding.draws

    def draws(self: Any, seed: int) -> Any:
        kept[:] = list(honest(self, seed))
        return iter(kept)

    NetworkBinding.draws = draws  # type: ignore[method-assign]
    verify.verify(f"example:{EXAMPLE}", Options(sandbox="none"))
    NetworkBinding.draws = honest  # type: ignore[method-assign]
    return kept


def in_process(module: Any, draws: list[Draw]) -> float:
    """Return the seconds that checking takes where the file's functions are called directly."""
    began = time.perf_counter()
    for draw in draws:

        def loss(params: Any, draw: Draw = draw) -> float:
            return 0.5 * float(module.forward(params, draw.x)[-1] - draw.d) ** 2

        module.network = draw.params
        gradient = module.backward(draw.x, draw.d, *module.forward(draw.params, draw.x))
        assert check_gradient(loss, draw.params, gradient).ok, draw.name
    return time.perf_counter() - began


def in_isolation(level: str) -> float:
    """Return the seconds that `verify` takes from the start of the submission's process to its end."""
    times: list[float] = []

    class Timed(Sandbox):
        def __enter__(self) -> Any:
            entered = super().__enter__()
            times.append(time.perf_counter())
            return entered

        def __exit__(self, *exception: Any) -> None:
            times.append(time.perf_counter())
            super().__exit__(*exception)

    verify.Sandbox = Timed  # type: ignore[misc]
    result = verify.verify(f"example:{EXAMPLE}", Options(sandbox=level))
    verify.Sandbox = Sandbox  # type: ignore[misc]
    assert result.verdict == "match", result
    return times[1] - times[0]


def whole() -> float:
    """Return the wall time of the command."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "gradcheck", "verify", f"example:{EXAMPLE}"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
