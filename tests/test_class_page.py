"""The class page in a real browser: it sorts, filters, says what it does, and asks for nothing."""

import json
import re

import pytest
from browser import SCHEMES, Site, needs_browser
from graded import classes
from hypothesis import given
from markup import read
from reports import parameter_reports

from gradcheck.errors import SubmissionError
from gradcheck.grading import pages
from gradcheck.grading.exporting import export, file_names
from gradcheck.grading.feedback import feedback
from gradcheck.grading.rubric import Rubric
from gradcheck.grading.scoring import scored
from gradcheck.report import Finding, Report
from gradcheck.submissions.result import SubmissionResult

READABLE = 4.5  # WCAG 2, level AA
NAMES = ("Zoë", "ann", "Ben", "<b onclick='x'>cem</b>", "dee")


def graded(student, outcome):
    plain = SubmissionResult(f"{student}.py", outcome, 0, 1.0, "process").to_dict()
    words = feedback(plain, "hint")
    return {**plain, **scored(plain, Rubric()), "student": student, "help_level": "hint", "feedback": words}


def report(error, *codes):
    verdict = "mismatch" if error > 1e-6 else "match"
    row = parameter_reports("W1", verdict, max_relative_error=error)
    findings = tuple(Finding(code, ("W1",), "f'(z)", "Which?", 1e-16) for code in codes)
    return Report(verdict, {"W1": row}, "entries", 1, 0, 0.1, findings=findings)


def a_class():
    outcomes = (
        report(0.5, "DERIV_AT_Z"), report(1e-9), report(0.25, "DERIV_AT_Z"), SubmissionError("syntax", "bad"),
        report(3e-8),
    )  # fmt: skip
    return [graded(*pair) for pair in zip(NAMES, outcomes, strict=True)]


def class_page():
    return pages.class_page(a_class(), file_names(NAMES))


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


@given(classes)
def test_tags_balance_whatever_students_wrote(results):
    """On every page; no name becomes markup."""
    names = file_names([result["student"] for result in results])
    root = read(pages.class_page(results, names))

    assert [link.attributes["href"] for link in root.all("a")] == [f"students/{name}.html" for name in names]
    for result in results:
        page = read(pages.student_page(result, []))
        assert len(page.all("h1")) == 1
        assert not page.all("script")


def test_mistakes_are_counted():
    """Each with how many have it, the most frequent first."""
    tables = read(class_page()).all("table")
    rows = [[cell.text.strip() for cell in row.children][:3] for row in tables[0].all("tr")]

    assert rows == [
        ["mistake", "submissions", "share"],
        ["DERIV_AT_Z", "2", "40 % 40 %"],
        ["syntax", "1", "20 % 20 %"],
    ]


# Runs in a page that holds the class page in a frame, so that this keeps its own script policy.
DRIVER = """
<!DOCTYPE html><title>driver</title><iframe id="frame" src="/class"></iframe><script>
const frame = document.querySelector("#frame");
const seen = {};
frame.addEventListener("load", () => {
  const page = frame.contentDocument;
  const shown = () => [...page.querySelectorAll("#submissions tbody tr")]
    .filter(row => !row.hidden).map(row => row.cells[0].textContent);
  const button = name => [...page.querySelectorAll("th button")].find(one => one.textContent === name);
  const set = (id, value, event) => {
    page.querySelector(id).value = value;
    page.querySelector(id).dispatchEvent(new Event(event));
    return shown();
  };
  seen.first = shown();
  seen.controls = getComputedStyle(page.querySelector("#controls")).display !== "none";
  button("score").click(); seen.score = shown();
  seen.sorted = button("score").parentElement.getAttribute("aria-sort");
  button("score").click(); seen.down = shown();
  button("max rel err").click(); seen.error = shown();
  seen.others = page.querySelectorAll("th[aria-sort]").length;
  button("student").click(); seen.student = shown();
  seen.mistake = set("#choice", "DERIV_AT_Z", "change");
  seen.status = page.querySelector("[role=status]").textContent;
  seen.both = set("#search", "ZO", "input");
  seen.all = set("#choice", "", "change");
  const controls = [...page.querySelectorAll("button, select, input, a, [tabindex]")];
  seen.focus = controls.every(one => one.tabIndex >= 0);
  seen.names = [...page.querySelectorAll("select, input")].every(one => one.labels.length === 1);
  document.body.textContent = JSON.stringify(seen);
});
</script>
"""


def test_what_is_wrong_has_a_picture(tmp_path):
    """Inside its page, with words for who cannot see it."""
    pytest.importorskip("matplotlib")
    export(a_class(), tmp_path, ["html"])
    images = {path.stem: read(path.read_text()).all("img") for path in (tmp_path / "students").iterdir()}

    assert {name for name, found in images.items() if found} == {"Zoë", "Ben"}
    assert images["Ben"][0].attributes["src"].startswith("data:image/svg+xml;base64,")
    assert "relative error of each parameter" in images["Ben"][0].attributes["alt"]


@needs_browser
class TestInTheBrowser:
    def test_sorts_and_filters(self, site):
        """By number, by letter, up and down, by mistake and by name; and says what is shown."""
        site.pages["/class"] = class_page()
        site.asked.clear()
        dom = site.dom(DRIVER)
        seen = json.loads(read(re.search("<body>.*</body>", dom, re.DOTALL)[0]).text)
        zoe, ann, ben, cem, dee = NAMES

        assert seen["first"] == [zoe, ann, ben, cem, dee]
        assert seen["score"] == [zoe, ben, cem, ann, dee]
        assert seen["down"] == [ann, dee, zoe, ben, cem]
        assert seen["error"] == [cem, ann, dee, ben, zoe]
        assert seen["student"][1:] == [ann, ben, dee, zoe]
        assert (seen["sorted"], seen["others"]) == ("ascending", 1)
        assert seen["mistake"] == [ben, zoe]
        assert seen["status"] == "2 of 5 submissions shown"
        assert (seen["both"], seen["all"]) == ([zoe], [zoe])
        assert seen["controls"]
        assert seen["focus"]
        assert seen["names"]
        assert site.asked == ["/page", "/class"]

    @pytest.mark.parametrize("scheme", SCHEMES)
    @pytest.mark.parametrize("width", [500, 1200])
    def test_can_be_read(self, site, scheme, width):
        """In light and dark, narrow and wide; the page of a student, too."""
        for page in (class_page(), pages.student_page(a_class()[0], [])):
            found = site.audit(page, scheme=scheme, width=width)

            assert found["contrast"] >= READABLE
            assert found["overflow"] <= 0
