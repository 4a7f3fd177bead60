"""HTML: one page that needs nothing beside itself, and its pieces for other pages and notebooks.

A page is built as a tree and escaped where it is written: no name of a file or parameter can become
markup. It loads nothing, runs no script but the one handed to `page`, and says so to the browser. Its
colours are the browser's, light or dark.

A result may have three fields beside its own: ``name`` (its heading, else its ``file``), ``reproduce``
(a command) and ``plots``, a list of ``{"title": ..., "text": what it shows, in words, "svg": ...}``.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from gradcheck.formats.text import counted, listed, place, printable, shape, short, worst

Content = Element | str

_STYLE = Path(__file__).with_name("html.css")
_HEADINGS = (
    "parameter", "verdict", "max rel err", "uncertainty", "worst entry", "wrong", "detection limit",
    "kinks", "shape", "dtype",
)  # fmt: skip


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return a page of the results: a section for each, and a list of them if there are several."""
    if len(results) == 1:
        return page(f"{results[0]['verdict']}: {_name(results[0], 1)}", section(results[0], level=1))
    matches = sum(result["verdict"] == "match" for result in results)
    title = f"gradcheck: {matches} of {len(results)} match"
    names = [_name(result, number) for number, result in enumerate(results, start=1)]
    rows = [
        (element("a", name, href=f"#result-{number}"), verdict(result), _error(result))
        for number, (name, result) in enumerate(zip(names, results, strict=True), start=1)
    ]
    overview = table("All results", ("result", "verdict", "max rel err"), rows)
    sections = [section(result, number=number) for number, result in enumerate(results, start=1)]
    return page(title, element("h1", title), element("nav", overview, aria_label="Results"), *sections)


def fragment(result: dict[str, Any]) -> str:
    """Return one result for a notebook: a piece of HTML whose style touches nothing around it."""
    style = element("style", _STYLE.read_text(encoding="utf-8"))
    return _written(element("div", style, *_body(result, level=4), class_="gradcheck"))


def page(title: str, *content: Content, script: str = "") -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
    *content : Element or str
        Of its main part; one of them is, or has, an ``h1``.
    script : str
        The only one that the browser will run.

    Returns
    -------
    str
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f"script-src 'sha256-{digest}'; " if script else ""
    policy = (
        f"default-src 'none'; {allowed}style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", _STYLE.read_text(encoding="utf-8")),
    )
    body = element("body", element("main", *content), class_="gradcheck")
    if script:
        body.append(element("script", script))
    return "<!DOCTYPE html>\n" + _written(element("html", head, body, lang="en", class_="gradcheck-page"))


def section(result: dict[str, Any], *, level: int = 2, number: int = 1) -> Element:
    """Return all that is known of a result.

    Parameters
    ----------
    result : dict
    level : int
        Of its heading, 1 to 5.
    number : int
        Its place on the page; the section's id is ``result-NUMBER``.

    Returns
    -------
    Element
    """
    title = f"result-{number}-title"
    heading = element(f"h{level}", _name(result, number), id=title)
    body = _body(result, level=level + 1)
    return element("section", heading, *body, id=f"result-{number}", aria_labelledby=title)


def table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[Content]]) -> Element:
    """Return a table in a region that scrolls where the screen is narrow.

    Parameters
    ----------
    caption : str
    headings : sequence of str
        Of the columns.
    rows : sequence of sequence of Element or str
        The first cell of each is the row's heading. An Element ``td`` is taken as it is.

    Returns
    -------
    Element
    """
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = (element("tr", element("th", first, scope="row"), *map(_cell, rest)) for first, *rest in rows)
    whole = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", whole, class_="scroll", role="group", tabindex="0", aria_label=caption)


def verdict(result: dict[str, Any]) -> Element:
    """Return the verdict of a result or of a parameter, in its colour."""
    return element("strong", result["verdict"], class_=f"verdict {result['verdict']}")


def element(tag: str, *content: Content, **attributes: str) -> Element:
    """Return an element; of an attribute's name an underscore is a hyphen, and the last is left out.

    Parameters
    ----------
    tag : str
    *content : Element or str
    **attributes : str

    Returns
    -------
    Element
    """
    names = {name: name.removesuffix("_").replace("_", "-") for name in attributes}
    made = Element(tag, {names[name]: printable(value) for name, value in attributes.items()})
    for item in content:
        if isinstance(item, Element):
            made.append(item)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + printable(item)
        else:
            made.text = (made.text or "") + printable(item)
    return made


def _written(tree: Element) -> str:
    return tostring(tree, encoding="unicode", method="html")


def _cell(content: Content) -> Element:
    if isinstance(content, Element) and content.tag == "td":
        return content
    return element("td", content)


def _name(result: dict[str, Any], number: int) -> str:
    return str(result.get("name") or result.get("file") or f"result {number}")


def _error(result: dict[str, Any]) -> str:
    return "-" if result["max_relative_error"] is None else short(result["max_relative_error"])


def _body(result: dict[str, Any], level: int) -> Iterator[Element]:
    yield from _headline(result)
    rows = list(result["parameters"].values())
    if rows:
        yield table("Largest relative error of each parameter", _HEADINGS, [_row(row) for row in rows])
    yield from (_wrong(row) for row in rows if row["wrong"])
    if result["findings"]:
        yield element(f"h{level}", "What explains it")
    yield from (_finding(finding, level + 1) for finding in result["findings"])
    yield from _list(level, "Notes", result["notes"])
    yield from _list(level, "Understood of the file", result.get("understood", ()))
    yield from map(_plot, result.get("plots", ()))
    yield _origin(result)


def _headline(result: dict[str, Any]) -> Iterator[Element]:
    if result["verdict"] == "error":
        yield element("p", verdict(result), f" {result['reason']}")
        yield element("pre", result["message"])
        return
    text = f" maximum relative error {_error(result)}"
    wrong = [row for row in result["parameters"].values() if row["verdict"] == result["verdict"] != "match"]
    if wrong:
        text += f"; {result['verdict']} in {listed([counted(row) for row in wrong])}"
    if result["verdict"] == "match" and "forward-differs" in result["flags"]:
        yield element("p", "Forward differs from what it should be; backward belongs to that forward pass.")
    yield element("p", verdict(result), text)


def _row(row: dict[str, Any]) -> tuple[Content, ...]:
    checked = f"{row['wrong_count']} of {row['checked']}"
    if row["checked"] != row["entries"]:
        checked += f" checked ({row['entries']} entries)"
    return (
        element("code", row["name"]),
        verdict(row),
        short(row["max_relative_error"]),
        short(row["uncertainty"]),
        worst(row),
        checked,
        short(row["detection_limit"]),
        str(row["kinks"]),
        shape(row),
        row["dtype"],
    )


def _wrong(row: dict[str, Any]) -> Element:
    indices = ", ".join(place(row, index) for index in row["wrong"] if index)
    more = f", and {row['wrong_count'] - len(row['wrong'])} more"
    summary = element("summary", "wrong entries of ", element("code", row["name"]))
    text = indices + (more if row["wrong_count"] > len(row["wrong"]) else "")
    return element("details", summary, element("p", text or "its only one"))


def _finding(finding: dict[str, Any], level: int) -> Element:
    where = f"Residual {short(finding['residual'])} in {listed(finding['parameters'])}."
    if finding["equal"]:
        where += f" The same gradient as {listed(finding['equal'])}."
    return element(
        "article",
        element(f"h{level}", element("code", finding["code"])),
        element("p", finding["message"]),
        element("p", element("strong", "Hint: "), finding["hint"]),
        element("p", where, class_="small"),
    )


def _list(level: int, title: str, items: Sequence[str]) -> Iterator[Element]:
    if items:
        yield element(f"h{level}", title)
        yield element("ul", *(element("li", item) for item in items))


def _plot(plot: dict[str, str]) -> Element:
    # As an image, in which a browser runs no script.
    data = base64.b64encode(plot["svg"].encode(errors="replace")).decode()
    image = element("img", src=f"data:image/svg+xml;base64,{data}", alt=plot["text"])
    return element("figure", element("figcaption", plot["title"]), image)


def _origin(result: dict[str, Any]) -> Element:
    facts: dict[str, Content] = {}
    if result["flags"]:
        facts["flags"] = ", ".join(result["flags"])
    if result["verdict"] != "error":
        facts["method"] = f"{result['method']}, {result['evaluations']} loss evaluations"
    if result["false_pass_probability"] is not None:
        facts["false pass probability"] = short(result["false_pass_probability"])
    if result.get("checks", 1) > 1:
        facts["checks"] = f"{result['checks']} gradients in this test"
    facts["seed"] = str(result["seed"])
    facts["time"] = f"{result['seconds']:.2f} s"
    facts |= {name: str(result[name]) for name in ("shape", "sandbox") if result.get(name)}
    if result.get("reproduce"):
        facts["reproduce"] = element("code", result["reproduce"])
    pairs = (element("div", element("dt", name), element("dd", fact)) for name, fact in facts.items())
    return element("dl", *pairs)
