"""Joins the pages of one article that lie in an archive as records of their own, in whatever order.

    record ─▶ which article, which page of it ─┐
    pages that are stored already ─────────────┴▶ whole page, or page 1, 2 ... in order ─▶ one article

Promises: the same records give the same article in any order, also over several imports; the whole article
under one address goes before its single pages; `pages_expected` counts a page that is missing.
Never does: write, store, or take a page for another article's because of what it says.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from scrapy import Request
from scrapy.http import Headers, HtmlResponse
from scrapy.responsetypes import responsetypes

from crawlers.archive import read_answer, read_target
from crawlers.manifest import Source
from crawlers.recorder import FETCHED_AT, REF
from crawlers.spiders.pages import MOST_PAGES, FetchedPage, canonical_of, fetched_page, page_links
from crawlers.urls import WHOLE_ARTICLE_PAIRS
from store.records import RawPage, WarcRef

#: The number of a page that shows the whole article.
WHOLE = 0
#: Query parameters that number the pages of an article where the manifest names none.
PAGE_PARAMETERS = frozenset({"page", "halaman", "hal"})
#: Digits of a page number at the end of a path, or of an offset (Disway); longer ones are ids of articles.
MOST_DIGITS = 3
#: Where a manifest has no `articles.include`, an address is taken for an article when its last part has that
#: many words: WordPress and Blogger make it of the title. Sections and tags have three at most.
SLUG_WORDS = 4
#: Parts of a path that only lists have, in WordPress, Blogger and the portals that we know.
LIST_PARTS = frozenset(
    {"tag", "tags", "topik", "topic", "category", "kategori", "author", "penulis", "page", "feed", "label"}
    | {"search", "indeks", "index", "wp-json", "wp-content", "wp-includes", "wp-admin", "feeds", "archive"}
)
#: Stands where a page that nobody has archived yet will have its place.
NOWHERE = WarcRef("", 0)


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says: the article that it belongs to, and which page of it it is."""

    #: Address of the article's first page.
    url: str
    number: int
    #: Whether the numbers of this article's pages go 1, 2, 3; offsets do not.
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One page of an article, or the whole of it."""

    place: Place
    page: FetchedPage
    #: Numbers of further pages of the same article that its pager leads to.
    linked: frozenset[int] = frozenset()


def is_article(url: str, source: Source) -> bool:
    """Say whether an address is that of an article or a page of one, by the manifest or else by its form."""
    return _is_first_page(place_of(url, source).url, source)


def place_of(url: str, source: Source) -> Place:
    """Say which page of which article an address is, by the page mode of its source.

    Page 1 is what says nothing else; where articles have one page each, every address is that.
    """
    pages, parts = source.pages, urlsplit(url)
    if pages.mode == "none":
        return Place(url, 1)
    query = {name.lower(): values[-1] for name, values in parse_qs(parts.query).items()}
    whole = WHOLE_ARTICLE_PAIRS | ({(pages.param.lower(), pages.value)} if pages.mode == "query" else set())
    path = parts.path.rstrip("/")
    if pages.mode == "path" and path.lower().endswith(pages.suffix):
        return Place(parts._replace(path=path[: -len(pages.suffix)]).geturl(), WHOLE)
    if whole & {*query.items()}:
        return Place(url, WHOLE)
    # `single=1` asks for the whole article, and is no page 1.
    numbers_pages = pages.param and not pages.value.isdigit()
    for name in {pages.param.lower()} if numbers_pages else PAGE_PARAMETERS & {*query}:
        number = query.get(name, "")
        if number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS:
            kept = [piece for piece in parts.query.split("&") if piece.split("=", 1)[0].lower() != name]
            first = parts._replace(query="&".join(kept)).geturl()
            return Place(first, max(int(number), 1), counts=True)
    base, _, last = path.rpartition("/")
    title = base.rpartition("/")[2]
    if numbers_pages or not re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}", last) or not re.search("[a-z]", title):
        return Place(url, 1, counts=True)
    first = parts._replace(path=base).geturl()
    if not _is_first_page(first, source):
        return Place(url, 1, counts=True)
    return Place(first, max(int(last), 1), counts=pages.mode != "merge")


def piece_of(response: HtmlResponse, source: Source) -> Piece:
    """Read one page of an article; `response` carries its place in the archive and its time."""
    place, page = place_of(response.url, source), fetched_page(response, source.pages)
    if place.number == WHOLE and page.named > 1:
        # It should show all and counts pages all the same: it is the first of them.
        place = replace(place, number=1)
    own = canonical_of(place.url, source, own=True)
    further = (place_of(url, source) for url in page_links(response, source.pages))
    linked = {other.number for other in further if canonical_of(other.url, source, own=True) == own}
    if page.declared:
        # A further page may name itself as its canonical form; the article is named after its first page.
        page = replace(page, declared=place_of(page.declared, source).url)
    return Piece(place, page, frozenset(linked))


def join(pieces: Iterable[Piece], source: Source) -> list[Piece]:
    """Give the pages that make the article, in order; of two that are the same page the first one stands."""
    by_number: dict[int, Piece] = {}
    for piece in pieces:
        by_number.setdefault(piece.place.number, piece)
    if WHOLE in by_number:
        return [by_number[WHOLE]]
    # As many as a night would fetch; an article that is asked for as a whole comes whole.
    most = source.pages.max if source.pages.mode == "merge" else MOST_PAGES
    return [by_number[number] for number in sorted(by_number)][:most]


def count_expected(pieces: Sequence[Piece]) -> int:
    """Say how many pages an article has, by its numbers, by what its pages say and by where they lead."""
    if pieces[0].place.number == WHOLE:
        return 1
    present = {piece.place.number for piece in pieces}
    missing = frozenset().union(*(piece.linked for piece in pieces)) - present
    counted = [piece.place.number for piece in pieces if piece.place.counts]
    named = [piece.page.named for piece in pieces]
    return min(max([len(pieces) + len(missing), *counted, *named]), MOST_PAGES)


def stored_pieces(page: RawPage, source: Source) -> list[Piece]:
    """Read the pages of a stored article back. Raises StoppedError when its archive is gone."""
    pieces = []
    for ref in page.refs:
        url, moment = read_target(ref)
        status, headers, body = read_answer(ref)
        response = as_response(url, status, headers, body, ref=ref, moment=moment)
        pieces.append(piece_of(response, source))
    return pieces


def stored_numbers(page: RawPage, source: Source) -> set[int]:
    """Say which pages of a stored article are there, by their addresses alone. Raises as `stored_pieces`."""
    return {place_of(read_target(ref)[0], source).number for ref in page.refs}


def is_html(url: str, fields: Sequence[tuple[str, str]], body: bytes) -> bool:
    """Say whether an answer is an HTML page, by its headers, its address and its first bytes."""
    return issubclass(
        responsetypes.from_args(headers=_headers(fields), url=url, body=body), HtmlResponse
    ) and bool(body.strip())


def as_response(
    url: str,
    status: int,
    fields: Sequence[tuple[str, str]],
    body: bytes,
    *,
    ref: WarcRef = NOWHERE,
    moment: datetime,
) -> HtmlResponse:
    """Build what a spider would have got of an HTML page."""
    request = Request(url, meta={REF: ref, FETCHED_AT: moment})
    return HtmlResponse(url, status=status, headers=_headers(fields), body=body, request=request)


def _headers(fields: Sequence[tuple[str, str]]) -> Headers:
    headers = Headers()
    for name, value in fields:
        headers.appendlist(name, value)
    return headers


def _is_first_page(url: str, source: Source) -> bool:
    if source.articles.include:
        return bool(canonical_of(url, source, own=True))
    steps = [step.lower() for step in urlsplit(url).path.split("/") if step]
    if not steps or LIST_PARTS & {*steps}:
        return False
    return len(re.findall(r"[a-z0-9]+", steps[-1].partition(".")[0])) >= SLUG_WORDS
