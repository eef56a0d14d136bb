"""Of 10,000 decisions one is altered by hand: the chain tells which, whatever was altered (P3, P7)."""

import random
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from store.chain import chain_head, check_chain
from store.db import reading
from store.decisions import Decision, LabelEvent
from store.events import Typed, hash_event, name_texts, row_of
from store.labels import append_event
from store.records import UsageError
from store.schema import incidents, label_events, label_texts
from tests.store.samples import put_grouped

EVENTS = 10_000
AT = datetime(2024, 9, 18, tzinfo=UTC)


def chained(count: int) -> tuple[list[LabelEvent], list[tuple[Typed, str]]]:
    """Decisions as `append_event` chains them, without its look at the rest of the database."""
    events: list[LabelEvent] = []
    history: dict[str, list[LabelEvent]] = defaultdict(list)
    texts = []
    for number in range(count):
        event = LabelEvent(
            event_id="",
            previous=events[-1].event_id if events else "",
            incident_id=f"I-{number % 700:012x}",
            doc_id=f"N-{number % 700:012x}",
            text_sha256=f"{number:064x}",
            model="model-1",
            at=AT + timedelta(seconds=number),
            reviewer=f"R-{number % 9:012x}",
            origin="page",
            review="first",
            old=None if number < 700 else Decision("none", note=f"nomor {number - 700}"),
            new=Decision(("case", "none", "unsure")[number % 3], note=f"nomor {number}"),
            reason="",
        )
        event, typed = name_texts(event, history[event.incident_id])
        events.append(replace(event, event_id=hash_event(event)))
        history[event.incident_id].append(events[-1])
        texts += [(one, events[-1].event_id) for one in typed]
    return events, texts


@pytest.mark.sqlite("the chain is checked over values, whatever brings them; 10,000 rows once are enough")
def test_one_altered_row_of_ten_thousand_is_told(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as conn:
        events, texts = chained(EVENTS)
        rows = [row_of(event) | {"place": place} for place, event in enumerate(events, start=1)]
        conn.execute(insert(label_events), rows)
        conn.execute(insert(label_texts), [asdict(one) | {"event_id": event_id} for one, event_id in texts])
        assert check_chain(conn) == ""
        assert chain_head(conn)[0] == EVENTS
    engine.dispose()
    chance = random.Random(3)
    names = [column.name for column in label_events.c if column.name != "place"]
    changes = {"at": "2024-09-18 02:30:00.000001", "old_types": '["banner"]', "new_types": '["banner"]'}
    changes |= {"new_decision": "case", "old_decision": "case", "review": "second"}
    for name in names:
        # Any place; half of the register is read on average.
        place = 1 + chance.randrange(EVENTS - 2)
        with closing(sqlite3.connect(tmp_path / "netra.db", isolation_level=None)) as plain:
            plain.execute("BEGIN")
            for trigger in ("update", "delete", "replace"):
                plain.execute(f"DROP TRIGGER IF EXISTS label_events_no_{trigger}")
            if name in ("new_decision", "old_decision"):
                # One that it is not yet.
                found = f"SELECT min(place) FROM label_events WHERE place >= ? AND {name} <> 'case'"  # noqa: S608 - a column of ours
                place = plain.execute(found, (max(place, 701),)).fetchone()[0]
            (old,) = plain.execute(f"SELECT {name} FROM label_events WHERE place = ?", (place,)).fetchone()  # noqa: S608 - a column of ours
            update = f"UPDATE label_events SET {name} = ? WHERE place = ?"  # noqa: S608 - a column of ours
            plain.execute(update, (changes.get(name, f"{old}x"), place))
            plain.execute("COMMIT")
            with reading(engine) as conn:
                assert check_chain(conn).startswith(f"event {place} "), name
            plain.execute(update, (old, place))
    with reading(engine) as conn:
        assert check_chain(conn) == ""


def test_nothing_becomes_a_case_without_a_reviewer(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    for nobody in ("", " ", "\t\n", "\u00a0"):
        with pytest.raises(UsageError, match="name is empty"), engine.begin() as conn:
            append_event(
                conn,
                incident_id=incident.incident_id,
                new=Decision("case"),
                seen=None,
                reviewer=nobody,
                origin="page",
                at=AT,
            )
    values = row_of(chained(1)[0][0]) | {"place": 1}
    for column in ("reviewer", "at", "event_id"):
        with pytest.raises(IntegrityError), engine.begin() as conn:
            conn.execute(insert(label_events), values | {column: None})
    with pytest.raises(IntegrityError), engine.begin() as conn:
        conn.execute(insert(label_events), values | {"new_decision": "violation"})
    with reading(engine) as conn:
        assert chain_head(conn)[0] == 0
        # Whatever the score: what a machine flags waits for a person.
        assert conn.scalars(select(incidents.c.state)).all() == ["grouped"]
