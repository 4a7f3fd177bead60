"""`gradcheck explain CODE`: one known mistake."""

import argparse

from gradcheck.cli.options import Commands
from gradcheck.faults import FAULTS
from gradcheck.networks.arrays import look_up


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("explain", help="describe one known mistake")
    parser.add_argument("code", metavar="CODE", help=f"such as {next(iter(FAULTS))}")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    fault = look_up(FAULTS, "known mistake", chosen.code.upper())
    print(f"{fault.code}: {fault.name}")
    for label, text in (
        ("formula", fault.formula), ("leaves right", fault.leaves_right), ("hint", fault.hint)
    ):  # fmt: skip
        print(f"  {label + ':':<14}{text}")
    return 0
