"""What `verify` and `grade` ask about a submission: one argument for each field of `Options`."""

import argparse
import dataclasses

from gradcheck.cli.options import positive, seed
from gradcheck.networks import ACTIVATIONS, LOSSES
from gradcheck.submissions.adapter import read_adapter
from gradcheck.submissions.binding import Options
from gradcheck.submissions.sandbox import LEVELS

_FIELDS = [field.name for field in dataclasses.fields(Options)]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    default, add = Options(), parser.add_argument
    add("--adapter", metavar="FILE", help="says how to call it, for what is not recognised (see the README)")
    add("--loss", choices=sorted(LOSSES), metavar="NAME",
        help=f"what the gradient is of: {', '.join(sorted(LOSSES))} (default: what the file's shape "
        "implies)")  # fmt: skip
    add("--activation", choices=sorted(ACTIVATIONS), metavar="NAME",
        help=f"of the hidden layer: {', '.join(sorted(ACTIVATIONS))} (default: as forward "
        "computes)")  # fmt: skip
    add("--seed", type=seed, default=default.seed, metavar="S", help="of the problems drawn (default: 0)")
    add("--rtol", type=positive, metavar="R", help="relative error that matters (default: 1e-6)")
    add("--timeout", type=positive, default=default.timeout, metavar="S",
        help="seconds for one submission (default: 60)")  # fmt: skip
    add("--sandbox", choices=LEVELS, default=default.sandbox,
        help="how the file's process is confined (default: auto, the strongest there is)")  # fmt: skip
    add("--numeric", choices=("warn", "fail"), default=default.numeric,
        help="a gradient by finite differences: flag it, or refuse it (default: warn)")  # fmt: skip


def stated(chosen: argparse.Namespace) -> Options:
    """Return what was asked for; refuse an adapter that no submission can be called by."""
    if chosen.adapter is not None:
        read_adapter(chosen.adapter)
    return Options(**{name: getattr(chosen, name) for name in _FIELDS})


def as_words(options: Options) -> list[str]:
    """Return the arguments that state these options; what is at its default is left out but the seed."""
    words = ["--seed", str(options.seed)]
    for name in _FIELDS:
        value = getattr(options, name)
        if name != "seed" and value != getattr(Options(), name):
            words += [f"--{name}", str(value)]
    return words
