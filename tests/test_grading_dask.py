"""A Dask cluster as the executor: one result for each submission, also when a worker is killed."""

import csv
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gradcheck import check_gradient, cli
from gradcheck.errors import SubmissionError, UsageError
from gradcheck.grading.cluster import cluster
from gradcheck.grading.judging import refusal
from gradcheck.grading.reading import Parcel
from gradcheck.grading.running import Task, run
from gradcheck.submissions.binding import Options

distributed = pytest.importorskip("distributed")
OFFENDERS = Path(__file__).parent / "offenders"


@pytest.fixture(scope="module")
def address():
    """Two worker processes on this machine."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made.scheduler_address


def wait_for(folder, name):
    """Return the first file of that pattern, within a minute."""
    for _ in range(3000):
        if found := sorted(Path(folder).glob(name)):
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"no {name} in {folder}")


def held(folder, parcel, options):
    """Tell the process that does it, and go on only when that is allowed."""
    (Path(folder) / f"begun-{os.getpid()}").touch()
    wait_for(folder, "go-on")
    return refusal(str(os.getpid()), SubmissionError("interface", parcel.main))


def test_worker_killed_in_the_middle_loses_nothing(address, tmp_path):
    """Each submission has exactly one result, by a process that lives."""
    killed = []

    def kill():
        killed.append(wait_for(tmp_path, "begun-*").name.removeprefix("begun-"))
        os.kill(int(killed[0]), signal.SIGKILL)
        (tmp_path / "go-on").touch()

    killer = threading.Thread(target=kill)
    tasks = [Task(f"student {k}", str(tmp_path), Parcel(f"{k}.py", {})) for k in range(12)]
    killer.start()
    with cluster(address) as (executor, at_once):
        results = [(task.student, result) for task, result in run(executor, tasks, Options(), at_once, held)]
    killer.join()

    assert sorted(student for student, _ in results) == sorted(task.student for task in tasks)
    assert sorted(result["message"] for _, result in results) == sorted(task.parcel.main for task in tasks)
    assert killed[0] not in {result["file"] for _, result in results}


def test_class_is_graded_on_the_cluster(address, tmp_path, capsys):
    """Files travel with the tasks; the results are those of one's own processes."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("right", "syntax_error"):
        (folder / f"{name}.py").write_text((OFFENDERS / f"{name}.py").read_text())
    arguments = ["grade", str(folder), "--out", str(tmp_path / "out"), "--formats", "csv", "--dask", address]
    code = cli.main(arguments)

    assert (code, capsys.readouterr().err) == (4, "")
    rows = csv.DictReader((tmp_path / "out" / "grades.csv").read_text().splitlines(keepends=True))
    assert [(row["student"], row["score"], row["verdict"]) for row in rows] == [
        ("right", "100", "match"),
        ("syntax_error", "0", "error"),
    ]


def square(params):
    return 0.5 * float(np.sum(params["W"] ** 2))


def test_large_gradient_is_checked_on_the_cluster(address):
    """By the same executor, and with the same report as alone."""
    params = {"W": np.linspace(1.0, 2.0, 600).reshape(20, 30)}
    wrong = params["W"].copy()
    wrong[3, 4] *= 1.01
    alone = check_gradient(square, params, {"W": wrong})
    with cluster(address) as (executor, _):
        shared = check_gradient(square, params, {"W": wrong}, executor=executor)

    assert shared == alone
    assert shared.parameters["W"].wrong == ((3, 4),)


class TestUsage:
    def test_scheduler_that_does_not_answer_is_told(self, monkeypatch):
        """With the address that was given."""
        monkeypatch.setattr("gradcheck.grading.cluster._PATIENCE", 0.2)

        words = "no Dask scheduler answers\n  given:    --dask tcp://127.0.0.1:1"
        with pytest.raises(UsageError, match=words), cluster("tcp://127.0.0.1:1"):
            pass

    def test_address_that_is_none_is_told(self):
        """Likewise."""
        with pytest.raises(UsageError, match="no Dask scheduler answers"), cluster("no-such-scheme://x"):
            pass

    def test_workers_of_another_version_are_refused(self, address, monkeypatch):
        """They would judge by other rules."""
        monkeypatch.setattr("gradcheck.__version__", "0.0.0")

        with pytest.raises(UsageError, match="has another gradcheck"), cluster(address):
            pass

    def test_missing_extra_is_named(self, monkeypatch):
        """And how to install it."""
        monkeypatch.setitem(sys.modules, "distributed", None)

        with pytest.raises(UsageError, match=r"pip install 'gradcheck\[dask\]'"), cluster("tcp://x"):
            pass
