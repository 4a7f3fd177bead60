"""Grading a folder: every submission has exactly one result, whatever the others do."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from gradcheck import cli
from gradcheck.errors import GradcheckError, SubmissionError, UsageError
from gradcheck.grading import grade as grading
from gradcheck.grading.grade import DATABASE, Plan, grade
from gradcheck.grading.running import run
from gradcheck.grading.store import Store
from gradcheck.grading.workers import WorkerLost, Workers
from gradcheck.submissions.binding import Options

OFFENDERS = Path(__file__).parent / "offenders"
HEAD = "def backward(x, d, z1, y):\n"
KILL = """
def kill():
    import os, signal
    os.kill(os.getppid(), signal.SIGKILL)
"""
RIGHT = (OFFENDERS / "right.py").read_text()


@contextmanager
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor, 4


def graded(folder, out, *, executor=threads, **options):
    steps = []
    done = grade(Plan(folder, out, **options), executor, lambda *step: steps.append(step))
    return {result["student"]: result for result in done.results}, steps


def put(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def command(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.fixture
def judged(monkeypatch):
    """Judge by what the file says, without running it; collect who was judged."""
    calls = []

    def work(origin, parcel, options):
        calls.append(origin)
        return grading.refusal(origin, because(parcel.files[parcel.main].decode()))

    monkeypatch.setattr(grading, "run", lambda *arguments: run(*arguments, work))
    return calls


def because(words):
    return SubmissionError("interface", words)


@pytest.fixture(scope="module")
def a_class(tmp_path_factory):
    """Grade a class once from the command line, in worker processes: its folder of results."""
    folder, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("results") / "new"
    names = ("right", "relu_with_d_sigmoid", "writes_network", "random_forward", "syntax_error")
    put(folder, **{name: (OFFENDERS / f"{name}.py").read_text() for name in names})
    (folder / "kills its judge.py").write_text(RIGHT.replace(HEAD, f"{HEAD}    kill()\n") + KILL)
    (folder / "notes.txt").write_text("not a submission")
    code = cli.main(["grade", str(folder), "--out", str(out), "--workers", "2", "--seed", "3"])
    return code, out


class TestCommand:
    def test_every_submission_has_its_result(self, a_class):
        """Also the one that attacks the process that judges it, and its neighbours."""
        results = json.loads((a_class[1] / "results.json").read_text())
        verdicts = {result["student"]: result["verdict"] for result in results}

        assert verdicts == {
            "kills its judge": "error",
            "right": "match",
            "relu_with_d_sigmoid": "mismatch",
            "writes_network": "error",
            "random_forward": "inconclusive",
            "syntax_error": "error",
        }

    def test_gradebook_has_a_row_for_each(self, a_class):
        """With the score of the JSON."""
        rows = list(csv.DictReader((a_class[1] / "grades.csv").read_text().splitlines(keepends=True)))
        results = json.loads((a_class[1] / "results.json").read_text())

        assert [(row["student"], float(row["score"])) for row in rows] == [
            (r["student"], r["score"]) for r in results
        ]
        assert {row["student"]: row["score"] for row in rows}["right"] == "100"

    def test_exit_code_is_that_of_the_worst(self, a_class):
        """A mismatch before an error before what is inconclusive."""
        assert a_class[0] == 1

    def test_forward_that_was_not_asked_for_is_no_success(self, tmp_path, capsys):
        """Though the gradient belongs to it."""
        folder = put(tmp_path / "class", ann=RIGHT)
        code, out, _ = command(capsys, "grade", folder, "--out", tmp_path / "out", "--activation", "relu")

        assert code == 1
        assert "1 match" in out
        assert "forward computes something else" in out

    def test_results_of_an_earlier_run_are_no_submission(self, tmp_path, judged):
        """Though they lie among the submissions; the folder is named as passed over."""
        folder = put(tmp_path / "class", ann="1")
        graded(folder, folder / "out")
        done = grade(Plan(folder, folder / "again"), threads, lambda *step: None)

        assert [result["student"] for result in done.results] == ["ann"]
        assert done.passed_over == ["out"]

    def test_seed_is_stated_in_each_result(self, a_class):
        """So that each can be judged again alone."""
        results = json.loads((a_class[1] / "results.json").read_text())

        assert {result["seed"] for result in results if result["verdict"] == "mismatch"} == {3}


class TestResume:
    def test_what_was_judged_is_not_judged_again(self, tmp_path, judged):
        """Only what is new or has changed; what has gone is not in the results."""
        folder = put(tmp_path / "class", ann="1", ben="2", cem="3")
        graded(folder, tmp_path / "out")
        judged.clear()
        put(folder, ben="other", dee="4")
        (folder / "cem.py").unlink()

        results, _ = graded(folder, tmp_path / "out", resume=True)

        assert sorted(judged) == ["ben.py", "dee.py"]
        assert {name: result["message"] for name, result in results.items()} == {
            "ann": "1",
            "ben": "other",
            "dee": "4",
        }

    def test_interrupted_run_keeps_its_results(self, tmp_path, judged):
        """Each result is written before the next is waited for; in the end each is there once."""
        folder = put(tmp_path / "class", **{f"student{k}": str(k) for k in range(12)})

        def interrupt(done, total):
            if done in (3, 6, 9) and done not in seen:
                seen.add(done)
                raise KeyboardInterrupt

        seen = set()
        for attempt in range(3):
            with pytest.raises(KeyboardInterrupt):
                grade(Plan(folder, tmp_path / "out", resume=attempt > 0), threads, interrupt)
            with closing(sqlite3.connect(tmp_path / "out" / DATABASE)) as database:
                assert database.execute("SELECT count(*) FROM results").fetchone()[0] == 3 * (attempt + 1)
        results, _ = graded(folder, tmp_path / "out", resume=True)

        assert {name: result["message"] for name, result in results.items()} == {
            f"student{k}": str(k) for k in range(12)
        }

    def test_same_questions_for_all(self, tmp_path, judged):
        """The seed that was drawn first is gone on with; other options are refused."""
        folder = put(tmp_path / "class", ann="1")
        graded(folder, tmp_path / "out")
        graded(folder, tmp_path / "out", resume=True)

        with pytest.raises(UsageError, match="begun with other options\n  given:    --rtol 0"):
            graded(folder, tmp_path / "out", resume=True, options=Options(rtol=0.1))

    def test_folder_with_results_is_not_written_over(self, tmp_path, judged):
        """Without --resume."""
        folder = put(tmp_path / "class", ann="1")
        graded(folder, tmp_path / "out")

        with pytest.raises(
            UsageError, match="holds the results of a run\n  do:       go on with it by --resume"
        ):
            graded(folder, tmp_path / "out")

    def test_folder_with_other_files_is_left_alone(self, tmp_path, judged):
        """Even with --resume."""
        folder = put(tmp_path / "class", ann="1")

        with pytest.raises(UsageError, match="holds other files"):
            graded(folder, folder, resume=True)

    def test_two_runs_do_not_write_to_one_folder(self, tmp_path):
        """The second is told to wait."""
        with Store(tmp_path / DATABASE), pytest.raises(UsageError, match="cannot be written"):
            Store(tmp_path / DATABASE)

    def test_file_that_is_no_database_is_refused(self, tmp_path):
        """And left as it is."""
        path = tmp_path / DATABASE
        path.write_bytes(b"something else" * 100)

        with pytest.raises(UsageError, match="cannot be written"):
            Store(path)
        assert path.read_bytes() == b"something else" * 100


class TestLostWorkers:
    def test_task_of_a_lost_worker_is_begun_once_more(self, tmp_path, monkeypatch):
        """And then its result says so; the others are not touched."""
        begun = []

        def work(origin, parcel, options):
            begun.append(origin)
            if origin == "bad.py" or begun.count(origin) == 1:
                raise OSError("the worker is gone")
            return grading.refusal(origin, because("judged"))

        monkeypatch.setattr(grading, "run", lambda *arguments: run(*arguments, work))
        folder = put(tmp_path / "class", ann="1", bad="2", cem="3")

        results, steps = graded(folder, tmp_path / "out")

        assert sorted(begun) == ["ann.py", "ann.py", "bad.py", "bad.py", "cem.py", "cem.py"]
        assert results["ann"]["message"] == results["cem"]["message"] == "judged"
        assert results["bad"]["reason"] == "crashed"
        assert "the worker is gone" in results["bad"]["message"]
        assert steps[-1] == (3, 3)

    def test_lost_executor_ends_the_run(self, tmp_path, monkeypatch):
        """No submission is blamed for it."""
        folder = put(tmp_path / "class", ann="1")

        with pytest.raises(GradcheckError, match="the workers are gone"):
            graded(folder, tmp_path / "out", executor=lambda: nullcontext((Cancelling(), 2)))
        assert graded(folder, tmp_path / "out", resume=True)[0]["ann"]["verdict"] == "error"


class Cancelling:
    def submit(self, task, *items):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


class TestWorkers:
    def test_process_that_does_not_answer_is_ended(self):
        """And the next task gets another."""
        with Workers(1, limit=5) as workers:  # within which a process starts on a busy machine, too
            with pytest.raises(WorkerLost, match="did not answer"):
                workers.submit(time.sleep, 60).result()
            with pytest.raises(WorkerLost, match="died"):
                workers.submit(os._exit, 1).result()

    def test_interruption_ends_what_is_under_way(self):
        """At once."""
        with Workers(1, limit=60) as workers:
            future = workers.submit(time.sleep, 60)
            while not future.running():
                time.sleep(0.01)

        with pytest.raises(WorkerLost):
            future.result()


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps is not installed")
def test_run_that_is_killed_leaves_no_process(tmp_path):
    """Its workers end with it, in the middle of a submission, too; --resume goes on."""
    folder = put(tmp_path / "class", ann=(OFFENDERS / "loops_in_backward.py").read_text(), ben=RIGHT)
    command = [sys.executable, "-m", "gradcheck", "grade", folder, "--out", tmp_path / "out"]
    with subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.DEVNULL) as running:
        while len(children(running.pid)) < 3 or not (tmp_path / "out" / DATABASE).exists():
            time.sleep(0.05)
        left = children(running.pid)
        running.kill()
    for pid in left:
        wait_for_the_end_of(pid)

    again = [*command, "--timeout", "10", "--resume"]  # a busy machine takes that long for ben
    done = subprocess.run(again, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (4, "")
    assert "2 submissions: 1 match, 1 error" in done.stdout


def children(pid):
    """Return the processes below another one, at any depth."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    of = [tuple(map(int, line.split())) for line in listed.splitlines()]
    below = [child for child, parent in of if parent == pid]
    return below + [grandchild for child in below for grandchild in children(child)]


def wait_for_the_end_of(pid):
    """Fail if a process is still there after a minute."""
    for _ in range(1200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


def test_fault_of_gradcheck_itself_is_kept_apart(tmp_path, monkeypatch):
    """It costs one submission its result, not the class, and has its own reason."""

    def broken(path, options):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("gradcheck.grading.judging.verify", broken)
    results, _ = graded(put(tmp_path / "class", ann="1"), tmp_path / "out")

    assert results["ann"]["reason"] == "internal"
    assert "planted" in results["ann"]["message"]


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["no-such-folder"], "cannot be read"),
            (["empty"], "holds no submission"),
            (["class", "--formats", "json,pdf"], "no such format\n  given:    pdf"),
            (["class", "--rubric", "none.toml"], "cannot be read"),
        ],
    )
    def test_is_told_in_one_message(self, capsys, tmp_path, monkeypatch, arguments, words):
        """Before anything is judged, with exit code 2."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "empty").mkdir()
        put(tmp_path / "class", ann="1")
        code, out, err = command(capsys, "grade", *arguments, "--out", "out")

        assert (code, out) == (2, "")
        assert words in err

    def test_interruption_says_how_to_go_on(self, capsys, tmp_path, monkeypatch):
        """With the command to type."""

        def interrupted(plan, executor, advance):
            advance(3, 5)
            raise KeyboardInterrupt

        monkeypatch.setattr("gradcheck.cli.grade.grade", interrupted)
        arguments = ["grade", str(tmp_path), "--out", "my results"]
        monkeypatch.setattr(sys, "argv", ["gradcheck", *arguments])
        code, _, err = command(capsys, *arguments)

        assert code == 130
        assert "3 of 5 submissions have their result" in err
        assert f"gradcheck grade {tmp_path} --out 'my results' --resume" in err
