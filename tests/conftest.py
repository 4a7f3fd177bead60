"""Hypothesis profiles, HYPOTHESIS_PROFILE being dev (the default), ci or thorough; a sandbox to try in."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from gradcheck.submissions.sandbox import Sandbox

settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True)
settings.register_profile(
    "thorough",
    parent=settings.get_profile("dev"),
    max_examples=2000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A shell ignores Ctrl-C in what it runs in the background, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["example_project"]  # run as a project of its own


@pytest.fixture
def loaded(tmp_path):
    """Return a function that loads source text and gives the sandbox and the answer."""
    boxes = []

    def load(source, *names, level="process", timeout=20.0, whole=True):
        path = tmp_path / "submission.py"
        path.write_text(source)
        box = Sandbox(tmp_path, level, timeout).__enter__()
        boxes.append(box)
        return box, box.ask("load", path=str(path), names=list(names), whole=whole)

    yield load
    for box in boxes:
        box.__exit__(None, None, None)
