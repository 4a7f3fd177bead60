"""`gradcheck verify FILE`: one submission."""

import argparse
import shlex

from gradcheck import formats
from gradcheck.cli.options import Commands, add_parser, write
from gradcheck.cli.submission import add_options, as_words, stated
from gradcheck.submissions.verify import verify


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_parser(
        commands,
        "verify",
        "check the backward pass in one file",
        "Checks the backward pass in one Python file, run in a process of its own.",
    )
    parser.add_argument("file", metavar="FILE", help="its path, or example:course-note")
    add_options(parser)
    parser.add_argument(
        "--json",
        metavar="PATH",
        help="write the result as JSON; - for standard output, and nothing else there",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    options = stated(chosen)
    result = verify(chosen.file, options)
    if chosen.json:
        write(chosen.json, formats.render("json", [result.to_dict()]))
    if chosen.json != "-":
        print(f"{result}\nreproduce: {shlex.join(['gradcheck', 'verify', chosen.file, *as_words(options)])}")
    return result.exit_code
