"""JUnit XML: a suite for each result, a test case for each parameter and each law that was graded."""

from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gradcheck.formats.text import printable, short, worst


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return a document that continuous integration reads; what is inconclusive is a failure of that type."""
    root = Element("testsuites", name="gradcheck")
    root.extend(_suite(result, number) for number, result in enumerate(results, start=1))
    _count(root, sum(result["seconds"] for result in results))
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}'


def _suite(result: dict[str, Any], number: int) -> Element:
    name = _text(result.get("student") or result.get("file") or f"result {number}")
    suite = Element("testsuite", name=name)
    stated = {"verdict": result["verdict"], "seed": result["seed"]}
    stated |= {key: result[key] for key in ("score", "max_score") if key in result}
    properties = SubElement(suite, "properties")
    for key, value in stated.items():
        SubElement(properties, "property", name=key, value=_text(value))
    suite.extend(_cases(result, name))
    _count(suite, result["seconds"])
    return suite


def _cases(result: dict[str, Any], suite: str) -> Iterator[Element]:
    for name, row in result["parameters"].items():
        case = Element("testcase", classname=suite, name=_text(name), time="0")
        if row["verdict"] != "match":
            message = f"maximum relative error {short(row['max_relative_error'])}"
            failure = SubElement(case, "failure", type=row["verdict"], message=message)
            failure.text = _text("\n".join(_explanation(result, row)))
        yield case
    for item in result.get("items", ()):
        if item["part"] == "laws":
            case = Element("testcase", classname=suite, name=item["name"], time="0")
            if item["status"] == "fail":
                SubElement(case, "failure", type="law", message=_text(item["message"]))
            elif item["status"] == "not-checked":
                SubElement(case, "skipped", message="nothing of the gradient is right")
            yield case
    if result["verdict"] == "error":
        case = Element("testcase", classname=suite, name="submission", time="0")
        first = result["message"].partition("\n")[0]
        SubElement(case, "error", type=result["reason"], message=_text(first)).text = _text(result["message"])
        yield case


def _explanation(result: dict[str, Any], row: dict[str, Any]) -> Iterator[str]:
    yield f"worst entry {worst(row)}"
    for finding in result["findings"]:
        if row["name"] in finding["parameters"]:
            yield f"{finding['code']}: {finding['message']}"
            yield f"hint: {finding['hint']}"


def _count(suite: Element, seconds: float) -> None:
    suite.set("tests", str(len(suite.findall(".//testcase"))))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(len(suite.findall(f".//{tag}"))))
    suite.set("time", f"{seconds:.3f}")


def _text(value: object) -> str:
    # XML 1.0 has no way to write these two.
    return printable(str(value)).translate({0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"})
