"""Reads what a page says about itself for machines: JSON-LD of an article, and meta elements.

Promises: JSON-LD as it really is on the web is understood (lists, @graph, raw line breaks, HTML entities,
comments, trailing commas, several objects in one script); of several articles the one with the page's own
address is taken; values are plain text. Never does: believe a type that is no article, or raise on any page.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parsel import Selector

#: schema.org types of a page that is one article.
ARTICLE_TYPES = frozenset(
    {
        "Article",
        "NewsArticle",
        "AnalysisNewsArticle",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
    }
)
#: A script that is larger than this is data of an application, not a description of an article.
_LARGEST_SCRIPT = 2_000_000
#: Objects are nested a few deep (graph > page > article > author); deeper ones are not looked into.
_DEEPEST = 8

#: meta names and properties that carry the time of publication, best first; the outlets write their own.
_PUBLISHED_NAMES = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "content_publisheddate",
    "dtk:publishdate",
    "dtk:publishdateunix",
    "jpnncom_news_pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "published_time",
    "pubdate",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "parsely-pub-date",
    "date",
)
_TITLE_NAMES = ("og:title", "twitter:title", "dc.title", "headline")
_AUTHOR_NAMES = (
    "content_author",
    "dtk:author",
    "jpnncom_news_author",
    "author",
    "article:author",
    "dc.creator",
    "parsely-author",
)

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_PARAGRAPH_TAG = re.compile(r"<(?:/p|/div|br\s?/?|/li|/h[1-6])\s?>", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",(\s{0,50}[}\]])")
_WRAPPING = re.compile(r"\ufeff|<!--|-->|//\s?<!\[CDATA\[|<!\[CDATA\[|//\s?\]\]>|\]\]>")


@dataclass(frozen=True, slots=True)
class Described:
    """What JSON-LD or meta says of an article; an empty text where it says nothing."""

    title: str = ""
    author: str = ""
    #: Stamps that may be the time of publication, best first.
    published: tuple[str, ...] = ()
    body: str = ""
    #: Whether the article is free to read, None where nothing is said.
    free: bool | None = None
    #: CSS selectors of the parts that are not free.
    paid_parts: tuple[str, ...] = ()


def read_json_ld(page: Selector, *, url: str) -> Described:
    """Return what the JSON-LD of `page` says of its article; all empty when it describes none.

    `url`: canonical address of the page, to tell its article from those it links to.
    """
    scripts = page.xpath("//script[contains(@type, 'ld+json')]//text()").getall()
    articles = [node for script in scripts for node in _find_articles(_load_tolerantly(script))]
    if not articles:
        return Described()
    own = next((node for node in articles if _address(node) == _bare_address(url)), articles[0])
    publisher = _names(own.get("publisher"))
    authors = [name for name in _names(own.get("author")) if name not in publisher]
    return Described(
        title=_plain(own.get("headline") or own.get("name")),
        author=", ".join(authors),
        published=tuple(stamp for key in ("datePublished", "dateCreated") if (stamp := _plain(own.get(key)))),
        body=_plain_body(own.get("articleBody")),
        free=_truth(own.get("isAccessibleForFree")),
        paid_parts=tuple(_paid_parts(own.get("hasPart"))),
    )


def read_meta(page: Selector) -> Described:
    """Return what the meta elements of `page` say of its article, the site's name cut off the title."""
    found: dict[str, str] = {}
    for element in page.xpath("//meta[@content]"):
        attributes = element.attrib
        content = _plain(attributes.get("content"))
        for key in ("property", "name", "itemprop"):
            name = attributes.get(key, "").strip().casefold()
            if name and content:
                found.setdefault(name, content)
    title = next((found[name] for name in _TITLE_NAMES if name in found), "")
    authors = (found[name] for name in _AUTHOR_NAMES if name in found)
    return Described(
        title=cut_site_name(title, found.get("og:site_name", "")),
        author=next((author for author in authors if "://" not in author), ""),
        published=tuple(found[name] for name in _PUBLISHED_NAMES if name in found),
    )


def cut_site_name(title: str, site: str) -> str:
    """Return `title` without " - Site" or " | Site" at its end."""
    for separator in (" - ", " | ", " – ", " — ", " :: "):
        head, found, tail = title.rpartition(separator)
        if found and site and _letters(tail) == _letters(site):
            return head.strip()
    return title


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _load_tolerantly(script: str) -> Any:
    """Return the values in a script, best effort: None when nothing in it can be read."""
    text = _WRAPPING.sub(" ", script).strip().rstrip(";").strip() if len(script) <= _LARGEST_SCRIPT else ""
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", text), html.unescape(text)):
        values = _decode_all(attempt)
        if values:
            return values
    return None


def _decode_all(text: str) -> list[Any]:
    """Decode the objects that follow one another in `text`; an empty list if one of them is broken."""
    # strict=False: raw line breaks inside strings are the commonest fault.
    decoder = json.JSONDecoder(strict=False)
    values = []
    position = 0
    try:
        while position < len(text):
            value, position = decoder.raw_decode(text, position)
            values.append(value)
            while position < len(text) and text[position] in " \t\r\n,;":
                position += 1
    except (ValueError, RecursionError):
        return []
    return values


def _find_articles(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Find the article nodes in a decoded value, in document order; lists of other articles are left out."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        types = value.get("@type")
        names = types if isinstance(types, list) else [types]
        if any(isinstance(name, str) and name.rpartition("/")[2] in ARTICLE_TYPES for name in names):
            yield value
            return
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _find_articles(value.get(key), depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for entry in value:
            yield from _find_articles(entry, depth + 1)


def _address(node: Mapping[str, Any]) -> str:
    page = node.get("mainEntityOfPage")
    candidates: Iterable[Any] = (
        page.get("@id") if isinstance(page, Mapping) else page,
        node.get("url"),
        node.get("@id"),
    )
    return next((_bare_address(value) for value in candidates if isinstance(value, str) and value), "")


def _bare_address(url: str) -> str:
    """Return an address without scheme, www, query, fragment and slash at the end, for comparing only."""
    return (
        re.sub(r"\A(?:https?:)?//(?:www\.)?", "", re.split(r"[?#]", url, maxsplit=1)[0])
        .rstrip("/")
        .casefold()
    )


def _names(value: Any) -> list[str]:
    """Return the names in an author or publisher: a text, an object with a name, or a list of those."""
    names = []
    for entry in value if isinstance(value, list) else [value]:
        name = entry.get("name") if isinstance(entry, Mapping) else entry
        for text in name if isinstance(name, list) else [name]:
            plain = _plain(text)
            if plain and "://" not in plain and plain not in names:
                names.append(plain)
    return names


def _truth(value: Any) -> bool | None:
    """Return a truth value as schema.org writes it: true, "False", "http://schema.org/True"."""
    if isinstance(value, bool):
        return value
    word = value.rpartition("/")[2].strip().casefold() if isinstance(value, str) else ""
    return {"true": True, "false": False}.get(word)


def _paid_parts(value: Any) -> Iterator[str]:
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, Mapping) and _truth(part.get("isAccessibleForFree")) is False:
            selectors = part.get("cssSelector")
            for css in selectors if isinstance(selectors, list) else [selectors]:
                if isinstance(css, str) and css.strip():
                    yield css


def _plain(value: Any) -> str:
    """Return a JSON or attribute value as one line of plain text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    # Twice, since some CMS escape what was escaped already.
    return " ".join(_TAG.sub(" ", html.unescape(html.unescape(str(value)))).split())


def _plain_body(value: Any) -> str:
    """Return an articleBody as lines of plain text."""
    if not isinstance(value, str):
        return ""
    lines = _PARAGRAPH_TAG.sub("\n", html.unescape(html.unescape(value))).splitlines()
    return "\n".join(plain for line in lines if (plain := " ".join(_TAG.sub(" ", line).split())))
