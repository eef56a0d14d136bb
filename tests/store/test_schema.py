"""CHECKs, foreign keys and column types hold what the records promise."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from store import schema
from store.frontier import put_page
from store.records import Outcome, State, WarcRef
from store.schema import UnstorableError
from tests.store.samples import make_page, put_grouped

WIB = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (schema.pages, {"state": "lost"}),
        (schema.pages, {"format": "pdf"}),
        (schema.pages, {"pages_expected": -1}),
        (schema.documents, {"state": "lost"}),
        (schema.documents, {"kind": "video"}),
        (schema.documents, {"published_precision": "second"}),
        (schema.predictions, {"label": "guilty"}),
        (schema.predictions, {"score": 1.01}),
        (schema.predictions, {"score": -0.01}),
        (schema.predictions, {"stage": "during"}),
        (schema.predictions, {"process": "rumour"}),
        (schema.predictions, {"position": "king"}),
        (schema.incidents, {"score": 2.0}),
        (schema.incidents, {"state": "fetched"}),
        (schema.incidents, {"process": ""}),
        (schema.incident_documents, {"place": -1}),
        (schema.documents, {"page_id": "G-0"}),
        (schema.candidates, {"doc_id": "N-0"}),
        (schema.incident_documents, {"incident_id": "I-0"}),
    ],
)
def test_a_value_outside_the_vocabulary_is_refused(
    engine: Engine, table: Table, changes: dict[str, Any]
) -> None:
    put_grouped(engine, 1)
    with pytest.raises(IntegrityError), engine.begin() as conn:
        conn.execute(update(table).values(changes))


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (
            schema.frontier,
            {
                "source_id": "a",
                "canonical_url": "u",
                "url": "u",
                "night": date(2024, 9, 17),
                "place": 0,
                "state": "leased",
                "attempts": 0,
                "reason": "",
            },
        ),
        (
            schema.failures,
            {"stage": "review", "item_id": "a", "attempts": 1, "last_error": "", "version": ""},
        ),
        (
            schema.failures,
            {"stage": "screen", "item_id": "a", "attempts": 0, "last_error": "", "version": ""},
        ),
        (
            schema.run_stages,
            {"run_id": 99, "stage": "extract", "items_in": 0, "items_out": 0, "failed": 0, "seconds": 0.0},
        ),
        (
            schema.runs,
            {
                "command": "nightly",
                "night": date(2024, 9, 17),
                "code_version": "",
                "model_version": "",
                "started_at": datetime(2024, 9, 17, tzinfo=UTC),
                "exit_code": 0,
            },
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(engine: Engine, table: Table, row: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), engine.begin() as conn:
        conn.execute(insert(table).values(row))


@pytest.mark.parametrize(
    ("vocabulary", "words"),
    [
        (schema.DOCUMENT_STATES, set(State)),
        (schema.PAGE_STATES, {"fetched", "extracted", "quarantined"}),
        (schema.INCIDENT_STATES, {"grouped", "queued", "reviewed"}),
    ],
)
def test_states_are_those_of_the_design(vocabulary: tuple[str, ...], words: set[str]) -> None:
    assert set(vocabulary) == words


def test_every_outcome_can_be_stored() -> None:
    check = next(c for c in schema.run_sources.constraints if str(c.name).endswith("outcome"))
    assert all(f"'{outcome}'" in str(check.sqltext) for outcome in Outcome)  # type: ignore[attr-defined] # a CheckConstraint


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=80))
def test_text_comes_back_exactly_or_is_refused(engine: Engine, text: str) -> None:
    storable = "\0" not in text and all(not 0xD800 <= ord(char) <= 0xDFFF for char in text)
    try:
        with engine.begin() as conn:
            conn.execute(schema.validators.delete())
            row = {"url": "u", "etag": text, "last_modified": "", "body_sha256": ""}
            conn.execute(insert(schema.validators).values(row))
            back = conn.scalar(select(schema.validators.c.etag))
    except UnstorableError:
        assert not storable
    else:
        assert storable
        assert back == text


@pytest.mark.parametrize("word", ["🙂 ü", "\u202eשלום مرحبا", "a\0b", "half \ud83d", '"\\u0000"'])
def test_a_list_of_texts_comes_back_exactly(engine: Engine, word: str) -> None:
    """Lists are kept as JSON in ASCII, which has a way to write what plain text has not."""
    with engine.begin() as conn:
        put_page(conn, make_page(1, refs=(WarcRef(word, 1),)))
        assert conn.scalar(select(schema.pages.c.refs)) == (WarcRef(word, 1),)


@pytest.mark.parametrize(
    ("part", "problem"),
    [("a\0b", "NUL character at position 1"), ("ab\ud83d", "surrogate pair at position 2")],
)
def test_a_refusal_says_what_is_wrong_and_leaves_nothing(engine: Engine, part: str, problem: str) -> None:
    def put_both() -> None:
        with engine.begin() as conn:
            put_page(conn, make_page(1))
            put_page(conn, make_page(2, part=part))

    with pytest.raises(UnstorableError, match=problem):
        put_both()
    with engine.begin() as conn:
        assert conn.execute(select(schema.pages)).all() == []


def test_a_naive_time_is_refused(engine: Engine) -> None:
    naive = datetime(2024, 9, 17, 2, 0)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(UnstorableError, match="has no zone"), engine.begin() as conn:
        put_page(conn, make_page(1, fetched_at=naive))


def test_a_time_of_any_zone_comes_back_as_the_same_moment_in_utc(engine: Engine) -> None:
    moment = datetime(2024, 9, 17, 2, 0, 0, 123456, tzinfo=WIB)
    with engine.begin() as conn:
        put_page(conn, make_page(1, fetched_at=moment))
        back = conn.scalar(select(schema.pages.c.fetched_at))
        same = conn.scalar(select(schema.pages.c.page_id).where(schema.pages.c.fetched_at == moment))
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC
    assert same == make_page(1).page_id
