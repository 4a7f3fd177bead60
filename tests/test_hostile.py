"""Files that attack: none is called a match, none leaves a process or a file, or changes a result.

Each is the course note's wrong backward pass, which does one more thing first. So a match would be
the attack's success, and a mismatch says that it had no effect.
"""

# ruff: noqa: E501 (an attack is one line)
import uuid
from pathlib import Path

import pytest
from helpers import wait_until

from gradcheck.submissions.binding import Options
from gradcheck.submissions.sandbox import available
from gradcheck.submissions.verify import EXAMPLES, verify

WRONG = (EXAMPLES / "course_note.py").read_text()
BACKWARD, FORWARD = "def backward(x, d, z1, y):\n", "def forward(network, x):\n"
CONFINED = available("auto") == "bubblewrap"

# What backward does first. MARK is a number of seconds that no other process sleeps.
IN_BACKWARD = {
    "kills its parent": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "stops its parent": "import os, signal; os.kill(os.getppid(), signal.SIGSTOP)",
    "kills its group": "import os, signal; os.killpg(0, signal.SIGKILL)",
    "kills everybody": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "blocks signals": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64)); exec('while True: pass')",
    "ignores termination": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)",
    "forks a sleeper": "import os; os.fork() or os.execvp('sleep', ['sleep', 'MARK'])",
    "forks into another session": "import os; os.fork() or (os.setsid(), os.execvp('sleep', ['sleep', 'MARK']))",
    "forks twice": "import os; os.fork() or (os.setsid(), os.fork() or os.execvp('sleep', ['sleep', 'MARK']), os._exit(0))",
    "starts a command": "import subprocess; subprocess.Popen(['sleep', 'MARK'], start_new_session=True)",
    "forks without end": "import os; [os.fork() for _ in range(50)]",
    "loops": "exec('while True: pass')",
    "sleeps": "import time; time.sleep(3600)",
    "sleeps in a thread": "import threading, time; threading.Thread(target=time.sleep, args=(3600,)).start()",
    "hoards memory": "hoard = [bytearray(2**26) for _ in range(10**4)]",
    "asks for a huge array": "import numpy; numpy.ones(2**40)",
    "prints without end": "import os; [os.write(1, b'x' * 10**8) for _ in range(100)]",
    "writes to every descriptor": "import os; [os.write(k, b'x' * 10**5) for k in range(3, 64)]",
    "closes every descriptor": "import os; os.closerange(0, 256)",
    "fills the disk": "file = open('/tmp/large', 'wb'); [file.write(bytes(2**24)) for _ in range(1000)]",
    "ends its process": "import os; os._exit(0)",
    "exits": "raise SystemExit(0)",
    "prints a result and exits": "import sys; sys.stdout.write('{\"verdict\": \"match\"}'); sys.exit(0)",
    "is interrupted": "raise KeyboardInterrupt",
    "raises what cannot be printed": "raise ValueError('\\ud800 \\x1b[2J')",
    "raises what lies of itself": "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()",
    "recurs without end": "import sys; sys.setrecursionlimit(10**9); f = lambda: f(); f()",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "patches numpy": "import numpy; numpy.allclose = numpy.array_equal = lambda *_: True; numpy.abs = lambda x: 0 * x",
    "patches the clock": "import time; time.monotonic = time.perf_counter = time.time = lambda: 0.0",
    "patches the builtins": "import builtins; builtins.abs = builtins.max = lambda *a, **k: 0.0; builtins.isinstance = lambda *a: True",
    "replaces modules": "import sys; [sys.modules.__setitem__(n, sys) for n in list(sys.modules) if 'gradcheck' in n or 'wire' in n]",
    "walks the frames": (
        "import sys; f = sys._getframe()\n"
        "    while f: f.f_locals.update(verdict='match', ok=True); f.f_globals.update(verdict='match'); f = f.f_back"
    ),
    "walks the heap": "import gc; [o.clear() for o in gc.get_objects() if type(o) is dict and 'W1' not in o]",
    "writes a result": "open('RESULTS', 'w').write('all are a match')",
    "removes the results": "import os; os.remove('RESULTS')",
    "reads the results": "print(1 / len(open('RESULTS').read()))\n    return {k: 0 * v for k, v in network.items()}",
    "writes into its folder": "open(__file__, 'w').write('')",
    "leaves a file": "open('BESIDE', 'w').write('I was here')",
    "connects to the network": "import socket; socket.create_connection(('127.0.0.1', 9), timeout=5)",
    "reads its parent's memory": "import os; open(f'/proc/{os.getppid()}/mem', 'rb').read(1)\n    return {k: 0 * v for k, v in network.items()}",
    "registers for the end": "import atexit; atexit.register(lambda: open('BESIDE', 'w').write('late'))",
    "returns numbers that lie": (
        "import numpy\n"
        "    class Liar(numpy.ndarray):\n"
        "        __eq__ = __lt__ = __le__ = lambda *_: True\n"
        "        __sub__ = __rsub__ = lambda self, _: 0.0\n"
        "    return {k: numpy.zeros(numpy.shape(v)).view(Liar) for k, v in network.items()}"
    ),
    "returns what never ends": "import itertools; return {k: itertools.repeat(0.0) for k in network}",
    "returns gigabytes": "import numpy; return {k: numpy.zeros(2**28) for k in network}",
    "returns what grows when it is read": (
        "class Dict(dict):\n"
        "        def __iter__(self): return iter(lambda: 'W1', None)\n"
        "        keys = __iter__\n"
        "        def items(self): return iter(lambda: ('W1', 0.0), None)\n"
        "    return Dict(W1=0.0)"
    ),
    "returns a dict in itself": "g = {}; g['W1'] = g; return g",
    "replays an answer": (
        "global kept\n"
        "    try: return kept\n"
        "    except NameError: kept = {k: 0 * v for k, v in network.items()}; return kept"
    ),
    "changes its inputs": "x *= 0; z1 *= 0",
    "changes the network": "network['W1'] = 0 * network['W1']; network['W2'] = 0 * network['W2']",
    "empties the network": "network.clear()",
}  # fmt: skip
# What the file does when it is imported.
AT_IMPORT = {
    "asks for input": "input()",
    "parses arguments": "import argparse; argparse.ArgumentParser().parse_args(['--no-such'])",
    "exits at once": "raise SystemExit",
    "forks at import": "import os; os.fork() or os.execvp('sleep', ['sleep', 'MARK'])",
    "hides the functions": "import sys; sys.modules[__name__] = None",
    "warns as errors": "import warnings; warnings.simplefilter('error'); warnings.warn('no')",
}
# What forward does first: then there may be nothing to differentiate.
IN_FORWARD = {
    "is zero everywhere": "return np.zeros(10), 0.0",
    "counts its calls": "global n; n = globals().get('n', 0) + 1; network = {k: v + n for k, v in network.items()}",
    "looks who calls": "import sys; return np.zeros(10), float(len(str(sys._getframe(1).f_locals)))",
}


def attack(head: str, lines: str) -> str:
    text = WRONG.replace(head, f"{head}    {lines}\n")
    assert text != WRONG
    return text


FILES = {
    **{name: attack(BACKWARD, lines) for name, lines in IN_BACKWARD.items()},
    **{name: attack(FORWARD, lines) for name, lines in IN_FORWARD.items()},
    **{name: f"{line}\n{WRONG}" for name, line in AT_IMPORT.items()},
}


def sleeps(mark: str) -> bool:
    """Tell whether a process of that mark runs."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in process.read_bytes():
                return True
        except OSError:
            continue  # it has just ended
    return False


@pytest.mark.skipif(not CONFINED, reason="needs bubblewrap: some of them would hurt the tests themselves")
@pytest.mark.parametrize("name", FILES)
def test_attack_has_no_success(name, tmp_path):
    """No match; what it started is gone, the file and the results are as they were, nothing is new."""
    folder, results = tmp_path / "submission", tmp_path / "results.json"
    mark = f"3600.{uuid.uuid4().int % 10**9}"
    text = FILES[name].replace("MARK", mark).replace("RESULTS", str(results))
    text = text.replace("BESIDE", str(folder / "beside"))
    compile(text, "mine.py", "exec")
    folder.mkdir()
    (folder / "mine.py").write_text(text)
    results.write_text("nothing yet")

    result = verify(str(folder / "mine.py"), Options(timeout=4.0))

    assert result.verdict != "match", result
    assert wait_until(lambda: not sleeps(mark))
    assert results.read_text() == "nothing yet"
    assert (folder / "mine.py").read_text() == text
    assert [path.name for path in folder.iterdir()] == ["mine.py"]


def test_there_are_many():
    """Sixty files that are hostile or broken, with those of `offenders`."""
    broken = [p for p in (Path(__file__).parent / "offenders").glob("*.py") if not p.stem.startswith("right")]

    assert len(FILES) + len(broken) >= 90
