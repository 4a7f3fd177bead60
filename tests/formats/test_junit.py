"""JUnit XML that any parser takes, with the counts that its readers add up."""

from xml.etree import ElementTree

from graded import classes
from hypothesis import given
from reports import report_of

from gradcheck import formats

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "property": {"name", "value"},
    "properties": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"failure", "error", "skipped"},
    "properties": {"property"},
}

COUNTS = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


@given(classes)
def test_structure_is_that_of_junit(results):
    """Elements, attributes and counts, whatever students wrote."""
    root = ElementTree.fromstring(formats.render("junit", results).encode())

    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    for suite in (root, *root):
        for count, tag in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(suite.get(count)) == len(suite.findall(f".//{tag}"))
    assert len(root) == len(results)


@given(classes)
def test_cases_are_parameters_and_laws(results):
    """A parameter that is no match fails, by its verdict; what could not be judged is an error."""
    root = ElementTree.fromstring(formats.render("junit", results).encode())

    for suite, result in zip(root, results, strict=True):
        failures = [failure.get("type") for failure in suite.iter("failure")]
        verdicts = [row["verdict"] for row in result["parameters"].values() if row["verdict"] != "match"]
        assert [type_ for type_ in failures if type_ != "law"] == verdicts
        assert len(suite.findall(".//error")) == (result["verdict"] == "error")


def test_report_of_the_library_is_a_suite_too():
    """Without student, file or score."""
    root = ElementTree.fromstring(formats.render("junit", [report_of("W1", "b1").to_dict()]).encode())

    assert [case.get("name") for case in root.iter("testcase")] == ["W1", "b1"]
    assert (root.get("tests"), root.get("failures")) == ("2", "0")
