"""A text that its outlet changed: every version is kept, the newest is worked on, decisions stay."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select, update

from store import stages
from store.digest import content_digest
from store.frontier import Stored, put_page
from store.queue import flagged_rows, mark_queued
from store.records import Document, RawPage, State
from store.reopen import reopen
from store.revisions import ChangedText, changed_after_decision, older_texts
from store.schema import documents, failures, incident_documents, incidents, pages, predictions, revisions
from tests.store.samples import (
    NIGHT,
    digest,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
    put_grouped,
)

DAY = timedelta(days=1)


def version(number: int) -> RawPage:
    """Version 1, 2 ... of the page of article 1, each fetched a day after the one before."""
    page = make_page(1)
    at = page.fetched_at + (number - 1) * DAY
    return replace(page, fetched_at=at, body_sha256=digest(f"version {number}", 64))


def read(number: int) -> Document:
    """What an extractor reads in that version."""
    text = f"Teks ke-{number} tentang dugaan pelanggaran."
    return make_document(version(number), text=text, text_sha256=digest(text, 64))


def extract(conn: Connection) -> list[str]:
    """Extract whatever waits; gives the ids of the pages."""
    waiting = stages.pending_pages(conn, limit=None)
    told = {version(number).body_sha256: read(number) for number in range(1, 9)}
    for page in waiting:
        stages.save_document(conn, page.page_id, told[page.body_sha256], version="extract-1")
    return [page.page_id for page in waiting]


def classify(conn: Connection, doc: Document, *, flagged: bool) -> None:
    stages.save_candidate(conn, make_candidate(doc, candidate=flagged))
    made = make_prediction(doc, evidence=(doc.text,)) if flagged else None
    stages.save_prediction(conn, doc.doc_id, made, model="model-1")


def group(conn: Connection) -> None:
    stages.save_incidents(
        conn, [make_incident(doc) for doc, _ in stages.pending_group(conn)], version="group-1"
    )


def texts(conn: Connection) -> list[str]:
    doc = read(1)
    newest = conn.scalar(select(documents.c.text))
    return [*(older.text for older in older_texts(conn, doc.doc_id)), str(newest)]


def test_every_version_is_kept_and_the_newest_is_worked_on(engine: Engine) -> None:
    with engine.begin() as conn:
        for number in (1, 2, 3):
            put_page(conn, version(number))
            extract(conn)
            classify(conn, read(number), flagged=True)
            group(conn)
        assert texts(conn) == [read(number).text for number in (1, 2, 3)]
        assert conn.scalar(select(predictions.c.evidence)) == (read(3).text,)
        assert [row.document.text for row in flagged_rows(conn, until=NIGHT)] == [read(3).text]
        older = older_texts(conn, read(1).doc_id)
    assert [o.revision_id for o in older] == [f"{version(1).page_id}#1", f"{version(1).page_id}#2"]
    assert [o.night for o in older] == [NIGHT, NIGHT + DAY]
    assert [o.text_sha256 for o in older] == [read(1).text_sha256, read(2).text_sha256]
    assert not any(o.reviewed for o in older)


def test_versions_that_come_faster_than_they_are_extracted_are_all_read(engine: Engine) -> None:
    with engine.begin() as conn:
        for number in (1, 2, 3):
            put_page(conn, version(number))
        name = version(1).page_id
        assert len(stages.pending_pages(conn, limit=2)) == 2
        assert extract(conn) == [name, f"{name}#1", f"{name}#2"]
        assert extract(conn) == []
        assert texts(conn) == [read(number).text for number in (1, 2, 3)]


def test_a_replay_that_starts_over_gives_the_same_rows(engine: Engine) -> None:
    with engine.begin() as conn:
        for number in (1, 2, 3):
            put_page(conn, version(number))
        extract(conn)
    before = content_digest(engine)
    with engine.begin() as conn:
        assert [put_page(conn, version(number)) for number in (1, 2, 3)] == [Stored.KNOWN] * 3
        assert extract(conn) == []
    assert content_digest(engine) == before


def test_it_does_not_matter_whether_a_night_was_extracted_before_the_next_came(
    engine: Engine, other: Engine
) -> None:
    for database, at_once in ((engine, False), (other, True)):
        with database.begin() as conn:
            for number in (1, 2):
                put_page(conn, version(number))
                if not at_once:
                    extract(conn)
            extract(conn)
    assert content_digest(engine) == content_digest(other)


@pytest.mark.parametrize("flagged", [True, False])
def test_a_decision_on_the_older_text_is_not_lost(engine: Engine, flagged: bool) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        extract(conn)
        classify(conn, read(1), flagged=True)
        group(conn)
        (incident,) = (row[0] for row in stages.incident_members(conn, since=None))
        mark_queued(conn, [incident.incident_id])
        conn.execute(update(documents).values(state=State.REVIEWED))
        conn.execute(update(incidents).values(state=State.REVIEWED))

        put_page(conn, version(2))
        extract(conn)
        assert [doc.text for doc in stages.pending_screen(conn, limit=None)] == [read(2).text]
        # Half way, a new model does not take it out of its incident either.
        stages.save_candidate(conn, make_candidate(read(2)))
        reopen(conn, stage="screen", version="screen-2")
        classify(conn, read(2), flagged=flagged)
        group(conn)

        (older,) = older_texts(conn, read(1).doc_id)
        assert (older.text, older.reviewed) == (read(1).text, True)
        assert conn.execute(select(documents.c.text, documents.c.state)).one() == (read(2).text, "reviewed")
        assert conn.execute(select(incidents.c.incident_id, incidents.c.state)).one() == (
            incident.incident_id,
            "reviewed",
        )
        assert conn.scalars(select(incident_documents.c.doc_id)).all() == [read(1).doc_id]
        evidence = read(2).text if flagged else read(1).text
        assert conn.scalar(select(predictions.c.evidence)) == (evidence,)
        # A third text: the decision was made on the first, and says so.
        put_page(conn, version(3))
        assert [o.reviewed for o in older_texts(conn, read(1).doc_id)] == [True, False]


def test_a_text_that_is_no_case_any_more_leaves_its_open_incident(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        extract(conn)
        classify(conn, read(1), flagged=True)
        group(conn)
        put_page(conn, version(2))
        extract(conn)
        classify(conn, read(2), flagged=False)
        group(conn)
        assert flagged_rows(conn, until=NIGHT + DAY) == []
        assert conn.scalar(select(documents.c.state)) == "grouped"


def test_a_page_that_has_become_an_error_page_takes_nothing_away(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        put_page(conn, version(2))
        stages.drop_page(conn, version(2).page_id, reason="no article in it", version="extract-1")
        assert conn.scalar(select(pages.c.state)) == "quarantined"
        assert conn.scalar(select(documents.c.state)) == "grouped"
        (row,) = flagged_rows(conn, until=NIGHT)
        assert row.incident == incident
        assert len(older_texts(conn, row.document.doc_id)) == 1


def test_an_older_version_that_cannot_be_read_is_set_aside_alone(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        put_page(conn, version(2))
        stages.save_document(conn, version(2).page_id, read(2), version="extract-1")
        (waiting,) = stages.pending_pages(conn, limit=None)
    for _ in range(stages.MAX_FAILURES):
        stages.note_failure(engine, "extract", waiting.page_id, "it broke", version="1")
    with engine.begin() as conn:
        assert stages.pending_pages(conn, limit=None) == []
        assert conn.execute(select(revisions.c.state, revisions.c.reason)).one() == (
            "quarantined",
            "it broke",
        )
        assert conn.scalar(select(pages.c.state)) == "extracted"
        assert conn.scalar(select(failures.c.attempts)) == stages.MAX_FAILURES


def test_version_and_revision_come_together_or_not_at_all(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
    before = content_digest(engine)

    def die() -> None:
        with engine.begin() as conn:
            put_page(conn, version(2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    assert content_digest(engine) == before


def test_of_two_sources_with_one_address_the_second_keeps_its_older_text_too(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        extract(conn)
        copy = replace(make_page(1, source_id="warta-mandar"), url=version(1).url)
        put_page(conn, copy)
        stages.save_document(
            conn, copy.page_id, make_document(copy, text="Salinan.", text_sha256="0" * 64), version="1"
        )
        changed = replace(copy, fetched_at=copy.fetched_at + DAY, body_sha256="f" * 64)
        assert put_page(conn, changed) is Stored.REVISED
        waiting = [page.page_id for page in stages.pending_pages(conn, limit=None)]
        assert waiting == [copy.page_id, f"{copy.page_id}#1"]
        assert conn.scalar(select(documents.c.text)) == read(1).text


def decide(conn: Connection) -> str:
    """Let an analyst decide on the incident of article 1; gives its id."""
    extract(conn)
    classify(conn, read(1), flagged=True)
    group(conn)
    ((incident, _, _),) = stages.incident_members(conn, since=None)
    mark_queued(conn, [incident.incident_id])
    conn.execute(update(documents).values(state=State.REVIEWED))
    conn.execute(update(incidents).values(state=State.REVIEWED))
    return incident.incident_id


def test_a_text_that_changed_after_the_decision_is_told_of(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        incident_id = decide(conn)
        assert changed_after_decision(conn, since=NIGHT) == []
        put_page(conn, version(2))
        # Nobody knows yet whether its text differs.
        assert changed_after_decision(conn, since=NIGHT) == []
        extract(conn)
        (changed,) = changed_after_decision(conn, since=NIGHT + DAY)
        assert changed == ChangedText(incident_id, read(1).doc_id, read(2).url, NIGHT + DAY)
        assert changed_after_decision(conn, since=NIGHT + 2 * DAY) == []
        # Half way through the later stages, and at their end, it is told all the same, and once.
        classify(conn, read(2), flagged=False)
        group(conn)
        put_page(conn, version(3))
        extract(conn)
        assert [each.night for each in changed_after_decision(conn, since=NIGHT)] == [NIGHT + 2 * DAY]


def test_new_markup_around_a_decided_text_is_nothing_to_tell(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        decide(conn)
        put_page(conn, version(2))
        stages.save_document(conn, version(2).page_id, read(1), version="extract-1")
        assert len(older_texts(conn, read(1).doc_id)) == 1
        assert changed_after_decision(conn, since=NIGHT) == []


def test_a_change_before_the_decision_is_nothing_to_tell(engine: Engine) -> None:
    with engine.begin() as conn:
        put_page(conn, version(1))
        extract(conn)
        put_page(conn, version(2))
        extract(conn)
        classify(conn, read(2), flagged=True)
        group(conn)
        conn.execute(update(documents).values(state=State.REVIEWED))
        conn.execute(update(incidents).values(state=State.REVIEWED))
        assert changed_after_decision(conn, since=NIGHT) == []
