"""Reads an HTML page: what it tells machines, what it shows readers, and the text of its article.

Promises: the markup of the page's own day; what machines are told comes before what is shown; pages of one
article are joined in order. Never does: take the text of comments, of link boxes or of another article for
the text of this one, or read the same tree twice.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from parsel import Selector

from nlp.appdata import read_app_data
from nlp.body import first_text, join_bodies, read_body
from nlp.bylines import clean_author, find_author
from nlp.dateline import Outlet
from nlp.dates import DateCandidate, DateSource, Published, date_in_url, find_published, in_utc
from nlp.found import Found, NothingExtracted, short_language
from nlp.headline import find_headline
from nlp.markup import decode_page, parse_html
from nlp.parsers import choose_rules
from nlp.paywall import is_paywalled
from nlp.stamps import find_stamps
from nlp.structured import Described, cut_site_name, read_json_ld, read_meta
from store.records import ExtractionRules, RawPage


def read_article(page: RawPage, rules: ExtractionRules) -> Found:
    """Return what the HTML pages of one article hold. Raises NothingExtracted when none of them is HTML."""
    trees = [tree for body in page.bodies if (tree := parse_html(decode_page(body, page.encoding)))]
    if not trees:
        raise NothingExtracted("no HTML in the response")
    first = trees[0]
    json_ld = read_json_ld(first, url=page.canonical_url)
    meta = read_meta(first)
    site = first.xpath("//meta[@property='og:site_name']/@content").get() or ""
    outlet = Outlet((site, urlsplit(page.canonical_url).hostname or ""))
    told = _find_published(_told_dates(json_ld, meta), page, rules)
    rules = _rules_of_page(page, first, rules, told)
    headline = find_headline(first, rules, (json_ld, meta), outlet)
    data = read_app_data(first, title=headline.text)
    published = told
    if told is None or told.precision == "day" or in_utc(told):
        shown = _shown_dates(first, headline.element, rules, page)
        published = _find_published((*_told_dates(json_ld, meta, data), *shown), page, rules)
    authors = (first_text(first, rules.author), json_ld.author, meta.author, data.author)
    named = (clean_author(cut_site_name(author, site)) for author in authors)
    author = next((name for name in named if name and not outlet.is_called(name)), "")
    author = author or find_author(headline.element)
    # Before the boxes of rules.remove, a paywall perhaps among them, are taken out of the tree.
    paywall = is_paywalled(first, json_ld)
    bodies = [read_body(first, rules, described=json_ld.body, data=data.body)]
    bodies += [read_body(tree, rules) for tree in trees[1:]]
    return Found(
        title=headline.text or data.title,
        author=author,
        published=published,
        body=join_bodies(bodies),
        language=short_language(first.xpath("//html/@lang").get() or ""),
        pages=len(trees),
        outlet=outlet,
        paywall=paywall,
    )


def _find_published(
    candidates: Iterator[DateCandidate] | tuple[DateCandidate, ...], page: RawPage, rules: ExtractionRules
) -> Published | None:
    return find_published(candidates, timezone=rules.timezone, now=page.fetched_at)


def _rules_of_page(
    page: RawPage, tree: Selector, rules: ExtractionRules, told: Published | None
) -> ExtractionRules:
    """Return the rules with the markup that the page is in; its days are those of the outlet's zone."""
    zone = ZoneInfo(rules.timezone)
    published = told.at.astimezone(zone).date() if told else None
    if published is None and (named := date_in_url(page.canonical_url)):
        published = date.fromisoformat(named)
    return choose_rules(tree, rules, fetched=page.fetched_at.astimezone(zone).date(), published=published)


def _told_dates(
    json_ld: Described, meta: Described, data: Described | None = None
) -> Iterator[DateCandidate]:
    """Find what the page tells machines of its date."""
    yield from (DateCandidate("json-ld", stamp) for stamp in json_ld.published)
    yield from (DateCandidate("meta", stamp) for stamp in meta.published)
    if data:
        yield from (DateCandidate("meta", stamp) for stamp in data.published)


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
