"""Puts items back to the state before a stage, for a parser fix, a new lexicon or a new model.

Promises: what was made by the asked version, and what an analyst has reviewed, is left alone; an incident
never keeps a member whose reason to be there is being worked out anew. Never does: delete a document.
"""

from typing import Final

from sqlalchemy import Connection, Select, and_, delete, exists, or_, select, update

from store.records import State, UsageError
from store.revisions import was_decided
from store.schema import WORK_STAGES, candidates, documents, failures, incidents, pages
from store.schema import incident_documents as members

#: The state that a document waits in for a stage.
BEFORE: Final = {"screen": State.EXTRACTED, "classify": State.SCREENED, "group": State.SCORED}
#: States of a document that has passed a stage and may still be taken back.
PASSED: Final = {
    "screen": (State.SCREENED, State.SCORED, State.GROUPED, State.QUEUED),
    "classify": (State.SCORED, State.GROUPED, State.QUEUED),
    "group": (State.GROUPED, State.QUEUED),
}


def reopen(conn: Connection, *, stage: str, version: str) -> int:
    """Put back what another version of a stage has made or has failed on; returns how many items.

    For `extract` the items are pages, else documents. Quarantined items come back when they failed under
    another, known version. Raises UsageError for a stage that does not exist.
    """
    if stage not in WORK_STAGES:
        raise UsageError(f"stage {stage!r} does not exist; there are {', '.join(WORK_STAGES)}.")
    return _reopen_pages(conn, version) if stage == "extract" else _reopen_documents(conn, stage, version)


def leave_incidents(conn: Connection, doc_ids: Select[tuple[str]]) -> None:
    """Take documents out of their incidents; an incident left empty goes, unless it was reviewed.

    A document stays in a reviewed incident when the decision was made on it, or on an older text of it.
    """
    reviewed = select(incidents.c.incident_id).where(incidents.c.state == State.REVIEWED)
    decided = select(documents.c.doc_id).where(or_(documents.c.state == State.REVIEWED, was_decided()))
    conn.execute(
        delete(members).where(
            members.c.doc_id.in_(doc_ids),
            ~and_(members.c.incident_id.in_(reviewed), members.c.doc_id.in_(decided)),
        )
    )
    has_member = exists().where(members.c.incident_id == incidents.c.incident_id)
    conn.execute(delete(incidents).where(~has_member, incidents.c.state != State.REVIEWED))


def _reopen_pages(conn: Connection, version: str) -> int:
    reviewed = exists().where(documents.c.page_id == pages.c.page_id, documents.c.state == State.REVIEWED)
    stale = (
        select(pages.c.page_id)
        .where(
            pages.c.state.in_([State.EXTRACTED, State.QUARANTINED]),
            pages.c.extractor_version.not_in(["", version]),
            ~reviewed,
        )
        .scalar_subquery()
    )
    of_stale = select(documents.c.doc_id).where(documents.c.page_id.in_(stale))
    leave_incidents(conn, of_stale)
    conn.execute(update(documents).where(documents.c.page_id.in_(stale)).values(state=State.FETCHED))
    conn.execute(delete(failures).where(failures.c.stage == "extract", failures.c.item_id.in_(stale)))
    reopened = conn.execute(
        update(pages).where(pages.c.page_id.in_(stale)).values(state=State.FETCHED, reason="")
    )
    return reopened.rowcount


def _reopen_documents(conn: Connection, stage: str, version: str) -> int:
    made_by = {
        "screen": select(candidates.c.screen_version)
        .where(candidates.c.doc_id == documents.c.doc_id)
        .scalar_subquery(),
        "classify": documents.c.scored_by,
        "group": documents.c.grouped_by,
    }[stage]
    failed = exists().where(
        failures.c.stage == stage,
        failures.c.item_id == documents.c.doc_id,
        failures.c.version.not_in(["", version]),
    )
    stale = or_(
        and_(documents.c.state.in_(PASSED[stage]), made_by != version),
        and_(documents.c.state == State.QUARANTINED, failed),
    )
    leave_incidents(conn, select(documents.c.doc_id).where(stale))
    reopened = conn.execute(
        update(documents).where(stale).values(state=BEFORE[stage]).returning(documents.c.doc_id)
    ).all()
    conn.execute(delete(failures).where(failures.c.stage == stage, failures.c.version.not_in(["", version])))
    return len(reopened)
