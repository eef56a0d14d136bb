"""Which URL of which source is queued, leased, done or failed; pages enter the store here.

    offer ─▶ queued ─ lease ─▶ leased ─ finish ─▶ done
                        ▲         └──── fail ───▶ failed ─ (a later night, at most MAX_ATTEMPTS times) ─┐
                        └───────────────────────────────────────────────────────────────────────────────┘

Promises: a page and its `done` become visible together; a URL that is known is queued again only when its
outlet says that it has changed the text; a changed text replaces the older one, which is kept as a revision;
hand-outs come in one order (newest night first, then as the source listed them), and cost the same however
many links wait. Never does: open a transaction of its own: the caller's `engine.begin()` block decides what
belongs together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, bindparam, case, exists, func, or_, select, update

from store.db import upsert
from store.records import Origin, RawPage, State, StoppedError
from store.revisions import is_newer_version, supersede
from store.revisions import night_of as night_of  # part of what the frontier offers
from store.rows import read_page, values_of
from store.schema import frontier, pages, validators

#: Tries in as many nights before a URL is given up (the reliability rule of the issue: at most 3 tries).
MAX_ATTEMPTS: Final = 3

#: An article is watched for changes that long after it was first collected. Outlets mend and extend a text in
#: its first days; a server that stamps every answer with the present moment costs no more than this.
WATCH: Final = timedelta(days=7)

#: Addresses in one query; SQLite allows 32,766 variables in a statement, older builds 999.
ASKED_AT_ONCE: Final = 500


# Statements of the hot path, put together once: to build one anew took five times as long as to run it
# (benchmarks/crawl.py). `of_source` and `of_url` name the link.
_LINK: Final = and_(
    frontier.c.source_id == bindparam("of_source"), frontier.c.canonical_url == bindparam("of_url")
)
_FINISH: Final = (
    update(frontier).where(_LINK).values(state="done", lease_until=None, failed_night=None, reason="")
)
_LEASE: Final = update(frontier).where(_LINK).values(state="leased", lease_until=bindparam("until"))
_FAIL: Final = (
    update(frontier)
    .where(_LINK, frontier.c.state != "done")
    .values(
        state="failed",
        lease_until=None,
        attempts=frontier.c.attempts + 1,
        failed_night=bindparam("on_night"),
        reason=bindparam("why"),
    )
)
# One query for each state of a link that may be handed out: only then does the index give the rows in order.
_FREE: Final = tuple(
    select(frontier.c.url, frontier.c.canonical_url, frontier.c.modified, frontier.c.origin)
    .where(frontier.c.source_id == bindparam("of_source"), frontier.c.night <= bindparam("tonight"), free)
    .order_by(frontier.c.night.desc(), frontier.c.place, frontier.c.canonical_url)
    .limit(bindparam("most"))
    for free in (
        frontier.c.state == "queued",
        and_(frontier.c.state == "leased", frontier.c.lease_until <= bindparam("now")),
        and_(
            frontier.c.state == "failed",
            frontier.c.attempts < MAX_ATTEMPTS,
            frontier.c.failed_night < bindparam("tonight"),
        ),
    )
)
_LATER: Final = or_(frontier.c.modified.is_(None), frontier.c.modified < bindparam("changed_at"))
_REQUEUE: Final = (
    update(frontier)
    .where(
        _LINK,
        _LATER,
        frontier.c.state == "done",
        exists().where(
            pages.c.source_id == bindparam("of_source"),
            pages.c.canonical_url == bindparam("of_url"),
            pages.c.fetched_at < bindparam("changed_at"),
            pages.c.night >= bindparam("since"),
        ),
    )
    .values(
        state="queued",
        night=bindparam("tonight"),
        place=bindparam("at_place"),
        attempts=0,
        modified=bindparam("changed_at"),
    )
)
_NOTE_CHANGE: Final = (
    update(frontier).where(_LINK, _LATER, frontier.c.state != "done").values(modified=bindparam("changed_at"))
)


@dataclass(frozen=True, slots=True)
class Link:
    """One article to fetch: where it lies, and the address by which it is known."""

    url: str
    canonical_url: str
    #: When the outlet says that it changed the article last; None where it does not say.
    modified: datetime | None = None
    #: What has named it first.
    origin: Origin = "night"


class Stored(Enum):
    """What became of a page that was handed in."""

    NEW = "new"
    REVISED = "revised"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Validator:
    """What a server said of an entry page last time; "" where it said nothing."""

    url: str
    etag: str = ""
    last_modified: str = ""
    body_sha256: str = ""


def offer(conn: Connection, source_id: str, links: Iterable[Link], *, night: date) -> int:
    """Queue the links that are new to the source, in the order given; returns how many were.

    Known are those in the frontier in any state and those whose page came inside a larger response.
    """
    links = list(links)
    stored = _stored_addresses(conn, source_id, [link.canonical_url for link in links])
    rows = [
        {
            "source_id": source_id,
            "canonical_url": link.canonical_url,
            "url": link.url,
            "night": night,
            "place": place,
            "state": "queued",
            "attempts": 0,
            "reason": "",
            "modified": link.modified,
            "origin": link.origin,
        }
        for place, link in enumerate(links)
        if link.canonical_url not in stored
    ]
    return upsert(conn, frontier, rows, keys=("source_id", "canonical_url"), update=False)


def offer_changed(conn: Connection, source_id: str, links: Iterable[Link], *, night: date) -> int:
    """Queue fetched articles again that their outlet has changed since; returns how many.

    A change counts when it is later than the one that was announced before and later than our own fetch, and
    the article was first collected at most WATCH ago. Links that still wait only take note of it.
    """
    queued = 0
    for place, link in enumerate(links):
        if link.modified is None:
            continue
        named = {"of_source": source_id, "of_url": link.canonical_url, "changed_at": link.modified}
        again = {"tonight": night, "since": night - WATCH, "at_place": place}
        queued += conn.execute(_REQUEUE, named | again).rowcount
        conn.execute(_NOTE_CHANGE, named)
    return queued


def lease(
    conn: Connection, source_id: str, *, now: datetime, ttl_s: float, limit: int, night: date | None = None
) -> list[Link]:
    """Hand out up to `limit` links for `ttl_s` seconds, newest first.

    Handed out are queued links and links whose lease has run out; where these are not enough, links that
    failed on an earlier night fewer than MAX_ATTEMPTS times. Never one that was offered on a later night than
    this one, so that a replay of several nights gives the same pages however often it was cut off.
    `night` is needed where `now` is not of that night (a replay); else it is the Jakarta date of `now`.
    """
    tonight = night_of(now) if night is None else night
    found: list[Link] = []
    for free in _FREE:
        if len(found) == limit:
            break
        asked = {"of_source": source_id, "tonight": tonight, "now": now, "most": limit - len(found)}
        found.extend(Link(*row) for row in conn.execute(free, asked))
    if found:
        until = now + timedelta(seconds=ttl_s)
        leased = [{"of_source": source_id, "of_url": link.canonical_url, "until": until} for link in found]
        conn.execute(_LEASE, leased)
    return found


def count_waiting(conn: Connection, source_id: str, *, night: date) -> int:
    """How many links of the source are queued, among those offered on this night or earlier."""
    return conn.execute(
        select(func.count()).where(
            frontier.c.source_id == source_id, frontier.c.state == "queued", frontier.c.night <= night
        )
    ).scalar_one()


def count_fetched(conn: Connection, source_id: str, *, night: date) -> int:
    """How many articles with a page of their own the outlet has given on this night for the first time."""
    return conn.execute(
        select(func.count()).where(
            pages.c.night == night,
            pages.c.source_id == source_id,
            pages.c.format == "html",
            pages.c.origin != "import",
        )
    ).scalar_one()


def release_leases(conn: Connection, source_id: str) -> int:
    """Put every leased link of the source back where it was: queued, or failed on an earlier night.

    Call it under the run lock, at the start: any lease is then a dead run's. Returns how many were put back.
    """
    released = conn.execute(
        update(frontier)
        .where(frontier.c.source_id == source_id, frontier.c.state == "leased")
        .values(state=case((frontier.c.failed_night.is_(None), "queued"), else_="failed"), lease_until=None)
    )
    return released.rowcount


def finish(conn: Connection, page: RawPage, *, leased: str = "") -> Stored:
    """Store a page and mark its link done, together.

    `leased`: canonical address of the Link that was leased, where the page may have turned out to be the AMP
    or mobile twin of another. A twin of a page that is stored already is not stored again, nor is an article
    that a twin has brought while it was under way: what differs between the two is no change of the text.
    """
    is_twin = leased not in ("", page.canonical_url)
    state = conn.scalar(
        select(frontier.c.state).where(
            frontier.c.source_id == page.source_id, frontier.c.canonical_url == leased
        )
    )
    known = (is_twin or state == "done") and is_done(conn, page.source_id, page.canonical_url)
    stored = Stored.KNOWN if known else put_page(conn, page)
    urls = {page.canonical_url, leased or page.canonical_url}
    conn.execute(_FINISH, [{"of_source": page.source_id, "of_url": url} for url in sorted(urls)])
    return stored


def put_page(conn: Connection, page: RawPage) -> Stored:
    """Store a page; where it is known and its text has changed since, the older version becomes a revision.

    The page keeps its id and the night on which it was first collected. A version that was fetched earlier
    than the stored one changes nothing, so that a replay that starts over gives the same rows.
    """
    row = values_of(page, state=State.FETCHED, reason="", extractor_version="")
    if upsert(conn, pages, [row], keys=("source_id", "canonical_url"), update=False):
        return Stored.NEW
    known = _row_of(conn, page.source_id, page.canonical_url)
    if known is None or not is_newer_version(page, known):
        return Stored.KNOWN
    _replace(conn, known, row)
    return Stored.REVISED


def stored_page(conn: Connection, source_id: str, canonical_url: str) -> tuple[RawPage, State] | None:
    """The source's page with this address, without bodies, and its state; None when it is not stored."""
    row = _row_of(conn, source_id, canonical_url)
    return None if row is None else (read_page(row), State(row["state"]))


def complete_page(conn: Connection, page: RawPage) -> None:
    """Store a known article anew with pages of it that have been found since.

    A version that nobody has read yet is replaced, and an imported article belongs to the night of its first
    page; one that was extracted becomes a revision, as if the outlet had changed the text.
    """
    known = _row_of(conn, page.source_id, page.canonical_url)
    if known is None:
        raise StoppedError(f"page {page.page_id} ({page.url}) is not in the store. This is a bug.")
    row = values_of(page, state=State.FETCHED, reason="", extractor_version="")
    if known["state"] != State.FETCHED:
        _replace(conn, known, row)
        return
    stays = {"page_id", "origin"} | (set() if known["origin"] == "import" else {"night"})
    _overwrite(conn, known, row, stays=stays)


def _row_of(conn: Connection, source_id: str, canonical_url: str) -> RowMapping | None:
    found = conn.execute(
        select(pages).where(pages.c.source_id == source_id, pages.c.canonical_url == canonical_url)
    )
    return found.mappings().one_or_none()


def _replace(conn: Connection, known: RowMapping, row: Mapping[str, Any]) -> None:
    """Keep the stored version of a page as a revision and put a newer one in its place."""
    supersede(conn, known, night=night_of(known["fetched_at"]))
    _overwrite(conn, known, row, stays={"page_id", "night", "origin"})


def _overwrite(conn: Connection, known: RowMapping, row: Mapping[str, Any], *, stays: set[str]) -> None:
    changes = {name: value for name, value in row.items() if name not in stays}
    conn.execute(update(pages).where(pages.c.page_id == known["page_id"]).values(changes))


def fail(conn: Connection, source_id: str, canonical_url: str, *, reason: str, night: date) -> None:
    """Note that a link could not be fetched this night; a link that is done stays done."""
    named = {"of_source": source_id, "of_url": canonical_url, "on_night": night, "why": reason}
    conn.execute(_FAIL, named)


def is_done(conn: Connection, source_id: str, canonical_url: str) -> bool:
    """Whether the source's page with this address is stored."""
    return bool(_stored_addresses(conn, source_id, [canonical_url]))


def get_validator(conn: Connection, url: str) -> Validator | None:
    """What the server said of this URL last time, or None."""
    row = conn.execute(select(validators).where(validators.c.url == url)).mappings().one_or_none()
    return None if row is None else Validator(**row)


def put_validator(conn: Connection, validator: Validator) -> None:
    """Remember what the server said; the newest word replaces the older one."""
    upsert(conn, validators, [asdict(validator)], keys=("url",), update=True)


def _stored_addresses(conn: Connection, source_id: str, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that a page of the source has."""
    found: set[str] = set()
    for start in range(0, len(addresses), ASKED_AT_ONCE):
        batch = addresses[start : start + ASKED_AT_ONCE]
        found.update(
            conn.scalars(
                select(pages.c.canonical_url).where(
                    pages.c.source_id == source_id, pages.c.canonical_url.in_(batch)
                )
            )
        )
    return found
