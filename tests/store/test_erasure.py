"""A text goes for good, from the file too; the chain, the decision and the record of it stay."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from nlp.reviewed import label_line
from review.sheet import sheet_row
from store.chain import check_chain
from store.db import reading
from store.decisions import ERASED, Decision
from store.erasure import erase_texts, list_erasures, scrub
from store.labels import current_labels, events_of, undo_event
from store.queue import QueueFilter, queue_rows
from store.records import Incident, StoppedError, UsageError
from store.reviewed import reviewed_documents
from store.schema import label_texts
from tests.store.by_hand import by_hand, replacing
from tests.store.deciding import AT, CASE, NONE, decide
from tests.store.samples import NIGHT, put_grouped

NOTE, ACTOR, REASON = "kata Bu Marni di gang Kenari", "bendahara posko Kenari", "Pak Darto menelepon"
OWN = Decision("case", ("banner",), ACTOR, NOTE)
LATER = AT + timedelta(days=9)
WHY = "permintaan 12"


def erase(engine: Engine, incident: Incident, event: str = "") -> list[str]:
    with engine.begin() as conn:
        erased = erase_texts(
            conn,
            incident_id=incident.incident_id,
            reviewer="Sri Wahyuni",
            reason=WHY,
            at=LATER,
            event=event,
        )
    return [one.field for one in erased]


def found_in_files(engine: Engine) -> list[str]:
    """Texts of which any file of the database holds the bytes; PostgreSQL's log is the server's, not ours."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("CHECKPOINT")
            oid = "SELECT oid FROM pg_database WHERE datname = current_database()"
            folder = Path(conn.exec_driver_sql("SHOW data_directory").scalar_one())
            files = list((folder / "base" / str(conn.exec_driver_sql(oid).scalar_one())).iterdir())
        else:
            files = list(Path(str(engine.url.database)).parent.glob("netra.db*"))
    stored = b"".join(path.read_bytes() for path in files)
    return [text for text in (NOTE, ACTOR, REASON) if text.encode() in stored]


def test_from_a_decision_over_its_erasure_to_what_is_learned(engine: Engine) -> None:
    incident, other = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        assert decide(conn, incident, NONE)
        assert decide(conn, incident, OWN, reason=REASON)
        assert decide(conn, other, CASE)
        before = reviewed_documents(conn)
    assert found_in_files(engine) == [NOTE, ACTOR, REASON]
    assert sorted(erase(engine, incident)) == ["actor", "note", "reason"]
    scrub(engine)
    assert found_in_files(engine) == []
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        event = current_labels(conn)[incident.incident_id]
        assert (event.new, event.reason) == (Decision("case", ("banner",), ERASED, ERASED), ERASED)
        assert current_labels(conn)[other.incident_id].new == CASE
        rows = queue_rows(conn, queue="incident", until=NIGHT, filters=QueueFilter())
        standing = {incident.incident_id: (event, "Sri Wahyuni")}
        (cells,) = [
            sheet_row(row, publishers={}, standing=standing, lang="id")
            for row in rows
            if row.incident.incident_id == incident.incident_id
        ]
        assert (cells["catatan"], cells["pelaku"], cells["keputusan"]) == (ERASED, ERASED, "pelanggaran")
        # What is learned from the decision is what it was.
        assert list(map(label_line, reviewed_documents(conn))) == list(map(label_line, before))
        assert {(one.event_id, one.at, one.reason) for one in list_erasures(conn)} == {
            (event.event_id, LATER, WHY)
        }
        assert {one.reviewer for one in list_erasures(conn)} == {event.reviewer}
    assert erase(engine, incident) == []
    # Who leaves the cell as it is says nothing new, and may decide otherwise beside it.
    with engine.begin() as conn:
        assert decide(conn, incident, Decision("case", ("banner",), ERASED, ERASED)) is None
        assert decide(conn, incident, Decision("unsure", (), ERASED, ERASED))
        assert decide(conn, incident, Decision("unsure", (), "", "tanpa nama"))
        assert check_chain(conn) == ""
        assert [text for text in conn.scalars(select(label_texts.c.text)) if text == ERASED] == []


def test_one_event_alone_and_what_an_undo_brought_back_with_it(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        first = decide(conn, incident, OWN)
        second = decide(conn, incident, Decision("none", note="lain"))
        assert first
        assert second
        undo_event(conn, incident_id=incident.incident_id, reviewer="Sri Wahyuni", at=AT, origin="page")
    assert sorted(erase(engine, incident, first.event_id[:12])) == ["actor", "note"]
    with engine.begin() as conn:
        notes = [event.new.note for event in events_of(conn, incident.incident_id) if event.new]
        assert notes == [ERASED, "lain", ERASED]
        undo_event(conn, incident_id=incident.incident_id, reviewer="Sri Wahyuni", at=AT, origin="page")
        assert current_labels(conn)[incident.incident_id].new == second.new
        assert check_chain(conn) == ""


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"incident_id": "I-0"}, "nobody has decided"),
        ({"reason": " "}, "needs a reason"),
        ({"reviewer": "Orang Lain"}, "not known"),
        ({"event": "zz"}, "0 of its events"),
    ],
)
def test_what_does_not_exist_is_not_erased(engine: Engine, changes: dict[str, str], word: str) -> None:
    (incident,) = put_grouped(engine, 1)
    asked = {"incident_id": incident.incident_id, "reviewer": "Sri Wahyuni", "reason": WHY} | changes
    with engine.begin() as conn:
        decide(conn, incident, OWN)
    with engine.begin() as conn, pytest.raises(UsageError, match=word):
        erase_texts(conn, at=LATER, **asked)


@pytest.mark.parametrize(
    ("statement", "replaced"),
    [
        ("DELETE FROM label_texts", ""),
        ("UPDATE label_texts SET text = 'lain'", ""),
        ("SELECT digest, event_id, field, salt, 'lain' FROM label_texts", "label_texts text"),
        (
            "INSERT INTO label_texts SELECT digest, event_id, field, '00', 'kembali' FROM label_erasures",
            "",
        ),
        ("DELETE FROM label_erasures", ""),
        ("UPDATE label_erasures SET reason = 'lain'", ""),
        (
            "SELECT digest, event_id, field, at, reviewer, 'lain' FROM label_erasures",
            "label_erasures reason",
        ),
    ],
)
def test_the_database_refuses_all_but_an_erasure_on_record(
    engine: Engine, statement: str, replaced: str
) -> None:
    one, two = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        decide(conn, one, OWN)
        decide(conn, two, OWN)
    erase(engine, one)
    if replaced:
        table, column = replaced.split()
        statement = replacing(engine, table, statement, key="digest", column=column)
    with pytest.raises(IntegrityError, match=r"on record|only grows"), engine.begin() as conn:
        conn.exec_driver_sql(statement)
    with reading(engine) as conn:
        assert check_chain(conn) == ""


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE label_texts SET text = 'lain' WHERE field = 'note'", "note is not what was written"),
        ("DELETE FROM label_texts WHERE field = 'actor'", "actor is gone and no erasure"),
        (
            "INSERT INTO label_erasures SELECT digest, event_id, field, at, 'R', '' "
            "FROM label_texts, (SELECT max(at) AS at FROM label_events) AS newest",
            "is there although its erasure",
        ),
        (
            "INSERT INTO label_texts SELECT 'hmac-sha256:0', event_id, field, salt, text FROM label_texts "
            "LIMIT 1",
            "no event names",
        ),
    ],
)
def test_an_edit_of_texts_by_hand_is_found(engine: Engine, edit: str, found: str) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        decide(conn, incident, OWN)
    with by_hand(engine) as conn:
        conn.exec_driver_sql(edit)
    with reading(engine) as conn:
        assert found in check_chain(conn)


@pytest.mark.sqlite("PostgreSQL waits for whoever reads, at most as long as a writer waits")
def test_a_file_that_somebody_reads_cannot_be_rewritten_yet(engine: Engine, tmp_path: Path) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        decide(conn, incident, OWN)
    raw = engine.raw_connection()
    raw.cursor().execute("PRAGMA busy_timeout=0")
    raw.close()
    with closing(sqlite3.connect(tmp_path / "netra.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM label_events").fetchall()
        erase(engine, incident)
        with pytest.raises(StoppedError, match="same command again"):
            scrub(engine)
    scrub(engine)
    assert found_in_files(engine) == []
