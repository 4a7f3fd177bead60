"""The command line: arguments in, text and an exit code out."""

import io
import os
import sys
from collections.abc import Sequence

import gradcheck
from gradcheck.cli import explain, fuzz, grade, verify
from gradcheck.cli.options import EXIT_CODES, Parser
from gradcheck.errors import GradcheckError
from gradcheck.formats.text import told

INTERRUPTED = 130
_COMMANDS = (verify, grade, fuzz, explain)


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
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The name of a file need not be text, and a terminal need not know every letter.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code: int = chosen.run(chosen)
        sys.stdout.flush()
    except GradcheckError as error:
        print(told(f"gradcheck: {error}"), file=sys.stderr)
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


def _parser() -> Parser:
    parser = Parser(
        prog="gradcheck",
        description="Decides whether a hand-written backward pass is right.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {gradcheck.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    return parser
