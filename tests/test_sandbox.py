"""A submission's process: confined in time and place, and gone at the end."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import call, wait_until_gone

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.submissions.sandbox import Sandbox, available, bubblewrap
from gradcheck.submissions.wire import Opaque


def test_function_is_called_with_arrays(loaded):
    """And its result comes back."""
    box, _ = loaded("def double(x): return 2 * x", "double")

    assert call(box, "double", np.arange(3.0))["result"][0].tolist() == [0, 2, 4]


def test_nothing_of_the_process_group_outlives_it(loaded):
    """Children that a submission started, where it can, are killed with it."""
    source = "import subprocess\npid = subprocess.Popen(['sleep', '60']).pid\nown = __import__('os').getpid()"
    box, answer = loaded(source, "pid", "own", level="none")
    pids = answer["result"]["values"]

    box.__exit__(None, None, None)

    for pid in pids.values():
        assert wait_until_gone(pid)


@pytest.mark.parametrize("level", ["auto", "process"])
def test_of_the_folder_of_temporary_files_only_code_is_seen(level, tmp_path, monkeypatch):
    """A file that lies there runs, and what others keep there is none of its business."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "secret.txt").write_text("x")
    (tmp_path / "mine.py").write_text("import glob\ndef seen(folder): return glob.glob(folder + '/others/*')")

    with Sandbox(tmp_path, level, 30.0) as box:
        box.ask("load", path=str(tmp_path / "mine.py"), names=["seen"], whole=False)
        answer = call(box, "seen", str(tmp_path))

    assert answer["result"] == [[]]


def test_file_in_the_root_of_temporary_files_runs():
    """It does not hide the folder that the process works in."""
    with Sandbox(Path("/tmp"), "auto", 30.0) as box:
        assert box.measures


def test_environment_is_not_handed_on(loaded, monkeypatch):
    """What the user's shell knows is not the submission's business."""
    monkeypatch.setenv("SOME_SECRET", "known")
    _, answer = loaded("import os\nfound = dict(os.environ)", "found")

    assert "SOME_SECRET" not in answer["result"]["values"]["found"]
    assert answer["result"]["values"]["found"]["PYTHONHASHSEED"] == "0"


def test_standard_streams_are_the_null_device(loaded):
    """Printing disturbs nothing, however it is done, and there is nothing to read."""
    source = (
        "import os, sys\n"
        "def shout():\n"
        "    print('x' * 10**6); sys.stderr.write('y' * 10**6); os.write(1, b'z' * 10**6)\n"
        "    return sys.stdin.read()\n"
    )
    box, _ = loaded(source, "shout")

    assert call(box, "shout")["result"] == [""]


def test_module_of_the_folder_shadows_nothing_of_the_runner(loaded, tmp_path):
    """A file named numpy.py, json.py or wire.py is the submission's own affair."""
    for name in ("numpy", "json", "wire", "selection", "ast", "gradcheck"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(f'{__name__} was imported')")
    box, _ = loaded("import numpy\ndef one(): return numpy.ones(2)", "one")

    assert call(box, "one")["result"][0].tolist() == [1, 1]


def test_clock_is_one_for_everything(loaded):
    """Many calls that are short enough by themselves do not get more time."""
    box, _ = loaded("import time\ndef nap(): time.sleep(0.4)", "nap", timeout=1.5)
    began = time.monotonic()

    with pytest.raises(SubmissionError, match=r"still running after 1\.5 s") as caught:
        list(iter(lambda: call(box, "nap"), None))

    assert caught.value.reason == "timeout"
    assert time.monotonic() - began < 3


def test_request_that_nobody_reads_does_not_hang(loaded):
    """A stopped process leaves the pipe full; the clock runs on."""
    source = (
        "import os, signal, threading\nthreading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSTOP)).start()"
    )
    box, _ = loaded(source, timeout=1.5)
    time.sleep(0.4)

    with pytest.raises(SubmissionError) as caught:
        call(box, "any", np.zeros(10**6))

    assert caught.value.reason == "timeout"


def test_forged_answer_is_an_error(loaded):
    """A submission that finds the pipe can claim what it likes; it is never believed blindly."""
    source = (
        "import os\n"
        "def forge():\n"
        "    for fd in range(3, 20):\n"
        "        try: os.write(fd, b'\\xff' * 64)\n"
        "        except OSError: pass\n"
    )
    box, _ = loaded(source, "forge")

    with pytest.raises(SubmissionError, match="answered nonsense"):
        call(box, "forge")


def test_large_memory_is_refused(loaded):
    """With an exception of the submission, not of the machine."""
    box, _ = loaded("import numpy as np\ndef big(): np.ones(2**32); return 1", "big")

    assert "MemoryError" in call(box, "big")["error"]["bases"]


def test_large_file_is_refused(loaded):
    """A disk is not filled."""
    source = (
        "import os\n"
        "def fill():\n"
        "    try: open('big', 'wb').write(bytes(2**26))\n"
        "    except OSError: return os.path.getsize('big')\n"
    )
    box, _ = loaded(source, "fill")

    assert call(box, "fill")["result"][0] < 2**26


def test_objects_do_not_cross(loaded):
    """Of an object only the name of its type arrives."""
    box, _ = loaded("class Thing: pass\ndef make(): return Thing()", "make")

    assert call(box, "make")["result"] == [Opaque("Thing")]


def test_bubblewrap_that_does_not_work_is_refused(tmp_path, monkeypatch):
    """Never silently something weaker, unless the strongest that there is was asked for."""
    monkeypatch.setattr(bubblewrap, "obstacle", lambda: "no user namespaces")

    with pytest.raises(UsageError, match="bubblewrap does not work here\n  given:    no user namespaces"):
        Sandbox(tmp_path, "bubblewrap", 1.0)
    assert available("auto") == "process"
