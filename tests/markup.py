"""What several test files ask of HTML: read strictly, as a list of elements with their text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "hr", "input"}


@dataclass(eq=False)
class Tag:
    name: str
    attributes: dict[str, str]
    parent: "Tag | None"
    text: str = ""
    children: list["Tag"] = field(default_factory=list)

    def all(self, *names):
        """Return the elements below this one, of these names if any is given."""
        below = [tag for child in self.children for tag in (child, *child.all())]
        return [tag for tag in below if not names or tag.name in names]


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = self.open = Tag("", {}, None)

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        new = Tag(tag, dict(attrs), self.open)
        self.open.children.append(new)
        if tag not in VOID:
            self.open = new

    def handle_endtag(self, tag):
        assert tag == self.open.name, f"</{tag}> closes <{self.open.name}>"
        self.open = self.open.parent

    def handle_data(self, data):
        tag = self.open
        while tag is not None:
            tag.text += data
            tag = tag.parent


def read(text):
    """Return the root of a page whose tags balance."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open is reader.root, f"<{reader.open.name}> is not closed"
    return reader.root
