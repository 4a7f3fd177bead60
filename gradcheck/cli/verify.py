"""`gradcheck verify FILE`: one submission."""

import argparse
import shlex

from gradcheck import formats
from gradcheck.cli.options import Commands, add_parser, positive, seed, write
from gradcheck.networks import ACTIVATIONS, LOSSES
from gradcheck.submissions.binding import Options
from gradcheck.submissions.sandbox import LEVELS
from gradcheck.submissions.verify import verify


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_parser(
        commands,
        "verify",
        "check the backward pass in one file",
        "Checks the backward pass in one Python file, run in a process of its own.",
    )
    default = Options()
    add = parser.add_argument
    add("file", metavar="FILE", help="its path, or example:course-note")
    add(
        "--loss",
        choices=sorted(LOSSES),
        help="what the gradient is of (default: what the file's shape implies)",
    )
    add(
        "--activation", choices=sorted(ACTIVATIONS), help="of the hidden layer (default: as forward computes)"
    )
    add("--seed", type=seed, default=default.seed, metavar="S", help="of the problems drawn (default: 0)")
    add("--rtol", type=positive, metavar="R", help="relative error that matters (default: 1e-6)")
    add(
        "--json",
        metavar="PATH",
        help="write the result as JSON; - for standard output, and nothing else there",
    )
    add("--timeout", type=positive, default=default.timeout, metavar="S",
        help="seconds for everything (default: 60)")  # fmt: skip
    add("--sandbox", choices=LEVELS, default=default.sandbox,
        help="how the file's process is confined (default: auto, the strongest there is)")  # fmt: skip
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    options = Options(
        loss=chosen.loss,
        activation=chosen.activation,
        seed=chosen.seed,
        rtol=chosen.rtol,
        timeout=chosen.timeout,
        sandbox=chosen.sandbox,
    )
    result = verify(chosen.file, options)
    if chosen.json:
        write(chosen.json, formats.render("json", [result.to_dict()]))
    if chosen.json != "-":
        print(f"{result}\nreproduce: {_command(chosen.file, options)}")
    return result.exit_code


def _command(file: str, options: Options) -> str:
    """Return the command that repeats a run; what is at its default is left out but the seed."""
    words = ["gradcheck", "verify", file, "--seed", str(options.seed)]
    for name in ("loss", "activation", "rtol", "timeout", "sandbox"):
        value = getattr(options, name)
        if value != getattr(Options(), name):
            words += [f"--{name}", str(value)]
    return shlex.join(words)
