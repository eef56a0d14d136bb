"""Pages out of web archives that others have written, as if we had crawled them at the time of the record.

    WARC, WACZ, CC-NEWS ─ record ─▶ whose host? ─▶ an article? ─▶ HTML? ─▶ copied into our archive ─▶ page

Promises: every record is stored, known, or counted under one reason; a record that becomes a page is first
copied into our own archive, so that retention and erasure reach it and the given file may go; a second import
stores nothing, and one that was cut off goes on. Of two records of one article the first one stands.
Never does: ask an outlet, go through its entry points, or change the given file.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from scrapy import Request
from scrapy.http import Headers, HtmlResponse
from scrapy.responsetypes import responsetypes
from sqlalchemy import Engine

from crawlers.archive import Archive
from crawlers.backfill_files import ForeignRecord, archive_files, read_records
from crawlers.job import Job
from crawlers.manifest import Source
from crawlers.politeness import classify_response
from crawlers.recorder import FETCHED_AT, REF
from crawlers.settings import MAX_RESPONSE_BYTES, user_agent
from crawlers.spiders.listing import parse_iso
from crawlers.spiders.pages import article_page, canonical_of, fetched_page, pages_named
from crawlers.urls import host_of
from store import frontier
from store.db import reading
from store.frontier import Link
from store.records import Outcome

#: Kinds of records that say nothing of a page of their own; they are not counted.
SIDE_RECORDS = frozenset({"warcinfo", "request", "metadata", "conversion", "continuation"})
#: Where a manifest has no `articles.include`, an address is taken for an article when its last part has that
#: many words: WordPress and Blogger make it of the title. Sections and tags have three at most.
SLUG_WORDS = 4
#: Parts of a path that only lists have, in WordPress, Blogger and the portals that we know.
LIST_PARTS = frozenset(
    {"tag", "tags", "topik", "topic", "category", "kategori", "author", "penulis", "page", "feed", "label"}
    | {"search", "indeks", "index", "wp-json", "wp-content", "wp-includes", "wp-admin", "feeds", "archive"}
)
#: The clock of another machine may be wrong, but a page of next week is none.
CLOCK_SLACK = timedelta(days=1)
#: The two words that are no reason; all others say why a record is no page.
STORED, KNOWN = "stored", "known"


@dataclass(slots=True)
class ImportReport:
    """What an import has found."""

    files: int = 0
    #: STORED, KNOWN, or the reason -> number of records.
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


def is_article(url: str, source: Source) -> bool:
    """Say whether an address is that of an article, by the manifest or, where it is silent, by its form."""
    parts = urlsplit(url)
    names = {name.lower(): values[-1] for name, values in parse_qs(parts.query).items()}
    number = names.get(source.pages.param.lower(), "") if source.pages.param else ""
    if number.isdigit() and int(number) > 1:
        # A further page is no article; the first one, or the whole one, is.
        return False
    if source.articles.include:
        return bool(canonical_of(url, source, own=True))
    steps = [step.lower() for step in parts.path.split("/") if step]
    if not steps or LIST_PARTS & {*steps}:
        return False
    return len(re.findall(r"[a-z0-9]+", steps[-1].partition(".")[0])) >= SLUG_WORDS


def _take(record: ForeignRecord, desk: _Desk) -> str:
    """Store one record, or say why not; the cheapest question comes first."""
    candidates = desk.by_host.get(host_of(record.url), ())
    if not candidates:
        return "no manifest"
    if record.kind != "response":
        return record.kind or "no type"
    source = next((source for source in candidates if is_article(record.url, source)), None)
    canonical = canonical_of(record.url, source, own=True) if source else ""
    if source is None or not canonical:
        return "not an article"
    moment = parse_iso(record.date)
    if moment is None or moment > desk.latest:
        return "no plausible date"
    if record.truncated:
        return "truncated"
    if record.coding():
        return f"encoding {record.coding()}"
    with reading(desk.engine) as conn:
        if frontier.is_done(conn, source.id, canonical):
            return KNOWN
    try:
        body = record.body(MAX_RESPONSE_BYTES)
    except ValueError:
        return "unreadable"
    if body is None:
        return "too large"
    undone = {"content-encoding", "transfer-encoding", "content-length"}
    fields = [(name, value) for name, value in record.headers if name.lower() not in undone]
    reason = _fault_of_answer(record.url, record.status, fields, body) or record.fault()
    if reason:
        return reason
    _store(record, source, canonical, moment.replace(microsecond=0), fields, body, desk)
    desk.report.by_source[source.id] += 1
    return STORED


def _response(url: str, status: int, fields: Sequence[tuple[str, str]], body: bytes) -> HtmlResponse | None:
    """Build what a spider would have got; None when it is no HTML."""
    headers = Headers()
    for name, value in fields:
        headers.appendlist(name, value)
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    return kind(url, status=status, headers=headers, body=body) if issubclass(kind, HtmlResponse) else None


def _fault_of_answer(url: str, status: int, fields: Sequence[tuple[str, str]], body: bytes) -> str:
    if not 200 <= status < 300:
        return f"status {status}"
    response = _response(url, status, fields, body)
    if response is None or not body.strip():
        return "not HTML"
    return "challenge page" if classify_response(response) is Outcome.CHALLENGE else ""


def _store(
    record: ForeignRecord,
    source: Source,
    canonical: str,
    moment: datetime,
    fields: Sequence[tuple[str, str]],
    body: bytes,
    desk: _Desk,
) -> None:
    ref = desk.archive.write(record.url, status=record.status, headers=fields, body=body, fetched_at=moment)
    response = _response(record.url, record.status, fields, body)
    if response is None:
        raise TypeError("only HTML is stored")
    response.request = Request(record.url, meta={REF: ref, FETCHED_AT: moment})
    link = Link(record.url, canonical)
    job = Job(source, frontier.night_of(moment), desk.engine, None, None)
    page = article_page(job, link, (fetched_page(response),), pages_named(response, source.pages))
    desk.archive.sync()
    with desk.engine.begin() as conn:
        frontier.finish(conn, page)
