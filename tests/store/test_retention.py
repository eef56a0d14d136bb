"""What is past its time goes, what a person decided on stays, and nothing is fetched or stored again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, func, select, update

from store import stages
from store.db import reading
from store.decisions import Decision
from store.erasure import list_erasures
from store.frontier import Stored, is_done, put_page
from store.labels import append_event
from store.queue import QueueFilter, queue_rows
from store.records import Candidate, Document, State, WarcRef
from store.retention import Periods, clear, find_due, list_deletions
from store.schema import candidates, documents, failures, incidents, pages, predictions
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
    put_extracted,
    put_grouped,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)


def no_file(_: Sequence[WarcRef]) -> date | None:
    return None


def let_go(engine: Engine, days: int, periods: Periods | None = None) -> dict[tuple[str, str], int]:
    """Clear as of so many days after the night of the samples."""
    with engine.begin() as conn:
        due = find_due(
            conn, night=NIGHT + timedelta(days=days), periods=periods or Periods(), stored_on=no_file
        )
        return clear(conn, due, at=AT)


def put_screened_out(engine: Engine, *numbers: int) -> list[Document]:
    docs = put_extracted(engine, *numbers)
    with engine.begin() as conn:
        for doc in docs:
            stages.save_candidate(conn, Candidate(doc.doc_id, False, (), (doc.text,), "screen-1"))
            stages.save_prediction(conn, doc.doc_id, None, model="model-1")
        stages.save_incidents(conn, [], version="group-1")
    return docs


def texts(engine: Engine) -> set[str]:
    with reading(engine) as conn:
        return set(conn.scalars(select(documents.c.doc_id).where(documents.c.text != "")))


def test_what_screening_let_go_is_cleared_after_thirty_days_and_not_stored_again(engine: Engine) -> None:
    docs = put_screened_out(engine, 1, 2)
    put_grouped(engine, 3)
    assert let_go(engine, 30) == {}
    assert let_go(engine, 31) == {("screened_out", "documents"): 2, ("screened_out", "pages"): 2}
    assert let_go(engine, 31) == {}
    assert len(texts(engine)) == 1
    with engine.begin() as conn:
        row = conn.execute(select(documents).where(documents.c.doc_id == docs[0].doc_id)).mappings().one()
        assert (row["title"], row["author"], row["removed"]) == ("", "", ())
        assert (row["text_sha256"], row["source_id"], row["night"]) == (
            docs[0].text_sha256,
            docs[0].source_id,
            NIGHT,
        )
        kept = conn.scalars(select(candidates.c.sentences).where(candidates.c.doc_id == docs[0].doc_id)).one()
        assert kept == ()
        assert is_done(conn, docs[0].source_id, docs[0].canonical_url)
        assert put_page(conn, make_page(1)) is Stored.KNOWN
        assert stages.reopen(conn, stage="extract", version="extract-2") == 1


def test_unconfirmed_flags_go_after_half_a_year_and_decided_ones_stay(engine: Engine) -> None:
    gone, kept, unsure = sorted(one.incident_id for one in put_grouped(engine, 1, 2, 3))
    with engine.begin() as conn:
        for incident_id, decision in ((kept, "case"), (unsure, "unsure")):
            append_event(
                conn,
                incident_id=incident_id,
                new=Decision(decision, ("banner",) if decision == "case" else (), "", "kata Bu Marni"),
                seen=None,
                reviewer="Sri Wahyuni",
                origin="page",
                at=AT,
            )
    assert let_go(engine, 180) == {}
    counts = let_go(engine, 181)
    assert counts["unconfirmed", "incidents"] == 2
    assert counts["unconfirmed", "typed texts"] == 1
    with reading(engine) as conn:
        assert list(conn.scalars(select(incidents.c.incident_id))) == [kept]
        rows = queue_rows(conn, queue="incident", until=NIGHT, filters=QueueFilter())
        assert [row.incident.incident_id for row in rows] == [kept]
        assert conn.scalar(select(func.count()).select_from(predictions)) == 1
        assert [one.reviewer for one in list_erasures(conn)] == ["retention"]
        assert {(one["rule"], one["what"]) for one in list_deletions(conn)} == set(counts)
    assert gone != kept


def test_an_incident_that_is_still_reported_on_stays_whole(engine: Engine) -> None:
    put_grouped(engine, 1)
    late = make_page(2, night=NIGHT + timedelta(days=100))
    with engine.begin() as conn:
        put_page(conn, late)
        first = stages.incident_members(conn, since=None)[0][1][0]
    with engine.begin() as conn:
        doc = make_document(late)
        stages.save_document(conn, late.page_id, doc, version="extract-1")
        stages.save_candidate(conn, make_candidate(doc))
        stages.save_prediction(conn, doc.doc_id, make_prediction(doc), model="model-1")
        stages.save_incidents(conn, [make_incident(first, doc)], version="group-1")
    assert let_go(engine, 200) == {}
    assert let_go(engine, 281)["unconfirmed", "documents"] == 2


def test_an_audited_document_loses_its_text_and_keeps_its_place(engine: Engine) -> None:
    put_grouped(engine, 1)
    with engine.begin() as conn:
        conn.execute(update(incidents).values(kind="audit", stratum="screened_out", share=0.1))
        conn.execute(update(candidates).values(candidate=False))
    assert let_go(engine, 31) == {("screened_out", "documents"): 1, ("screened_out", "pages"): 1}
    with reading(engine) as conn:
        assert conn.scalar(select(func.count()).select_from(incidents)) == 1


def test_pages_without_an_article_go_and_what_waits_for_a_stage_stays(engine: Engine) -> None:
    put_extracted(engine, 1)
    with engine.begin() as conn:
        for number in (2, 3):
            put_page(conn, make_page(number))
        stages.drop_page(conn, make_page(2).page_id, reason="a gallery", version="1")
    stages.note_failure(engine, "extract", make_page(2).page_id, "rusak")
    assert let_go(engine, 500) == {("unread", "pages"): 1}
    assert let_go(engine, 500) == {}
    assert len(texts(engine)) == 1
    with reading(engine) as conn:
        assert conn.scalar(select(func.count()).select_from(failures)) == 0
        assert [page.page_id for page in stages.pending_pages(conn, limit=None)] == [make_page(3).page_id]


def test_an_imported_article_has_its_time_from_the_day_on_which_it_came(engine: Engine) -> None:
    put_screened_out(engine, 1)
    with engine.begin() as conn:
        conn.execute(update(pages).values(origin="import"))

    def came(_: Sequence[WarcRef]) -> date:
        return NIGHT + timedelta(days=400)

    for days, found in ((410, 0), (431, 1)):
        with reading(engine) as conn:
            night = NIGHT + timedelta(days=days)
            assert len(find_due(conn, night=night, periods=Periods(), stored_on=came)) == found


def test_a_newer_version_that_waits_to_be_read_keeps_the_page(engine: Engine) -> None:
    put_screened_out(engine, 1)
    newer = make_page(1, fetched_at=AT, body_sha256="0" * 64)
    with engine.begin() as conn:
        assert put_page(conn, newer) is Stored.REVISED
    assert let_go(engine, 31) == {}
    with engine.begin() as conn:
        conn.execute(update(pages).values(state=State.EXTRACTED))
    assert let_go(engine, 31)["screened_out", "documents"] == 1
