"""A database of an earlier version is brought up to date with everything that was in it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from store.audits import sampled_incidents
from store.chain import chain_head, check_chain, told_rechains
from store.db import connect, migrate
from store.decisions import Decision, LabelEvent
from store.events import hash_event
from store.frontier import Stored, put_page
from store.labels import events_of
from store.ledger import note_source, source_history
from store.records import Outcome, SourceReport
from store.schema import metadata
from store.stages import pending_pages
from tests.postgres import Server
from tests.store.deciding import AT, CASE
from tests.store.samples import NIGHT, make_page

MIGRATIONS = Path(__file__).parents[2] / "store" / "migrations"
PAGE = make_page(1)
#: Table and row, as version 0001 wrote them.
OLD_ROWS = (
    ("runs", (1, "nightly", "2024-09-17", "0.1.0", "m", "2024-09-17 00:00:00.000000", None, None)),
    ("run_sources", (1, "kabar-lontara", "2024-09-17", "ok", 9, 7, 5, 1, "satu gagal")),
    ("frontier", ("kabar-lontara", "u", "u", "2024-09-17", 0, "queued", None, 0, None, "")),
    (
        "pages",
        (
            *(PAGE.page_id, "kabar-lontara", PAGE.url, PAGE.canonical_url, "2024-09-17"),
            *("2024-09-16 19:00:01.000000", 200, "html", "", "utf-8"),
            '[["20240917.warc.gz", 101], ["20240917.warc.gz", 901]]',
            *(PAGE.body_sha256, 2, "fetched", "", ""),
        ),
    ),
)


#: What version 0002 knew of one night and version 0003 must still know.
DOCUMENT = (
    *("N-1", "P", "s", "news", "2024-09-17", "u", "u", "Judul", "Teks", "", None, "none", "", "id", 1, 1),
    *("t", "1", "0", "[]", "2024-09-16 19:00:00.000000", "reviewed", "model-1", "group-1", 0),
)
NIGHT_TABLES: dict[str, tuple[object, ...]] = {
    "pages": (
        *("P", "s", "u", "u", "2024-09-17", "2024-09-16 19:00:00.000000", 200, "html", "", "utf-8", "[]"),
        *("0", 1, "extracted", "", "1", "", None),
    ),
    "documents": DOCUMENT,
    "predictions": ("N-1", "case", 0.9, 1, '["banner"]', "pre", "report", "jpt", "", "[]", "model-1"),
    "incidents": ("I-1", "2024-09-17", "", "jpt", '["banner"]', "report", 0.9, "reviewed"),
    "incident_documents": ("N-1", "I-1", 0),
}


def upgrade(engine: Engine, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, version)


def put_row(plain: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    marks = ", ".join("?" * len(row))
    plain.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - names of our own


def test_a_database_of_the_second_version_keeps_its_night_and_learns_to_review(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    upgrade(engine, "0002")
    with closing(sqlite3.connect(tmp_path / "netra.db")) as plain, plain:
        for table, row in NIGHT_TABLES.items():
            put_row(plain, table, row)
    migrate(engine)
    migrate(engine)
    with engine.begin() as conn:
        for table, row in NIGHT_TABLES.items():
            kept = conn.exec_driver_sql(f"SELECT * FROM {table}").one()  # noqa: S608 - names of our own
            assert tuple(kept)[: len(row)] == row
        assert sampled_incidents(conn) == []
        added = conn.exec_driver_sql("SELECT kind, stratum, share FROM incidents").one()
        assert tuple(added) == ("flagged", "", 1.0)
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        made = set(conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type != 'table'").scalars())
        assert {f"label_events_no_{what}" for what in ("update", "delete", "replace")} <= made
        assert "ix_incident_documents_incident_id_place" in made
        # A document without a prediction may be audited now; one that does not exist may not.
        links = conn.exec_driver_sql("PRAGMA foreign_key_list(incident_documents)").all()
        assert {(row[2], row[3]) for row in links} == {
            ("documents", "doc_id"),
            ("incidents", "incident_id"),
        }
    engine.dispose()


def old_events() -> list[LabelEvent]:
    """A case with a note of somebody's own, taken back and put back, as version 0006 chained them."""
    words = Decision("case", ("banner",), "ketua regu", "menurut Bu Marni")
    events: list[LabelEvent] = []
    said = [(None, CASE), (CASE, words), (words, None), (None, words)]
    for old, new in said:
        previous = events[-1].event_id if events else ""
        reason = (
            f"undo {previous}" if new is None or (old is None and events) else "dibaca lagi" * bool(events)
        )
        event = LabelEvent("", previous, "I-1", "N-1", "0", "m", AT, "R-1", "page", "first", old, new, reason)
        events.append(replace(event, event_id=hash_event(event)))
    return events


def put_events(plain: sqlite3.Connection, events: list[LabelEvent]) -> None:
    for place, event in enumerate(events, start=1):
        sides: list[object] = []
        for said in (event.old, event.new):
            sides += (
                [said.decision, json.dumps(said.types), said.actor, said.note]
                if said
                else [None, "[]", "", ""]
            )
        row = (place, event.event_id, event.previous, "I-1", "N-1", "0", "m", "2024-09-18 02:30:00.000000")
        put_row(plain, "label_events", (*row, "R-1", "page", "first", *sides, event.reason))


@pytest.mark.parametrize("forged", [False, True])
def test_a_register_of_the_sixth_version_is_chained_anew_without_its_words(
    tmp_path: Path, forged: bool
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    upgrade(engine, "0006")
    old = old_events()
    stored = [old[0], replace(old[1], new=CASE), *old[2:]] if forged else old
    with closing(sqlite3.connect(tmp_path / "netra.db")) as plain, plain:
        put_events(plain, stored)
    migrate(engine)
    with engine.begin() as conn:
        new = events_of(conn, "I-1")
        assert [(event.old, event.new) for event in new] == [(event.old, event.new) for event in stored]
        assert [event.reason for event in new[:2]] == ["", "dibaca lagi"]
        assert [event.reason for event in new[2:]] == [f"undo {event.event_id}" for event in new[1:3]]
        (told,) = told_rechains(conn)
        assert f"4 events; last {old[-1].event_id} became {chain_head(conn)[1]}" in told
        broken = "wrote it anew: event 2 (I-1) is not what was written" if forged else ""
        assert check_chain(conn).endswith(broken)
        assert bool(check_chain(conn)) == forged
        rows = str(conn.exec_driver_sql("SELECT * FROM label_events").all())
        assert [word for word in ("ketua regu", "Bu Marni", "dibaca", CASE.note) if word in rows] == []
        assert CASE.actor in rows
        typed = list(conn.exec_driver_sql("SELECT text FROM label_texts ORDER BY text").scalars())
        kept = [] if forged else ["ketua regu", "menurut Bu Marni"]
        assert set(typed) >= {"dibaca lagi", CASE.note, *kept}
        assert len(typed) == len(set(typed))
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        for table in ("label_events", "label_rechains"):
            with pytest.raises(IntegrityError, match="only grows"), conn.begin_nested():
                conn.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        with pytest.raises(IntegrityError, match="only grows"), conn.begin_nested():
            conn.exec_driver_sql("UPDATE label_events SET reviewer = 'R-2'")
    engine.dispose()


def test_the_migrations_and_the_schema_say_the_same(engine: Engine) -> None:
    # Alembic cannot compare an index that has an expression in it ("night DESC"); the other one is shorter on
    # PostgreSQL by intention (store.schema).
    apart = {"ix_frontier_order"}
    if engine.dialect.name == "postgresql":
        apart.add("ix_incidents_listing")
    options = {"include_object": lambda _, name, *__: name not in apart}
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts=options), metadata) == []


def test_a_database_of_the_first_version_keeps_its_rows_and_learns_the_new_words(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(url)
    upgrade(engine, "0001")
    with closing(sqlite3.connect(tmp_path / "netra.db")) as plain, plain:
        for table, row in OLD_ROWS:
            put_row(plain, table, row)
        # An imported one, in the copy that an import of ours made.
        *_, place, digest, expected, state, reason, version = OLD_ROWS[-1][1]
        copy = place.replace("20240917.warc.gz", "data/var/warc/2024-09-20-7-import-2.warc.gz")
        row = ("G-2", "kabar-lontara", "u2", "u2", *OLD_ROWS[-1][1][4:10], copy)
        row += (digest, expected, state, reason, version)
        plain.execute(f"INSERT INTO pages VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks
    migrate(engine)
    first = SourceReport("kabar-lontara", NIGHT, Outcome.OK, 9, 7, 5, 1, "satu gagal")
    with engine.begin() as conn:
        assert source_history(conn) == [first]
        assert PAGE in pending_pages(conn, limit=None)
        assert put_page(conn, PAGE) is Stored.KNOWN
        origins = conn.exec_driver_sql("SELECT page_id, origin FROM pages ORDER BY page_id").all()
        assert sorted(origins) == [("G-2", "import"), (PAGE.page_id, "night")]
        with pytest.raises(IntegrityError), conn.begin_nested():
            conn.exec_driver_sql("UPDATE pages SET origin = 'lain'")
        assert conn.exec_driver_sql("SELECT count(*) FROM frontier").scalar() == 1
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    for night, outcome in enumerate(Outcome, start=1):
        note_source(engine, 1, SourceReport("a", date(2024, 10, night), outcome, 1, 0, 0, 0, ""))
    with engine.begin() as conn:
        assert len(source_history(conn, nights=99)) == 1 + len(Outcome)
    engine.dispose()


@pytest.fixture
def empty(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database without tables."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'netra.db'}"
        if database == "postgresql":
            server: Server = request.getfixturevalue("server")
            url = server.url(stack.enter_context(server.database(migrated=False)))
        engine = connect(url)
        stack.callback(engine.dispose)
        yield engine


def test_a_database_of_the_tenth_version_keeps_what_it_knows_of_deletions_and_learns_consent(
    empty: Engine,
) -> None:
    upgrade(empty, "0010")
    rows: dict[str, tuple[object, ...]] = {
        "pages": (*NIGHT_TABLES["pages"], "night"),
        "cleared_bodies": ("P", "0" * 64, "subject", "2026-01-01 00:00:00.000000"),
        "deletions": (1, "2026-01-01 00:00:00.000000", "archive", "records", 3, "", ""),
    }

    def kept(conn: Connection) -> dict[str, tuple[object, ...]]:
        asked = {table: f"SELECT * FROM {table}" for table in rows}  # noqa: S608 - names of our own
        return {table: tuple(conn.exec_driver_sql(words).one()) for table, words in asked.items()}

    with empty.begin() as conn:
        for table, row in rows.items():
            marks = ", ".join(f":v{place}" for place in range(len(row)))
            values = {f"v{place}": value for place, value in enumerate(row)}
            conn.execute(text(f"INSERT INTO {table} VALUES ({marks})"), values)  # noqa: S608 - names of our own
        before = kept(conn)
    migrate(empty)
    with empty.begin() as conn:
        assert kept(conn) == before
        conn.exec_driver_sql("UPDATE deletions SET rule = 'consent'")
        assert "ix_deletions_at" in {index["name"] for index in inspect(conn).get_indexes("deletions")}
    for table in ("deletions", "cleared_bodies"):
        with pytest.raises(IntegrityError, match=f"ck_{table}_rule"), empty.begin() as conn:
            conn.exec_driver_sql(f"UPDATE {table} SET rule = 'lupa'")  # noqa: S608 - names of our own
