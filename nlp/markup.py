"""From the bytes of a page to a tree, and from a tree to lines of text.

Promises: a page that is UTF-8 is read as UTF-8 whatever it declares; a few broken bytes do not spoil the
rest; every block element gives a line of its own; captions and links to other articles are told apart from
what is text. Never does: fetch, guess at the article (that is `extract`), or recurse (pages nest deeply).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # ships no types
from parsel import Selector
from parsel.csstranslator import HTMLTranslator

#: How many good characters outside ASCII a page must have for each broken byte to be UTF-8 all the same.
_GOOD_PER_BROKEN = 4
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_:-]{2,40})", re.IGNORECASE
)
_META_REACH = 4096
#: Browsers read these names as windows-1252, and so do the pages that use them.
_LATIN_NAMES = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "ascii", "us-ascii", "cp1252"})
_XML_DECLARATION = re.compile(r"\A\s{0,100}<\?xml[^>]{0,200}\?>")


def tags(listing: str) -> frozenset[str]:
    """Return the tag names in a listing that is parted by blanks."""
    return frozenset(listing.split())


_BLOCKS = tags("""
    address article blockquote body br caption center dd details div dl dt fieldset figure footer
    h1 h2 h3 h4 h5 h6 header hr html legend li main ol p pre section summary table tbody tfoot thead tr ul
""")
_SKIPPED = tags("""
    script style noscript template iframe object embed svg math canvas form button select textarea input
    video audio head nav aside
""")
_CELLS = frozenset({"td", "th"})
_CAPTION_CLASS = re.compile(
    r"(?:\A|[\s_-])(?:caption|wp-caption-text|wp-caption-dd)(?:\Z|[\s_-])", re.IGNORECASE
)
_LINK_LINE = re.compile(
    r"(?:baca|lihat|simak|tonton) (?:juga|pula)\b\s?[:：]?|pilihan editor\s?[:：]?", re.IGNORECASE
)
#: Compiled selectors that are kept: 200 sources with 20 each fit.
_KEPT_SELECTORS = 4096
#: Punctuation that may stand around the link of a "baca juga" line.
_LINK_REST = frozenset(" .,:;|»›>-–[]()\"'“”")


@dataclass(frozen=True, slots=True)
class Rendered:
    """The lines of an element, and the lines that are marked as captions or as links elsewhere."""

    lines: tuple[str, ...]
    removed: tuple[str, ...]


def decode_page(body: bytes, declared: str) -> str:
    """Return `body` as text. `declared`: the encoding that the server named, or "".

    UTF-8 first, since bytes outside ASCII that are valid UTF-8 are hardly ever anything else; then the
    declared encoding, then that of the meta element, both only if every byte fits; then windows-1252.
    Never raises.
    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    lenient = body.decode("utf-8-sig", "replace")
    broken = lenient.count("\ufffd")
    good = sum(1 for char in lenient if ord(char) > 127) - broken
    if good >= _GOOD_PER_BROKEN * broken:
        return lenient
    meta = _META_CHARSET.search(body[:_META_REACH])
    names = (declared.strip(), meta[1].decode("ascii") if meta else "")
    for name in filter(None, names):
        try:
            return body.decode("windows-1252" if name.casefold() in _LATIN_NAMES else name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return body.decode("windows-1252", "replace")


def parse_html(text: str) -> Selector | None:
    """Return the tree of an HTML page or fragment; None when there is no element in it."""
    clean = _XML_DECLARATION.sub("", text.replace("\x00", ""))
    clean = clean.encode("utf-8", "replace").decode("utf-8")
    if not clean.strip():
        return None
    page = Selector(text=clean, type="html")
    return page if page.root is not None else None


@lru_cache(_KEPT_SELECTORS)
def _compile(css: str) -> Any:
    return etree.XPath(HTMLTranslator().css_to_xpath(css), smart_strings=False)


def select(page: Selector, css: str) -> list[Any]:
    """Return what a CSS selector finds in a tree: lxml elements, or texts behind ::text and ::attr(name).

    The compiled selector is kept: to compile it anew took longer than to read a page (measured).
    """
    found: list[Any] = _compile(css)(page.root)
    return found


def remove_elements(page: Selector, selectors: tuple[str, ...]) -> None:
    """Take the elements that match one of the CSS `selectors` out of the tree; the text behind them stays."""
    for css in selectors:
        for element in select(page, css):
            if not isinstance(element, str) and element.getparent() is not None:
                _drop(element)


def remove_captions(root: Any) -> tuple[str, ...]:
    """Take what is marked as a caption out of the tree of an lxml element, and return its lines."""
    captions = [element for element in root.iterdescendants(etree.Element) if _is_caption(element)]
    outermost = [element for element in captions if not any(map(_is_caption, element.iterancestors()))]
    removed = tuple(" ".join(" ".join(caption.itertext()).split()) for caption in outermost)
    for caption in outermost:
        _drop(caption)
    return tuple(filter(None, removed))


def _is_link(element: Any) -> bool:
    return element.tag == "a" and element.get("href") is not None


def _is_caption(element: Any) -> bool:
    return element.tag == "figcaption" or bool(_CAPTION_CLASS.search(element.get("class") or ""))


def _drop(element: Any) -> None:
    parent, previous, tail = element.getparent(), element.getprevious(), element.tail or ""
    if previous is not None:
        previous.tail = (previous.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def render_lines(element: Any, *, boxes: frozenset[Any] = frozenset()) -> Rendered:
    """Return the text of an lxml element: one line per block element or <br>, blanks collapsed.

    `boxes`: elements below it that are no part of the text; their lines are among the removed ones.
    """
    writer = _Writer()
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event in ("comment", "pi"):
            writer.write(node.tail if node is not element else None)
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "end":
            if tag in _BLOCKS and tag != "br":
                writer.end_line()
            if tag in _CELLS:
                writer.write(" ")
            if _is_link(node):
                writer.links -= 1
            if node is writer.caption:
                writer.end_line()
                writer.caption = None
            if node is not element:
                writer.write(node.tail)
            continue
        if tag in _SKIPPED:
            # Its end event comes all the same and writes the tail.
            walk.skip_subtree()
            continue
        if tag == "br" and writer.links:
            writer.write(" ")
        elif tag in _BLOCKS:
            writer.end_line()
        if _is_link(node):
            writer.links += 1
        if writer.caption is None and (node in boxes or _is_caption(node)):
            writer.end_line()
            writer.caption = node
        writer.write(node.text)
    writer.end_line()
    return Rendered(tuple(writer.lines), tuple(writer.removed))


class _Writer:
    """Collects pieces of text into lines; knows which pieces stood inside a link or a caption."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.removed: list[str] = []
        self.links = 0
        self.caption: Any = None
        self._pieces: list[str] = []
        self._unlinked: list[str] = []

    def write(self, text: str | None) -> None:
        if text:
            self._pieces.append(text)
            if not self.links:
                self._unlinked.append(text)

    def end_line(self) -> None:
        line = " ".join("".join(self._pieces).split())
        unlinked = " ".join("".join(self._unlinked).split())
        linked = len(line) > len(unlinked)
        self._pieces, self._unlinked = [], []
        if not line:
            return
        marker = _LINK_LINE.match(line)
        rest = _LINK_LINE.sub("", unlinked, count=1) if marker else unlinked
        is_link = marker is not None and linked and all(char in _LINK_REST for char in rest)
        (self.removed if is_link or self.caption is not None else self.lines).append(line)
