"""From a collected page to one cleaned document: headline, text, reporter, time of publication, dateline.

Promises: one page gives one document or a reason why there is none; pages of one article are joined in order;
the same bytes and rules give the same document; nothing here reads the clock or the network.
Never does: take the text of comments, of link boxes or of another article for the text of this one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from parsel import Selector

from nlp.body import SHORTEST_ARTICLE, Body, first_text, join_bodies, read_body
from nlp.clean import Cleaned, clean_text, normalize_text
from nlp.dates import DateCandidate, DateSource, Published, date_in_url, find_published
from nlp.markup import decode_page, parse_html, remove_elements, render_lines
from nlp.structured import Described, cut_site_name, read_json_ld, read_meta
from store.records import Document, ExtractionRules, NetraError, RawPage, UsageError

#: Goes up whenever the same bytes may give another document; stored pages are then extracted again.
EXTRACTOR_VERSION = "1"

#: Stamps stand close to the headline: so many elements before and behind it are looked at.
_STAMPS_BEFORE = 12
_STAMPS_BEHIND = 30
_LONGEST_STAMP = 120
#: XPath condition: the node is no part of a menu, a footer of the site, or a box with other articles.
_OWN = (
    "[not(ancestor::nav or ancestor::aside or ancestor::script or ancestor::style"
    " or ancestor::footer[not(ancestor::article)] or ancestor::*[contains(@class, 'sidebar')"
    " or contains(@class, 'related') or contains(@class, 'terkait') or contains(@class, 'populer')"
    " or contains(@class, 'terkini') or contains(@class, 'widget')])]"
)
#: Elements that hold the headline, by name first: on a blog the h1 is the name of the blog.
_HEADINGS = ("[itemprop='headline']", ".entry-title", ".post-title", "h1")


class NothingExtracted(NetraError):  # noqa: N818 - reads as a result: there is nothing in this page
    """There is no article in the page; the message says why, in words that fit a report."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that one format yields, before cleaning."""

    title: str
    author: str
    published: tuple[DateCandidate, ...]
    body: Body
    language: str
    pages: int


def extract_page(page: RawPage, rules: ExtractionRules) -> Document:
    """Return the document in `page`, whose `bodies` must be filled.

    `rules`: what the source's manifest says of its pages. Times come back in UTC; with precision "day" the
    instant is midnight in the zone of `rules`. Raises NothingExtracted when there is no article or post.
    """
    if not any(body.strip() for body in page.bodies):
        raise NothingExtracted("empty response")
    readers = {"html": _read_html, "social": _read_social}
    found = readers.get(page.format, _read_entry)(page, rules)
    return _finish(page, rules, found)


def extract_file(path: Path, *, url: str, rules: ExtractionRules | None = None) -> Document:
    """Return the document in a saved HTML page, as if it had been fetched from `url` when it was saved.

    Raises UsageError when the file cannot be read, NothingExtracted when there is no article in it.
    """
    try:
        body = path.read_bytes()
        saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise UsageError(
            f"cannot read the page {path}: {error.strerror}; give the path of a saved page"
        ) from None
    source_id = rules.source_id if rules else ""
    page = RawPage(
        page_id="G-" + hashlib.sha256(f"{source_id}\n{url}".encode()).hexdigest()[:16],
        source_id=source_id,
        url=url,
        canonical_url=url,
        night=saved_at.astimezone(ZoneInfo("Asia/Jakarta")).date(),
        fetched_at=saved_at,
        status=200,
        format="html",
        part="",
        encoding="",
        refs=(),
        body_sha256=hashlib.sha256(body).hexdigest(),
        bodies=(body,),
    )
    return extract_page(page, rules or ExtractionRules(source_id))


def _finish(page: RawPage, rules: ExtractionRules, found: _Found) -> Document:
    """Clean what was found and name the document."""
    raw = "\n".join(found.body.lines)
    title = normalize_text(found.title).replace("\n", " ")
    if rules.kind == "post":
        cleaned = Cleaned(normalize_text(raw), (), "", "")
    else:
        cleaned = clean_text(raw, title=title)
    if not cleaned.text:
        raise NothingExtracted("no text in the page")
    if rules.kind == "news" and len(cleaned.text) < SHORTEST_ARTICLE:
        raise NothingExtracted(
            f"only {len(cleaned.text)} characters of text, {SHORTEST_ARTICLE} make an article"
        )
    published = find_published(found.published, timezone=rules.timezone, now=page.fetched_at)
    prefix = "P-" if rules.kind == "post" else "N-"
    return Document(
        doc_id=prefix + hashlib.sha256(page.canonical_url.encode()).hexdigest()[:12],
        page_id=page.page_id,
        source_id=page.source_id,
        kind=rules.kind,
        night=page.night,
        url=page.url,
        canonical_url=page.canonical_url,
        title=title,
        text=cleaned.text,
        author=normalize_text(found.author or cleaned.author_hint).replace("\n", " "),
        published_at=_in_utc(published),
        published_precision=published.precision if published else "none",
        dateline=cleaned.dateline,
        language=found.language,
        pages_expected=page.pages_expected,
        pages_fetched=found.pages,
        extractor=found.body.extractor,
        extractor_version=EXTRACTOR_VERSION,
        text_sha256=hashlib.sha256(cleaned.text.encode()).hexdigest(),
        removed=(*found.body.removed, *cleaned.removed),
        fetched_at=page.fetched_at,
    )


def _in_utc(published: Published | None) -> datetime | None:
    return published.at.astimezone(UTC) if published else None


def _read_html(page: RawPage, rules: ExtractionRules) -> _Found:
    trees = [tree for body in page.bodies if (tree := parse_html(decode_page(body, page.encoding)))]
    if not trees:
        raise NothingExtracted("no HTML in the response")
    first = trees[0]
    json_ld = read_json_ld(first, url=page.canonical_url)
    meta = read_meta(first)
    headline = first_text(first, rules.title) or _find_title(first, json_ld, meta)
    author = first_text(first, rules.author) or json_ld.author or meta.author
    author = cut_site_name(author, _site_name(first))
    published = tuple(_date_candidates(first, json_ld, meta, rules, page))
    language = (first.xpath("//html/@lang").get() or "").strip()
    bodies = [read_body(tree, rules, described=json_ld.body if tree is first else "") for tree in trees]
    return _Found(headline, author, published, join_bodies(bodies), _short_language(language), len(trees))


def _short_language(tag: str) -> str:
    """Return the main part of a language tag; "in" is what old pages call Indonesian."""
    main = tag.replace("_", "-").split("-")[0].lower()
    return "id" if main in ("", "in") else main


def _site_name(page: Selector) -> str:
    return page.xpath("//meta[@property='og:site_name']/@content").get() or ""


def _find_title(page: Selector, json_ld: Described, meta: Described) -> str:
    """Return the headline the generic way: JSON-LD, meta, the heading that is named so, the page's title."""
    heading = first_text(page, _HEADINGS)
    title = json_ld.title or meta.title or heading
    if not title:
        # No heading at all: what the browser shows in the tab.
        return cut_site_name(" ".join((page.xpath("//title/text()").get() or "").split()), _site_name(page))
    # Search engines want short headlines: JSON-LD may end in dots where the page goes on.
    stem = title.rstrip(" .…")
    if title != stem:
        return next((full for full in (meta.title, heading) if full.startswith(stem)), title)
    return title


def _date_candidates(
    page: Selector, json_ld: Described, meta: Described, rules: ExtractionRules, raw: RawPage
) -> Iterator[DateCandidate]:
    sources: tuple[tuple[DateSource, tuple[str, ...]], ...] = (
        ("json-ld", json_ld.published),
        ("meta", meta.published),
        ("selector", tuple(_all_texts(page, rules.published))),
        ("text", tuple(_stamps_near_title(page, rules))),
        ("url", (date_in_url(raw.canonical_url) or date_in_url(raw.url),)),
    )
    for source, stamps in sources:
        yield from (DateCandidate(source, stamp) for stamp in stamps if stamp)


def _all_texts(page: Selector, selectors: tuple[str, ...]) -> Iterator[str]:
    for css in selectors:
        yield first_text(page, (f"{css}::attr(datetime)",) if "::" not in css else ())
        yield first_text(page, (css,))


def _stamps_near_title(page: Selector, rules: ExtractionRules) -> Iterator[str]:
    """Find short texts with a year around the headline, behind it first, and <time> elements."""
    selectors = [css for css in (*rules.title, *_HEADINGS) if "::" not in css]
    heading = next((match for css in selectors for match in page.css(css)), None)
    if heading is None:
        yield from page.xpath(f"//time{_OWN}/@datetime").getall()[:1]
        return
    marked = f"following::*[self::time or contains(@class, 'published')]{_OWN}[position() <= 2]"
    yield from heading.xpath(f"{marked}/@datetime | {marked}/@title").getall()
    texts = f"text()[normalize-space()]{_OWN}"
    behind = heading.xpath(f"following::{texts}[position() <= {_STAMPS_BEHIND}]").getall()
    before = heading.xpath(f"preceding::{texts}[position() <= {_STAMPS_BEFORE}]").getall()
    for text in (*behind, *reversed(before)):
        stamp = " ".join(text.split())
        # A short sentence that ends in a stop tells when something happened.
        if len(stamp) <= _LONGEST_STAMP and any(map(str.isdigit, stamp)) and stamp[-1] not in '.!?"”':
            yield stamp


def _load_object(page: RawPage) -> Mapping[str, Any]:
    try:
        loaded = json.loads(decode_page(page.bodies[0], "utf-8"))
    except (ValueError, RecursionError):
        raise NothingExtracted(f"the {page.format} entry is not JSON") from None
    if not isinstance(loaded, Mapping):
        raise NothingExtracted(f"the {page.format} entry is not a JSON object")
    return loaded


def _text_at(value: Any, *path: str | int) -> str:
    """Return the text at `path` inside a decoded JSON value, or ""."""
    for key in path:
        if isinstance(key, str) and isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(key, int) and isinstance(value, list) and len(value) > key:
            value = value[key]
        else:
            return ""
    return value if isinstance(value, str) else ""


#: Where an entry keeps what: paths into its JSON, best first.
_ENTRY_PATHS: dict[str, dict[str, tuple[tuple[str | int, ...], ...]]] = {
    "blogger": {
        "title": (("title", "$t"),),
        "content": (("content", "$t"), ("summary", "$t")),
        "author": (("author", 0, "name", "$t"),),
        "published": (("published", "$t"),),
    },
    "wordpress": {
        "title": (("title", "rendered"),),
        "content": (("content", "rendered"), ("excerpt", "rendered")),
        "author": (("_embedded", "author", 0, "name"), ("yoast_head_json", "author")),
        "published": (("date",),),
    },
    "feed": {
        "title": (("title",),),
        "content": (("content",), ("content", 0, "value"), ("summary",)),
        "author": (("author",),),
        "published": (("published",),),
    },
}


def _read_entry(page: RawPage, rules: ExtractionRules) -> _Found:
    """Read a Blogger, WordPress or feed entry: JSON around HTML that is nothing but the article."""
    entry = _load_object(page)

    def first(name: str) -> str:
        texts = (_text_at(entry, *path) for path in _ENTRY_PATHS[page.format][name])
        return next((text for text in texts if text.strip()), "")

    fragment = parse_html(first("content"))
    if fragment is None:
        raise NothingExtracted(f"the {page.format} entry has no content")
    remove_elements(fragment, rules.remove)
    rendered = render_lines(fragment.root)
    heading = parse_html(first("title"))
    title = " ".join(render_lines(heading.root).lines) if heading is not None else ""
    stamps = [first("published")]
    utc = _text_at(entry, "date_gmt")
    if utc:
        # WordPress writes both times without a zone; only this one is known to be UTC.
        stamps.insert(0, f"{utc}Z")
    published = tuple(DateCandidate("meta", stamp) for stamp in stamps if stamp)
    body = Body(rendered.lines, rendered.removed, "entry")
    return _Found(title, first("author"), published, body, "id", 1)


def _read_social(page: RawPage, rules: ExtractionRules) -> _Found:
    """Read a row of a social export; its text is plain and has no headline."""
    del rules
    row = _load_object(page)
    published = _text_at(row, "published")
    candidates = (DateCandidate("meta", published),) if published else ()
    body = Body((_text_at(row, "text"),), (), "row")
    language = _short_language(_text_at(row, "language"))
    return _Found("", _text_at(row, "author"), candidates, body, language, 1)
