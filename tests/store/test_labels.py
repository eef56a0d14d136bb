"""The register of decisions: one chain, only growing, never apart from the state it gives."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from store import labels, stages
from store.chain import chain_head, check_chain
from store.db import reading
from store.decisions import ConflictError, Decision, LabelEvent, Seen
from store.digest import content_digest
from store.events import hash_event
from store.labels import append_event, current_labels, events_of, undo_event
from store.queue import flagged_rows, mark_queued
from store.records import UsageError
from store.reviewers import find_reviewer, list_reviewers
from store.schema import documents, incidents, label_events, predictions
from store.schema import incident_documents as members
from tests.store.by_hand import by_hand, replacing
from tests.store.deciding import AT, CASE, NONE, UNSURE, decide, states
from tests.store.samples import NIGHT, make_document, make_page, put_grouped, put_scored


def decisions(events: Sequence[LabelEvent]) -> list[Decision | None]:
    return [event.new for event in events]


def test_an_event_holds_what_was_decided_on_what_and_by_whom(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    lead = make_document(make_page(1))
    with engine.begin() as conn:
        event = decide(conn, incident, CASE, seen=Seen(lead.text_sha256, "model-1"), reason="jelas")
        assert event is not None
        account = find_reviewer(conn, "sri  WAHYUNI")
        assert account is not None
        assert event == LabelEvent(
            event_id=hash_event(event),
            previous="",
            incident_id=incident.incident_id,
            doc_id=lead.doc_id,
            text_sha256=lead.text_sha256,
            model="model-1",
            at=AT,
            reviewer=account.reviewer_id,
            origin="page",
            review="first",
            old=None,
            new=CASE,
            reason="jelas",
            digests=event.digests,
        )
        assert events_of(conn, incident.incident_id) == [event]
        assert current_labels(conn) == {incident.incident_id: event}
        assert chain_head(conn) == (1, event.event_id)


@pytest.mark.parametrize("queued", [False, True])
@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([CASE], "reviewed"),
        ([NONE], "reviewed"),
        ([UNSURE], "queued"),
        ([CASE, UNSURE], "queued"),
        ([CASE, None], "queued"),
        ([UNSURE, NONE], "reviewed"),
    ],
)
def test_a_decision_takes_the_incident_out_of_the_queue_and_doubt_puts_it_back(
    engine: Engine, said: list[Decision | None], state: str, queued: bool
) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        if queued:
            mark_queued(conn, [incident.incident_id])
        for new in said:
            assert decide(conn, incident, new)
        assert states(conn, incident) == (state, [state])
        assert bool(flagged_rows(conn, until=NIGHT)) == (state == "queued")


def test_a_document_that_is_being_worked_out_anew_keeps_the_state_of_its_stage(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        conn.execute(update(documents).values(state="screened"))
        decide(conn, incident, CASE)
        assert states(conn, incident) == ("reviewed", ["screened"])


def test_saying_the_same_twice_is_saying_it_once(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        assert decide(conn, incident, None) is None
        assert decide(conn, incident, CASE)
    before = content_digest(engine)
    with engine.begin() as conn:
        # Even where the reviewer saw another text or did not know of the first decision.
        assert decide(conn, incident, CASE, seen=Seen("x", "y"), expected="z", reviewer="Budi") is None
        assert len(list_reviewers(conn)) == 1
    assert content_digest(engine) == before


def test_undo_and_undo_of_undo(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    undo = {"incident_id": incident.incident_id, "reviewer": "Sri Wahyuni", "at": AT, "origin": "page"}
    with engine.begin() as conn:
        assert undo_event(conn, **undo) is None
        decide(conn, incident, CASE)
        undone = undo_event(conn, **undo)
        assert undone
        assert (undone.old, undone.new) == (CASE, None)
        assert current_labels(conn) == {}
        assert states(conn, incident) == ("queued", ["queued"])
        again = undo_event(conn, **undo)
        assert again
        assert again.new == CASE
        assert current_labels(conn) == {incident.incident_id: again}
        assert states(conn, incident) == ("reviewed", ["reviewed"])
        decide(conn, incident, NONE)
        with pytest.raises(ConflictError):
            undo_event(conn, **undo, expected=again.event_id)
        undo_event(conn, **undo)
        assert decisions(events_of(conn, incident.incident_id)) == [CASE, None, CASE, NONE, CASE]
        assert check_chain(conn) == ""


@pytest.mark.parametrize(
    ("table", "change", "word"),
    [(documents, {"text_sha256": "0" * 64}, "text"), (predictions, {"model": "model-2"}, "prediction")],
)
def test_a_decision_on_what_has_changed_since_is_a_conflict(
    engine: Engine, table: Any, change: dict[str, str], word: str
) -> None:
    (incident,) = put_grouped(engine, 1)
    seen = Seen(make_document(make_page(1)).text_sha256, "model-1")
    with engine.begin() as conn:
        conn.execute(update(table).values(change))
    before = content_digest(engine)
    with pytest.raises(ConflictError, match=word) as caught, engine.begin() as conn:
        decide(conn, incident, CASE, seen=seen)
    assert (caught.value.incident_id, caught.value.seen) == (incident.incident_id, seen)
    assert caught.value.stored == Seen(
        change.get("text_sha256", seen.text_sha256), change.get("model", "model-1")
    )
    assert caught.value.exit_code == 2
    assert content_digest(engine) == before


def test_the_second_of_two_reviewers_at_once_is_told(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        first = decide(conn, incident, CASE, expected="")
        assert first
        with pytest.raises(ConflictError, match="somebody else") as caught:
            decide(conn, incident, NONE, reviewer="Budi", expected="")
        assert caught.value.standing == first
        with pytest.raises(ConflictError):
            decide(conn, incident, NONE, expected="f" * 64)
        assert decide(conn, incident, NONE, reviewer="Budi", expected=first.event_id)
        # Another line of decisions has a latest event of its own.
        assert decide(conn, incident, CASE, review="second", reviewer="Tuti", expected="")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"incident_id": "I-0"}, "not in the store"),
        ({"new": Decision("guilty")}, "decision 'guilty'"),
        ({"new": Decision("case", ("bribe",))}, "type 'bribe'"),
        ({"review": "third"}, "review 'third'"),
        ({"reviewer": "  "}, "name is empty"),
    ],
)
def test_what_does_not_exist_is_refused(engine: Engine, changes: dict[str, Any], word: str) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn, pytest.raises(UsageError, match=word):
        decide(conn, incident, **({"new": CASE} | changes))
    with reading(engine) as conn:
        assert chain_head(conn) == (0, "")
        with pytest.raises(UsageError, match="last"):
            current_labels(conn, review="last")


def test_the_last_word_is_the_adjudication_then_the_first_decision(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)

    def final(conn: Connection) -> Decision | None:
        found = current_labels(conn, [incident.incident_id], review="final").get(incident.incident_id)
        return found.new if found else None

    with engine.begin() as conn:
        decide(conn, incident, UNSURE)
        decide(conn, incident, NONE, review="second", reviewer="Budi")
        assert (final(conn), states(conn, incident)[0]) == (UNSURE, "queued")
        decide(conn, incident, CASE, review="adjudication", reviewer="Tuti")
        assert (final(conn), states(conn, incident)[0]) == (CASE, "reviewed")
        decide(conn, incident, None)
        assert (final(conn), states(conn, incident)[0]) == (CASE, "reviewed")
        decide(conn, incident, None, review="adjudication", reviewer="Tuti")
        assert (final(conn), states(conn, incident)[0]) == (NONE, "reviewed")
        assert current_labels(conn, [incident.incident_id]) == {}
        assert set(current_labels(conn, review="second")) == {incident.incident_id}
        assert current_labels(conn, [], review="final") == {}


def test_nobody_reviews_their_own_decision_blindly(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        decide(conn, incident, CASE)
        with pytest.raises(UsageError, match="somebody else"):
            decide(conn, incident, NONE, review="second", reviewer="sri wahyuni")


def test_what_screening_let_go_can_be_decided_on(engine: Engine) -> None:
    (doc,) = put_scored(engine, 1, flagged=False)
    with engine.begin() as conn:
        conn.execute(delete(predictions))
        conn.execute(
            insert(incidents).values(
                incident_id="A-1",
                first_night=NIGHT,
                region="",
                position="unspecified",
                types=(),
                process="unknown",
                score=0.0,
                state="grouped",
                kind="audit",
                stratum="screened_out",
                share=0.01,
            )
        )
        conn.execute(insert(members).values(doc_id=doc.doc_id, incident_id="A-1", place=0))
        event = append_event(
            conn,
            incident_id="A-1",
            new=NONE,
            seen=Seen(doc.text_sha256, "model-1"),
            reviewer="Budi",
            origin="page",
            at=AT,
        )
        assert event
        assert event.model == "model-1"


def fill(engine: Engine, number: int = 5) -> None:
    incidents_ = put_grouped(engine, *range(number))
    with engine.begin() as conn:
        for i, incident in enumerate(incidents_):
            decide(conn, incident, CASE if i % 2 else NONE, at=AT + timedelta(seconds=i))


#: Rows that would take the place of others by their key: the same row, and one with another place.
SAME = "SELECT * FROM label_events WHERE place = 3"
MOVED = (
    "SELECT place + 9, event_id, 'x' || previous, incident_id, doc_id, "
    "text_sha256, model, at, reviewer, origin, review, old_decision, old_types, old_actor, old_note, "
    "new_decision, new_types, new_actor, new_note, reason FROM label_events WHERE place = 3"
)


@pytest.mark.parametrize(
    ("statement", "key"),
    [
        ("UPDATE label_events SET new_decision = 'none'", ""),
        ("UPDATE label_events SET reviewer = 'R-0' WHERE place = 2", ""),
        ("DELETE FROM label_events WHERE place = 5", ""),
        (SAME, "place"),
        (MOVED, "event_id"),
    ],
)
def test_the_database_refuses_to_change_an_event(engine: Engine, statement: str, key: str) -> None:
    fill(engine)
    before = content_digest(engine)
    if key:
        statement = replacing(engine, "label_events", statement, key=key, column="reviewer")
    with pytest.raises(IntegrityError, match="only grows"), engine.begin() as conn:
        conn.exec_driver_sql(statement)
    assert content_digest(engine) == before


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE label_events SET new_decision = 'case' WHERE place = 3", "event 3 "),
        ("UPDATE label_events SET new_types = '[\"banner\"]' WHERE place = 2", "event 2 "),
        ("UPDATE label_events SET reviewer = 'R-other' WHERE place = 4", "event 4 "),
        ("UPDATE label_events SET at = '2024-09-18 02:30:00.000001' WHERE place = 1", "event 1 "),
        ("DELETE FROM label_events WHERE place = 3", "event 3 is missing"),
        ("DELETE FROM label_events WHERE place = 1", "event 1 is missing"),
        ("UPDATE label_events SET place = place + 1 WHERE place = 5", "event 5 is missing"),
    ],
)
def test_an_edit_by_hand_is_found(engine: Engine, edit: str, found: str) -> None:
    fill(engine)
    with by_hand(engine) as conn:
        conn.exec_driver_sql(edit)
    with reading(engine) as conn:
        assert check_chain(conn).startswith(found)


def test_an_event_that_was_made_anew_with_a_good_hash_breaks_the_chain_behind_it(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        events = list(labels.latest_events(conn))
    forged = replace(events[1], new=Decision("unsure", note=CASE.note))
    forged = replace(forged, event_id=hash_event(forged))
    with by_hand(engine) as conn:
        made_anew = {"event_id": forged.event_id, "new_decision": "unsure", "new_types": (), "new_actor": ""}
        conn.execute(update(label_events).where(label_events.c.place == 2).values(made_anew))
    with reading(engine) as conn:
        assert check_chain(conn).startswith("event 3 ")
        assert "does not follow" in check_chain(conn)


def test_the_digest_tells_registers_apart_and_accounts_are_no_content(engine: Engine, other: Engine) -> None:
    fill(engine)
    fill(other)
    # Reviewers' ids are random, so the two registers differ although the same was decided.
    one, two = content_digest(engine), content_digest(other)
    assert {name for name in one if one[name] != two[name]} == {"label_events", "label_texts"}
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE reviewers SET name = 'peninjau', password_hash = 'x', failures = 3")
        assert check_chain(conn) == ""
    assert content_digest(engine) == one


def test_a_decision_survives_a_newer_text(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    page = make_page(1)
    with engine.begin() as conn:
        event = decide(conn, incident, CASE)
        changed = make_document(page, text="Teks lain.", text_sha256="1" * 64)
        stages.save_document(conn, page.page_id, changed, version="extract-2")
        # A decision on a text that has no newer version is never worked out anew.
        assert states(conn, incident) == ("reviewed", ["reviewed"])
        assert current_labels(conn) == {incident.incident_id: event}


def test_more_ids_than_a_statement_takes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(engine)
    monkeypatch.setattr(labels, "IDS_AT_ONCE", 2)
    with reading(engine) as conn:
        ids = list(conn.scalars(select(label_events.c.incident_id)))
        assert current_labels(conn, [*ids, *ids, "I-0"]) == current_labels(conn)
