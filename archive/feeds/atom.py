"""A feed as Atom, RFC 4287."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.feeds.characters import clean
from archive.feeds.content import CHINESE
from archive.feeds.model import RIGHTS

if TYPE_CHECKING:
    from archive.feeds.model import Entry, Feed

NAMESPACE = "http://www.w3.org/2005/Atom"
CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def build_atom(feed: Feed) -> bytes:
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - the command line starts without it

    root = etree.Element(_name("feed"), {_LANGUAGE: "en"}, nsmap={None: NAMESPACE})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title, language=CHINESE)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", feed.updated)
    _add(_add(root, "author"), "name", "baogao")
    _add(root, "generator", "baogao")
    _add(root, "rights", RIGHTS)
    if feed.base_url is not None:
        _link(root, "self", f"{feed.base_url}/feed.atom{feed.query}", CONTENT_TYPE.partition(";")[0])
        _link(root, "alternate", feed.base_url + feed.page, "text/html")
    for entry in feed.entries:
        _add_entry(root, entry)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return content


def _add_entry(root: Any, entry: Entry) -> None:
    element = _add(root, "entry")
    _add(element, "id", entry.id)
    _add(element, "title", entry.title, language=entry.language, type="text")
    _add(element, "published", entry.at)
    _add(element, "updated", entry.at)
    _add(_add(element, "author"), "name", entry.author)
    _add(element, "category", term=entry.kind, label=entry.label)
    if entry.url:
        _link(element, "alternate", entry.url, "text/html")
    if entry.archived_url:
        _link(element, "related", entry.archived_url, "text/html", title="Archived / 存档")
    _add(element, "content", entry.content, language=entry.language, type="html")


def _link(parent: Any, rel: str, href: str, content_type: str, **more: str) -> None:
    _add(parent, "link", rel=rel, href=href, type=content_type, **more)


def _add(parent: Any, name: str, text: str | None = None, *, language: str = "", **attributes: str) -> Any:
    from lxml import etree  # noqa: PLC0415 - see above

    element = etree.SubElement(parent, _name(name), {key: clean(value) for key, value in attributes.items()})
    if language:
        element.set(_LANGUAGE, language)
    if text is not None:
        element.text = clean(text)
    return element


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
