"""The page in a real browser: legible in light and dark, narrow and wide; hostile names do nothing."""

import dataclasses

import pytest
from browser import SCHEMES, Site, needs_browser
from reports import parameter_reports, report_of

from gradcheck import formats
from gradcheck.formats import html
from gradcheck.report import Finding, Worst

pytestmark = needs_browser

RUN = "document.documentElement.dataset.ran = 1"
ATTACKS = [
    f"<script>{RUN}</script>",
    f'"><img src="/leak-1" onerror="{RUN}">',
    f"'><svg onload='{RUN}'><image href='/leak-2'/></svg>",
    f"</code></style></title></script><script>{RUN}</script>",
    '<link rel="stylesheet" href="/leak-3"><iframe src="/leak-4"></iframe>',
    "<style>@import '/leak-5'; body { background: url(/leak-6) }</style>",
    '<meta http-equiv="refresh" content="0; url=/leak-7">',
]
SVG = f"<svg xmlns='http://www.w3.org/2000/svg'><script>{RUN}</script><image href='/leak-8'/></svg>"
READABLE = 4.5  # WCAG 2, level AA
LONG = "encoder.layers.11.attention.self.query.projection.weight." * 3


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


def results(name):
    """Return one result of each verdict with everything that a page can show."""
    finding = Finding("DERIV_AT_Z", (name,), name, f"Hint: {name}", 3e-16, (name,))
    common = {"file": name, "reproduce": name, "understood": [name], "flags": [name], "notes": [name]}
    for verdict in ("match", "mismatch", "inconclusive"):
        row = parameter_reports(
            "W", verdict, wrong=((0, 1),), wrong_count=1, worst=Worst((0, 1), 1.5, 0.25, 1e-9)
        )
        report = dataclasses.replace(report_of(), verdict=verdict, findings=(finding,), parameters={"W": row})
        result = {**report.to_dict(), **common}
        result["parameters"]["W"]["name"] = name
        yield result
    yield {**result, "verdict": "error", "reason": "crashed", "message": name, "max_relative_error": None}


def page_of(name):
    """Return a page of such results."""
    plot = {"title": name, "text": name, "svg": SVG}
    first, *others = results(name)
    return formats.render("html", [{**first, "plots": [plot]}, *others])


class TestHostileNames:
    def test_run_and_load_nothing(self, site):
        """A file called like a page is a file with an odd name."""
        site.asked.clear()
        dom = site.dom(page_of("".join(ATTACKS)))

        assert "data-ran" not in dom
        assert site.asked == ["/page"]

    def test_would_be_seen(self, site):
        """The same names in a page that does not escape run and load, so that the test above can fail."""
        for number, attack in enumerate(ATTACKS):
            site.asked.clear()
            ran = "data-ran" in site.dom(f"<!DOCTYPE html><title>x</title><body>{attack}</body>")

            assert ran or any("leak" in path for path in site.asked), number

    def test_meet_a_second_wall(self, site):
        """Even if they were not escaped, the page's own policy would stop them."""
        site.asked.clear()
        page = page_of("plain").replace("</main>", "".join(ATTACKS[:-1]) + SVG + "</main>")

        assert "data-ran" not in site.dom(page)
        assert site.asked == ["/page"]

    def test_only_the_script_of_the_page_runs(self, site):
        """A page may have one script of its own."""
        page = html.page("a title", html.element("h1", "a title"), script=RUN)
        other = page.replace(RUN, RUN.replace("ran", "other"))

        assert 'data-ran="1"' in site.dom(page)
        assert "data-other" not in site.dom(other)


class TestLegible:
    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_contrast(self, site, scheme):
        """All text stands out from its ground, which is as light or dark as the reader asked for."""
        found = site.audit(page_of("W1"), scheme=scheme)

        assert found["written"] > 100
        assert found["contrast"] >= READABLE
        assert (found["ground"] > 0.5) == (scheme == "light")

    @pytest.mark.parametrize("scheme", SCHEMES)
    @pytest.mark.parametrize("colors", ["#111; color: #eee", "#fff; color: #111"])
    def test_contrast_in_a_notebook(self, site, scheme, colors):
        """A notebook has a theme of its own, which need not be the browser's."""
        pieces = "".join(html.fragment(result) for result in results("W1"))
        found = site.audit(
            f"<!DOCTYPE html><html><body style='background: {colors}'>{pieces}</body></html>", scheme=scheme
        )

        assert found["written"] > 50
        assert found["contrast"] >= READABLE

    @pytest.mark.parametrize("rule", [".match { background: #9f9", "p { color: #999", "td { color: Canvas"])
    def test_bad_contrast_would_be_seen(self, site, rule):
        """The measure is one."""
        page = page_of("W1").replace("</style>", f"\n.gradcheck {rule} }}</style>")

        assert site.audit(page)["contrast"] < READABLE

    @pytest.mark.parametrize("width", [500, 1000, 2000])
    def test_page_never_scrolls_sideways(self, site, width):
        """Whatever names it has: tables scroll within the page."""
        assert site.audit(page_of(LONG), width=width)["overflow"] <= 0

    def test_too_wide_would_be_seen(self, site):
        """The measure is one."""
        page = page_of(LONG).replace("</style>", "\n.gradcheck p { white-space: nowrap; }</style>")

        assert site.audit(page, width=500)["overflow"] > 0

    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_plot(self, site, scheme, tmp_path):
        """Dark on light, or light on dark."""
        image = pytest.importorskip("matplotlib.image", reason="plots are in the extra report")
        figures = pytest.importorskip("gradcheck.figures")
        plot = {"title": "", "text": "errors", "svg": figures.svg(report_of("W1", "b1").plot())}
        figure = html._plot(plot)
        site.screenshot(html.page("", figure), tmp_path / "page.png", scheme=scheme)

        light = image.imread(tmp_path / "page.png")[..., :3].mean(axis=-1)
        ink, ground = (light.min(), light.max())[:: 1 if scheme == "light" else -1]
        assert abs((light > 0.5).mean() - (scheme == "light")) < 0.2
        assert abs(ink - ground) > 0.8
