"""The command line: arguments in, text and an exit code out."""

import argparse
import math
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import gradcheck
from gradcheck import formats
from gradcheck.errors import GradcheckError, UsageError
from gradcheck.faults import FAULTS
from gradcheck.networks import ACTIVATIONS, LOSSES
from gradcheck.networks.arrays import look_up
from gradcheck.submissions.binding import Options
from gradcheck.submissions.sandbox import LEVELS
from gradcheck.submissions.verify import verify

INTERRUPTED = 130
_EXIT_CODES = """\
exit codes: 0 match, 1 mismatch, 2 wrong usage, 3 inconclusive, 4 the submission crashed,
timed out or broke the interface, 5 a fault of gradcheck itself"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        The exit code.
    """
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
        sys.stdout.flush()
    except GradcheckError as error:
        print(f"gradcheck: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; the interpreter must not flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001, RUF100 (the last line of defence)
        print(f"gradcheck: a fault of gradcheck itself, please report it: {error!r}", file=sys.stderr)
        return GradcheckError.exit_code
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradcheck",
        description="Decides whether a hand-written backward pass is right.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {gradcheck.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_verify(commands)
    _add_explain(commands)
    return parser


def _add_verify(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "verify",
        help="check the backward pass in one file",
        description="Checks the backward pass in one Python file, run in a process of its own.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    add("--seed", type=_seed, default=default.seed, metavar="S", help="of the problems drawn (default: 0)")
    add("--rtol", type=_positive, metavar="R", help="relative error that matters (default: 1e-6)")
    add(
        "--json",
        metavar="PATH",
        help="write the result as JSON; - for standard output, and nothing else there",
    )
    add("--timeout", type=_positive, default=default.timeout, metavar="S",
        help="seconds for everything (default: 60)")  # fmt: skip
    add("--sandbox", choices=LEVELS, default=default.sandbox,
        help="how the file's process is confined (default: auto, the strongest there is)")  # fmt: skip
    parser.set_defaults(run=_verify)


def _add_explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("explain", help="describe one known mistake")
    parser.add_argument("code", metavar="CODE", help=f"such as {next(iter(FAULTS))}")
    parser.set_defaults(run=_explain)


def _verify(chosen: argparse.Namespace) -> int:
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
        _write(chosen.json, formats.render("json", [result.to_dict()]))
    if chosen.json != "-":
        print(f"{result}\nreproduce: {_command(chosen.file, options)}")
    return result.exit_code


def _explain(chosen: argparse.Namespace) -> int:
    fault = look_up(FAULTS, "known mistake", chosen.code.upper())
    print(f"{fault.code}: {fault.name}")
    for label, text in (
        ("formula", fault.formula), ("leaves right", fault.leaves_right), ("hint", fault.hint)
    ):  # fmt: skip
        print(f"  {label + ':':<14}{text}")
    return 0


def _command(file: str, options: Options) -> str:
    """Return the command that repeats a run; what is at its default is left out but the seed."""
    words = ["gradcheck", "verify", file, "--seed", str(options.seed)]
    for name in ("loss", "activation", "rtol", "timeout", "sandbox"):
        value = getattr(options, name)
        if value != getattr(Options(), name):
            words += [f"--{name}", str(value)]
    return shlex.join(words)


def _write(path: str, text: str) -> None:
    if path == "-":
        print(text)
        return
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path!r} cannot be written", given=str(error.strerror)) from error


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number >= 0, got {text!r}")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"a number > 0 is needed, got {text!r}")
    return number
