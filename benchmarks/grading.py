"""A class of submissions, some of them hostile, graded while the run is killed and resumed.

    python benchmarks/grading.py [--students 500] [--hostile 20] [--kills 3] [--workers 2]

Prints how many results are right, wrong, lost or changed by a later run, what is left behind, and what
it took. The exit code is 0 if all results are right.
"""

import argparse
import collections
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
OFFENDERS = ROOT / "tests" / "offenders"
EXAMPLES = ROOT / "gradcheck" / "examples"
EXPECTED = {
    "match": (
        *sorted(
            set(OFFENDERS.glob("right*.py")) - {OFFENDERS / "right_plots_in_forward.py"}
        ),  # it takes long
        EXAMPLES / "course_note_repaired.py",
        EXAMPLES / "course_note_relu.py",
    ),
    "mismatch": (
        EXAMPLES / "course_note.py",
        *(
            OFFENDERS / f"{name}.py"
            for name in ("relu_with_d_sigmoid", "accumulates", "returns_nan", "returns_inf")
        ),
    ),
    "error": tuple(
        OFFENDERS / f"{name}.py"
        for name in (
            "syntax_error",
            "import_error",
            "no_backward",
            "missing_key",
            "wrong_shape",
            "returns_none",
        )
    ),
    "inconclusive": (OFFENDERS / "random_forward.py",),
}
SHARES = {"match": 0.5, "mismatch": 0.35, "error": 0.12, "inconclusive": 0.03}
WRONG = (EXAMPLES / "course_note.py").read_text()
HEAD = "def backward(x, d, z1, y):\n"
# What the backward pass of a hostile file does first. What it goes on to return is wrong, so that a
# match would be a success of the attack.
HOSTILE = (
    "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "import os, signal; os.killpg(0, signal.SIGKILL)",
    "import os, time; os.fork() or (os.setsid(), time.sleep(3600))",
    "import os; [os.fork() for _ in range(50)]",
    "while True: pass",
    "import time; time.sleep(3600)",
    "hoard = [bytearray(2**26) for _ in range(10**4)]",
    "import sys; [sys.__stdout__.write('x' * 10**5) for _ in range(2000)]",
    "import os; os.write(1, b'x' * 10**8)",
    "import os; os._exit(0)",
    "raise SystemExit(0)",
    'import sys; print(\'{"verdict": "match"}\'); sys.exit(0)',
    "import sys; sys.setrecursionlimit(10**9); f = lambda: f(); f()",
    "import numpy; numpy.allclose = numpy.array_equal = lambda *_: True; numpy.abs = lambda x: 0 * x",
    "raise KeyboardInterrupt",
    "raise ValueError('\\ud800 \\x1b[2J')",
    "import ctypes; ctypes.string_at(0)",
    "import os; [os.close(k) for k in range(3, 256)]",
    "import signal, os; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64)); os.kill(0, signal.SIGTERM)",
    "import gc, sys; [o.clear() for o in gc.get_objects() if type(o) is dict and 'W1' not in o]",
)


def main() -> int:
    """Make the class, grade it, and count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("students", 500), ("hostile", 20), ("kills", 3), ("workers", 2), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for one submission")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        folder, out = Path(place, "class"), Path(place, "out")
        expected = make_class(folder, chosen)
        before = processes()
        began = time.perf_counter()
        changed = grade_with_kills(folder, out, chosen)
        seconds = time.perf_counter() - began
        return report(expected, results(out), changed, processes() - before, seconds, chosen)


def make_class(folder: Path, chosen: argparse.Namespace) -> dict[str, str]:
    """Write a file for each student, and return the verdict that each should have."""
    draw = random.Random(chosen.seed)
    folder.mkdir()
    expected = {}
    names = [f"student {k:04}" for k in range(chosen.students)]
    draw.shuffle(names)
    for k, name in enumerate(names):
        if k < chosen.hostile:
            attack = f"{HEAD}    {HOSTILE[k % len(HOSTILE)]}\n"
            text, expected[name] = WRONG.replace(HEAD, attack), "hostile"
            assert text != WRONG
        else:
            [verdict] = draw.choices(list(SHARES), SHARES.values())
            text, expected[name] = draw.choice(EXPECTED[verdict]).read_text(), verdict
        (folder / f"{name}.py").write_text(f"{text}\n# {name}\n")
    return expected


def grade_with_kills(folder: Path, out: Path, chosen: argparse.Namespace) -> int:
    """Grade, killing the run at each further share of the class; return how many results changed."""
    command = [sys.executable, "-m", "gradcheck", "grade", str(folder), "--out", str(out)]
    command += [
        "--workers",
        str(chosen.workers),
        "--timeout",
        str(chosen.timeout),
        "--seed",
        str(chosen.seed),
    ]
    earlier: dict[str, str] = {}
    changed = 0
    for attempt in range(chosen.kills + 1):
        running = subprocess.Popen(
            [*command, *(["--resume"] if attempt else [])], stdout=subprocess.DEVNULL, cwd=ROOT
        )
        wanted = chosen.students * (attempt + 1) // (chosen.kills + 1)
        while running.poll() is None and (attempt == chosen.kills or len(results(out)) < wanted):
            time.sleep(0.5)
        running.kill()
        running.wait()
        now = results(out)
        changed += sum(now.get(student) != result for student, result in earlier.items())
        earlier = now
        print(f"run {attempt + 1}: {len(now)} of {chosen.students} have a result", flush=True)
    return changed


def results(out: Path) -> dict[str, str]:
    """Return what is stored, also while a run writes: a page that is just written is read again later."""
    with suppress(sqlite3.DatabaseError):
        address = f"{(out / 'results.sqlite').as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as database:
            return dict(database.execute("SELECT student, result FROM results"))
    return {}


def processes() -> set[str]:
    """Return the processes of this user that belong to a submission or to who judges one."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return {
        line.split()[0]
        for line in listed.splitlines()
        if "gradcheck.submissions" in line or "spawn_main" in line
    }


def report(
    expected: dict[str, str], found: dict[str, str], changed: int, left: set[str], seconds: float,
    chosen: argparse.Namespace,
) -> int:  # fmt: skip
    """Print the table, and return the exit code."""
    plain = {student: json.loads(result) for student, result in found.items()}
    verdicts = {student: result["verdict"] for student, result in plain.items()}
    table = collections.Counter((want, verdicts.get(student, "lost")) for student, want in expected.items())
    for (want, have), count in sorted(table.items()):
        print(f"{want:<13} {have:<13} {count:>4}  {'' if _is_right(want, have) else 'WRONG'}".rstrip())
    wrong = [s for s, want in expected.items() if not _is_right(want, verdicts.get(s, "lost"))]
    for student in wrong:
        print(f"{student}: {plain.get(student, {}).get('message', 'no result')}")
    spent = sum(result["seconds"] for result in plain.values())
    print(f"wrong or lost: {len(wrong)}; changed by a later run: {changed}; processes left: {len(left)}")
    print(
        f"{seconds:.0f} s for {chosen.students} submissions, {chosen.hostile} of them hostile, "
        f"{chosen.kills} kills; {spent / seconds:.2f} judged at a time by {chosen.workers} workers"
    )
    return int(bool(wrong or changed or left))


def _is_right(want: str, have: str) -> bool:
    return have not in ("lost", "match") if want == "hostile" else have == want


if __name__ == "__main__":
    sys.exit(main())
