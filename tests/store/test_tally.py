"""What a night has changed is told from the rows, and an older night as far as it went."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, update

from store import schema
from store.db import reading
from store.draw import open_audit
from store.frontier import put_page
from store.ledger import finish_run, note_source, source_history, start_run
from store.records import Document, Incident, Outcome, SourceReport, State
from store.stages import (
    note_failure,
    save_candidate,
    save_document,
    save_incidents,
    save_prediction,
)
from store.tally import count_failures, count_open, flag_facts, last_crawled, night_changes, previous_night
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
)

DAY = timedelta(days=1)


def put_document(engine: Engine, number: int, night: date, **prediction: object) -> Document:
    """A flagged document first collected in a night."""
    fetched = datetime(night.year, night.month, night.day, tzinfo=UTC)
    page = make_page(number, night=night, fetched_at=fetched)
    doc = make_document(page)
    with engine.begin() as conn:
        put_page(conn, page)
        save_document(conn, page.page_id, doc, version="1")
        save_candidate(conn, make_candidate(doc))
        save_prediction(conn, doc.doc_id, make_prediction(doc, **prediction), model="m")
    return doc


def put_incident(engine: Engine, *docs: Document, **changes: object) -> Incident:
    incident = make_incident(*docs, **changes)
    with engine.begin() as conn:
        save_incidents(conn, [incident], version="1")
    return incident


def put_night(engine: Engine, *nights: date, command: str = "nightly", ended: bool = True) -> None:
    """A run that crawled one source for these nights."""
    run_id = start_run(engine, command=command, night=nights[-1])
    for night in nights:
        note_source(engine, run_id, SourceReport("kabar-lontara", night, Outcome.OK, 1, 1, 1, 0, ""))
    if ended:
        finish_run(engine, run_id, exit_code=0)


def test_new_incidents_come_first_then_those_with_a_further_article(engine: Engine) -> None:
    old, late = put_document(engine, 1, NIGHT), put_document(engine, 2, NIGHT + DAY, process="sanction")
    grown = put_incident(engine, old, late)
    fresh = put_incident(engine, put_document(engine, 3, NIGHT + DAY), score=0.6)
    put_incident(engine, put_document(engine, 4, NIGHT))
    put_incident(engine, put_document(engine, 5, NIGHT + 2 * DAY))
    with reading(engine) as conn:
        told = night_changes(conn, after=NIGHT, night=NIGHT + DAY, limit=10)
        first = night_changes(conn, after=None, night=NIGHT, limit=10)
        cut = night_changes(conn, after=NIGHT, night=NIGHT + DAY, limit=1)
        assert count_open(conn, until=NIGHT) == 2
        assert count_open(conn, until=NIGHT + 2 * DAY) == 4
    assert (told.new, told.changed) == (1, 1)
    new, changed = told.shown
    assert (new.row.incident, new.is_new, new.added, new.is_reviewed) == (fresh, True, 1, False)
    assert (changed.row.incident, changed.is_new, changed.added) == (grown, False, 1)
    assert changed.processes == ("sanction",)
    assert changed.row.document.doc_id == old.doc_id
    assert changed.row.n_documents == 2
    # The older night knows nothing of the article that came after it.
    assert first.new == 2
    assert all(found.row.n_documents == 1 for found in first.shown)
    assert (cut.new, cut.changed, len(cut.shown)) == (1, 1, 1)


def test_an_article_with_a_new_text_changes_its_incident(engine: Engine) -> None:
    put_incident(engine, put_document(engine, 1, NIGHT))
    again = datetime(2024, 9, 18, 19, 0, tzinfo=UTC)  # the 19th in Jakarta
    page = make_page(1, night=NIGHT + 2 * DAY, fetched_at=again, body_sha256="f" * 64)
    with engine.begin() as conn:
        put_page(conn, page)
    with reading(engine) as conn:
        told = night_changes(conn, after=NIGHT + DAY, night=NIGHT + 2 * DAY, limit=10)
        before = night_changes(conn, after=NIGHT, night=NIGHT + DAY, limit=10)
    assert (told.new, told.changed, before.changed) == (0, 1, 0)
    assert (told.shown[0].revised, told.shown[0].added) == (1, 0)


def test_the_previous_night_is_the_last_one_that_came_to_its_end(engine: Engine) -> None:
    with reading(engine) as conn:
        assert previous_night(conn, NIGHT) is None
        assert last_crawled(conn) is None
    put_night(engine, NIGHT - 5 * DAY)
    # A replay of several nights has one digest, that of the last.
    put_night(engine, NIGHT - 4 * DAY, NIGHT - 3 * DAY)
    put_night(engine, NIGHT - 2 * DAY, ended=False)
    put_night(engine, NIGHT - DAY, command="crawl")
    put_night(engine, NIGHT, ended=False)
    with reading(engine) as conn:
        assert previous_night(conn, NIGHT) == NIGHT - 3 * DAY
        assert previous_night(conn, NIGHT - 3 * DAY) == NIGHT - 5 * DAY
        assert last_crawled(conn) == NIGHT


def test_the_history_looks_back_from_a_night(engine: Engine) -> None:
    put_night(engine, *(NIGHT + n * DAY for n in range(5)))
    with reading(engine) as conn:
        found = source_history(conn, nights=2, until=NIGHT + 3 * DAY)
    assert [report.night for report in found] == [NIGHT + 2 * DAY, NIGHT + 3 * DAY]


def test_charts_get_the_incidents_of_their_nights(engine: Engine) -> None:
    for number, night in enumerate((NIGHT - DAY, NIGHT, NIGHT + DAY)):
        put_incident(engine, put_document(engine, number, night))
    with reading(engine) as conn:
        (fact,) = flag_facts(conn, since=NIGHT, until=NIGHT)
    assert fact.first_night == NIGHT
    assert fact.types == ("attend_active", "mobilise")


def test_failed_items_are_counted_by_stage(engine: Engine) -> None:
    doc = put_document(engine, 1, NIGHT)
    note_failure(engine, "group", doc.doc_id, "x")
    with reading(engine) as conn:
        assert count_failures(conn) == {"group": 1}


@pytest.mark.parametrize("after", [None, NIGHT - DAY])
def test_a_night_without_rows_has_no_changes(engine: Engine, after: date | None) -> None:
    with reading(engine) as conn:
        told = night_changes(conn, after=after, night=NIGHT, limit=10)
    assert (told.new, told.changed, told.shown) == (0, 0, ())


def test_a_decided_incident_says_so(engine: Engine) -> None:
    incident = put_incident(engine, put_document(engine, 1, NIGHT))
    with engine.begin() as conn:
        conn.exec_driver_sql("update incidents set state = 'reviewed'")
    with reading(engine) as conn:
        (found,) = night_changes(conn, after=None, night=NIGHT, limit=1).shown
    assert found.is_reviewed
    assert replace(found.row.incident) == incident


@pytest.mark.parametrize("candidate", [True, False])
def test_what_was_drawn_for_the_audit_is_no_incident_of_the_night(engine: Engine, candidate: bool) -> None:
    for number in range(200):
        put_document(engine, number, NIGHT, flagged=False, score=0.1)
    with engine.begin() as conn:
        if not candidate:
            conn.execute(delete(schema.predictions))
        conn.execute(update(schema.documents).values(state=State.GROUPED))
        assert open_audit(conn, until=NIGHT) > 0
        changes = night_changes(conn, after=None, night=NIGHT, limit=10)
        assert (changes.new, changes.changed, changes.shown) == (0, 0, ())
        assert flag_facts(conn, since=NIGHT, until=NIGHT) == []
        assert count_open(conn, until=NIGHT) == 0
