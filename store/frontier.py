"""Which URL of which source is queued, leased, done or failed; pages enter the store here.

    offer ─▶ queued ─ lease ─▶ leased ─ finish ─▶ done
                        ▲         └──── fail ───▶ failed ─ (a later night, at most MAX_ATTEMPTS times) ─┐
                        └───────────────────────────────────────────────────────────────────────────────┘

Promises: a page and its `done` become visible together; a URL that is known is never queued again; the first
version of a page stays; hand-outs come in one order (newest night first, then as the source listed them).
Never does: open a transaction of its own: the caller's `engine.begin()` block decides what belongs together.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, exists, or_, select, update

from store.db import upsert
from store.records import RawPage, State
from store.rows import values_of
from store.schema import frontier, pages, validators

#: Tries in as many nights before a URL is given up (the reliability rule of the issue: at most 3 tries).
MAX_ATTEMPTS: Final = 3

#: A night is a calendar date here, whatever zone the machine is in.
NIGHT_ZONE: Final = ZoneInfo("Asia/Jakarta")


@dataclass(frozen=True, slots=True)
class Link:
    """One article to fetch: where it lies, and the address by which it is known."""

    url: str
    canonical_url: str


@dataclass(frozen=True, slots=True)
class Validator:
    """What a server said of an entry page last time; "" where it said nothing."""

    url: str
    etag: str = ""
    last_modified: str = ""
    body_sha256: str = ""


def night_of(moment: datetime) -> date:
    """The night that an aware time belongs to: its calendar date in Jakarta."""
    return moment.astimezone(NIGHT_ZONE).date()


def offer(conn: Connection, source_id: str, links: Iterable[Link], *, night: date) -> int:
    """Queue the links that are new to the source, in the order given; returns how many were.

    Known are those in the frontier in any state and those whose page came inside a larger response.
    """
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
        }
        for place, link in enumerate(links)
        if not _has_page(conn, source_id, link.canonical_url)
    ]
    return upsert(conn, frontier, rows, keys=("source_id", "canonical_url"), update=False)


def lease(
    conn: Connection, source_id: str, *, now: datetime, ttl_s: float, limit: int, night: date | None = None
) -> list[Link]:
    """Hand out up to `limit` links for `ttl_s` seconds, newest first.

    Handed out are queued links, links whose lease has run out, and links that failed on an earlier night
    fewer than MAX_ATTEMPTS times; never one that was offered on a later night than this one, so that a
    replay of several nights gives the same pages however often it was cut off.
    `night` is needed where `now` is not of that night (a replay); else it is the Jakarta date of `now`.
    """
    tonight = night_of(now) if night is None else night
    free = or_(
        frontier.c.state == "queued",
        and_(frontier.c.state == "leased", frontier.c.lease_until <= now),
        and_(
            frontier.c.state == "failed",
            frontier.c.attempts < MAX_ATTEMPTS,
            frontier.c.failed_night < tonight,
        ),
    )
    found = conn.execute(
        select(frontier.c.url, frontier.c.canonical_url)
        .where(frontier.c.source_id == source_id, frontier.c.night <= tonight, free)
        .order_by(frontier.c.night.desc(), frontier.c.place, frontier.c.canonical_url)
        .limit(limit)
    )
    links = [Link(url, canonical_url) for url, canonical_url in found]
    if links:
        conn.execute(
            update(frontier)
            .where(
                frontier.c.source_id == source_id,
                frontier.c.canonical_url.in_([link.canonical_url for link in links]),
            )
            .values(state="leased", lease_until=now + timedelta(seconds=ttl_s))
        )
    return links


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


def finish(conn: Connection, page: RawPage, *, leased: str = "") -> bool:
    """Store a page and mark its link done, together; True when the page is new.

    `leased`: canonical address of the Link that was leased, where the page turned out to be the AMP or mobile
    twin of another; a twin of a page that is stored already is not stored again.
    """
    is_twin = leased not in ("", page.canonical_url)
    new = not (is_twin and _has_page(conn, page.source_id, page.canonical_url)) and put_page(conn, page)
    conn.execute(
        update(frontier)
        .where(
            frontier.c.source_id == page.source_id,
            frontier.c.canonical_url.in_({page.canonical_url, leased or page.canonical_url}),
        )
        .values(state="done", lease_until=None, failed_night=None, reason="")
    )
    return new


def put_page(conn: Connection, page: RawPage) -> bool:
    """Store a page that came inside a larger response; True when new, False when its first version stays."""
    row = values_of(page, state=State.FETCHED, reason="", extractor_version="")
    return upsert(conn, pages, [row], keys=("source_id", "canonical_url"), update=False) == 1


def fail(conn: Connection, source_id: str, canonical_url: str, *, reason: str, night: date) -> None:
    """Note that a link could not be fetched this night; a link that is done stays done."""
    conn.execute(
        update(frontier)
        .where(
            frontier.c.source_id == source_id,
            frontier.c.canonical_url == canonical_url,
            frontier.c.state != "done",
        )
        .values(
            state="failed",
            lease_until=None,
            attempts=frontier.c.attempts + 1,
            failed_night=night,
            reason=reason,
        )
    )


def is_done(conn: Connection, source_id: str, canonical_url: str) -> bool:
    """Whether the source's page with this address is stored."""
    return _has_page(conn, source_id, canonical_url)


def get_validator(conn: Connection, url: str) -> Validator | None:
    """What the server said of this URL last time, or None."""
    row = conn.execute(select(validators).where(validators.c.url == url)).mappings().one_or_none()
    return None if row is None else Validator(**row)


def put_validator(conn: Connection, validator: Validator) -> None:
    """Remember what the server said; the newest word replaces the older one."""
    upsert(conn, validators, [asdict(validator)], keys=("url",), update=True)


def _has_page(conn: Connection, source_id: str, canonical_url: str) -> bool:
    found = exists().where(pages.c.source_id == source_id, pages.c.canonical_url == canonical_url)
    return bool(conn.scalar(select(found)))
