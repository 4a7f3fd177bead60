"""Pictures that need the loss: the V-curve of one entry, and a map of the errors of all.

They need matplotlib, from the extra ``report``, which is imported where something is drawn. What a
`Report` knows by itself is drawn by `Report.plot`.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.derivatives.differences import first_step
from gradcheck.derivatives.ladder import Ladder, central, left, right
from gradcheck.derivatives.lines import EntryLine, entry_scales
from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.evaluation import Array, Loss
from gradcheck.formats.text import listed, short
from gradcheck.methods import entries
from gradcheck.methods.setting import Setting, measured_setting, second_look
from gradcheck.problem import Problem
from gradcheck.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gradcheck.figures import Curve

__all__ = ["heat_map", "illustrate", "svg", "v_curve"]

_HALVINGS = range(-3, 53)
_QUOTIENTS = {"right": right, "left": left}


def heat_map(
    loss: Loss, params: Any, gradient: Any = None, *, rtol: float | None = None, seed: int = 0
) -> "Figure":
    """Draw the relative error of every entry of a gradient.

    Parameters
    ----------
    loss, params, gradient, rtol, seed
        As in `gradcheck.check_gradient`, every entry at the cost of two evaluations of the loss.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter; of more than 12 for those with the largest errors. The colours are
        the same in all pictures.

    Raises
    ------
    GradientInterfaceError
        If loss, params and gradient do not fit each other.
    UsageError
        Without matplotlib.
    """
    from gradcheck.figures import draw_heat

    return draw_heat(*_errors(loss, params, gradient, rtol, seed))


def v_curve(
    loss: Loss,
    params: Any,
    gradient: Any,
    name: str,
    index: tuple[int, ...] = (),
    *,
    seed: int = 0,
) -> "Figure":
    """Draw how far difference quotients of one entry are from its derivative, step by step.

    Large steps suffer from the curvature of the loss, small ones from its noise: a V. Beside it are the
    error of the given gradient, and the bound on the error of the derivative that it is judged by.

    Parameters
    ----------
    loss, params, gradient, seed
        As in `gradcheck.check_gradient`.
    name : str
        Of the parameter, as in the report.
    index : tuple of int, optional
        Of the entry; ``()`` for a number. That of a complex one ends with 0 for its real part and 1 for
        its imaginary part.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    GradientInterfaceError
        If loss, params and gradient do not fit each other.
    UsageError
        Without matplotlib, or if there is no such entry, or the loss has no derivative there.
    """
    from gradcheck.figures import draw_curve

    problem = Problem(loss, params, gradient)
    leaf, k = _entry(problem, name, index)
    with np.errstate(all="ignore"):
        setting = measured_setting(problem, None, seed)
        curve = _measured(problem, setting, leaf, k, _named(name, index))
    return draw_curve(curve)


def illustrate(
    report: Report, loss: Loss, params: Any, gradient: Any, *, rtol: float | None, seed: int
) -> tuple[dict[str, str], ...]:
    """Return what a page shows of a report and of one of the problems that it is about.

    Parameters
    ----------
    report : Report
    loss, params, gradient, rtol, seed
        As in `gradcheck.check_gradient`.

    Returns
    -------
    tuple of dict
        The ``plots`` of `gradcheck.formats.html`: errors by parameter, by entry, and against the step for
        the entry with the largest.
    """
    from gradcheck.figures import draw_heat

    maps, tolerance = _errors(loss, params, gradient, rtol, seed)
    known = {name: np.where(np.isnan(errors), 0.0, errors) for name, errors in maps.items()}
    text = f"largest by parameter: {listed([f'{name} {short(known[name].max())}' for name in known])}"
    worst = max(known, key=lambda name: known[name].max())
    index = tuple(int(i) for i in np.unravel_index(np.argmax(known[worst]), known[worst].shape))
    figures = {
        "Error of every parameter": report.plot(),
        "Error of every entry, on the first problem": draw_heat(maps, tolerance),
    }
    with suppress(UsageError):  # beside an entry without derivative there is nothing to draw
        curve = v_curve(loss, params, gradient, worst, index, seed=seed)
        figures[f"Error against step, for {_named(worst, index)} of the first problem"] = curve
    return tuple(
        {"title": title, "text": f"{title}; {text}", "svg": svg(figure)} for title, figure in figures.items()
    )


def svg(figure: "Figure") -> str:
    """Return a picture as SVG on a clear ground; the same picture gives the same text."""
    from gradcheck.figures import svg

    return svg(figure)


def _errors(
    loss: Loss, params: Any, gradient: Any, rtol: float | None, seed: int
) -> tuple[dict[str, Array], float]:
    """Return the relative error of every entry, NaN where nothing is known, and from which on it matters."""
    problem = Problem(loss, params, gradient)
    with np.errstate(all="ignore"):
        setting = measured_setting(problem, rtol, seed)
        found = entries.examine(problem, setting)
    maps = {}
    for leaf, evidence in zip(problem.leaves, found, strict=True):
        judgement = evidence.judge(setting.rtol)
        errors = np.where(np.isfinite(judgement.bound), judgement.error, np.nan)
        if errors.size:
            maps[leaf.name] = errors.reshape(leaf.grid)
    if not maps:
        raise GradientInterfaceError("there is nothing to draw", given="only parameters of size 0")
    return maps, setting.rtol


def _entry(problem: Problem, name: str, index: tuple[int, ...]) -> tuple[int, int]:
    grids = {leaf.name: leaf.grid for leaf in problem.leaves}
    if name not in grids:
        raise UsageError(f"there is no parameter {name!r}", expected=", ".join(grids))
    try:
        k = int(np.ravel_multi_index(index, grids[name])) if index or grids[name] else 0
    except (ValueError, TypeError):
        raise UsageError(
            f"parameter {name!r} has no such entry",
            given=f"{index!r}",
            expected=f"an index into {grids[name]}",
        ) from None
    return list(grids).index(name), k


def _named(name: str, index: tuple[int, ...]) -> str:
    return f"{name} [{','.join(map(str, index))}]" if index else name


def _measured(problem: Problem, setting: Setting, leaf: int, k: int, name: str) -> "Curve":
    from gradcheck.figures import Curve

    size = float(entry_scales(problem.start[leaf][k : k + 1], setting.scales[leaf])[0])
    known = second_look(problem, leaf, k, setting)
    if not np.isfinite(known.value):
        raise UsageError(f"the loss has no derivative by {name}: it has no value beside the point")
    ladder = Ladder(EntryLine(problem, leaf, k), problem.value, size, setting.noise)
    ladder.climb(_HALVINGS)
    pairs = [pair for pair in ladder.pairs.values() if pair.right > 0 > pair.left]
    steps = np.array([pair.right for pair in pairs])
    quotient = _QUOTIENTS.get(known.kind, central)
    chosen, third = first_step(problem, leaf, k, size, setting.noise.level)
    analytic = float(problem.analytic[leaf][k])
    return Curve(
        name=name if known.kind == "smooth" else f"{name}, {known.kind}",
        steps=steps,
        errors=np.array([abs(quotient(pair, problem.value) - known.value) for pair in pairs]),
        noise=np.array([pair.noise for pair in pairs]),
        truncation=third * (steps / size) ** 2 / size if quotient is central else np.full(len(steps), np.nan),
        chosen=chosen * size,
        gap=max(known.low - analytic, analytic - known.high, 0.0) if np.isfinite(analytic) else np.inf,
        uncertainty=known.uncertainty,
        size=np.fmax(abs(analytic), abs(known.value)) if np.isfinite(analytic) else abs(known.value),
    )
