"""Hands out what a stage has still to do, and stores its output and the new state in one go.

    pages:     fetched ─ extract ─▶ extracted, or quarantined with a reason
    documents: extracted ─ screen ─▶ screened ─ classify ─▶ scored ─ group ─▶ grouped ─▶ queued ─▶ reviewed

Promises: pending items come in one order; saving twice is the same as saving once; an item that fails
MAX_FAILURES times is quarantined and no longer pending; a reviewed document is left as it is until its outlet
changes the text, and the decision even then.
Never does: compute an output, or open a transaction of its own (but for `note_failure`).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, delete, exists, func, or_, select, update

from store.db import insert_into, upsert
from store.records import Candidate, Document, Incident, Prediction, RawPage, State, StoppedError, UsageError
from store.reopen import leave_incidents
from store.reopen import reopen as reopen  # part of what a stage offers
from store.revisions import is_revision, pending_revisions, save_revision, was_decided
from store.rows import read_candidate, read_document, read_incident, read_page, read_prediction, values_of
from store.schema import (
    WORK_STAGES,
    candidates,
    documents,
    failures,
    incidents,
    pages,
    predictions,
    revisions,
)
from store.schema import incident_documents as members

#: A poison item is tried this often per stage and then set aside (reliability rule R15: 3 tries).
MAX_FAILURES: Final = 3
#: What a document is to the later stages: where none of it has changed, what they made of it still holds.
READ_FIELDS: Final = ("title", "text", "published_at", "published_precision", "dateline")
#: Enough of an error to recognise it; a parser's message may carry a whole page.
MAX_ERROR_CHARS: Final = 500


# Statements that run for every page, put together once (see store.frontier).
_FORGET_FAILURE: Final = delete(failures).where(
    failures.c.stage == bindparam("in_stage"), failures.c.item_id == bindparam("of_item")
)
_SET: Final[Mapping[str, Any]] = {
    "state": bindparam("now_state"),
    "reason": bindparam("why"),
    "extractor_version": bindparam("by_version"),
}
_SET_PAGE: Final = update(pages).where(pages.c.page_id == bindparam("of_page")).values(_SET)
_SET_REVISION: Final = update(revisions).where(revisions.c.revision_id == bindparam("of_page")).values(_SET)


def pending_pages(conn: Connection, *, limit: int | None) -> list[RawPage]:
    """Pages to extract, by (night, page_id), without bodies: `crawlers.archive` loads those.

    After them come older versions that were superseded before they were extracted; their `page_id` is that of
    the version.
    """
    found = conn.execute(
        select(pages)
        .where(pages.c.state == State.FETCHED)
        .order_by(pages.c.night, pages.c.page_id)
        .limit(limit)
    )
    newest = [read_page(row) for row in found.mappings()]
    return newest + pending_revisions(conn, limit=None if limit is None else limit - len(newest))


def save_document(conn: Connection, page_id: str, doc: Document, *, version: str) -> None:
    """Store the document of a page; page and document are `extracted`.

    A later version of the same page replaces the document; where nothing that is read has changed, it stays
    as far as it had come. A document that an analyst has decided on keeps its place in the incident. Where
    another source has brought the same address before, its document stays. Of an older version of a page
    only the text is kept.
    """
    _set_page(conn, page_id, State.EXTRACTED, reason="", version=version)
    conn.execute(_FORGET_FAILURE, {"in_stage": "extract", "of_item": page_id})
    if is_revision(page_id):
        save_revision(conn, page_id, doc)
        return
    row = values_of(doc, state=State.EXTRACTED, scored_by="", grouped_by="")
    if not upsert(conn, documents, [row], keys=("doc_id",), update=False):
        _replace_document(conn, row)


def _replace_document(conn: Connection, row: Mapping[str, Any]) -> None:
    unread = documents.c.state.in_([State.FETCHED, State.QUARANTINED])
    changed = or_(*(documents.c[name].is_distinct_from(row[name]) for name in READ_FIELDS))
    # A decision on a text that has no newer version is never worked out anew.
    open_again = or_(documents.c.state != State.REVIEWED, was_decided())
    replaced = conn.execute(
        update(documents)
        .where(
            documents.c.doc_id == row["doc_id"],
            documents.c.source_id == row["source_id"],
            or_(unread, changed),
            open_again,
        )
        .values({name: value for name, value in row.items() if name != "doc_id"})
    )
    if replaced.rowcount:
        leave_incidents(conn, select(documents.c.doc_id).where(documents.c.doc_id == row["doc_id"]))
        conn.execute(delete(failures).where(failures.c.item_id == row["doc_id"]))


def drop_page(conn: Connection, page_id: str, *, reason: str, version: str) -> None:
    """Set a page aside that holds no article; a document that an older extractor saw in it goes with it."""
    _set_page(conn, page_id, State.QUARANTINED, reason=reason, version=version)
    conn.execute(
        update(documents)
        .where(documents.c.page_id == page_id, documents.c.state == State.FETCHED)
        .values(state=State.QUARANTINED)
    )
    conn.execute(_FORGET_FAILURE, {"in_stage": "extract", "of_item": page_id})


def pending_screen(conn: Connection, *, limit: int | None) -> list[Document]:
    """Documents to screen, by (night, doc_id)."""
    found = conn.execute(
        select(documents)
        .where(documents.c.state == State.EXTRACTED)
        .order_by(documents.c.night, documents.c.doc_id)
        .limit(limit)
    )
    return [read_document(row) for row in found.mappings()]


def save_candidate(conn: Connection, cand: Candidate) -> None:
    """Store what screening said; the document is `screened`."""
    upsert(conn, candidates, [values_of(cand)], keys=("doc_id",), update=True)
    _advance(conn, "screen", cand.doc_id, State.EXTRACTED, State.SCREENED)


def pending_classify(conn: Connection, *, limit: int | None) -> list[tuple[Document, Candidate]]:
    """All screened documents, candidates and not, by (night, doc_id)."""
    found = conn.execute(
        select(documents, candidates)
        .join(candidates, candidates.c.doc_id == documents.c.doc_id)
        .where(documents.c.state == State.SCREENED)
        .order_by(documents.c.night, documents.c.doc_id)
        .limit(limit)
    )
    return [(read_document(row), read_candidate(row)) for row in found.mappings()]


def save_prediction(conn: Connection, doc_id: str, prediction: Prediction | None, *, model: str) -> None:
    """Store what the classifier said (None: screened out, not classified); the document is `scored`."""
    if prediction is None:
        # A document that was decided on stays in its incident, with the prediction that put it there.
        member = exists().where(members.c.doc_id == doc_id)
        conn.execute(delete(predictions).where(predictions.c.doc_id == doc_id, ~member))
    elif prediction.doc_id != doc_id:
        raise StoppedError(f"prediction for {prediction.doc_id} was handed in for {doc_id}. This is a bug.")
    else:
        upsert(conn, predictions, [values_of(prediction)], keys=("doc_id",), update=True)
    _advance(conn, "classify", doc_id, State.SCREENED, State.SCORED)
    conn.execute(update(documents).where(documents.c.doc_id == doc_id).values(scored_by=model))


def pending_group(conn: Connection) -> list[tuple[Document, Prediction]]:
    """Scored documents that are flagged, by (publication or else fetch time, doc_id)."""
    found = conn.execute(
        select(documents, predictions)
        .join(predictions, predictions.c.doc_id == documents.c.doc_id)
        .where(documents.c.state == State.SCORED, predictions.c.flagged)
        .order_by(func.coalesce(documents.c.published_at, documents.c.fetched_at), documents.c.doc_id)
    )
    return [(read_document(row), read_prediction(row)) for row in found.mappings()]


def incident_members(
    conn: Connection, *, since: date | None
) -> list[tuple[Incident, list[Document], list[Prediction]]]:
    """Incidents that got a document on `since` or later (None: all), each with all members in order.

    Ordered by (first_night, incident_id).
    """
    recent = select(members.c.incident_id).join(documents, documents.c.doc_id == members.c.doc_id)
    if since is not None:
        recent = recent.where(documents.c.night >= since)
    found = conn.execute(
        select(incidents, documents, predictions)
        .join(members, members.c.incident_id == incidents.c.incident_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(predictions, predictions.c.doc_id == members.c.doc_id)
        .where(incidents.c.incident_id.in_(recent))
        .order_by(incidents.c.first_night, incidents.c.incident_id, members.c.place)
    )
    result = []
    for _, group in groupby(found.mappings(), key=lambda row: row[incidents.c.incident_id]):
        rows = list(group)
        docs = [read_document(row) for row in rows]
        incident = read_incident(rows[0], [doc.doc_id for doc in docs])
        result.append((incident, docs, [read_prediction(row) for row in rows]))
    return result


def save_incidents(conn: Connection, changed: Iterable[Incident], *, version: str) -> None:
    """Store new and changed incidents with their members; scored members are `grouped`.

    So are scored documents without a flag: there is nothing to group in them. A document that was decided on
    and has changed since is `reviewed` again. Call it in the transaction that read `pending_group`, once for
    all incidents of the stage.
    """
    for incident in changed:
        row = values_of(incident)
        insert = insert_into(conn, incidents).values(row | {"state": State.GROUPED})
        conn.execute(
            insert.on_conflict_do_update(
                index_elements=["incident_id"],
                # Not the state: an incident that is queued or reviewed stays so when it grows.
                set_={name: insert.excluded[name] for name in row if name != "incident_id"},
            )
        )
        conn.execute(delete(members).where(members.c.incident_id == incident.incident_id))
        places = [
            {"doc_id": doc_id, "incident_id": incident.incident_id, "place": place}
            for place, doc_id in enumerate(incident.doc_ids)
        ]
        upsert(conn, members, places, keys=("doc_id",), update=True)
    in_incident = exists().where(members.c.doc_id == documents.c.doc_id)
    flagged = exists().where(predictions.c.doc_id == documents.c.doc_id, predictions.c.flagged)
    decided = select(members.c.doc_id).join(incidents, incidents.c.incident_id == members.c.incident_id)
    conn.execute(
        update(documents)
        .where(
            documents.c.state == State.SCORED,
            documents.c.doc_id.in_(decided.where(incidents.c.state == State.REVIEWED)),
            was_decided(),
        )
        .values(state=State.REVIEWED, grouped_by=version)
    )
    conn.execute(
        update(documents)
        .where(documents.c.state == State.SCORED, or_(in_incident, ~flagged))
        .values(state=State.GROUPED, grouped_by=version)
    )


def note_failure(
    engine: Engine, stage: str, item_id: str, error: BaseException | str, *, version: str = ""
) -> int:
    """Count one failure of an item in a stage, in a transaction of its own; returns how many there were.

    The item (page_id in `extract`, else doc_id) is quarantined at MAX_FAILURES. `version` is that of the
    code that failed; `reopen` with another version gives the item its next chance, and without one it stays
    quarantined. Raises UsageError for a stage that does not exist.
    """
    if stage not in WORK_STAGES:
        raise UsageError(f"stage {stage!r} does not exist; there are {', '.join(WORK_STAGES)}.")
    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else error
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
    row = {"stage": stage, "item_id": item_id, "last_error": text[:MAX_ERROR_CHARS], "version": version}
    with engine.begin() as conn:
        insert = insert_into(conn, failures).values(row | {"attempts": 1})
        attempts: int = conn.execute(
            insert.on_conflict_do_update(
                index_elements=["stage", "item_id"],
                set_={
                    "attempts": failures.c.attempts + 1,
                    "last_error": insert.excluded.last_error,
                    "version": insert.excluded.version,
                },
            ).returning(failures.c.attempts)
        ).scalar_one()
        if attempts >= MAX_FAILURES and stage == "extract":
            _set_page(conn, item_id, State.QUARANTINED, reason=row["last_error"], version=version)
        elif attempts >= MAX_FAILURES:
            conn.execute(
                update(documents)
                .where(documents.c.doc_id == item_id, documents.c.state != State.REVIEWED)
                .values(state=State.QUARANTINED)
            )
    return attempts


def _set_page(conn: Connection, page_id: str, state: State, *, reason: str, version: str) -> None:
    done = conn.execute(
        _SET_REVISION if is_revision(page_id) else _SET_PAGE,
        {"of_page": page_id, "now_state": state, "why": reason, "by_version": version},
    )
    if done.rowcount != 1:
        raise StoppedError(f"page {page_id} is not in the store; nothing was saved for it. This is a bug.")


def _advance(conn: Connection, stage: str, doc_id: str, before: State, after: State) -> None:
    done = conn.execute(
        update(documents)
        .where(documents.c.doc_id == doc_id, documents.c.state.in_([before, after]))
        .values(state=after)
    )
    if done.rowcount != 1:
        state = conn.scalar(select(documents.c.state).where(documents.c.doc_id == doc_id))
        raise StoppedError(
            f"document {doc_id} is {state or 'unknown'}, not {before}: {stage} may not write to it. "
            "Run the stages in their order."
        )
    conn.execute(_FORGET_FAILURE, {"in_stage": stage, "of_item": doc_id})
