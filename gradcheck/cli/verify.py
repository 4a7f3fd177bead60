"""`gradcheck verify FILE`: one submission."""

import argparse
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from gradcheck import formats, plots
from gradcheck.cli.options import Commands, add_parser, place, write
from gradcheck.cli.submission import add_options, as_words, stated
from gradcheck.errors import UsageError
from gradcheck.formats.text import told
from gradcheck.submissions.recognition import listed
from gradcheck.submissions.verify import verify

_PAUSE = 0.3  # seconds between two looks at the files


class _List(argparse.Action):
    """Shows the conventions, and ends the run as ``--version`` does."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        print(listed())
        parser.exit()


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_parser(
        commands,
        "verify",
        "check the backward pass in one file",
        "Checks the backward pass in one Python file, run in a process of its own.",
    )
    parser.add_argument("file", metavar="FILE", help="its path, or example:course-note")
    parser.add_argument(
        "--list-conventions", action=_List, nargs=0, help="show what kinds of file are recognised, and stop"
    )
    add_options(parser)
    parser.add_argument(
        "--json",
        type=place,
        metavar="PATH",
        help="write the result as JSON; - for standard output, and nothing else there",
    )
    parser.add_argument("--html", type=place, metavar="PATH", help="write the result as a page; - likewise")
    parser.add_argument(
        "--watch", action="store_true", help="check again whenever a file beside it is saved; Ctrl-C ends it"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    if chosen.json == chosen.html == "-":
        raise UsageError("standard output takes one of --json and --html", do="give one of them a path")
    times = saves(Path(chosen.file).resolve().parent) if chosen.watch else [None]
    for number, _ in enumerate(times):
        if number and not Path(chosen.file).is_file():
            continue  # an editor that saves by renaming
        if number:
            print(f"\n{time.strftime('%H:%M:%S')} saved, checked again\n", flush=True)
        try:
            code = _verify(chosen)
        except UsageError as error:
            if not number:
                raise
            print(told(f"gradcheck: {error}"), file=sys.stderr)  # it was right at first, and may be so again
    return code


def _verify(chosen: argparse.Namespace) -> int:
    options = stated(chosen)
    illustrate = partial(plots.illustrate, rtol=options.rtol, seed=options.seed)
    result = verify(chosen.file, options, illustrate if chosen.html else None)
    file = f"./{chosen.file}" if chosen.file.startswith("-") else chosen.file
    reproduce = shlex.join(["gradcheck", "verify", file, *as_words(options)])
    if "-" not in (chosen.json, chosen.html):
        print(f"{result}\nreproduce: {reproduce}", flush=True)
    if chosen.json:
        write(chosen.json, formats.render("json", [result.to_dict()]))
    if chosen.html:
        shown = {**result.to_dict(), "reproduce": reproduce, "plots": result.plots}
        write(chosen.html, formats.render("html", [shown]))
    return result.exit_code


def saves(folder: Path) -> Iterator[None]:
    """Yield once, and again whenever a Python file or notebook in a folder has been saved since.

    Parameters
    ----------
    folder : Path
    """
    before = None
    while True:
        now = _stamps(folder)
        if now == before:
            time.sleep(_PAUSE)
        else:
            before = now
            yield


def _stamps(folder: Path) -> dict[Path, int]:
    stamps = {}
    for pattern in ("*.py", "*.ipynb"):
        for path in folder.glob(pattern):
            with suppress(OSError):  # an editor that saves by renaming
                stamps[path] = path.stat().st_mtime_ns
    return stamps
