"""The page: valid, complete, of use to a screen reader, and deaf to what names say."""

import dataclasses
import itertools
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markup import read
from reports import parameter_reports, report_of, reports

from gradcheck import formats
from gradcheck.formats import html
from gradcheck.report import Finding, Worst

HOSTILE = st.text(min_size=1) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "</title></style></code><h1>",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "\N{RIGHT-TO-LEFT OVERRIDE}1W\0\x1b[31m\ud800",
        "javascript:alert(1)",
    ]
)
FINDING = Finding("DERIV_AT_Z", ("W1", "b1"), "d_sigmoid at z1", "Which did you mean?", 3e-16, ("TWIN",))


def structure(text):
    """Return the names of all elements and of their attributes."""
    return [(tag.name, sorted(tag.attributes)) for tag in read(text).all()]


def named(name):
    """Return results in which everything that an author can name has this name."""
    wrong = parameter_reports("W", "mismatch", wrong=((0, 1),), wrong_count=1)
    rows = {"W": dataclasses.replace(wrong, name=name, dtype=name)}
    finding = Finding(name, (name,), name, name, 0.5, (name,))
    report = dataclasses.replace(report_of("W"), parameters=rows, findings=(finding,), notes=(name,))
    judged = {**report.to_dict(), "file": name, "reproduce": name, "understood": [name], "flags": [name]}
    failed = {**judged, "verdict": "error", "reason": name, "message": name, "max_relative_error": None}
    plot = {"title": name, "text": name, "svg": f"<svg xmlns='http://www.w3.org/2000/svg'>{name}</svg>"}
    return [{**judged, "plots": [plot]}, failed]


class TestAnyResult:
    @given(st.lists(reports(), max_size=3))
    def test_valid(self, drawn):
        """Tags balance, ids are unique, every reference on the page has its target."""
        page = read(formats.render("html", [report.to_dict() for report in drawn]))
        ids = [tag.attributes["id"] for tag in page.all() if "id" in tag.attributes]
        links = [tag.attributes["href"] for tag in page.all("a")]
        labels = [tag.attributes["aria-labelledby"] for tag in page.all("section")]

        assert len(set(ids)) == len(ids)
        assert {link.removeprefix("#") for link in links} | set(labels) <= set(ids)
        assert len(page.all("section")) == len(drawn)

    @given(reports())
    def test_every_parameter_has_its_row(self, report):
        """Its name is the heading of a row with its verdict and error."""
        table = next(iter(read(report.to_html()).all("table")), None)
        rows = [tag.children for tag in table.all("tr")[1:]] if table else []

        assert [row[0].text for row in rows] == list(report.parameters)
        assert [row[1].text for row in rows] == [p.verdict for p in report.parameters.values()]

    @given(reports())
    def test_saved_results_can_be_rendered_again(self, report):
        """From the JSON, where numbers that are not finite are strings, comes the same page."""
        assert formats.render("html", [json.loads(report.to_json())]) == report.to_html()

    @given(st.lists(reports(), min_size=1, max_size=3))
    def test_accessible(self, drawn):
        """Language, title, one h1, no level left out, captions, scopes, labels, a main part."""
        page = read(formats.render("html", [report.to_dict() for report in drawn]))
        levels = [int(tag.name[1]) for tag in page.all() if re.fullmatch("h[1-6]", tag.name)]

        assert page.all("html")[0].attributes["lang"] == "en"
        assert page.all("title")[0].text
        assert len(page.all("main")) == 1
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
        assert all(table.children[0].name == "caption" for table in page.all("table"))
        assert all(th.attributes["scope"] in ("row", "col") for th in page.all("th"))
        assert all(
            tag.attributes["aria-label"] for tag in page.all("div", "nav") if "tabindex" in tag.attributes
        )


class TestHostileNames:
    @given(HOSTILE)
    @example("plain")
    def test_become_text(self, name):
        """Whatever a file or a parameter is called, the elements of the page are the same."""
        page = formats.render("html", named(name))

        assert structure(page) == structure(formats.render("html", named("plain")))
        page.encode()

    @given(HOSTILE)
    def test_in_a_notebook(self, name):
        """The same of the piece for notebooks."""
        assert structure(html.fragment(named(name)[0])) == structure(html.fragment(named("plain")[0]))

    @pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'a"b', "a & b", "naïve β", "日本"])
    def test_are_still_legible(self, name):
        """They are shown as they are."""
        assert name in [tag.text for tag in read(formats.render("html", named(name))).all("code")]

    def test_controls_are_shown(self):
        """What would hide or turn text is written out."""
        page = formats.render("html", named("W\0\N{RIGHT-TO-LEFT OVERRIDE}"))

        assert "W\\x00\\x202e" in page
        assert not set(page) & set("\0\N{RIGHT-TO-LEFT OVERRIDE}")


class TestContent:
    def test_findings_notes_and_origin(self):
        """All that explains the verdict, and how to repeat it."""
        report = dataclasses.replace(
            report_of("W1"),
            verdict="mismatch",
            findings=(FINDING,),
            notes=("a kink",),
            flags=("mutates",),
            seed=7,
        )
        result = {**report.to_dict(), "reproduce": "gradcheck verify 'a b.py'"}

        text = read(formats.render("html", [result])).text

        for words in ("DERIV_AT_Z", "d_sigmoid at z1", "Hint: Which did you mean?", "3.0e-16 in W1, b1",
                      "TWIN", "a kink", "mutates", "seed7", "gradcheck verify 'a b.py'"):  # fmt: skip
            assert words in text

    def test_row_has_everything_known_of_a_parameter(self):
        """Error, uncertainty, detection limit, worst entry, counts, kinks, shape, type."""
        worst = Worst((0, 1), 0.5, 0.25, 1e-12)
        row = parameter_reports(
            "W1", "mismatch", max_relative_error=0.5, uncertainty=2e-12, detection_limit=3e-9,
            wrong=((0, 1), (1, 1)), wrong_count=2, checked=5, kinks=4, worst=worst,
        )  # fmt: skip
        page = read(dataclasses.replace(report_of(), parameters={"W1": row}).to_html())

        assert [cell.text for cell in page.all("tr")[1].children] == [
            "W1", "mismatch", "5.0e-01", "2.0e-12", "[0,1] 0.5 for 0.25", "2 of 5 checked (6 entries)",
            "3.0e-09", "4", "2x3", "float64",
        ]  # fmt: skip
        assert page.all("details")[0].text == "wrong entries of W1[0,1], [1,1]"

    def test_error_has_its_reason_and_message(self):
        """A file that cannot be judged has no table."""
        result = {**named("x")[1], "reason": "timeout", "message": "it takes\n  too long", "parameters": {}}
        page = read(formats.render("html", [result]))

        assert "error timeout" in page.text
        assert page.all("pre")[0].text == "it takes\n  too long"
        assert not page.all("table")

    def test_several_results_are_listed_first(self):
        """By name, with links to each."""
        results = [{**report_of("W").to_dict(), "name": name} for name in ("first", "second")]
        page = read(formats.render("html", results))

        assert page.all("h1")[0].text == "gradcheck: 2 of 2 match"
        assert [(tag.text, tag.attributes["href"]) for tag in page.all("a")] == [
            ("first", "#result-1"),
            ("second", "#result-2"),
        ]

    def test_plot_is_an_image_with_words(self):
        """Inside of the page, with a text for who does not see it."""
        plot = {
            "title": "Errors",
            "text": "W1 is the worst",
            "svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        }
        (image,) = read(formats.render("html", [{**report_of("W").to_dict(), "plots": [plot]}])).all("img")

        assert image.attributes["src"].startswith("data:image/svg+xml;base64,")
        assert image.attributes["alt"] == "W1 is the worst"


class TestSelfContained:
    def test_nothing_from_elsewhere(self):
        """No address but those on the page, and a policy that forbids all others."""
        page = read(formats.render("html", named("x")))
        addresses = [tag.attributes.get(name) for tag in page.all() for name in ("src", "href")]

        assert all(address.startswith(("#", "data:")) for address in addresses if address)
        assert not page.all("script", "link", "iframe", "object")
        assert "url(" not in page.all("style")[0].text
        assert page.all("meta")[1].attributes["content"].startswith("default-src 'none'; style-src")

    def test_style_of_a_piece_stays_in_it(self):
        """Each of its rules is for elements of the class gradcheck alone."""
        style = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", html._STYLE.read_text(), flags=re.DOTALL)
        selectors = [s for group in re.findall(r"([^{}]+)\{", style) for s in group.strip().split(",")]

        assert len(selectors) > 20
        assert all(s.strip().startswith((".gradcheck", "html.gradcheck-page")) for s in selectors)

    def test_notebook_has_no_page_around_it(self):
        """A notebook gets one element."""
        (piece,) = read(report_of("W")._repr_html_()).children

        assert (piece.name, piece.attributes) == ("div", {"class": "gradcheck"})
        assert "html" not in {tag.name for tag in piece.all()}
