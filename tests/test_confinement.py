"""What a submission's process cannot do, attempted for real, at each level that confines it."""

import os
import platform
import socket
import sys
import tempfile
from pathlib import Path

import pytest
from helpers import call

from gradcheck.submissions.sandbox import bubblewrap

LINUX = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
LEVELS = [
    pytest.param(
        "bubblewrap", marks=pytest.mark.skipif(bool(bubblewrap.obstacle()), reason=bubblewrap.obstacle())
    ),
    pytest.param("process", marks=pytest.mark.skipif(not LINUX, reason="Landlock and seccomp are Linux's")),
]


@pytest.fixture(params=LEVELS)
def attempts(request, loaded):
    """Return a function that runs bodies of functions in one process: results, or types of errors."""

    def run(bodies, **arguments):
        source = "import os, sys\n"
        for k, body in enumerate(bodies):
            lines = "".join(f"    {line}\n" for line in body.splitlines())
            source += f"def attack{k}({', '.join(arguments)}):\n{lines}"
        names = [f"attack{k}" for k in range(len(bodies))]
        box, _ = loaded(source, *names, level=request.param)
        if request.param == "process" and not {"Landlock", "seccomp"} <= set(box.measures):
            pytest.skip(f"this kernel has only {', '.join(box.measures)}")
        answers = [call(box, name, *arguments.values()) for name in names]
        return [a["result"][0] if "result" in a else a["error"]["bases"] for a in answers]

    return run


@pytest.fixture
def attempt(attempts):
    """Return a function that runs one body."""
    return lambda body, **arguments: attempts([body], **arguments)[0]


@pytest.fixture
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    path.write_text("the other submission")
    path.chmod(0o644)
    return path


def test_other_files_are_out_of_reach(attempts, secret):
    """They are neither read nor listed, changed, replaced or removed."""
    before = secret.stat()
    bodies = [
        "return open(path).read()",
        "return os.listdir(os.path.dirname(path))",
        "open(path, 'w').write('a better grade')",
        "open(os.path.join(os.path.dirname(path), 'new'), 'w')",
        "os.symlink(path, 'soft'); return open('soft').read()",
        "os.link(path, 'hard'); return open('hard').read()",
        "os.remove(path)",
        "os.rename(path, 'mine')",
        "os.truncate(path, 0)",
        "os.chmod(path, 0)",
        "os.utime(path, (0, 0))",
    ]

    for body, bases in zip(bodies, attempts(bodies, path=str(secret)), strict=True):
        assert "OSError" in bases, body
    assert secret.read_text() == "the other submission"
    assert (secret.stat().st_mode, secret.stat().st_mtime) == (before.st_mode, before.st_mtime)
    assert [path.name for path in secret.parent.iterdir()] == ["secret.txt"]


def test_system_is_not_read(attempt):
    """No home, no other process; what is there is the interpreter and the system's programs."""
    places = [str(Path.home()), "/home", "/root", "/var", f"/proc/{os.getpid()}", "/sys"]
    body = (
        "found = []\n"
        "for folder in places:\n"
        "    for folder, folders, files in os.walk(folder):\n"
        "        folders[:] = [name for name in folders if os.path.join(folder, name) not in shown]\n"
        "        for name in files[:100]:\n"
        "            try: found.append(open(os.path.join(folder, name), 'rb').read(1) and name)\n"
        "            except OSError: pass\n"
        "return found[:5]"
    )
    shown = [sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), str(bubblewrap.view.RUNNER)]

    assert attempt(body, places=places, shown=shown) == []


def test_folder_of_the_submission_is_read_only(attempts, tmp_path):
    """What it writes goes into a folder that is removed."""
    bodies = ["open(path, 'a').write('#')", "open('notes', 'w').write('x')\nreturn open('notes').read()"]
    refused, written = attempts(bodies, path=str(tmp_path / "submission.py"))

    assert "OSError" in refused
    assert written == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["submission.py"]


def test_files_beside_it_are_found_by_their_name(attempt, tmp_path):
    """A submission may read the data that lies with it."""
    (tmp_path / "data.csv").write_text("1,2")

    assert attempt("return open('data.csv').read()") == "1,2"


def test_no_network(attempt):
    """Not even to this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        body = "import socket\nsocket.create_connection(('127.0.0.1', port), 1)"

        assert "OSError" in attempt(body, port=server.getsockname()[1])


def test_no_process_is_started(attempts):
    """So that none can outlive the submission or multiply."""
    bodies = [
        "return os.fork()",
        "import subprocess\nreturn subprocess.run(['/bin/true']).returncode",
        "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()",
        "return os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
    ]

    for body, bases in zip(bodies, attempts(bodies), strict=True):
        assert "OSError" in bases, body


def test_other_processes_are_left_alone(attempt):
    """No signal and no limit reaches the process that judges."""
    mine = os.getpid()
    body = (
        "import resource, signal\n"
        "done = []\n"
        "for what in (lambda: os.kill(parent, 0), lambda: os.kill(os.getppid(), 0), lambda: os.kill(-1, 0),\n"
        "    lambda: os.killpg(0, 0), lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),\n"
        "    lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1)),\n"
        "    lambda: signal.pidfd_send_signal(os.pidfd_open(parent), 0)):\n"
        "    try: done.append(what() or 1)\n"
        "    except OSError: pass\n"
        "return done"
    )

    assert attempt(body, parent=mine) == []


def test_no_memory_beside_its_own(attempt):
    """Files of nothing but memory would be bounded by no limit."""
    assert "OSError" in attempt("return os.memfd_create('hoard')")


def test_its_own_process_is_its_own_affair(attempt):
    """Threads, its own limits and signals, and what scipy loads late still work."""
    body = (
        "import signal, resource, threading\n"
        "import scipy.linalg, scipy.optimize\n"
        "threads = [threading.Thread(target=os.getpid) for _ in range(4)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "caught = []\n"
        "signal.signal(signal.SIGUSR1, lambda *a: caught.append(1))\n"
        "signal.raise_signal(signal.SIGUSR1)\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "return len(caught)"
    )

    assert attempt(body) == 2


def test_what_is_in_force_is_known(loaded):
    """It is said before the submission is loaded."""
    box, _ = loaded("", level="process")

    assert box.measures[:1] == ("limits",)
    assert loaded("", level="none")[0].measures == ()


def test_scratch_is_removed_whatever_is_in_it(loaded, monkeypatch):
    """Folders too deep for Python, and ones without any right."""
    if Path("/dev/shm").is_dir():  # removing many folders from a disk takes seconds
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")
    source = (
        "import os\n"
        "os.mkdir('closed', 0)\n"
        "own = os.getcwd()\n"
        "for _ in range(1100): os.mkdir('d'); os.chdir('d')\n"
    )
    box, answer = loaded(source, "own", level="process")
    own = Path(answer["result"]["values"]["own"])
    assert own.is_dir()

    box.__exit__(None, None, None)

    assert not own.exists()


def test_process_that_does_not_start_is_a_fault_of_the_machine(loaded, monkeypatch):
    """Not of the submission: the message is the machine's."""
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(Exception, match="the process for the submission did not start") as caught:
        loaded("", level="process")

    assert caught.value.exit_code == 5
