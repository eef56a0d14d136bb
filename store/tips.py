"""Tips of a reporting desk: stored like posts, under the desk's number, for as long as their reporter agreed.

    put_tip ─▶ pages, tips ─(extract ... review, like any post)─▶ past_tips ─▶ forget_tips

Promises: the same text under the same number is stored once, another text becomes its newer version; consent
that is withdrawn ends the time on the day before; once the time is over the text, its link and its evidence
go, also where somebody has decided on it: the decision stays, without the text. Never does: hold the name or
the number of a reporter, read a file, look at a clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from store.db import upsert
from store.frontier import ASKED_AT_ONCE, Stored, put_page
from store.records import RawPage, State
from store.revisions import was_decided
from store.schema import cleared_bodies, documents, incidents, pages, predictions, revisions, tips
from store.schema import incident_documents as members

#: The source that tips belong to. No manifest describes it: nothing is fetched for it.
SOURCE_ID: Final = "tips"
#: Before the desk's number: the address by which a tip is known, and what stands for a link where it has
#: none. With it no spreadsheet takes a number for a date or a formula.
ADDRESS_PREFIX: Final = "tip:"
#: What a reader sees for the publisher of a tip.
PUBLISHER: Final = "Laporan masyarakat"

#: States of a document that a later stage is about to read.
_MIDWAY: Final = (State.FETCHED, State.EXTRACTED, State.SCREENED, State.SCORED)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a reporter agreed to: whether the desk may ask again, and the last day of keeping the text."""

    may_contact: bool
    keep_until: date


@dataclass(frozen=True, slots=True)
class Known:
    """A tip as it is stored: the hash of its newest text, and its terms."""

    content_sha256: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class PastTip:
    """A tip whose time is over: its page, its documents, and the incident that goes with it ("": none)."""

    page_id: str
    doc_ids: tuple[str, ...]
    incident_id: str


def address_of(tip_id: str) -> str:
    """The address by which a tip is known: "tip:" and the desk's number."""
    return ADDRESS_PREFIX + tip_id


def known_tips(conn: Connection, tip_ids: Sequence[str]) -> dict[str, Known]:
    """What is stored of these tips, by number."""
    found: dict[str, Known] = {}
    for start in range(0, len(tip_ids), ASKED_AT_ONCE):
        rows = conn.execute(
            select(tips, pages.c.content_sha256)
            .join(pages, pages.c.page_id == tips.c.page_id)
            .where(tips.c.tip_id.in_(tip_ids[start : start + ASKED_AT_ONCE]))
        )
        found |= {
            row.tip_id: Known(row.content_sha256, Terms(row.may_contact, row.keep_until)) for row in rows
        }
    return found


def put_tip(conn: Connection, tip_id: str, page: RawPage, terms: Terms) -> Stored:
    """Store a tip with its terms; a changed text becomes the newer version of its page."""
    stored = put_page(conn, page)
    set_terms(conn, tip_id, page.page_id, terms)
    return stored


def set_terms(conn: Connection, tip_id: str, page_id: str, terms: Terms) -> None:
    """Note what a reporter agrees to by now."""
    row = {
        "tip_id": tip_id,
        "page_id": page_id,
        "may_contact": terms.may_contact,
        "keep_until": terms.keep_until,
    }
    upsert(conn, tips, [row], keys=("tip_id",), update=True)


def withdraw(conn: Connection, tip_ids: Sequence[str], *, last_day: date) -> int:
    """End the time of stored tips on `last_day` and allow no contact; returns how many had a later end."""
    ended = 0
    for start in range(0, len(tip_ids), ASKED_AT_ONCE):
        named = tips.c.tip_id.in_(tip_ids[start : start + ASKED_AT_ONCE])
        done = conn.execute(
            update(tips)
            .where(named, tips.c.keep_until > last_day)
            .values(keep_until=last_day, may_contact=False)
        )
        ended += done.rowcount
    return ended


def past_tips(conn: Connection, *, night: date) -> list[PastTip]:
    """Tips whose last day lies before a night and that are not cleared of text and link yet, by page.

    An incident of such tips alone goes with them, unless a decision or the audit rests on it.
    """
    is_cleared = exists().where(
        cleared_bodies.c.page_id == pages.c.page_id, cleared_bodies.c.body_sha256 == pages.c.body_sha256
    )
    found = conn.execute(
        select(tips.c.page_id, documents.c.doc_id, members.c.incident_id, _keeps_place().label("keeps"))
        .join(pages, pages.c.page_id == tips.c.page_id)
        .outerjoin(documents, documents.c.page_id == tips.c.page_id)
        .outerjoin(members, members.c.doc_id == documents.c.doc_id)
        .where(tips.c.keep_until < night, or_(~is_cleared, pages.c.url != pages.c.canonical_url))
        .order_by(tips.c.page_id)
    ).all()
    leaving = {row.doc_id for row in found if row.incident_id and not row.keeps}
    past = []
    for row in found:
        goes = False
        if row.doc_id in leaving:
            all_of_it = select(members.c.doc_id).where(members.c.incident_id == row.incident_id)
            goes = set(conn.scalars(all_of_it)) <= leaving
        doc_ids = (row.doc_id,) if row.doc_id else ()
        past.append(PastTip(row.page_id, doc_ids, row.incident_id if goes else ""))
    return past


def forget_tips(conn: Connection, page_ids: Sequence[str]) -> None:
    """Take the links of these tips out of the store, and the tips out of the incidents that live on.

    Where a decision or the audit rests on a tip it keeps its place, with its score and without a text. The
    texts are the business of `store.retention.clear`, which calls this in its transaction.
    """
    address = select(pages.c.canonical_url).where(pages.c.page_id == revisions.c.page_id).scalar_subquery()
    conn.execute(update(revisions).where(revisions.c.page_id.in_(page_ids)).values(url=address))
    conn.execute(update(pages).where(pages.c.page_id.in_(page_ids)).values(url=pages.c.canonical_url))
    ours = documents.c.page_id.in_(page_ids)
    conn.execute(update(documents).where(ours).values(url=documents.c.canonical_url))
    leaving = select(documents.c.doc_id).where(ours, ~_keeps_place())
    left = delete(members).where(members.c.doc_id.in_(leaving)).returning(members.c.incident_id)
    _close_ranks(conn, sorted(set(conn.scalars(left))))
    conn.execute(delete(predictions).where(predictions.c.doc_id.in_(leaving), predictions.c.flagged))
    # Of an empty text no later stage has anything to say.
    conn.execute(
        update(documents).where(ours, documents.c.state.in_(_MIDWAY)).values(state=State.QUARANTINED)
    )


def _close_ranks(conn: Connection, incident_ids: Sequence[str]) -> None:
    """Count the places of incidents from 0 again: the first member is the one that the sheet shows."""
    before = members.alias()
    place = (
        select(func.count())
        .where(before.c.incident_id == members.c.incident_id, before.c.place < members.c.place)
        .scalar_subquery()
    )
    conn.execute(update(members).where(members.c.incident_id.in_(incident_ids)).values(place=place))


def _keeps_place() -> ColumnElement[bool]:
    """Condition on `documents`: a decision or the audit rests on its place in an incident."""
    member = members.alias()
    rests = exists().where(
        member.c.doc_id == documents.c.doc_id,
        incidents.c.incident_id == member.c.incident_id,
        or_(incidents.c.state == State.REVIEWED, incidents.c.kind == "audit"),
    )
    return or_(rests, was_decided())
