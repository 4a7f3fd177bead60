"""What the commands share: types of arguments, exit codes in words, and where a result is written."""

import argparse
import math
import os
import sys
from pathlib import Path
from typing import NoReturn, TypeAlias

from gradcheck.errors import UsageError
from gradcheck.formats.text import told

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
EXIT_CODES = (
    "exit codes: 0 match, 1 mismatch, or a forward pass that is not what it should be, 2 wrong usage, 3 "
    "inconclusive, 4 the submission crashed, timed out or broke the interface, 5 a fault of gradcheck itself"
)


class Parser(argparse.ArgumentParser):
    """A parser whose errors keep to 80 columns, too."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end the run."""
        self.print_usage(sys.stderr)
        self.exit(UsageError.exit_code, told(f"{self.prog}: error: {message}") + "\n")


def add_parser(commands: Commands, name: str, summary: str, description: str) -> argparse.ArgumentParser:
    """Add the parser of a command."""
    return commands.add_parser(name, help=summary, description=description, epilog=EXIT_CODES)


def write(path: str, text: str) -> None:
    """Write a result to a file, or to standard output if the path is ``-``."""
    if path == "-":
        print(text)
        return
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path!r} cannot be written", given=str(error.strerror)) from error


def place(text: str) -> str:
    """Read where a result goes: ``-``, or a path that has its folder, which is not made."""
    folder = str(Path(text).parent)
    if text != "-" and not os.path.isdir(folder):
        raise argparse.ArgumentTypeError(f"there is no folder {folder!r}, make it first")
    if os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text!r} is a folder, name a file in it")
    return text


def seed(text: str) -> int:
    """Read a seed."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number >= 0, got {text!r}")
    return int(text)


def count(text: str) -> int:
    """Read a number of things."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"a whole number >= 1 is needed, got {text!r}")
    return int(text)


def count_range(text: str) -> tuple[int, int]:
    """Read ``M`` or ``M-N``."""
    least, _, most = text.partition("-")
    return count(least), count(most or least)


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    return tuple(name.strip() for name in text.split(","))


def positive(text: str) -> float:
    """Read a number > 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"a number > 0 is needed, got {text!r}")
    return number
