"""Many decisions at once: the register that they make is the one that they would make one by one."""

import hashlib
import json
from dataclasses import asdict, replace

import pytest
from sqlalchemy import Engine, select, update

from store import labels
from store.chain import chain_head, check_chain
from store.db import reading
from store.decisions import ConflictError, LabelEvent, Seen, Wish
from store.events import hash_event
from store.labels import append_events, current_labels, events_of
from store.records import Incident, State, UsageError
from store.reviewers import add_reviewer, list_reviewers
from store.schema import documents
from tests.store.deciding import AT, CASE, NONE, UNSURE, decide, states
from tests.store.samples import make_document, make_page, put_grouped


def wish(incident: Incident, new: object, **changes: object) -> Wish:
    made = Wish(incident.incident_id, new, None, "Sri Wahyuni", "sheet:00:2")  # type: ignore[arg-type]  # of any kind
    return replace(made, **changes)  # type: ignore[arg-type]  # a wish's own fields


def content(engine: Engine, incidents: list[Incident]) -> list[object]:
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        told = [(e.new, e.old, e.at, e.origin) for i in incidents for e in events_of(conn, i.incident_id)]
        return [told, [states(conn, incident) for incident in incidents], chain_head(conn)[0]]


@pytest.mark.parametrize("at_once", [1, 3, 5_000])
def test_many_at_once_make_the_register_that_they_make_one_by_one(
    engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(labels, "IDS_AT_ONCE", at_once)
    said = (CASE, NONE, UNSURE, CASE, None)
    for one in (engine, other):
        incidents = put_grouped(one, 1, 2, 3, 4, 5)
        with one.begin() as conn:
            decide(conn, incidents[4], NONE)
    with engine.begin() as conn:
        wishes = [wish(incident, new) for incident, new in zip(incidents, said, strict=True)]
        made = append_events(conn, [*wishes, wish(incidents[0], UNSURE)], at=AT)
        assert [e.new for e in made if isinstance(e, LabelEvent)] == [*said, UNSURE]
        assert len(list_reviewers(conn)) == 1
    with other.begin() as conn:
        for incident, new in zip([*incidents, incidents[0]], [*said, UNSURE], strict=True):
            decide(conn, incident, new, origin="sheet:00:2")
    assert content(engine, incidents) == content(other, incidents)


def test_a_conflict_keeps_none_of_the_others_out(engine: Engine) -> None:
    one, two, three = put_grouped(engine, 1, 2, 3)
    with engine.begin() as conn:
        standing = decide(conn, two, CASE)
        seen = Seen(make_document(make_page(1)).text_sha256, "model-1")
        conn.execute(
            update(documents).where(documents.c.doc_id == three.doc_ids[0]).values(text_sha256="f" * 64)
        )
        made = append_events(
            conn,
            [
                wish(one, NONE, seen=seen, expected=""),
                wish(two, NONE, expected=""),
                wish(two, CASE, expected=""),
                wish(three, CASE, seen=seen),
            ],
            at=AT,
        )
    first, overtaken, same, changed = made
    assert isinstance(first, LabelEvent)
    assert isinstance(overtaken, ConflictError)
    assert overtaken.standing == standing
    assert same is None
    assert isinstance(changed, ConflictError)
    assert "the text has changed" in str(changed)
    with reading(engine) as conn:
        assert {i: e.new for i, e in current_labels(conn).items()} == {
            one.incident_id: NONE,
            two.incident_id: CASE,
        }
        assert states(conn, three)[0] != State.REVIEWED


@pytest.mark.parametrize("wrong", ["unknown", "decision", "second"])
def test_what_cannot_be_noted_leaves_all_of_them_out(engine: Engine, wrong: str) -> None:
    one, two = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        add_reviewer(conn, name="Sri Wahyuni", role="reviewer", password_hash="", at=AT)
        bad = {
            "unknown": wish(two, CASE, incident_id="I-ffffffffffff"),
            "decision": wish(two, replace(CASE, decision="guilty")),
            "second": wish(one, NONE, review="second"),
        }[wrong]
        with pytest.raises(UsageError, match=bad.incident_id):
            append_events(conn, [wish(one, CASE), bad], at=AT)
        assert chain_head(conn) == (0, "")


def test_the_hash_is_that_of_the_whole_event_as_json(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        decide(conn, incident, CASE)
        event = decide(conn, incident, UNSURE, reason="jelas")
        assert conn.scalar(select(documents.c.state)) == State.QUEUED
    assert event is not None
    told = asdict(event) | {"at": event.at.isoformat(timespec="microseconds")}
    # What was typed stands in it as a digest.
    for column, digest in told.pop("digests"):
        side, _, field = column.rpartition("_")
        (told[side] if side else told)[field] = digest
    previous = told.pop("previous")
    assert told.pop("event_id") == hash_event(event)
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hash_event(event) == hashlib.sha256((previous + plain).encode()).hexdigest()
