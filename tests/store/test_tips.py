"""What a reporter agreed to holds: past its day a tip is cleared, wherever it has got to."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from store import stages
from store.db import reading
from store.decisions import Decision
from store.frontier import Stored, put_page
from store.labels import append_event
from store.queue import QueueFilter, queue_rows
from store.records import Document, State
from store.reviewed import reviewed_documents
from store.schema import documents, incident_documents, incidents, pages, predictions, revisions
from store.tips import SOURCE_ID, Terms, address_of, past_tips, put_tip
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
    put_grouped,
)
from tests.store.test_retention import AT, let_go

UNTIL = NIGHT + timedelta(days=20)


def put_tips(engine: Engine, *tip_ids: str, until: date = UNTIL) -> list[Document]:
    """Tips, extracted, each with a link."""
    docs = []
    for number, tip_id in enumerate(tip_ids):
        page = make_page(
            90 + number,
            source_id=SOURCE_ID,
            canonical_url=address_of(tip_id),
            url="https://a.test/rina",
            format="social",
        )
        doc = make_document(page, kind="post", doc_id=f"P-{tip_id}")
        with engine.begin() as conn:
            put_tip(conn, tip_id, page, Terms(may_contact=True, keep_until=until))
            stages.save_document(conn, page.page_id, doc, version="extract-1")
        docs.append(doc)
    return docs


def flag(engine: Engine, *docs: Document) -> None:
    with engine.begin() as conn:
        for doc in docs:
            stages.save_candidate(conn, make_candidate(doc))
            stages.save_prediction(conn, doc.doc_id, make_prediction(doc), model="model-1")


def group(engine: Engine, *docs: Document) -> str:
    """One incident of these documents, the first one in the lead."""
    incident = make_incident(*docs)
    with engine.begin() as conn:
        stages.save_incidents(conn, [incident], version="group-1")
    return incident.incident_id


def decide(engine: Engine, incident_id: str) -> None:
    with engine.begin() as conn:
        append_event(
            conn,
            incident_id=incident_id,
            new=Decision("case", ("banner",), "", ""),
            seen=None,
            reviewer="Sri Wahyuni",
            origin="page",
            at=AT,
        )


def count(engine: Engine, table: object) -> int:
    with reading(engine) as conn:
        return int(conn.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]  # any of our tables


def assert_forgotten(engine: Engine, doc: Document) -> None:
    with reading(engine) as conn:
        row = conn.execute(select(documents).where(documents.c.doc_id == doc.doc_id)).one()
        page = conn.execute(select(pages).where(pages.c.page_id == doc.page_id)).one()
    assert (row.title, row.text, row.url, page.url) == ("", "", doc.canonical_url, doc.canonical_url)
    assert row.text_sha256 == doc.text_sha256


def test_a_tip_nobody_decided_on_goes_with_its_incident_on_the_day_after(engine: Engine) -> None:
    (doc,) = put_tips(engine, "A")
    flag(engine, doc)
    group(engine, doc)
    assert let_go(engine, 20) == {}
    assert let_go(engine, 21) == {
        ("consent", "documents"): 1,
        ("consent", "incidents"): 1,
        ("consent", "pages"): 1,
    }
    assert let_go(engine, 21) == {}
    assert_forgotten(engine, doc)
    assert [count(engine, table) for table in (incidents, incident_documents, predictions)] == [0, 0, 0]
    with engine.begin() as conn:
        # Nothing brings it back: not the same list, not a newer stage.
        assert (
            put_page(conn, make_page(90, source_id=SOURCE_ID, canonical_url=address_of("A"))) is Stored.KNOWN
        )
        for stage in ("extract", "screen", "classify", "group"):
            stages.reopen(conn, stage=stage, version="newer")
        assert (stages.pending_pages(conn, limit=None), stages.pending_group(conn)) == ([], [])


def test_an_incident_that_others_tell_of_lives_on_without_the_tip(engine: Engine) -> None:
    put_grouped(engine, 1)
    with reading(engine) as conn:
        news = stages.incident_members(conn, since=None)[0][1][0]
    (doc,) = put_tips(engine, "A")
    flag(engine, doc)
    group(engine, doc, news)
    assert ("consent", "incidents") not in let_go(engine, 21)
    assert_forgotten(engine, doc)
    with reading(engine) as conn:
        rows = queue_rows(conn, queue="incident", until=UNTIL, filters=QueueFilter())
        assert [(row.document.doc_id, row.n_documents) for row in rows] == [(news.doc_id, 1)]


def test_a_decision_stays_without_the_text_it_was_made_on(engine: Engine) -> None:
    (doc,) = put_tips(engine, "A")
    flag(engine, doc)
    incident_id = group(engine, doc)
    decide(engine, incident_id)
    with reading(engine) as conn:
        assert reviewed_documents(conn) == []  # no model learns from a tip
    assert let_go(engine, 21) == {("consent", "documents"): 1, ("consent", "pages"): 1}
    assert let_go(engine, 22) == {}
    assert_forgotten(engine, doc)
    with reading(engine) as conn:
        (row,) = queue_rows(conn, queue="incident", until=UNTIL, filters=QueueFilter())
        assert (row.incident.incident_id, row.document.text, row.prediction.evidence) == (incident_id, "", ())


def test_an_audited_tip_keeps_its_place(engine: Engine) -> None:
    (doc,) = put_tips(engine, "A")
    flag(engine, doc)
    group(engine, doc)
    with engine.begin() as conn:
        conn.execute(update(incidents).values(kind="audit", stratum="below", share=0.1))
    let_go(engine, 21)
    assert_forgotten(engine, doc)
    assert count(engine, incident_documents) == 1


@pytest.mark.parametrize("is_screened", [False, True])
def test_what_waits_for_a_stage_goes_too(engine: Engine, is_screened: bool) -> None:
    (doc,) = put_tips(engine, "A")
    page = make_page(80, source_id=SOURCE_ID, canonical_url=address_of("B"), format="social")
    with engine.begin() as conn:
        put_tip(conn, "B", page, Terms(may_contact=False, keep_until=UNTIL))
        if is_screened:
            stages.save_candidate(conn, make_candidate(doc))
    assert let_go(engine, 21)["consent", "pages"] == 2
    assert let_go(engine, 22) == {}
    assert_forgotten(engine, doc)
    with reading(engine) as conn:
        assert set(conn.scalars(select(documents.c.state))) == {State.QUARANTINED}
        assert (stages.pending_pages(conn, limit=None), stages.pending_screen(conn, limit=None)) == ([], [])
        assert past_tips(conn, night=UNTIL + timedelta(days=9)) == []


def test_older_texts_and_links_go_too_also_when_another_rule_was_first(engine: Engine) -> None:
    (doc,) = put_tips(engine, "A", until=NIGHT + timedelta(days=300))
    newer = make_page(
        95,
        source_id=SOURCE_ID,
        canonical_url=address_of("A"),
        url="https://a.test/rina/2",
        format="social",
        fetched_at=AT - timedelta(days=500),
        body_sha256="1" * 64,
    )
    with engine.begin() as conn:
        terms = Terms(may_contact=True, keep_until=NIGHT + timedelta(days=300))
        assert put_tip(conn, "A", newer, terms) is Stored.REVISED
        stages.save_document(conn, doc.page_id, make_document(newer, doc_id=doc.doc_id), version="extract-1")
    flag(engine, doc)
    group(engine, doc)
    assert let_go(engine, 181)["unconfirmed", "documents"] == 1
    assert let_go(engine, 301)["consent", "documents"] == 1
    assert let_go(engine, 302) == {}
    with reading(engine) as conn:
        row = conn.execute(select(revisions)).one()
        assert (row.text, row.url) == ("", address_of("A"))
