"""A record that went through the database is the same record."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from store import stages
from store.frontier import put_page
from store.records import Candidate, Document, Incident, Prediction, RawPage, SourceReport, StageReport
from store.rows import Record, stored_fields
from tests.store.samples import make_candidate, make_document, make_incident, make_page, make_prediction

TEXTS = (
    "Camat “netral” 🙏🏽👨‍👩‍👧 — ‮kanan ke kiri‬ ﷽",
    "a\tb\r\nc\x01\x7f\ufeff\u200b",
    "Rp1.500.000; 'OR 1=1 --",
    "kata " * 2_000,
    "",
)


@pytest.mark.parametrize("text", TEXTS)
def test_every_record_survives_the_round_trip(engine: Engine, text: str) -> None:
    page = make_page(1, part=text, encoding=text)
    doc = make_document(page, title=text, text=text, author=text, dateline=text, removed=(text, text))
    candidate = make_candidate(doc, reasons=(text,), sentences=(text, "x"))
    prediction = make_prediction(doc, region=text, evidence=(text,), types=(), score=0.1 + 0.2)
    incident = make_incident(doc, region=text, score=1 / 3)
    with engine.begin() as conn:
        put_page(conn, page)
        assert stages.pending_pages(conn, limit=None) == [page]
        stages.save_document(conn, page.page_id, doc, version="1")
        assert stages.pending_screen(conn, limit=None) == [doc]
        stages.save_candidate(conn, candidate)
        assert stages.pending_classify(conn, limit=None) == [(doc, candidate)]
        stages.save_prediction(conn, doc.doc_id, prediction, model="m")
        assert stages.pending_group(conn) == [(doc, prediction)]
        stages.save_incidents(conn, [incident], version="1")
        assert stages.incident_members(conn, since=None) == [(incident, [doc], [prediction])]


def test_bodies_are_not_kept_and_a_missing_time_stays_missing(engine: Engine) -> None:
    page = make_page(1, bodies=(b"<html>",))
    doc = make_document(page, published_at=None, published_precision="none", fetched_at=None)
    with engine.begin() as conn:
        put_page(conn, page)
        assert stages.pending_pages(conn, limit=None) == [replace(page, bodies=())]
        stages.save_document(conn, page.page_id, doc, version="1")
        assert stages.pending_screen(conn, limit=None) == [doc]


@pytest.mark.parametrize(
    ("record_type", "beside"),
    [
        (RawPage, {"bodies"}),
        (Document, set()),
        (Candidate, set()),
        (Prediction, set()),
        (Incident, {"doc_ids"}),
        (SourceReport, set()),
        (StageReport, set()),
    ],
)
def test_every_field_has_a_column(record_type: type[Record], beside: set[str]) -> None:
    assert set(record_type.__dataclass_fields__) - set(stored_fields(record_type)) == beside
