"""What the pytest plugin costs a suite that checks no gradient, as ratios measured in one run.

    python benchmarks/plugin.py
    python benchmarks/plugin.py --repeats 20 --tests 1000

Every number is the least of several fresh interpreters, with and without the plugin in turn.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

IMPORT = """
import time
began = time.process_time()
import pytest
between = time.process_time()
import gradcheck.pytest_plugin
print(between - began, time.process_time() - between)
"""
RUN = """
import sys, time
import pytest
began = time.process_time()
code = pytest.main(sys.argv[1:])
print(time.process_time() - began)
sys.exit(code)
"""
COMMON = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:hypothesispytest")


def last_line(folder: str, code: str, *arguments: str) -> list[float]:
    """Return the numbers in the last line that a fresh interpreter prints."""
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # as users have it: compiled once
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def main() -> None:
    """Print the import's time beside that of pytest, and a run's with and without the plugin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--tests", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tests = "".join(f"def test_{i}():\n    pass\n" for i in range(chosen.tests))
        Path(folder, "test_nothing.py").write_text(tests)
        imports, with_it, without = [], [], []
        for _ in range(chosen.repeats):
            imports.append(last_line(folder, IMPORT))
            with_it += last_line(folder, RUN, *COMMON)
            without += last_line(folder, RUN, *COMMON, "-p", "no:gradcheck")
    of_pytest, of_plugin = map(min, zip(*imports, strict=True))
    print(f"import of the plugin: {1e3 * of_plugin:.1f} ms, {of_plugin / of_pytest:.3f} x import pytest")
    per_test = 1e6 * (min(with_it) - min(without)) / chosen.tests
    ratio = min(with_it) / min(without)
    print(f"{chosen.tests} empty tests: {ratio:.3f} x the time without it, {per_test:.0f} us a test")


if __name__ == "__main__":
    main()
