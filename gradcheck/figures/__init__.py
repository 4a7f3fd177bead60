"""Pictures of plain numbers, by matplotlib: what a report holds, and what `gradcheck.plots` measures."""

from gradcheck.errors import missing_extra

try:
    import matplotlib as _  # noqa: F401
except ImportError as error:
    raise missing_extra("plots", "matplotlib", "report") from error

from gradcheck.figures.curve import Curve, draw_curve
from gradcheck.figures.heat import draw_heat
from gradcheck.figures.rows import draw_rows
from gradcheck.figures.style import svg

__all__ = ["Curve", "draw_curve", "draw_heat", "draw_rows", "svg"]
