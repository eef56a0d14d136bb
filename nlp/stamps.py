"""Finds the stamps that a page shows near its headline, for pages that tell machines nothing of their date.

Promises: what stands in a menu, a footer of the site or a box with other articles is passed over; the search
ends after a fixed number of texts, however large the page. Never does: read a stamp (that is `dates`).
"""

import re
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Any

from nlp.boilerplate import is_list_heading

#: Stamps stand close to the headline, mostly right behind it; so many texts are looked at close behind it,
#: before it, and farther behind it.
_CLOSE = 8
_BEFORE = 12
_BEHIND = 30
#: Elements that are marked as a time of publication: so many behind the headline are looked at.
_MARKED = 2
_LONGEST_STAMP = 120
_FOREIGN_TAGS = frozenset({"nav", "aside", "script", "style", "noscript", "template"})
_OWN_CLASS = re.compile(r"\b(?:article|entry|post|story)-(?:aside|info|meta)\b", re.IGNORECASE)
_LABELLED = re.compile(
    r"(?:tayang|terbit|diterbitkan|dipublikasikan|diposting|published)\b.{0,30}\d", re.IGNORECASE
)
#: Boxes with other articles. On pages made with Elementor every text stands in a "widget".
_FOREIGN_CLASS = re.compile(
    r"sidebar|related|terkait|populer|popular|terkini|trending|(?<!elementor-)\bwidget(?!-container)",
    re.IGNORECASE,
)


def find_stamps(root: Any, heading: Any | None) -> Iterator[str]:
    """Yield what may be the date of the article under `heading`, likeliest first.

    `root`, `heading`: lxml elements; without a heading only the first <time> of the page is yielded, and the
    first text that calls itself the time of publication.
    """
    if heading is None:
        times = (node.get("datetime") for node in root.iter("time") if not _is_foreign_below(node))
        yield from islice((stamp for stamp in times if stamp), 1)
        yield from islice((text for text in _texts_in(root) if _LABELLED.match(text)), 1)
        return
    yield from islice((stamp for node in walk_behind(heading) if (stamp := _marked_stamp(node))), _MARKED)
    for text in texts_around(heading):
        # A short sentence that ends in a stop tells when something happened.
        if len(text) <= _LONGEST_STAMP and any(map(str.isdigit, text)) and text[-1] not in '.!?"”':
            yield text


def _is_foreign(node: Any) -> bool:
    if not isinstance(node.tag, str):
        return True
    if node.tag in _FOREIGN_TAGS:
        # Some themes keep the date of an article in an aside of its own.
        return not _OWN_CLASS.search(node.get("class") or "")
    if node.tag == "footer":
        # The footer of an article may carry its date, that of the site never does.
        return next(node.iterancestors("article"), None) is None
    return bool(_FOREIGN_CLASS.search(node.get("class") or ""))


def _is_foreign_below(node: Any) -> bool:
    return any(map(_is_foreign, node.iterancestors()))


def _marked_stamp(node: Any) -> str:
    if node.tag == "time" or "published" in (node.get("class") or ""):
        return node.get("datetime") or node.get("title") or " ".join("".join(node.itertext()).split())
    return ""


def texts_around(heading: Any) -> Iterator[str]:
    """Yield the texts close behind the headline, then those before it, nearest first, then those farther on.

    A list of other articles ends the search: what stands behind it is of them.
    """
    behind = takewhile(lambda text: not is_list_heading(text), islice(_texts_behind(heading), _BEHIND))
    yield from islice(behind, _CLOSE)
    yield from islice(_texts_before(heading), _BEFORE)
    yield from behind


def walk_behind(heading: Any) -> Iterator[Any]:
    """Yield the elements behind the heading in document order, without foreign boxes."""
    for step in (heading, *heading.iterancestors()):
        for sibling in step.itersiblings():
            yield from _walk(sibling)


def _walk(top: Any) -> Iterator[Any]:
    stack = [top]
    while stack:
        node = stack.pop()
        if not _is_foreign(node):
            yield node
            stack.extend(reversed(node))


def _texts_behind(heading: Any) -> Iterator[str]:
    for step in (heading, *heading.iterancestors()):
        yield from _visible(step.tail)
        for sibling in step.itersiblings():
            yield from _texts_in(sibling)
            yield from _visible(sibling.tail)


def _texts_before(heading: Any) -> Iterator[str]:
    """Yield the texts before the heading, the nearest first."""
    for step in (heading, *heading.iterancestors()):
        for sibling in step.itersiblings(preceding=True):
            yield from _visible(sibling.tail)
            yield from reversed(list(_texts_in(sibling)))
        parent = step.getparent()
        yield from _visible(parent.text if parent is not None else None)


def _texts_in(top: Any) -> Iterator[str]:
    """Yield the texts of an element in document order, without foreign boxes; never recurses."""
    stack: list[tuple[Any, bool]] = [(top, False)]
    while stack:
        node, is_tail = stack.pop()
        if is_tail:
            yield from _visible(node.tail)
        elif not _is_foreign(node):
            yield from _visible(node.text)
            for child in reversed(node):
                stack.append((child, True))
                stack.append((child, False))


def _visible(text: str | None) -> Iterator[str]:
    stamp = " ".join(text.split()) if text else ""
    if stamp:
        yield stamp
