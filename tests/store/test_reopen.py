"""A new version of a stage gets back what the old one made, and only that."""

from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from store import stages
from store.digest import content_digest
from store.queue import mark_queued
from store.records import State, UsageError
from store.reopen import reopen
from store.schema import documents, failures, incident_documents, incidents, pages
from tests.store.samples import make_document, make_page, put_extracted, put_grouped

VERSIONS = {"extract": "extract-1", "screen": "screen-1", "classify": "model-1", "group": "group-1"}
BEFORE = {"extract": "fetched", "screen": "extracted", "classify": "screened", "group": "scored"}


def column(engine: Engine, wanted: Any) -> list[Any]:
    with engine.begin() as conn:
        return list(conn.execute(select(wanted)).scalars())


@pytest.mark.parametrize("stage", VERSIONS)
def test_the_same_version_reopens_nothing(engine: Engine, stage: str) -> None:
    put_grouped(engine, 1, 2)
    before = content_digest(engine)
    with engine.begin() as conn:
        assert reopen(conn, stage=stage, version=VERSIONS[stage]) == 0
    assert content_digest(engine) == before


@pytest.mark.parametrize("stage", VERSIONS)
def test_another_version_reopens_all_and_empties_their_incidents(engine: Engine, stage: str) -> None:
    one, _ = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        mark_queued(conn, [one.incident_id])
        assert reopen(conn, stage=stage, version="2") == 2
        assert reopen(conn, stage=stage, version="2") == 0
    assert column(engine, documents.c.state) == [BEFORE[stage]] * 2
    assert column(engine, incidents.c.incident_id) == []
    assert column(engine, incident_documents.c.doc_id) == []
    assert column(engine, pages.c.state) == (["fetched"] if stage == "extract" else ["extracted"]) * 2


@pytest.mark.parametrize("stage", VERSIONS)
def test_reviewed_documents_and_their_incidents_are_left(engine: Engine, stage: str) -> None:
    reviewed, _ = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        conn.execute(
            update(documents).where(documents.c.doc_id == reviewed.doc_ids[0]).values(state=State.REVIEWED)
        )
        conn.execute(
            update(incidents)
            .where(incidents.c.incident_id == reviewed.incident_id)
            .values(state=State.REVIEWED)
        )
        assert reopen(conn, stage=stage, version="2") == 1
        assert [item[0] for item in stages.incident_members(conn, since=None)] == [reviewed]


@pytest.mark.parametrize("stage", VERSIONS)
def test_quarantined_items_come_back_with_another_version_only(engine: Engine, stage: str) -> None:
    (doc,) = put_extracted(engine, 1)
    item_id = doc.page_id if stage == "extract" else doc.doc_id
    for _ in range(stages.MAX_FAILURES):
        stages.note_failure(engine, stage, item_id, "it broke", version="1")
    with engine.begin() as conn:
        assert reopen(conn, stage=stage, version="1") == 0
        assert reopen(conn, stage=stage, version="2") == 1
    assert column(engine, documents.c.state) == [BEFORE[stage]]
    assert column(engine, failures.c.item_id) == []


def test_an_item_that_failed_under_no_version_stays_quarantined(engine: Engine) -> None:
    (doc,) = put_extracted(engine, 1)
    for _ in range(stages.MAX_FAILURES):
        stages.note_failure(engine, "screen", doc.doc_id, "it broke")
    with engine.begin() as conn:
        assert reopen(conn, stage="screen", version="2") == 0


def test_a_parser_fix_may_find_nothing_where_something_was(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    page = make_page(1)
    with engine.begin() as conn:
        reopen(conn, stage="extract", version="2")
        stages.drop_page(conn, page.page_id, reason="a gallery", version="2")
        assert stages.pending_pages(conn, limit=None) == []
        assert stages.pending_screen(conn, limit=None) == []
    assert column(engine, documents.c.state) == ["quarantined"]
    assert column(engine, documents.c.doc_id) == list(incident.doc_ids)


def test_a_parser_fix_may_find_something_where_nothing_was(engine: Engine) -> None:
    put_extracted(engine, 1)
    page = make_page(1)
    with engine.begin() as conn:
        stages.drop_page(conn, page.page_id, reason="a gallery", version="extract-1")
        assert reopen(conn, stage="extract", version="2") == 1
        assert stages.pending_pages(conn, limit=None) == [page]
        newer = make_document(page, extractor_version="2")
        stages.save_document(conn, page.page_id, newer, version="2")
        assert stages.pending_screen(conn, limit=None) == [newer]


def test_an_unknown_stage_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match="there are extract, screen"), engine.begin() as conn:
        reopen(conn, stage="review", version="2")
