"""`gradcheck verify --watch`: a check at every save."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from gradcheck import cli
from gradcheck.submissions.verify import EXAMPLES

ADAPTER = """
def parameters(rng): return {"w": rng.normal()}
def loss(module, params): return params["w"] ** 2
def gradient(module, params): return {"w": 2 * params["w"]}
"""


def lines_until(stream, start):
    """Read to the line that begins so, and return all lines."""
    lines = []
    while not lines or not lines[-1].startswith(start):
        line = stream.readline()
        assert line, "".join(lines)
        lines.append(line)
    return "".join(lines)


def save(path: Path, example: str):
    """Save as many editors do: a new file takes the old one's place."""
    other = path.with_suffix(".tmp")
    other.write_text((EXAMPLES / f"{example}.py").read_text())
    other.replace(path)


def test_saved_file_is_checked_again(tmp_path):
    """Also one that an editor takes away for a moment; and a quiet end at Ctrl-C."""
    path = tmp_path / "mine.py"
    save(path, "course_note")
    command = [sys.executable, "-m", "gradcheck", "verify", "--watch", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        first = lines_until(run.stdout, "reproduce:")
        save(path, "course_note_repaired")
        second = lines_until(run.stdout, "reproduce:")
        path.unlink()
        time.sleep(1)  # it is seen that the file is gone
        save(path, "course_note")
        third = lines_until(run.stdout, "reproduce:")
        run.send_signal(signal.SIGINT)
        rest = run.stdout.read()

    assert first.startswith("MISMATCH")
    assert "saved, checked again" in second
    assert "\nMATCH" in second
    assert "\nMISMATCH" in third
    assert (rest, run.returncode) == ("", cli.INTERRUPTED)


def test_adapter_half_written_is_waited_for(tmp_path):
    """What is wrong usage at a save need not be so at the next."""
    path, adapter = tmp_path / "mine.py", tmp_path / "adapter.py"
    save(path, "course_note_repaired")
    adapter.write_text(ADAPTER)
    command = [sys.executable, "-m", "gradcheck", "verify", "--watch", str(path), "--adapter", str(adapter)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        first = lines_until(run.stdout, "reproduce:")
        adapter.write_text(ADAPTER + "def")
        second = lines_until(run.stdout, "  given:")
        adapter.write_text(ADAPTER)
        third = lines_until(run.stdout, "reproduce:")
        run.send_signal(signal.SIGINT)

    assert first.startswith("MATCH")
    assert "gradcheck: the adapter is not valid Python" in second
    assert "\nMATCH" in third
