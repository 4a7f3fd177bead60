"""Pictures show the numbers that were measured, whatever parameters are called."""

import dataclasses
import itertools
import math
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers import check
from hypothesis import given, settings
from reports import parameter_reports, report_of, reports

import gradcheck

pytest.importorskip("matplotlib", reason="plots are in the extra report")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from gradcheck import plots
from gradcheck.errors import UsageError
from gradcheck.figures import Curve, draw_curve, draw_heat

X = np.linspace(-1, 1, 12).reshape(4, 3)
PARAMS = {"W1": np.linspace(-2, 2, 6).reshape(3, 2), "b1": np.array([0.5, -0.25]), "c": 0.75}
ERROR = 1e-4


def loss(params):
    return float(np.sum(np.tanh(X @ params["W1"] + params["b1"]) ** 3) * np.exp(params["c"]))


def gradient(params, factor=1.0):
    z = np.tanh(X @ params["W1"] + params["b1"])
    delta = 3 * z**2 * (1 - z**2) * np.exp(params["c"])
    dW1 = X.T @ delta
    dW1[2, 1] *= factor
    return {"W1": dW1, "b1": delta.sum(axis=0), "c": loss(params)}


def planted(params):
    """Return the gradient with one entry that is off by 0.01 %."""
    return gradient(params, 1 + ERROR)


def texts(figure):
    """Return all words of a picture, as a reader of its SVG finds them."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(plots.svg(figure)).iter()]


def lines(axes):
    """Return x and y of each line by its label."""
    return {line.get_label(): np.array(line.get_xydata()).T for line in axes.lines}


class TestHeatMap:
    def panels(self, wrong):
        figure = plots.heat_map(loss, PARAMS, wrong)
        return {axes.get_title().split(":")[0]: axes for axes in figure.axes if axes.images}

    def test_wrong_entry_alone_is_orange(self):
        """Redder than blue where the error matters, bluer than red elsewhere."""
        panels = self.panels(planted)
        (image,) = panels["W1"].images
        red, _, blue, _ = np.moveaxis(image.to_rgba(image.get_array()), -1, 0)

        assert set(panels) == {"W1", "b1", "c"}
        assert np.argwhere(red > blue).tolist() == [[2, 1]]
        assert image.get_array()[2, 1] == pytest.approx(ERROR, rel=1e-3)

    def test_right_gradient_is_blue(self):
        """All of it."""
        for axes in self.panels(gradient).values():
            red, _, blue, _ = np.moveaxis(axes.images[0].to_rgba(axes.images[0].get_array()), -1, 0)

            assert (red <= blue).all()

    def test_not_finite(self):
        """A NaN is as wrong as can be, and its parameter says so."""
        wrong = {**gradient(PARAMS), "b1": np.array([np.nan, 1.0])}

        assert self.panels(wrong)["b1"].get_title() == "b1: inf"

    def test_many_parameters(self):
        """Of more than fit, those with the largest errors are shown, in their order."""
        params = {f"w{i}": np.array([1.0 + i]) for i in range(20)}
        wrong = {name: w * (1 + 0.001 * (int(name[1:]) % 2)) for name, w in params.items()}
        figure = plots.heat_map(lambda p: 0.5 * sum(np.sum(w**2) for w in p.values()), params, wrong)

        shown = [axes.get_title().split(":")[0] for axes in figure.axes if axes.images]
        assert len(shown) == 12
        assert [name for name in shown if int(name[1:]) % 2] == [f"w{i}" for i in range(1, 20, 2)]

    def test_nothing_to_draw(self):
        """It is said, as by the check."""
        with pytest.raises(gradcheck.GradientInterfaceError, match="size 0"):
            plots.heat_map(lambda w: 0.0, np.zeros(0), np.zeros(0))

    def test_shapes(self):
        """Numbers, vectors, tensors, complex arrays and empty ones all have their place."""
        params = {"a": 1.0, "t": np.ones((2, 3, 4)), "z": np.array([1 + 2j]), "e": np.zeros((0, 3))}

        figure = plots.heat_map(lambda p: sum(np.sum(np.abs(v) ** 2) for v in p.values()) / 2, params, params)

        assert [axes.images[0].get_array().shape for axes in figure.axes if axes.images] == [
            (1, 1),
            (2, 12),
            (1, 2),
        ]


class TestCurve:
    def test_shape_of_the_v(self):
        """Truncation falls with the square of the step, noise grows with its inverse; between is the step."""
        (axes,) = plots.v_curve(loss, PARAMS, gradient, "W1", (2, 1)).axes
        found = lines(axes)
        (steps, errors), (_, noise) = found["difference quotient"], found["noise of the loss"]
        large = (steps > 1e-3) & (steps < 1e-1)
        chosen = found["step that balances both"][0][0]

        assert np.polyfit(np.log(steps[large]), np.log(errors[large]), 1)[0] == pytest.approx(2, abs=0.1)
        assert (errors[steps < chosen / 8] <= noise[steps < chosen / 8]).all()
        assert errors[np.argmin(abs(np.log(steps / chosen)))] < 1e3 * errors.min()

    @pytest.mark.parametrize("wrong", [True, False])
    def test_error_of_the_gradient(self, wrong):
        """It is a line far above the bottom of the V, or within what is known of the derivative."""
        (axes,) = plots.v_curve(loss, PARAMS, planted if wrong else gradient, "W1", (2, 1)).axes
        found = lines(axes)
        (label,) = (label for label in found if label.startswith("your gradient"))
        level = found[label][1][0]

        assert (level == pytest.approx(ERROR, rel=1e-3)) == wrong
        assert (level > 100 * np.min(found["difference quotient"][1])) == wrong

    def test_number(self):
        """A number has no index."""
        assert "c" in texts(plots.v_curve(loss, PARAMS, gradient, "c"))

    @pytest.mark.parametrize(
        ("function", "x", "kind"),
        [(abs, 0.0, "kink"), (lambda x: math.sqrt(x) ** 3 + x, 0.0, "right"), (math.exp, 1.0, None)],
    )
    def test_kinks_and_edges_are_named(self, function, x, kind):
        """What is special about the entry is in the title."""
        (axes,) = plots.v_curve(function, x, 1.0, "params").axes

        assert axes.get_title() == (f"params, {kind}" if kind else "params")

    @pytest.mark.parametrize(
        ("name", "index", "words"),
        [("W", (), "W1, b1, c"), ("W1", (5, 0), r"\(3, 2\)"), ("W1", (), "entry"), ("c", (0,), "entry")],
    )
    def test_entry_that_is_not_there(self, name, index, words):
        """It says what there is."""
        with pytest.raises(UsageError, match=words):
            plots.v_curve(loss, PARAMS, gradient, name, index)


LONG = [f"model.encoder.layers.{i}.attention.{leaf}_weight" for i in range(2) for leaf in ("query", "key")]


@pytest.mark.parametrize("name", ["rows", "heat map", "curve"])
def test_long_names(name):
    """All of a long name is there, in no place cut off, and no text lies on another."""
    params = dict.fromkeys(LONG, np.ones((2, 3)))
    arguments = (lambda p: sum(np.sum(v**2) for v in p.values()) / 2, params, params)
    if name == "curve":
        figure, shown = plots.v_curve(*arguments, LONG[0], (0, 0)), LONG[:1]
    else:
        figure, shown = plots.heat_map(*arguments) if name == "heat map" else check(*arguments).plot(), LONG

    canvas = FigureCanvasAgg(figure)
    canvas.draw()

    words = {
        text.get_text().replace("\n", ""): text.get_window_extent(canvas.get_renderer())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip("0123456789") and "mathdefault" not in text.get_text()
    }
    assert all(any(word.startswith(name) for word in words) for name in shown)
    for box in words.values():
        assert figure.bbox.fully_containsx(box.x0)
        assert figure.bbox.fully_containsx(box.x1)
        assert figure.bbox.fully_containsy(box.y0)
        assert figure.bbox.fully_containsy(box.y1)
    for one, other in itertools.combinations(words.values(), 2):
        assert not one.overlaps(other)


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf, 5e-324, 1.7e308])
class TestAnyNumber:
    """A picture never fails where a check did not: NaN, infinity, zeros and extremes have a place."""

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_curve(self, value, count):
        """Of any numbers that a loss may give, with steps or without."""
        many = np.array([value, 1.0])[:count]
        size = value if value < math.inf else 1.0
        curve = Curve("W1", 1e-3 * many**0, many, many, many, 1e-5, value, value, size)

        draw_curve(curve).draw_without_rendering()

    @pytest.mark.parametrize("rtol", [1e-12, 0.9])
    def test_heat_map(self, value, rtol):
        """Of any errors, alone or beside others."""
        maps = {"a": np.array(value), "b": np.full((2, 3, 4), value), "c": np.array([value, 1e-9])}

        draw_heat(maps, rtol).draw_without_rendering()


class TestReport:
    def test_dots_are_the_errors(self):
        """One dot for each parameter at its largest relative error, and a name for each row."""
        report = check(loss, PARAMS, planted)
        left, right = report.plot().axes

        drawn = [line.get_xydata().tolist()[0] for line in left.lines if len(line.get_xydata()) == 1]
        expected = [p.max_relative_error for p in report.parameters.values()]
        assert [y for _, y in drawn] == [0, 1, 2]
        assert [x for (x, _), e in zip(drawn, expected, strict=True) if e] == [e for e in expected if e]
        assert [label.get_text() for label in left.get_yticklabels()] == ["W1", "b1", "c"]
        assert right.lines[0].get_xdata()[0] > report.parameters["W1"].detection_limit

    @settings(max_examples=10)
    @given(reports())
    def test_any_report_can_be_drawn(self, report):
        """No error is too large, none too small, no verdict too many."""
        assert len(report.plot().axes) == 2

    def test_many_parameters_are_drawn_by_layer(self):
        """The worst of a layer stands for it."""
        names = [f"layers.{i}.{leaf}" for i, leaf in itertools.product(range(30), "Wb")]
        wrong = parameter_reports("layers.7.b", "mismatch", max_relative_error=0.5)
        report = dataclasses.replace(report_of(*names), verdict="mismatch")
        report = dataclasses.replace(report, parameters={**report.parameters, "layers.7.b": wrong})

        labels = [label.get_text() for label in report.plot().axes[0].get_yticklabels()]

        assert len(labels) == 30
        assert labels[7] == "layers.7.b and 1 more"


class TestSvg:
    @pytest.mark.parametrize(
        "name", ["$\\frac{", "<script>x</script>", "a & b", "日本", "W\x00\x1b", "_{}^", "a$b$"]
    )
    def test_names_are_shown_as_they_are(self, name):
        """No formula, no markup, no character that XML forbids."""
        figure = report_of(name).plot()

        assert name.replace("\x00\x1b", "\\x00\\x1b") in texts(figure)

    def test_same_report_same_picture(self):
        """Byte for byte."""
        assert plots.svg(report_of("W").plot()) == plots.svg(report_of("W").plot())


WITHOUT = """
import sys
sys.modules["matplotlib"] = None
import gradcheck
report = gradcheck.check_gradient(lambda w: w * w, 1.0, 2.0)
assert "<table>" in report.to_html() and "<table>" in report._repr_html_()
try:
    {draw}
except gradcheck.errors.UsageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "draw",
    [
        "report.plot()",
        "gradcheck.plots.heat_map(lambda w: w * w, 1.0, 2.0)",
        "gradcheck.plots.v_curve(lambda w: w * w, 1.0, 2.0, 'params')",
    ],
)
def test_without_matplotlib(draw):
    """The page needs none; a plot names the extra that brings it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(draw=draw)], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("plots need matplotlib\n")
    assert "pip install 'gradcheck[report]'" in done.stdout


def test_names_need_no_matplotlib():
    """Every public name is there without it: for ``import *``, for help and for an inspector."""
    code = (
        "import sys; sys.modules['matplotlib'] = None; import inspect, pydoc, gradcheck; "
        "from gradcheck import *; members = dict(inspect.getmembers(gradcheck)); "
        "pydoc.render_doc(gradcheck); print({*gradcheck.__all__} - ({*members} & {*globals()}))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


def test_pyplot_is_left_alone():
    """No figure is left open, and no window system is asked for."""
    code = (
        "import sys; from gradcheck import check_gradient as c; "
        "c(lambda w: w * w, 1.0, 2.0).plot(); print('matplotlib.pyplot' in sys.modules)"
    )

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
