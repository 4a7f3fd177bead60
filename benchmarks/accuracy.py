"""False alarms and misses of gradcheck and of its peers, on the same problems in the same run.

    python benchmarks/accuracy.py --problems 1100 --mistakes 5500
    python benchmarks/accuracy.py --replay near-kinks:17:entry=0

A *false alarm* is a right gradient refused; a *miss* is a mistake accepted. A mistake counts only if
some entry is off by more than ten times the relative error that matters; it is *visible* if that error,
over the size of the parameter, moves the loss by more than 100 times its round-off. A right problem is
visible if the error that matters is, in every entry. An exception instead of an answer is a failure of
the checker on either kind. "Inconclusive" is neither, and is counted by itself.
"""

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import corpus
import numpy as np
import peers
from conditions import CONDITIONS, NOISY
from problem import as_float64

PROCESSES = 2
LISTED = 40


@dataclass(frozen=True)
class Outcome:
    """What one checker said to one case."""

    peer: str
    case: str
    condition: str
    wrong: bool
    visible: bool
    verdict: str
    seconds: float
    evaluations: int
    entries: int
    open_entries: int

    @property
    def failed(self) -> bool:
        """Whether this is a false alarm or a miss."""
        return self.verdict == "error" or self.verdict == ("match" if self.wrong else "mismatch")


def judge(name: str, mistakes: int, names: Sequence[str]) -> list[Outcome]:
    """Put one right problem and some mistakes in it to every checker."""
    right = corpus.right_case(name)
    with np.errstate(all="ignore"):
        cases = [right, *corpus.wrong_cases(right, mistakes)]
    return [_outcome(peer, case) for case in cases for peer in names]


def _outcome(peer: str, case: corpus.Case) -> Outcome:
    answer = peers.ask(peer, case)
    return Outcome(
        peer,
        case.name,
        case.condition,
        bool(case.mistake),
        case.visible,
        answer.verdict,
        answer.seconds,
        answer.evaluations,
        answer.entries,
        answer.open_entries,
    )


def run(problems: int, mistakes: int, seed: int, names: Sequence[str]) -> list[Outcome]:
    """Judge the whole corpus on two processes; the mistakes are spread evenly."""
    cases = corpus.right_names(problems, seed)
    share = [mistakes * (i + 1) // problems - mistakes * i // problems for i in range(problems)]
    outcomes: list[Outcome] = []
    # Fork does not go with the threads of the frameworks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_one_thread) as pool:
        for done, some in enumerate(pool.map(partial(judge, names=names), cases, share, chunksize=8), 1):
            outcomes += some
            if done % 50 == 0:
                print(f"{done} of {problems} problems", file=sys.stderr)
    return outcomes


def _one_thread() -> None:
    if "torch" in peers.available(["torch"]):
        import torch

        torch.set_num_threads(1)


def table(outcomes: Sequence[Outcome], key: Callable[[Outcome], str], title: str) -> str:
    """Return a Markdown table with one row for each value of the key."""
    columns = [title, "false alarms", "misses", "visible misses", "inconclusive: right", "right and visible"]
    columns += ["wrong", "open entries: right", "errors", "evaluations", "s"]
    rows = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    for group in dict.fromkeys(key(o) for o in outcomes):
        rows.append(_row(group, [o for o in outcomes if key(o) == group]))
    return "\n".join(rows)


def _row(label: str, some: Sequence[Outcome]) -> str:
    right, wrong = [o for o in some if not o.wrong], [o for o in some if o.wrong]
    visible = [o for o in wrong if o.visible]
    cells = [
        label,
        f"{sum(o.failed for o in right)} / {len(right)}",
        f"{sum(o.failed for o in wrong)} / {len(wrong)}",
        f"{sum(o.failed for o in visible)} / {len(visible)}",
        str(_count(right, "inconclusive")),
        str(_count([o for o in right if o.visible], "inconclusive")),
        str(_count(wrong, "inconclusive")),
        _open_entries(right),
        str(_count(some, "error")),
        str(sum(o.evaluations for o in some)),
        f"{sum(o.seconds for o in some):.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def _open_entries(some: Sequence[Outcome]) -> str:
    found, entries = sum(o.open_entries for o in some), sum(o.entries for o in some)
    return f"{found} / {entries} ({found / entries:.2%})" if entries else ""


def _count(some: Iterable[Outcome], verdict: str) -> int:
    return Counter(o.verdict for o in some)[verdict]


def detail(peer: str, own: Sequence[Outcome]) -> str:
    """Return what a checker said by condition, and what it got wrong or left open."""
    own = sorted(own, key=lambda o: list(CONDITIONS).index(o.condition))
    quiet = [o for o in own if not o.wrong and o.condition not in NOISY]
    return "\n\n".join(
        [
            f"\n{peer} by condition\n{table(own, lambda o: o.condition, 'condition')}",
            f"open entries of right gradients but for {', '.join(NOISY)}: {_open_entries(quiet)}",
            failures(own, peer) or f"{peer}: nothing failed",
        ]
    )


def failures(outcomes: Iterable[Outcome], peer: str) -> str:
    """Return what a checker got wrong or left open, one line each, ready for `--replay`."""
    some = [o for o in outcomes if o.peer == peer and (o.failed or o.verdict == "inconclusive")]
    lines = []
    for o in some:
        kind = "inconclusive" if o.verdict == "inconclusive" else "miss" if o.wrong else "false alarm"
        kind = "error" if o.verdict == "error" else kind
        lines.append(f"{kind:13}{'' if o.visible else '(not visible) '}--replay '{o.case}'")
    return "\n".join(lines)


def replay(name: str, names: Sequence[str]) -> str:
    """Put one case to every checker; show what was planted and what each said."""
    case = corpus.find(name)
    problem, point = case.problem, as_float64(case.problem.params)
    given = case.gradient(point)
    low, high = problem.right()
    lines = [f"{name}  loss {float(problem.value(point))!r}  rtol {problem.rtol:g}  visible {case.visible}"]
    for leaf, least in low.items():
        for at, value in np.ndenumerate(given[leaf]):
            if not least[at] <= value <= high[leaf][at]:
                right = " to ".join(dict.fromkeys((f"{least[at]:.17g}", f"{high[leaf][at]:.17g}")))
                lines.append(f"  {leaf}{list(at)} = {value:.17g}, right: {right}")
    lines[LISTED:] = [f"  ... {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    for peer in names:
        answer = peers.ask(peer, case)
        lines.append(f"{peer}: {answer.verdict}, {answer.evaluations} evaluations\n{answer.message[:4000]}")
    return "\n".join(lines)


def verify(problems: int, seed: int) -> str:
    """Compare every hand-written right gradient with PyTorch's derivative of the same formula."""
    wrong = []
    for name in corpus.right_names(problems, seed):
        for leaf, error in corpus.unverified_entries(corpus.right_case(name).problem).items():
            wrong.append(f"{name} {leaf}: relative error {error:.1e}")
    return "\n".join([*wrong, f"{len(wrong)} leaves of {problems} problems differ"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", type=int, default=1100, help="right problems (default: %(default)s)")
    parser.add_argument("--mistakes", type=int, default=5500, help="planted mistakes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first problem (default: %(default)s)")
    parser.add_argument("--peers", nargs="*", default=list(peers.PEERS), choices=peers.PEERS)
    parser.add_argument("--json", type=Path, help="write every outcome to this file")
    parser.add_argument("--replay", metavar="ID", help="one case, with everything that was said")
    parser.add_argument("--verify", action="store_true", help="compare the right gradients with PyTorch's")
    return parser.parse_args()


def main() -> None:
    """Run what the arguments ask for."""
    arguments = _arguments()
    if arguments.verify:
        print(verify(arguments.problems, arguments.seed))
        return
    names = peers.available(arguments.peers)
    for missing in [name for name in arguments.peers if name not in names]:
        print(f"{missing}: not installed, skipped")
    if arguments.replay:
        try:
            print(replay(arguments.replay, names))
        except LookupError as error:
            sys.exit(str(error))
        return
    outcomes = run(arguments.problems, arguments.mistakes, arguments.seed, names)
    outcomes.sort(key=lambda o: names.index(o.peer))
    print(table(outcomes, lambda o: o.peer, "checker"))
    for peer in [name for name in names if name.startswith("gradcheck")]:
        print(detail(peer, [o for o in outcomes if o.peer == peer]))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1))


if __name__ == "__main__":
    main()
