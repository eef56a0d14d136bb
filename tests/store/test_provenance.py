"""Provenance as the crawl wrote it, for every text of an incident."""

from datetime import UTC, datetime

from sqlalchemy import Engine, update

from store.db import reading
from store.provenance import provenance_of
from store.schema import documents, pages
from tests.store.samples import put_grouped


def test_every_text_has_link_time_and_both_hashes(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    early, late = datetime(2024, 9, 17, 1, tzinfo=UTC), datetime(2024, 9, 18, 1, tzinfo=UTC)
    with engine.begin() as conn:
        conn.execute(update(pages).values(fetched_at=late, body_sha256="b" * 64))
        conn.execute(update(documents).values(fetched_at=early, text_sha256="c" * 64))
    with reading(engine) as conn:
        found = provenance_of(conn, [*incident.doc_ids, "N-000000000000"])
    assert set(found) == set(incident.doc_ids)
    for origin in found.values():
        assert origin.url.startswith("https://")
        assert (origin.fetched_at, origin.page_sha256, origin.text_sha256) == (early, "b" * 64, "c" * 64)


def test_a_text_from_before_that_column_has_the_time_of_its_page(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    late = datetime(2024, 9, 18, 1, tzinfo=UTC)
    with engine.begin() as conn:
        conn.execute(update(pages).values(fetched_at=late))
        conn.execute(update(documents).values(fetched_at=None))
    with reading(engine) as conn:
        assert {origin.fetched_at for origin in provenance_of(conn, incident.doc_ids).values()} == {late}
