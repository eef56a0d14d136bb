"""Older versions of articles: what is a new version, where the old one goes, and how it is read again.

    pages (newest) ─ supersede ─▶ revisions "G-…#1", "G-…#2" ...

Promises: every version is kept, with its place in the archive and, once it has been extracted, its text; a
text that an analyst decided on is marked so. Never does: change the newest version, or delete one.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, func, insert, select, update

from store.records import Document, RawPage, Revision, State
from store.rows import stored_fields
from store.schema import documents, pages, revisions
from store.schema import incident_documents as members

#: A night is a calendar date here, whatever zone the machine is in.
NIGHT_ZONE: Final = ZoneInfo("Asia/Jakarta")
#: Between the id of a page and the number of an older version of it; no page id contains it.
MARK: Final = "#"


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A text that its outlet changed after an analyst had decided on it."""

    incident_id: str
    doc_id: str
    url: str
    #: When its newest version was fetched.
    night: date


def night_of(moment: datetime) -> date:
    """The night that an aware time belongs to: its calendar date in Jakarta."""
    return moment.astimezone(NIGHT_ZONE).date()


def is_newer_version(page: RawPage, known: RowMapping) -> bool:
    """Whether a fetched page is a later version of the stored one with another text.

    Only versions of one format can be compared. A text that differs although its outlet says that nothing has
    changed since (counters and dates that a template writes into it) is none, and half of an article does not
    replace a whole one.
    """
    if page.format != known["format"] or page.fetched_at <= known["fetched_at"]:
        return False
    if page.modified and known["modified"] and page.modified <= known["modified"]:
        return False
    if len(page.refs) < page.pages_expected and len(known["refs"]) >= known["pages_expected"]:
        return False
    if page.content_sha256 and known["content_sha256"]:
        return page.content_sha256 != str(known["content_sha256"])
    return page.body_sha256 != str(known["body_sha256"])


def supersede(conn: Connection, known: RowMapping, *, night: date) -> None:
    """Copy the stored version of a page to its revisions, before a newer one takes its place.

    `known` is a row of `pages`; `night` is the one on which this version was fetched. Where the version was
    extracted, its text comes along.
    """
    page_id = known["page_id"]
    number = 1 + conn.execute(select(func.count()).where(revisions.c.page_id == page_id)).scalar_one()
    told = None
    if known["state"] == State.EXTRACTED:
        told = (
            conn.execute(
                select(
                    documents.c.title,
                    documents.c.text,
                    documents.c.text_sha256,
                    documents.c.state,
                    was_decided().label("decided"),
                ).where(documents.c.page_id == page_id)
            )
            .mappings()
            .one_or_none()
        )
    shared = {column.name for column in revisions.c} & {column.name for column in pages.c}
    row = {name: known[name] for name in shared} | {
        "revision_id": f"{page_id}{MARK}{number}",
        "night": night,
        "title": told["title"] if told else "",
        "text": told["text"] if told else "",
        "text_sha256": told["text_sha256"] if told else "",
        # The first one only: later texts stay `reviewed` without anybody having seen them.
        "reviewed": told is not None and told["state"] == State.REVIEWED and not told["decided"],
    }
    if known["state"] == State.EXTRACTED and told is None:
        # Another source brought the address first and its document stands; this text is read on its own.
        row["state"] = State.FETCHED
    conn.execute(insert(revisions).values(row))


def is_revision(page_id: str) -> bool:
    """Whether an id is that of an older version."""
    return MARK in page_id


def pending_revisions(conn: Connection, *, limit: int | None) -> list[RawPage]:
    """Versions that were superseded before they were extracted, as pages with the id of the version."""
    found = conn.execute(
        select(revisions, pages.c.source_id, pages.c.canonical_url, pages.c.origin)
        .join(pages, pages.c.page_id == revisions.c.page_id)
        .where(revisions.c.state == State.FETCHED)
        .order_by(revisions.c.night, revisions.c.revision_id)
        .limit(limit)
    )
    names = stored_fields(RawPage)
    return [
        RawPage(**{name: row[name] for name in names} | {"page_id": row["revision_id"]})
        for row in found.mappings()
    ]


def save_revision(conn: Connection, revision_id: str, doc: Document) -> None:
    """Keep the text that was extracted from an older version; the caller sets its state."""
    conn.execute(
        update(revisions)
        .where(revisions.c.revision_id == revision_id)
        .values(title=doc.title, text=doc.text, text_sha256=doc.text_sha256)
    )


def older_texts(conn: Connection, doc_id: str) -> list[Revision]:
    """The texts that an article had before its newest one, oldest first."""
    found = conn.execute(
        select(*(revisions.c[field.name] for field in fields(Revision)))
        .join(documents, documents.c.page_id == revisions.c.page_id)
        .where(documents.c.doc_id == doc_id)
        .order_by(revisions.c.fetched_at, revisions.c.revision_id)
    )
    return [Revision(**row) for row in found.mappings()]


def changed_after_decision(conn: Connection, *, since: date) -> list[ChangedText]:
    """Texts that analysts decided on and that their outlets have changed on the night `since` or later.

    A page that differs in its markup alone is left out. Ordered by (incident_id, doc_id).
    """
    found = conn.execute(
        select(members.c.incident_id, documents.c.doc_id, documents.c.url, pages.c.fetched_at)
        .select_from(revisions)
        .join(pages, pages.c.page_id == revisions.c.page_id)
        .join(documents, documents.c.page_id == revisions.c.page_id)
        .join(members, members.c.doc_id == documents.c.doc_id)
        .where(
            revisions.c.reviewed,
            (documents.c.text_sha256 != revisions.c.text_sha256) | (documents.c.title != revisions.c.title),
        )
        .order_by(members.c.incident_id, documents.c.doc_id)
    )
    texts = (ChangedText(*row[:3], night_of(row.fetched_at)) for row in found)
    return [text for text in texts if text.night >= since]


def was_decided() -> ColumnElement[bool]:
    """Condition on a query of `documents`: an analyst has decided on an older text of it."""
    return exists().where(revisions.c.page_id == documents.c.page_id, revisions.c.reviewed)
