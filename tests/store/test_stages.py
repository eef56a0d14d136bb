"""Every stage hands out its items in one order, saves output and state together, and quarantines poison."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, Table, select, update
from sqlalchemy.exc import IntegrityError

from store import stages
from store.digest import content_digest
from store.frontier import put_page
from store.queue import mark_queued
from store.records import Document, State, StoppedError, UsageError
from store.schema import documents, failures, incident_documents, incidents, pages, predictions
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
    put_extracted,
    put_grouped,
    put_scored,
)

DAY = timedelta(days=1)


def states(engine: Engine, table: Table) -> dict[str, str]:
    key = next(iter(table.primary_key))
    with engine.begin() as conn:
        return {row[0]: row[1] for row in conn.execute(select(key, table.c.state))}


def test_pages_are_pending_by_night_and_id_until_they_are_extracted(engine: Engine) -> None:
    nights = {number: NIGHT + DAY * (number % 2) for number in range(6)}
    made = [make_page(number, night=night) for number, night in nights.items()]
    with engine.begin() as conn:
        for page in made:
            put_page(conn, page)
        expected = sorted(made, key=lambda page: (page.night, page.page_id))
        assert stages.pending_pages(conn, limit=None) == expected
        assert stages.pending_pages(conn, limit=2) == expected[:2]
        stages.save_document(conn, expected[0].page_id, make_document(expected[0]), version="1")
        stages.drop_page(conn, expected[1].page_id, reason="a gallery", version="1")
        assert stages.pending_pages(conn, limit=None) == expected[2:]
        row = conn.execute(select(pages).where(pages.c.page_id == expected[1].page_id)).mappings().one()
    assert (row["state"], row["reason"], row["extractor_version"]) == ("quarantined", "a gallery", "1")


def test_a_second_page_of_the_same_source_replaces_the_document(engine: Engine) -> None:
    first, second = make_page(1), make_page(2)
    with engine.begin() as conn:
        put_page(conn, first)
        put_page(conn, second)
        stages.save_document(conn, first.page_id, make_document(first), version="1")
        newer = make_document(second, doc_id=make_document(first).doc_id, title="Judul baru")
        stages.save_document(conn, second.page_id, newer, version="1")
        assert stages.pending_screen(conn, limit=None) == [newer]


def test_the_first_source_keeps_an_address_that_another_brings_too(engine: Engine) -> None:
    ours, theirs = make_page(1), make_page(1, source_id="warta-mandar")
    with engine.begin() as conn:
        put_page(conn, ours)
        put_page(conn, theirs)
        stages.save_document(conn, ours.page_id, make_document(ours), version="1")
        stages.save_document(conn, theirs.page_id, make_document(theirs), version="1")
        assert stages.pending_screen(conn, limit=None) == [make_document(ours)]
        assert stages.pending_pages(conn, limit=None) == []


def test_a_reviewed_document_stays_as_the_analyst_saw_it(engine: Engine) -> None:
    (doc,) = put_extracted(engine, 1)
    with engine.begin() as conn:
        conn.execute(update(documents).values(state=State.REVIEWED))
        stages.save_document(conn, doc.page_id, make_document(make_page(1), title="Judul baru"), version="2")
        assert conn.execute(select(documents.c.title, documents.c.state)).one() == (doc.title, "reviewed")


def test_documents_are_pending_for_one_stage_after_the_other(engine: Engine) -> None:
    docs = sorted(put_extracted(engine, 1, 2, 3), key=lambda doc: doc.doc_id)
    with engine.begin() as conn:
        assert stages.pending_screen(conn, limit=None) == docs
        assert stages.pending_screen(conn, limit=1) == docs[:1]
        candidates = [make_candidate(doc, candidate=doc is not docs[1]) for doc in docs]
        for candidate in candidates:
            stages.save_candidate(conn, candidate)
        assert stages.pending_screen(conn, limit=None) == []
        # Those that screening turned down as well: the classifier stage is where they end.
        assert stages.pending_classify(conn, limit=None) == list(zip(docs, candidates, strict=True))
        assert len(stages.pending_classify(conn, limit=2)) == 2
        stages.save_prediction(conn, docs[0].doc_id, make_prediction(docs[0]), model="m")
        stages.save_prediction(conn, docs[1].doc_id, None, model="m")
        no_flag = make_prediction(docs[2], label="none", flagged=False, score=0.1)
        stages.save_prediction(conn, docs[2].doc_id, no_flag, model="m")
        assert stages.pending_classify(conn, limit=None) == []
        assert stages.pending_group(conn) == [(docs[0], make_prediction(docs[0]))]
        stages.save_incidents(conn, [make_incident(docs[0])], version="1")
        assert stages.pending_group(conn) == []
    assert set(states(engine, documents).values()) == {"grouped"}


def test_saving_twice_is_saving_once(engine: Engine) -> None:
    page = make_page(1)
    doc = make_document(page)

    def save_all() -> None:
        with engine.begin() as conn:
            put_page(conn, page)
            for _ in range(2):
                stages.save_document(conn, page.page_id, doc, version="1")
            for _ in range(2):
                stages.save_candidate(conn, make_candidate(doc))
            for _ in range(2):
                stages.save_prediction(conn, doc.doc_id, make_prediction(doc), model="m")
            for _ in range(2):
                stages.save_incidents(conn, [make_incident(doc)], version="1")

    save_all()
    once = content_digest(engine)
    with engine.begin() as conn:
        # The same text again, of a page that has changed around it: what was made of it still holds.
        stages.save_document(conn, page.page_id, doc, version="1")
    assert content_digest(engine) == once


def test_a_stage_may_not_write_out_of_turn(engine: Engine) -> None:
    (doc,) = put_extracted(engine, 1)
    with pytest.raises(StoppedError, match="is extracted, not screened"), engine.begin() as conn:
        stages.save_prediction(conn, doc.doc_id, None, model="m")
    with pytest.raises(StoppedError, match="handed in for N-x"), engine.begin() as conn:
        stages.save_prediction(conn, "N-x", make_prediction(doc), model="m")
    with pytest.raises(StoppedError, match="G-x is not in the store"), engine.begin() as conn:
        stages.save_document(conn, "G-x", doc, version="1")
    with pytest.raises(IntegrityError), engine.begin() as conn:
        stages.save_candidate(conn, make_candidate(doc, doc_id="N-x"))


def test_a_document_that_is_screened_out_anew_loses_its_prediction(engine: Engine) -> None:
    (doc,) = put_scored(engine, 1)
    with engine.begin() as conn:
        stages.save_prediction(conn, doc.doc_id, None, model="model-2")
        assert conn.execute(select(predictions)).all() == []
        assert conn.scalar(select(documents.c.scored_by)) == "model-2"


def test_flagged_documents_come_by_time_of_publication_or_else_of_fetching(engine: Engine) -> None:
    docs: list[Document] = []
    with engine.begin() as conn:
        for number, hours in enumerate((5, None, 9, 5)):
            page = make_page(number)
            published = None if hours is None else make_page(0).fetched_at - timedelta(hours=hours)
            docs.append(make_document(page, published_at=published))
            put_page(conn, page)
            stages.save_document(conn, page.page_id, docs[-1], version="1")
            stages.save_candidate(conn, make_candidate(docs[-1]))
            stages.save_prediction(conn, docs[-1].doc_id, make_prediction(docs[-1]), model="m")
        expected = sorted(docs, key=lambda doc: (doc.published_at or doc.fetched_at, doc.doc_id))
        assert [doc for doc, _ in stages.pending_group(conn)] == expected


def test_an_incident_grows_and_keeps_its_state_and_order(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        mark_queued(conn, [incident.incident_id])
    first = make_document(make_page(1))
    (second,) = put_scored(engine, 2, process="sanction")
    grown = make_incident(second, first, incident_id=incident.incident_id, process="sanction", score=0.9)
    with engine.begin() as conn:
        stages.save_incidents(conn, [grown], version="group-1")
        assert stages.incident_members(conn, since=None) == [
            (
                grown,
                [second, first],
                [make_prediction(second, process="sanction"), make_prediction(first)],
            )
        ]
    assert states(engine, incidents) == {incident.incident_id: "queued"}
    assert states(engine, documents) == {first.doc_id: "queued", second.doc_id: "grouped"}


def test_a_document_is_in_one_incident_only(engine: Engine) -> None:
    one, two = put_grouped(engine, 1, 2)
    docs = [make_document(make_page(1)), make_document(make_page(2))]
    with engine.begin() as conn:
        stages.save_incidents(conn, [make_incident(*docs)], version="group-1")
        rows = conn.execute(select(incident_documents.c.doc_id, incident_documents.c.incident_id)).all()
    assert {tuple(row) for row in rows} == {(doc.doc_id, one.incident_id) for doc in docs}
    assert two.incident_id != one.incident_id


def test_only_incidents_with_a_recent_document_are_asked_for(engine: Engine) -> None:
    put_grouped(engine, 1)
    page = make_page(2, night=NIGHT + 3 * DAY)
    doc = make_document(page)
    with engine.begin() as conn:
        put_page(conn, page)
        stages.save_document(conn, page.page_id, doc, version="1")
        stages.save_candidate(conn, make_candidate(doc))
        stages.save_prediction(conn, doc.doc_id, make_prediction(doc), model="m")
        stages.save_incidents(conn, [make_incident(doc)], version="1")
        assert len(stages.incident_members(conn, since=NIGHT)) == 2
        assert [item[0] for item in stages.incident_members(conn, since=NIGHT + DAY)] == [make_incident(doc)]
        assert stages.incident_members(conn, since=NIGHT + 4 * DAY) == []


def test_a_poison_page_is_tried_three_times_and_then_set_aside(engine: Engine) -> None:
    page = make_page(1)
    with engine.begin() as conn:
        put_page(conn, page)
    for attempt in (1, 2, 3):
        with engine.begin() as conn:
            assert stages.pending_pages(conn, limit=None) == [page]
        assert stages.note_failure(engine, "extract", page.page_id, ValueError("bad page")) == attempt
    assert states(engine, pages) == {page.page_id: "quarantined"}
    with engine.begin() as conn:
        assert conn.scalar(select(pages.c.reason)) == "ValueError: bad page"


@pytest.mark.parametrize("stage", ["screen", "classify", "group"])
def test_a_poison_document_is_tried_three_times_and_then_set_aside(engine: Engine, stage: str) -> None:
    (doc,) = put_extracted(engine, 1)
    attempts = [stages.note_failure(engine, stage, doc.doc_id, "it broke") for _ in range(3)]
    assert attempts == [1, 2, 3]
    assert states(engine, documents) == {doc.doc_id: "quarantined"}


def test_success_forgets_the_failures_before_it(engine: Engine) -> None:
    (doc,) = put_extracted(engine, 1)
    for _ in range(2):
        stages.note_failure(engine, "screen", doc.doc_id, "it broke")
    with engine.begin() as conn:
        stages.save_candidate(conn, make_candidate(doc))
        assert conn.execute(select(failures)).all() == []


def test_an_error_text_that_cannot_be_stored_is_still_noted(engine: Engine) -> None:
    (doc,) = put_extracted(engine, 1)
    stages.note_failure(engine, "screen", doc.doc_id, ValueError("a\0b\ud800" + "c" * 10_000))
    with engine.begin() as conn:
        noted = conn.scalar(select(failures.c.last_error))
    assert noted is not None
    assert noted.startswith("ValueError: a\N{REPLACEMENT CHARACTER}b?ccc")
    assert len(noted) == stages.MAX_ERROR_CHARS


def test_a_failure_in_an_unknown_stage_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match="there are extract, screen, classify, group"):
        stages.note_failure(engine, "review", "N-x", "it broke")
