"""Says whether an outlet shows a text whole to readers who do not pay.

Promises: what the page tells machines (schema.org's isAccessibleForFree and hasPart, Open Graph's content
tier) comes before what it shows; a box is a paywall only if it speaks of paying. Never does: go around one.
"""

import re

from cssselect import SelectorError
from lxml import etree  # type: ignore[import-untyped]  # ships no types
from parsel import Selector

from nlp.markup import select
from nlp.structured import Described

_TIER = (
    "//meta[@property='article:content_tier' or @property='og:article:content_tier'"
    " or @name='article:content_tier']/@content"
)
_MARKS = (
    "paywall",
    "premium-gate",
    "gate-kgplus",
    "subscription-wall",
    "subscribe-wall",
    "content-locked",
    "locked-content",
)
_MARKED = (
    f"//*[@class or @id][re:test(concat(@class, ' ', @id), '{'|'.join(_MARKS)}', 'i')]"
    "[not(self::body or self::html or self::script or self::style)]"
)
_NAMES = etree.XPath("//@class | //@id", smart_strings=False)
_PAYING = re.compile(r"\b(?:ber)?langganan\b|\bpelanggan\b|\bsubscri|\bberbayar\b|\bpremium\b", re.IGNORECASE)


def is_paywalled(page: Selector, described: Described) -> bool:
    """Say whether `page` holds a part of its article only, or offers the whole for money.

    `described`: its JSON-LD. Ask before boxes are taken out of the tree.
    """
    if described.free is not None:
        return not described.free
    if any(_finds_something(page, css) for css in described.paid_parts):
        return True
    if any(tier.strip().casefold() == "locked" for tier in page.xpath(_TIER).getall()):
        return True
    # Most pages have none; to ask every element by itself took a tenth of the time that a page is read in.
    names = " ".join(_NAMES(page.root)).lower()
    if not any(mark in names for mark in _MARKS):
        return False
    return any(_PAYING.search(box.xpath("string()").get() or "") for box in page.xpath(_MARKED))


def _finds_something(page: Selector, css: str) -> bool:
    try:
        return bool(select(page, css))
    except (SelectorError, etree.XPathError, RecursionError):
        # The selector is the page's own.
        return False
