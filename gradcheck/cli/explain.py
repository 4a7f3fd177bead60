"""`gradcheck explain CODE`: one known mistake, or a list of all."""

import argparse
import itertools
import textwrap
from typing import TYPE_CHECKING

from gradcheck.cli.options import Commands
from gradcheck.faults import FAMILIES, FAULTS, Fault
from gradcheck.faults.registry import known

if TYPE_CHECKING:
    from gradcheck.faults.page import Worked

WIDTH = 80
_INDENT = 16


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("explain", help="describe one known mistake, or list all")
    parser.add_argument(
        "code", metavar="CODE", nargs="?", help=f"such as {next(iter(FAULTS))}; default: a list"
    )
    parser.add_argument("--page", action="store_true", help="all as Markdown, each with a worked example")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    if chosen.page:
        from gradcheck.faults.page import page  # draws many networks

        print(page(), end="")
    elif chosen.code is None:
        print("\n\n".join(_listed(title, family) for title, family in FAMILIES.items()))
    else:
        print(_explained(known(chosen.code.upper())))
    return 0


def _explained(fault: Fault) -> str:
    from gradcheck.faults.page import worked  # draws networks

    rows = {
        "written": fault.formula,
        "leaves right": fault.leaves_right,
        "frequency": fault.frequency,
        "hint": fault.hint,
    }
    example = worked(fault.code)
    if example:
        rows["example"] = f"{example.message}, in {example.where.replace('`', '')}"
    lines = [_wrapped(f"{label + ':':<14}", text, _INDENT) for label, text in rows.items()]
    lines += _table(example) if example else []
    return "\n".join([_wrapped(f"{fault.code}: ", fault.name, 2, start=""), *lines])


def _table(example: "Worked") -> list[str]:
    columns = [example.places, example.right, example.wrong]
    width = max(map(len, itertools.chain(*columns)))
    labels = (f"dE/d{example.parameter}", "right", "wrong")
    return [
        " " * _INDENT + "  ".join([f"{label:<{_INDENT}}", *(f"{cell:>{width}}" for cell in cells)])
        for label, cells in zip(labels, columns, strict=True)
    ]


def _listed(title: str, family: tuple[Fault, ...]) -> str:
    width = max(map(len, FAULTS)) + 4
    return "\n".join(
        [
            textwrap.fill(title, WIDTH),
            *(_wrapped(fault.code.ljust(width - 2), fault.name, width) for fault in family),
        ]
    )


def _wrapped(label: str, text: str, indent: int, start: str = "  ") -> str:
    return textwrap.fill(
        label + text, WIDTH, initial_indent=start, subsequent_indent=" " * indent, break_on_hyphens=False
    )
