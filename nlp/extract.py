"""From a collected page to one cleaned document: headline, text, reporter, time of publication, dateline.

Promises: one page gives one document or a reason why there is none; pages of one article are joined in order;
the same bytes and rules give the same document; nothing here reads the clock or the network.
Never does: take the text of comments, of link boxes or of another article for the text of this one.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from parsel import Selector

from nlp.body import SHORTEST_ARTICLE, first_text, join_bodies, read_body
from nlp.bylines import clean_author, find_author
from nlp.clean import Cleaned, clean_text, normalize_text
from nlp.dateline import Outlet
from nlp.dates import DateCandidate, DateSource, Published, date_in_url, find_published, in_utc
from nlp.entries import read_entry, read_social
from nlp.found import Found, NothingExtracted
from nlp.markup import decode_page, parse_html, select
from nlp.parsers import choose_rules
from nlp.stamps import find_stamps
from nlp.structured import Described, cut_site_name, read_json_ld, read_meta
from store.records import Document, ExtractionRules, RawPage, UsageError

__all__ = ["EXTRACTOR_VERSION", "NothingExtracted", "extract_file", "extract_page"]

#: Goes up whenever the same bytes may give another document; stored pages are then extracted again.
EXTRACTOR_VERSION = "2"

#: Elements that hold the headline, by name first: on a blog the h1 is the name of the blog.
_HEADINGS = ("[itemprop='headline']", ".entry-title", ".post-title", "h1")


def extract_page(page: RawPage, rules: ExtractionRules) -> Document:
    """Return the document in `page`, whose `bodies` must be filled.

    `rules`: what the source's manifest says of its pages. Times come back in UTC; with precision "day" the
    instant is midnight in the zone of `rules`. Raises NothingExtracted when there is no article or post.
    """
    if not any(body.strip() for body in page.bodies):
        raise NothingExtracted("empty response")
    readers = {"html": _read_html, "social": read_social}
    found = readers.get(page.format, read_entry)(page, rules)
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


def _finish(page: RawPage, rules: ExtractionRules, found: Found) -> Document:
    """Clean what was found and name the document."""
    raw = "\n".join(found.body.lines)
    title = normalize_text(found.title).replace("\n", " ")
    if rules.kind == "post":
        cleaned = Cleaned(normalize_text(raw), (), "", "")
    else:
        cleaned = clean_text(raw, title=title, outlet=found.outlet)
    if not cleaned.text:
        raise NothingExtracted("no text in the page")
    if rules.kind == "news" and len(cleaned.text) < SHORTEST_ARTICLE:
        raise NothingExtracted(
            f"only {len(cleaned.text)} characters of text, {SHORTEST_ARTICLE} make an article"
        )
    published = found.published
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
        paywall=found.paywall,
    )


def _in_utc(published: Published | None) -> datetime | None:
    return published.at.astimezone(UTC) if published else None


def _read_html(page: RawPage, rules: ExtractionRules) -> Found:
    trees = [tree for body in page.bodies if (tree := parse_html(decode_page(body, page.encoding)))]
    if not trees:
        raise NothingExtracted("no HTML in the response")
    first = trees[0]
    json_ld = read_json_ld(first, url=page.canonical_url)
    meta = read_meta(first)
    told = find_published(_told_dates(json_ld, meta), timezone=rules.timezone, now=page.fetched_at)
    rules = _rules_of_page(page, first, rules, told)
    headline = first_text(first, rules.title) or _find_title(first, json_ld, meta)
    site = _site_name(first)
    heading = _find_heading(first, rules)
    told_authors = (first_text(first, rules.author), json_ld.author, meta.author)
    author = next((name for told_ in told_authors if (name := clean_author(cut_site_name(told_, site)))), "")
    author = author or find_author(heading)
    published = told
    if told is None or told.precision == "day" or in_utc(told):
        dates = (*_told_dates(json_ld, meta), *_shown_dates(first, heading, rules, page))
        published = find_published(dates, timezone=rules.timezone, now=page.fetched_at)
    language = (first.xpath("//html/@lang").get() or "").strip()
    bodies = [read_body(tree, rules, described=json_ld.body if tree is first else "") for tree in trees]
    return Found(
        title=headline,
        author=author,
        published=published,
        body=join_bodies(bodies),
        language=_short_language(language),
        pages=len(trees),
        outlet=Outlet((site, urlsplit(page.canonical_url).hostname or "")),
    )


def _rules_of_page(
    page: RawPage, tree: Selector, rules: ExtractionRules, told: Published | None
) -> ExtractionRules:
    """Return the rules with the markup that the page is in; its days are those of the outlet's zone."""
    zone = ZoneInfo(rules.timezone)
    published = told.at.astimezone(zone).date() if told else None
    if published is None and (named := date_in_url(page.canonical_url)):
        published = date.fromisoformat(named)
    return choose_rules(tree, rules, fetched=page.fetched_at.astimezone(zone).date(), published=published)


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


def _told_dates(json_ld: Described, meta: Described) -> Iterator[DateCandidate]:
    """Find what the page tells machines of its date."""
    yield from (DateCandidate("json-ld", stamp) for stamp in json_ld.published)
    yield from (DateCandidate("meta", stamp) for stamp in meta.published)


def _find_heading(page: Selector, rules: ExtractionRules) -> Any | None:
    """Return the lxml element of the headline, near which date and reporter stand."""
    headings = [css for css in (*rules.title, *_HEADINGS) if "::" not in css]
    return next((match for css in headings for match in select(page, css)), None)


def _shown_dates(
    page: Selector, heading: Any | None, rules: ExtractionRules, raw: RawPage
) -> Iterator[DateCandidate]:
    """Find what the page shows readers of its date; takes longer than what it tells machines."""
    sources: tuple[tuple[DateSource, tuple[str, ...]], ...] = (
        ("selector", tuple(_all_texts(page, rules.published))),
        ("text", tuple(find_stamps(page.root, heading))),
        ("url", (date_in_url(raw.canonical_url) or date_in_url(raw.url),)),
    )
    for source, stamps in sources:
        yield from (DateCandidate(source, stamp) for stamp in stamps if stamp)


def _all_texts(page: Selector, selectors: tuple[str, ...]) -> Iterator[str]:
    for css in selectors:
        yield first_text(page, (f"{css}::attr(datetime)",) if "::" not in css else ())
        yield first_text(page, (css,))
