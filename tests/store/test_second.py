"""The blind second review: who gets what, what is a pair, what waits for an adjudication."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, delete

from store.decisions import Decision
from store.labels import append_event
from store.records import UsageError
from store.schema import incident_documents, incidents
from store.second import differing_fields, disagreements, draw_number, pairs_of, second_review_due
from tests.store.samples import put_grouped

AT = datetime(2024, 9, 18, tzinfo=UTC)
CASE, NONE, UNSURE = Decision("case", ("banner",)), Decision("none"), Decision("unsure")


def say(conn: Connection, incident_id: str, who: str, new: Decision | None, review: str = "first") -> None:
    assert append_event(
        conn,
        incident_id=incident_id,
        new=new,
        seen=None,
        reviewer=who,
        origin="page",
        at=AT,
        review=review,  # type: ignore[arg-type]  # the tests name lines in short
    )


@pytest.fixture(name="ids")
def fill(engine: Engine) -> list[str]:
    return [incident.incident_id for incident in put_grouped(engine, *range(10))]


def test_a_reviewer_gets_what_others_have_decided_and_nobody_has_reviewed(
    engine: Engine, ids: list[str]
) -> None:
    with engine.begin() as conn:
        for incident_id in ids[:6]:
            say(conn, incident_id, "Sri", CASE)
        say(conn, ids[6], "Budi", CASE)
        say(conn, ids[7], "Sri", UNSURE)
        say(conn, ids[0], "Tuti", NONE, "second")
        say(conn, ids[1], "Tuti", NONE, "second")
        say(conn, ids[1], "Tuti", None, "second")
        conn.execute(delete(incident_documents).where(incident_documents.c.incident_id == ids[2]))
        conn.execute(delete(incidents).where(incidents.c.incident_id == ids[2]))
        due = second_review_due(conn, reviewer="budi", share=1)
        assert sorted(due) == sorted([ids[1], *ids[3:6]])
        assert due == sorted(due, key=draw_number)
        assert second_review_due(conn, reviewer="Sri", share=1) == [ids[6]]
        assert second_review_due(conn, reviewer="nobody yet", share=0) == []
        half = second_review_due(conn, reviewer="Budi", share=0.5)
        assert half == [i for i in due if draw_number(i) < 0.5]


def test_a_share_is_from_0_to_1(engine: Engine) -> None:
    with engine.begin() as conn, pytest.raises(UsageError, match=r"1\.5"):
        second_review_due(conn, reviewer="Budi", share=1.5)


def test_the_draw_meets_its_share() -> None:
    numbers = [draw_number(f"I-{n:012x}") for n in range(10_000)]
    # Three standard errors of a share of 0.15 among 10,000.
    assert abs(sum(n < 0.15 for n in numbers) / 10_000 - 0.15) < 0.011


def test_a_pair_holds_the_first_decision_as_it_stood(engine: Engine, ids: list[str]) -> None:
    a, b, c, d, e = ids[:5]
    with engine.begin() as conn:
        say(conn, a, "Sri", CASE)
        say(conn, a, "Budi", NONE, "second")
        say(conn, a, "Sri", NONE)  # talked over: no agreement of two blind reviewers
        say(conn, b, "Sri", CASE)
        say(conn, b, "Budi", CASE, "second")
        say(conn, b, "Budi", None, "second")
        say(conn, c, "Budi", CASE, "second")  # nothing to compare with
        say(conn, d, "Sri", CASE)
        say(conn, d, "Budi", CASE, "second")
        say(conn, d, "Tuti", NONE, "adjudication")
        say(conn, e, "Sri", CASE)
        pairs = [(one.incident_id, one.new, two.new) for one, two in pairs_of(conn)]
        assert pairs == [(a, CASE, NONE), (d, CASE, CASE)]


def test_what_differs_waits_until_it_is_settled(engine: Engine, ids: list[str]) -> None:
    with engine.begin() as conn:
        for incident_id, new in zip(ids, (NONE, CASE, Decision("case", ("team",))), strict=False):
            say(conn, incident_id, "Sri", CASE)
            say(conn, incident_id, "Budi", new, "second")
        found = disagreements(conn)
        assert [(item.incident_id, item.fields) for item in found] == [
            (ids[0], ("decision",)),
            (ids[2], ("types",)),
        ]
        say(conn, ids[0], "Tuti", NONE, "adjudication")
        say(conn, ids[2], "Sri", Decision("case", ("team",)))
        assert disagreements(conn) == []
        say(conn, ids[0], "Tuti", None, "adjudication")
        assert [item.incident_id for item in disagreements(conn)] == [ids[0]]


@pytest.mark.parametrize(
    ("one", "other", "fields"),
    [
        (CASE, NONE, ("decision",)),
        (UNSURE, UNSURE, ()),
        (Decision("none", note="a"), Decision("none", note="b"), ()),
        (Decision("case", ("banner", "team")), Decision("case", ("team", "banner")), ()),
        (Decision("case", actor="Camat  Tallo"), Decision("case", actor="camat tallo"), ()),
        (Decision("case", actor="lurah"), Decision("case"), ()),
        (Decision("case", ("team",), "lurah"), Decision("case", (), "camat"), ("types", "actor")),
    ],
)
def test_which_fields_differ(one: Decision, other: Decision, fields: tuple[str, ...]) -> None:
    assert differing_fields(one, other) == differing_fields(other, one) == fields
