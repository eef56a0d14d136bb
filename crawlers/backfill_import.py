"""Pages out of web archives that others have written, as if we had crawled them at the time of the record.

    WARC, WACZ, CC-NEWS ─ record ─▶ whose host? ─▶ an article? ─▶ HTML? ─▶ copied into our archive ─▶ page

Promises: every record is stored, known, or counted under one reason; a record that becomes a page is first
copied into our own archive, so that retention and erasure reach it and the given file may go; a second import
stores nothing, and one that was cut off goes on. The pages of one article are joined
(crawlers.backfill_parts); of two records of one page the first one stands.
Never does: ask an outlet, go through its entry points, or change the given file.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from crawlers.archive import Archive
from crawlers.backfill_files import ForeignRecord, archive_files, read_records
from crawlers.backfill_parts import (
    WHOLE,
    Piece,
    as_response,
    count_expected,
    is_article,
    is_html,
    join,
    piece_of,
    place_of,
    stored_numbers,
    stored_pieces,
)
from crawlers.job import Job
from crawlers.manifest import Source
from crawlers.politeness import classify_response
from crawlers.settings import MAX_RESPONSE_BYTES, user_agent
from crawlers.spiders.listing import parse_iso
from crawlers.spiders.pages import article_page, canonical_of, canonical_of_page
from crawlers.urls import host_of
from store import frontier
from store.db import reading
from store.frontier import Link
from store.records import Outcome, State, StoppedError

#: Kinds of records that say nothing of a page of their own; they are not counted.
SIDE_RECORDS = frozenset({"warcinfo", "request", "metadata", "conversion", "continuation"})
#: The clock of another machine may be wrong, but a page of next week is none.
CLOCK_SLACK = timedelta(days=1)
#: The words that are no reason; all others say why a record is no page. Joined: a page more of an article.
STORED, KNOWN, JOINED = "stored", "known", "joined"


@dataclass(slots=True)
class ImportReport:
    """What an import has found."""

    files: int = 0
    #: STORED, JOINED, KNOWN, or the reason -> number of records.
    counts: Counter[str] = field(default_factory=Counter)
    #: Source id -> new pages.
    by_source: Counter[str] = field(default_factory=Counter)
    #: Files, members and records that could not be read, each with its place.
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Desk:
    engine: Engine
    by_host: Mapping[str, Sequence[Source]]
    archive: Archive
    report: ImportReport
    latest: datetime


def import_archives(
    engine: Engine,
    sources: Sequence[Source],
    path: Path,
    *,
    run_id: str,
    night: date,
    warc_dir: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportReport:
    """Store the articles of `sources` that a file, or the files of a folder, hold; `progress` counts records.

    What is stored is copied to `warc_dir`/NIGHT-RUN-import.warc.gz. Call it under the run lock. Raises
    UsageError when there is no file and StoppedError when the disk refuses; everything stored stays.
    """
    report = ImportReport()
    by_host: dict[str, list[Source]] = {}
    for source in sources:
        if source.kind == "news":
            for host in {*source.hosts, *source.articles.same_host}:
                by_host.setdefault(host, []).append(source)
    name = f"{night.isoformat()}-{run_id}-import"
    seen = 0
    with Archive(warc_dir, name=name, software=user_agent()) as archive:
        desk = _Desk(engine, by_host, archive, report, datetime.now(UTC) + CLOCK_SLACK)
        for file in archive_files(path):
            report.files += 1
            for record in read_records(file, report.faults):
                if record.kind not in SIDE_RECORDS:
                    report.counts[_take(record, desk)] += 1
                seen += 1
                progress(seen)
    return report


def _take(record: ForeignRecord, desk: _Desk) -> str:
    """Store one record, or say why not; the cheapest question comes first."""
    candidates = desk.by_host.get(host_of(record.url), ())
    if not candidates:
        return "no manifest"
    if record.kind != "response":
        return record.kind or "no type"
    source = next((source for source in candidates if is_article(record.url, source)), None)
    if source is None:
        return "not an article"
    place = place_of(record.url, source)
    canonical = canonical_of(place.url, source, own=True)
    if not canonical:
        return "not an article"
    moment = parse_iso(record.date)
    if moment is None or moment > desk.latest:
        return "no plausible date"
    if record.truncated:
        return "truncated"
    if record.coding():
        return f"encoding {record.coding()}"
    if _is_known(record.url, source, canonical, desk):
        return KNOWN
    try:
        body = record.body(MAX_RESPONSE_BYTES)
    except ValueError:
        return "unreadable"
    if body is None:
        return "too large"
    undone = {"content-encoding", "transfer-encoding", "content-length"}
    fields = [(name, value) for name, value in record.headers if name.lower() not in undone]
    if not 200 <= record.status < 300:
        return f"status {record.status}"
    if not is_html(record.url, fields, body):
        return "not HTML"
    moment = moment.replace(microsecond=0)
    response = as_response(record.url, record.status, fields, body, moment=moment)
    if classify_response(response) is Outcome.CHALLENGE:
        return "challenge page"
    if reason := record.fault():
        return reason
    return _store(
        piece_of(response, source), fields, Link(place.url, canonical, origin="import"), source, desk
    )


def _is_known(url: str, source: Source, canonical: str, desk: _Desk) -> bool:
    """Say by its address alone whether this very page of an article is stored already."""
    with reading(desk.engine) as conn:
        found = frontier.stored_page(conn, source.id, canonical)
    if found is None:
        return False
    page, _ = found
    if source.pages.mode == "none" or page.format != "html":
        return True
    try:
        return place_of(url, source).number in stored_numbers(page, source)
    except StoppedError:
        # Its archive is gone; nothing could be joined to it.
        return True


def _store(piece: Piece, fields: Sequence[tuple[str, str]], link: Link, source: Source, desk: _Desk) -> str:
    """Store a page as an article, or join it to the stored pages of its article. Gives the word for it."""
    canonical = canonical_of_page(link, piece.page, source)
    with reading(desk.engine) as conn:
        found = frontier.stored_page(conn, source.id, canonical)
    earlier: list[Piece] = []
    if found is not None:
        page, state = found
        if source.pages.mode == "none" or page.format != "html":
            return KNOWN
        try:
            earlier = stored_pieces(page, source)
        except StoppedError:
            return KNOWN
        whole_already = len(page.refs) > 1 and len(page.refs) >= page.pages_expected
        if piece.place.number == WHOLE and whole_already and state is not State.FETCHED:
            # What the later stages have read is all there is.
            return KNOWN
    if piece not in join([*earlier, piece], source):
        return KNOWN
    ref = desk.archive.write(
        piece.page.url,
        status=piece.page.status,
        headers=fields,
        body=piece.page.body,
        fetched_at=piece.page.fetched_at,
    )
    pieces = join([*earlier, replace(piece, page=replace(piece.page, ref=ref))], source)
    first = pieces[0]
    if first.place.number <= 1:
        link = replace(link, url=first.page.url)
    job = Job(source, frontier.night_of(first.page.fetched_at), desk.engine, None, None)
    fetched = tuple(each.page for each in pieces)
    made = article_page(job, replace(link, canonical_url=canonical), fetched, count_expected(pieces))
    desk.archive.sync()
    with desk.engine.begin() as conn:
        if found is None:
            frontier.finish(conn, made, leased=link.canonical_url)
        else:
            frontier.complete_page(conn, replace(made, canonical_url=canonical, page_id=found[0].page_id))
    if found is None:
        desk.report.by_source[source.id] += 1
    return STORED if found is None else JOINED
