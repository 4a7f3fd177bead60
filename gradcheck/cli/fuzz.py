"""`gradcheck fuzz [MODULE:OBJECT]`: random networks."""

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from gradcheck.cli.options import (
    Commands,
    add_parser,
    count,
    count_range,
    names,
    place,
    positive,
    seed,
    write,
)
from gradcheck.execution import progress
from gradcheck.networks import ACTIVATIONS, LOSSES
from gradcheck.networks.bounds import Bounds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_parser(
        commands,
        "fuzz",
        "check random networks",
        "Checks random networks and inputs until one fails, and shows the smallest that does.",
    )
    default, add = Bounds(), parser.add_argument
    add("implementation", nargs="?", metavar="MODULE:OBJECT",
        help="has loss(network, params, x, d) and gradient(network, params, x, d), or is a layer with "
        "forward(params, x), backward(dz, cache) and, as needed, shapes(x) and sample_shape; default: the "
        "reference networks")  # fmt: skip
    add("--examples", type=count, default=1000, metavar="N", help="number of networks (default: 1000)")
    add("--seed", type=seed, default=0, metavar="S", help="of what is drawn (default: 0)")
    for name, what in (("layers", "layers"), ("widths", "inputs and units of a layer"), ("batch", "samples")):
        least, most = getattr(default, name)
        add(f"--{name}", type=count_range, default=(least, most), metavar="M[-N]",
            help=f"number of {what} (default: {least}-{most})")  # fmt: skip
    for name, table in (("activations", ACTIVATIONS), ("losses", LOSSES)):
        add(f"--{name}", type=names, default=tuple(table), metavar="NAME,...",
            help=f"of {', '.join(table)} (default: all)")  # fmt: skip
    add("--dtype", default=default.dtype, metavar="T", help="float64 or float32 (default: float64)")
    add("--scale", type=positive, default=default.scale, metavar="S",
        help=f"largest number drawn, but for saturated units (default: {default.scale:g})")  # fmt: skip
    add("--rtol", type=positive, metavar="R", help="relative error that matters (default: 1e-6)")
    add(
        "--json",
        type=place,
        metavar="PATH",
        help="write the result as JSON; - for standard output, and nothing else",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    from gradcheck.fuzzing import fuzz, load_subject  # Hypothesis takes a while to import

    name = chosen.implementation
    subject = load_subject(name) if name else None
    options = {name: getattr(chosen, name) for name in ("examples", "seed", "rtol", *Bounds.__annotations__)}
    shown = progress(chosen.examples, "gradcheck fuzz") if sys.stderr.isatty() else nullcontext()
    with shown as advance, _each_warning_once():
        result = fuzz(subject, name or "reference", advance=advance, **options)
    if chosen.json:
        write(chosen.json, result.to_json())
    if chosen.json != "-":
        print(result)
    return result.exit_code


@contextmanager
def _each_warning_once() -> Iterator[None]:
    """Show a warning of a line once, not at every problem: any change of filters makes Python forget."""
    seen = set()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_new(*warning: Any, **places: Any) -> None:
            text = tuple(map(str, warning[:4]))  # message, category, file, line
            if text not in seen:
                seen.add(text)
                show(*warning, **places)

        warnings.showwarning = show_new
        yield
