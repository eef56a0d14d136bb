"""Equal content, equal digest; other content, another digest; the work leaves no mark."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, update

from store import schema, stages
from store.digest import content_digest
from store.frontier import Validator, offer, put_validator
from store.ledger import start_run
from store.records import WarcRef
from tests.store.samples import NIGHT, SOURCE, make_link, put_extracted, put_grouped

LATER = datetime(2025, 1, 1, tzinfo=UTC)
JAYAPURA = timezone(timedelta(hours=9))


@pytest.fixture(name="full")
def fill(engine: Engine) -> Engine:
    put_grouped(engine, 1, 2, 3)
    with engine.begin() as conn:
        offer(conn, SOURCE, [make_link(8), make_link(9)], night=NIGHT)
    return engine


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (schema.pages, {"body_sha256": "0" * 64}),
        (schema.pages, {"reason": "x"}),
        (schema.documents, {"text": "x"}),
        (schema.documents, {"published_at": LATER}),
        (schema.documents, {"state": "queued"}),
        (schema.candidates, {"reasons": ("who:lurah",)}),
        (schema.predictions, {"score": 0.8750001}),
        (schema.predictions, {"flagged": False}),
        (schema.incidents, {"process": "sanction"}),
        (schema.incident_documents, {"place": 5}),
        (schema.frontier, {"state": "failed"}),
    ],
)
def test_a_change_of_content_shows_in_its_table_alone(
    full: Engine, table: Table, changes: dict[str, Any]
) -> None:
    before = content_digest(full)
    with full.begin() as conn:
        conn.execute(update(table).values(changes))
    after = content_digest(full)
    assert {name for name in after if after[name] != before[name]} == {table.name}


def test_a_lost_row_shows(full: Engine) -> None:
    before = content_digest(full)
    with full.begin() as conn:
        conn.execute(delete(schema.frontier).where(schema.frontier.c.url == make_link(9).url))
    assert content_digest(full)["frontier"] != before["frontier"]


def test_the_work_leaves_no_mark(full: Engine) -> None:
    before = content_digest(full)
    with full.begin() as conn:
        conn.execute(update(schema.pages).values(fetched_at=LATER, refs=(WarcRef("other.warc.gz", 0),)))
        conn.execute(update(schema.documents).values(fetched_at=LATER))
        conn.execute(update(schema.frontier).values(attempts=2, place=7))
        put_validator(conn, Validator("https://a.test/feed", etag="1"))
    stages.note_failure(full, "screen", "N-x", "it broke")
    start_run(full, command="nightly", night=NIGHT, model_version="m")
    assert content_digest(full) == before


def test_the_order_of_insertion_does_not_show(engine: Engine, other: Engine) -> None:
    put_extracted(engine, *range(20))
    put_extracted(other, *reversed(range(20)))
    assert content_digest(engine) == content_digest(other)


def test_every_table_with_content_is_named(engine: Engine) -> None:
    assert list(content_digest(engine)) == [
        "candidates",
        "correction_decisions",
        "correction_requests",
        "documents",
        "frontier",
        "incident_documents",
        "incidents",
        "label_erasures",
        "label_events",
        "label_texts",
        "pages",
        "predictions",
        "revisions",
        "tips",
    ]


def test_the_zone_in_which_a_time_was_given_does_not_show(full: Engine) -> None:
    before = content_digest(full)
    with full.begin() as conn:
        for doc in [doc for _, docs, _ in stages.incident_members(conn, since=None) for doc in docs]:
            assert doc.published_at is not None
            conn.execute(
                update(schema.documents)
                .where(schema.documents.c.doc_id == doc.doc_id)
                .values(published_at=doc.published_at.astimezone(JAYAPURA))
            )
    assert content_digest(full) == before
