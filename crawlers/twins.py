"""Folds the AMP and mobile twins of an article into one: what a fetched page says its own address is.

Promises: a page's <link rel=canonical> is believed only where it names an article of the same outlet that is
the same one by its name or number, or by where the server has led; that of an AMP page, too, since nothing in
its form says whose twin it is. Everything else keeps the address by which it was listed: many a site points
all its pages at its front page, and a page that could name any article could take its place.
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
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


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


def is_same_article(one: str, other: str, *, amp: bool = False) -> bool:
    """Say whether two addresses name one article.

    They do when their long numbers (dates apart) agree, or else their last parts, unless other numbers in
    their paths contradict: a heading of last year may come again. `amp`: one of them is an AMP page, whose
    last part may be short, may carry the word, or may be nothing but the article's number.
    """
    ids, other_ids = _ids(one), _ids(other)
    if ids and other_ids:
        return ids <= other_ids or other_ids <= ids
    name, other_name = (_name(url, amp=amp) for url in (one, other))
    if name == other_name and len(name) >= (1 if amp else SHORTEST_SLUG):
        steps, other_steps = _numbers(one, whole=False), _numbers(other, whole=False)
        return not steps or not other_steps or steps <= other_steps or other_steps <= steps
    numbers = _numbers(one, whole=True)
    return amp and (name.isdigit() or other_name.isdigit()) and numbers == _numbers(other, whole=True)


def _name(url: str, *, amp: bool) -> str:
    last = re.sub(r"\.[a-z]{3,5}\Z", "", urlsplit(url).path.rstrip("/").rpartition("/")[2].casefold())
    return re.sub(r"\Aamp-|[-.]amp\Z", "", last) if amp else last


def _ids(url: str) -> set[str]:
    """Give the long numbers of a path; a date is none, as all articles of a day share it."""
    return {number for number in _NUMBER.findall(urlsplit(url).path) if not _DATE.fullmatch(number)}


def _numbers(url: str, *, whole: bool) -> set[str]:
    """Give the parts of a path that are numbers, the last part only with `whole`."""
    steps = urlsplit(url).path.rstrip("/").split("/")
    return {step for step in (steps if whole else steps[:-1]) if step.isdigit()}
