"""A page as a browser takes it apart: what is markup, what is text."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "path"}
#: characters that act instead of being read; line ends and tabs are layout
ACTING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
OUTWARD = re.compile("https?://")
#: on this site: a path, a query, a place in the page
LOCAL = re.compile("/(?!/)|[?#]|$")
#: every element that a page of ours or of Datasette's may hold
ELEMENTS = {
    *("html", "head", "meta", "title", "link", "body", "a", "header", "div", "span", "nav", "ul", "li", "main"),
    *("h1", "h2", "h3", "p", "form", "label", "input", "button", "section", "ol", "article", "aside", "figure"),
    *("figcaption", "svg", "rect", "path", "circle", "small", "mark", "time", "bdi", "br", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "code", "em"),
    *(
        "strong",
        "footer",
        "abbr",
        "img",
        "del",
        "ins",
        "select",
        "option",
        "textarea",
    ),
}


class Parsed(HTMLParser):
    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.words = []
        self.open = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def links(self):
        return [attributes["href"] for tag, attributes in self.tags if tag == "a" and "href" in attributes]

    def ids(self):
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]


def parse_inert(html):
    """The page, in which nothing may act: no script, no handler, no inline style, no foreign asset, no odd link."""
    page = Parsed(html)
    for tag, attributes in page.tags:
        assert tag in ELEMENTS, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "srcdoc", "formaction", "ping"}, (tag, name)
            if name == "href" and tag == "a":
                assert OUTWARD.match(value) or LOCAL.match(value), value
            elif name in {"href", "src", "action"}:
                assert LOCAL.match(value), (tag, name, value)
    assert not ACTING.search(html), ACTING.search(html)[0].encode("unicode_escape")
    identifiers = page.ids()
    assert len(identifiers) == len(set(identifiers)), identifiers
    return page
