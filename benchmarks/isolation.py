"""What isolation costs: a course-note file checked in a process of its own, and in this one.

    python benchmarks/isolation.py [--repeats 7]

The same work, finding out what the file is included, is done twice: by the file's functions in the
submission's process, and by the same code called directly, with nothing packed or sent. Processor time of
both processes is counted, without that of starting the second, so that a busy machine does not blur it; the
two wait for each other, so that on an idle one it is the wall time, too. "Alone" is `check_gradient` by
itself, for a loss and a gradient that are known already. The whole command is timed by the wall, start of
both interpreters included. Each number is the best of the repeats.
"""

import argparse
import resource
import subprocess
import sys
import time
from importlib import util
from types import ModuleType
from typing import Any

from gradcheck import check_gradient
from gradcheck.submissions import course_functions, verify
from gradcheck.submissions.binding import Draw, Options
from gradcheck.submissions.child import Runner
from gradcheck.submissions.network_binding import NetworkBinding
from gradcheck.submissions.sandbox import Sandbox, available

EXAMPLE = "course-note-repaired"
# Of a process in a container the time is not told; what is asked of it is the same.
LEVEL = "process"


def main() -> None:
    """Time all and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = range(parser.parse_args().repeats)
    module, draws, best = loaded(), problems(), available("auto")
    alone = min(seconds(lambda: check(module, draws)) for _ in repeats)
    direct = min(seconds(lambda: verified(Direct)) for _ in repeats)
    print(f"check_gradient alone {1e3 * alone:.0f} ms, verify in process {1e3 * direct:.0f} ms")
    start = min(seconds(started) for _ in repeats)
    isolated = min(seconds(lambda: verified(Sandbox, LEVEL)) for _ in repeats) - start
    print(f"isolated {1e3 * isolated:.0f} ms after a start of {1e3 * start:.0f} ms: "
          f"{isolated / direct:.2f} x in process, {isolated / alone:.2f} x alone")  # fmt: skip
    print(f"gradcheck verify with {best}: {min(whole() for _ in repeats):.2f} s wall")


def seconds(work: Any) -> float:
    """Return the processor time that a function takes, here and in processes that end meanwhile."""
    before = used()
    work()
    return used() - before


def used() -> float:
    """Return the processor time of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


class Direct:
    """In the place of a sandbox: what the submission's process would do is done in this one."""

    measures = ()

    def __init__(self, *arguments: object) -> None:
        self._runner = Runner(course_functions.__file__)

    def __enter__(self) -> "Direct":
        return self

    def __exit__(self, *exception: object) -> None:
        sys.meta_path.remove(self._runner.resort)

    def ask(self, call: str, **arguments: Any) -> Any:
        """Answer a request."""
        return self._runner.answer(call, arguments)


def verified(sandbox: Any, level: str = "none") -> None:
    """Verify the example in such a sandbox."""
    verify.Sandbox = sandbox  # type: ignore[misc]
    result = verify.verify(f"example:{EXAMPLE}", Options(sandbox=level))
    verify.Sandbox = Sandbox  # type: ignore[misc]
    assert result.verdict == "match", result


def started() -> None:
    """Start a submission's process and end it."""
    with Sandbox(verify.EXAMPLES, LEVEL, 60.0):
        pass


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
    verified(Sandbox)
    NetworkBinding.draws = honest  # type: ignore[method-assign]
    return kept


def check(module: Any, draws: list[Draw]) -> None:
    """Check the functions of the example by themselves."""
    for draw in draws:

        def loss(params: Any, draw: Draw = draw) -> float:
            return 0.5 * float(module.forward(params, draw.x)[-1] - draw.d) ** 2

        module.network = draw.params
        gradient = module.backward(draw.x, draw.d, *module.forward(draw.params, draw.x))
        assert check_gradient(loss, draw.params, gradient).ok, draw.name


def whole() -> float:
    """Return the wall time of the command."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "gradcheck", "verify", f"example:{EXAMPLE}"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
