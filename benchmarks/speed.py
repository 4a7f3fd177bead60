"""Evaluations and time of gradcheck, as ratios measured in one run.

    python benchmarks/speed.py
    python benchmarks/speed.py --sections entries certificate --plantings 100

E is the time of one evaluation of the loss, measured in the same run just before and after what it is
compared with. Networks are written in NumPy for gradcheck and in PyTorch for its own checker.
"""

import argparse
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import peers
from network import Network, network
from problem import Params

import gradcheck
from gradcheck.errors import UsageError

REPEATS = 15
HUGE = 10_000_000
UNAVAILABLE = (UsageError, NotImplementedError, TypeError)


SMALL = network(10, 20, 20, 5, samples=8)
LARGE = network(784, 30, 10, samples=32)


def check(net: Network, gradient: Any = None, **options: Any) -> gradcheck.Report:
    """Check the network's gradient, or the one given."""
    return gradcheck.check_gradient(net.loss, net.params, gradient or net.gradient, **options)


def seconds(action: Callable[[], object], calls: int = 1) -> float:
    """Return the mean time of some calls."""
    start = time.perf_counter()
    for _ in range(calls):
        action()
    return (time.perf_counter() - start) / calls


def one_evaluation(net: Network, calls: int = 300) -> float:
    """Return the mean time of a call of the loss."""
    return seconds(partial(net.loss, net.params), calls)


def beside(net: Network, action: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median of an action's time in evaluations of the loss measured around it."""
    ratios = []
    for _ in range(repeats):
        before = one_evaluation(net)
        taken = seconds(action)
        ratios.append(2 * taken / (before + one_evaluation(net)))
    return float(np.median(ratios))


def times_faster(ours: Callable[[], object], slower: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median time of an action over that of a faster one, each run for about as long.

    A single run of the faster one would pay for the caches that the slower one has emptied.
    """
    calls = max(1, round(seconds(slower) / seconds(ours)))
    return float(np.median([seconds(slower) / seconds(ours, calls) for _ in range(repeats)]))


def entries() -> Iterator[str]:
    """Yield the cost of checking every entry of a right gradient, in units of 2 n E."""
    for label, net, repeats in (("10-20-20-5", SMALL, REPEATS), ("784-30-10", LARGE, 3)):
        report = check(net, method="entries")
        ratio = beside(net, lambda net=net: check(net, method="entries"), repeats) / (2 * net.entries)  # type: ignore[misc]
        yield f"{label}, n = {net.entries}: {report.verdict}, {report.evaluations} evaluations"
        yield f"  evaluations / 2n  {report.evaluations / (2 * net.entries):.3f}"
        yield f"  time / (2 n E)    {ratio:.3f}"


def vectorized() -> Iterator[str]:
    """Yield how many times faster every entry is checked with stacked parameters."""
    for label, net, repeats in (("10-20-20-5", SMALL, REPEATS), ("784-30-10", LARGE, 1)):
        plain, stacked = (partial(check, net, method="entries", vectorized=on) for on in (False, True))
        yield f"{label}, n = {net.entries}: {times_faster(stacked, plain, repeats):.2f} times faster"


def torch_check(net: Network, **options: Any) -> Callable[[], bool]:
    """Return PyTorch's checker on the same network written in PyTorch."""
    import torch

    torch.set_num_threads(1)
    names = list(net.params)
    inputs = tuple(torch.tensor(p, requires_grad=True) for p in net.params.values())

    def function(*leaves: Any) -> Any:
        return net.formula(dict(zip(names, leaves, strict=True)), torch)

    return lambda: torch.autograd.gradcheck(function, inputs, **options)


def against_torch() -> Iterator[str]:
    """Yield how many times faster than PyTorch's checker every entry is checked."""
    theirs = torch_check(SMALL)
    for label, options in (("plain", {}), ("vectorized", {"vectorized": True})):
        ours = partial(check, SMALL, method="entries", **options)
        yield f"n = {SMALL.entries}, {label}: {ours().verdict}, {times_faster(ours, theirs):.1f} times faster"
    limit = beside(SMALL, theirs) / (2 * SMALL.entries)
    yield f"  (2 n evaluations of the loss alone, one by one: {limit:.1f} times faster)"


def certificate() -> Iterator[str]:
    """Yield the cost of the certificate on 784-30-10, beside PyTorch's fast mode."""
    theirs = torch_check(LARGE, fast_mode=True)
    report = check(LARGE, method="directions")
    pairs = [
        (seconds(lambda: check(LARGE, method="directions")), seconds(theirs)) for _ in range(3 * REPEATS)
    ]
    ours, peer = np.median(pairs, axis=0)
    yield f"{report.verdict}, {report.evaluations} evaluations"
    yield f"false pass probability {report.false_pass_probability}"
    yield f"  time {1e3 * ours:.1f} ms, fast mode {1e3 * peer:.1f} ms, ratio {ours / peer:.2f}"


def plantings(count: int) -> Iterator[tuple[str, tuple[int, ...], Params]]:
    """Yield gradients of `LARGE` that are right but for a single entry, any of them, off by 0.1 %."""
    rng = np.random.default_rng(1)
    right = LARGE.gradient(LARGE.params)
    names = list(right)
    sizes = np.array([right[name].size for name in names])
    for _ in range(count):
        name = names[rng.choice(len(names), p=sizes / sizes.sum())]
        index = tuple(int(i) for i in rng.integers(right[name].shape))
        leaf = right[name].copy()
        leaf[index] *= 1.001
        yield name, index, {**right, name: leaf}


def detection(count: int) -> Iterator[str]:
    """Yield how often a single entry of 23,860 off by 0.1 % is found."""
    verdicts = [
        check(LARGE, wrong, method="directions", seed=i).verdict
        for i, (_, _, wrong) in enumerate(plantings(count))
    ]
    found, open_ = verdicts.count("mismatch"), verdicts.count("inconclusive")
    yield f"certificate: found in {found} of {count}, inconclusive {open_}"
    right = [check(LARGE, method="directions", seed=i).verdict for i in range(count)]
    yield f"certificate: right gradient refused in {count - right.count('match')} of {count}"
    if peers.available(["torch"]):
        found = sum(not torch_passes(wrong) for _, _, wrong in plantings(count))
        yield f"torch fast mode: found in {found} of {count}"


def torch_passes(gradient: Params) -> bool:
    """Say whether PyTorch's fast mode accepts a gradient of `LARGE`."""
    import torch

    names = list(LARGE.params)

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            leaves = (t.detach().numpy() for t in tensors)
            return torch.tensor(LARGE.loss(dict(zip(names, leaves, strict=True))), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            return tuple(cotangents[0] * torch.from_numpy(gradient[name]) for name in names)

    inputs = tuple(torch.tensor(p, requires_grad=True) for p in LARGE.params.values())
    return bool(torch.autograd.gradcheck(Function.apply, inputs, fast_mode=True, raise_exception=False))


def localisation(count: int = 20) -> Iterator[str]:
    """Yield the evaluations until the planted entry is named."""
    used, named = [], 0
    for seed, (name, index, wrong) in enumerate(plantings(count)):
        report = check(LARGE, wrong, method="directions", seed=seed)
        used.append(report.evaluations)
        named += report.parameters[name].wrong == (index,)
    yield f"named in {named} of {count}; evaluations: median {np.median(used):.0f}, most {max(used)}"
    yield f"  (plain differences: {2 * LARGE.entries})"


def kinks() -> Iterator[str]:
    """Yield what the certificate says to relu networks, whose kinks lie close by along every direction."""
    for sizes, samples, count in (((784, 30, 10), 32, 20), ((784, 128, 64, 10), 64, 5)):
        nets = [network(*sizes, samples=samples, seed=seed, relu=True) for seed in range(count)]
        reports = [check(net, method="directions") for net in nets]
        used = [report.evaluations for report in reports]
        matches = sum(report.ok for report in reports)
        yield f"{'-'.join(map(str, sizes))}, {samples} samples: match in {matches} of {count}"
        yield f"  evaluations: median {np.median(used):.0f}, most {max(used)}"
        yield f"  (plain differences: {2 * nets[0].entries})"


def huge() -> Iterator[str]:
    """Yield evaluations, and memory beyond the parameters, of the certificate on 10 million parameters."""
    w = np.random.default_rng(0).normal(size=HUGE)

    def cubes(params: Params) -> float:
        # Makes no copy of its own.
        return float(np.einsum("i,i,i->", params["w"], params["w"], params["w"]) / 3)

    yield from _huge("a sum of cubes", cubes, {"w": w}, {"w": w**2})
    yield from _huge("a sum of squares, as w @ w", lambda p: float(p["w"] @ p["w"]), {"w": w}, {"w": 2 * w})
    yield from _huge("the same by np.sum", lambda p: float(np.sum(p["w"] ** 2)), {"w": w}, {"w": 2 * w})
    net = network(3000, 3000, 330, samples=8)
    yield from _huge("3000-3000-330", net.loss, net.params, net.gradient(net.params))


def _huge(label: str, loss: Callable[[Params], Any], params: Params, gradient: Params) -> Iterator[str]:
    size = sum(p.nbytes for p in params.values())
    tracemalloc.start()
    report = gradcheck.check_gradient(loss, params, gradient, method="directions")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    yield f"{label}: {report.verdict}, {report.evaluations} evaluations, {report.seconds:.1f} s"
    yield f"  peak memory {peak / size:.2f} copies of the parameters"


def import_time() -> Iterator[str]:
    """Yield the time of imports over that of NumPy's, each the least of several."""
    statements = ("import numpy", "import gradcheck", "from gradcheck import check_gradient")
    least = dict.fromkeys(statements, np.inf)
    for _ in range(15):
        for statement in statements:
            code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            least[statement] = min(least[statement], float(done.stdout))
    for statement, taken in least.items():
        yield f"{statement}: {1e3 * taken:.0f} ms, ratio {taken / least[statements[0]]:.2f}"


def main() -> None:
    """Print the sections asked for, each by itself: one that is not available does not stop the others."""
    sections: dict[str, Callable[[], Iterator[str]]] = {
        "entries": entries,
        "vectorized": vectorized,
        "torch": against_torch,
        "certificate": certificate,
        "detection": lambda: detection(arguments.plantings),
        "localisation": localisation,
        "kinks": kinks,
        "huge": huge,
        "import": import_time,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sections", nargs="+", choices=sections, default=list(sections))
    parser.add_argument("--plantings", type=int, default=1000, help="default: %(default)s")
    arguments = parser.parse_args()
    for name in arguments.sections:
        print(f"\n{name}")
        try:
            for line in sections[name]():
                print(f"  {line}", flush=True)
        except (*UNAVAILABLE, ImportError) as error:
            print(f"  not available: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
