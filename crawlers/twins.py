"""Folds the AMP and mobile twins of an article into one: what a fetched page says its own address is.

Promises: a page's <link rel=canonical> is believed only where it names an article of the same outlet that is
the same one by its form (AMP), by its name or number, or by where the server has led; everything else keeps
the address by which it was listed, since many a site points all its pages at its front page.
Never does: parse the page, fetch, or raise on any bytes.
"""

import html
import re
from urllib.parse import urlsplit

#: Head elements stand at the beginning of a page, behind inline styles at most.
HEAD_REACH = 200_000
#: Shorter last parts of a path, and numbers with fewer digits, are shared by different articles.
SHORTEST_SLUG = 8
SHORTEST_NUMBER = 5

_LINK_TAG = re.compile(rb"<link\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-z-]{1,20})\s{0,5}=\s{0,5}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)
_AMP = re.compile(rb"<html\b[^>]{0,500}?\s(?:amp|amp4email|\xe2\x9a\xa1)(?=[\s=>])", re.IGNORECASE)
_NUMBER = re.compile(rf"\d{{{SHORTEST_NUMBER},}}")


def declared_address(body: bytes) -> str:
    """Give the href of <link rel=canonical> as it stands in the page; "" when there is none."""
    for tag in _LINK_TAG.findall(body[:HEAD_REACH]):
        pairs = _ATTRIBUTE.findall(tag.decode("utf-8", "replace"))
        found = {name.lower(): html.unescape(a or b or c) for name, a, b, c in pairs}
        if "canonical" in found.get("rel", "").lower().split():
            return found.get("href", "").strip()
    return ""


def is_amp(body: bytes) -> bool:
    """Say whether a page is an AMP document."""
    return bool(_AMP.search(body[:HEAD_REACH]))


def is_same_article(one: str, other: str) -> bool:
    """Say whether two addresses name one article: by the last part of the path, or by a long number in it."""
    names = [_name(url) for url in (one, other)]
    if names[0] == names[1] and len(names[0]) >= SHORTEST_SLUG:
        return True
    numbers = [set(_NUMBER.findall(urlsplit(url).path)) for url in (one, other)]
    return bool(numbers[0] & numbers[1])


def _name(url: str) -> str:
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2].casefold()
    return re.sub(r"\.[a-z]{3,5}\Z", "", last)
