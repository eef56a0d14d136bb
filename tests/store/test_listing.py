from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import Engine, text, update

from store.db import reading
from store.listing import ListFilter, count_by, count_listed, list_incidents, next_incident
from store.records import State
from store.schema import documents, incidents
from tests.store.samples import put_grouped


@pytest.fixture
def queue(engine: Engine) -> list[str]:
    """Nine incidents over three nights, of two provinces, scores, types and sources; the last is decided."""
    ids = [incident.incident_id for incident in put_grouped(engine, *range(9))]
    with engine.begin() as conn:
        for number, incident_id in enumerate(ids):
            conn.execute(
                update(incidents)
                .where(incidents.c.incident_id == incident_id)
                .values(
                    first_night=date(2024, 9, 17 + number % 3),
                    score=(0.5, 0.9)[number % 2],
                    region=("Bali", "Kota Bima, Nusa Tenggara Barat")[number % 2],
                    types=("party_member",) if number == 4 else ("banner", "mobilise"),
                    state=State.REVIEWED if number == 8 else State.QUEUED,
                )
            )
        conn.execute(
            update(documents).where(documents.c.canonical_url.endswith("-3")).values(source_id="warta-lain")
        )
    return ids


def listed(engine: Engine, **changes: object) -> list[str]:
    with reading(engine) as conn:
        wanted = ListFilter(**changes)  # type: ignore[arg-type] # given by name below
        rows = list_incidents(conn, wanted, limit=50, offset=0)
        assert count_listed(conn, wanted) == len(rows)
    return [row.incident.incident_id for row in rows]


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"state": ""}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ({"state": "decided"}, [8]),
        ({"province": "Bali"}, [0, 2, 4, 6]),
        ({"province": "Nusa Tenggara Barat"}, [1, 3, 5, 7]),
        ({"type": "party_member"}, [4]),
        ({"source": "warta-lain"}, [3]),
        ({"source": "tidak-ada"}, []),
        ({"kind": "audit"}, []),
        ({"source": "warta-lain", "kind": "audit"}, []),
        ({"min_score": 0.8}, [1, 3, 5, 7]),
        ({"since": date(2024, 9, 19)}, [2, 5]),
    ],
    ids=str,
)
def test_a_filter_lets_through_what_it_says(
    engine: Engine, queue: list[str], changes: dict[str, object], numbers: list[int]
) -> None:
    assert sorted(listed(engine, **changes)) == sorted(queue[number] for number in numbers)


@pytest.mark.usefixtures("queue")
def test_the_pages_joined_are_the_list_and_next_follows_it(engine: Engine) -> None:
    whole = listed(engine)
    with reading(engine) as conn:
        paged = [
            row.incident.incident_id
            for offset in range(0, 9, 3)
            for row in list_incidents(conn, ListFilter(), limit=3, offset=offset)
        ]
        rows = list_incidents(conn, ListFilter(), limit=50, offset=0)
        assert all(next_incident(conn, ListFilter(), after=one) == two for one, two in pairwise(whole))
        assert next_incident(conn, ListFilter(), after=whole[-1]) == whole[0]
    assert paged == whole
    keys = [(-r.incident.first_night.toordinal(), -r.incident.score, r.incident.incident_id) for r in rows]
    assert keys == sorted(keys)


@pytest.mark.usefixtures("queue")
def test_the_overview_counts_every_incident_once_in_each_field(engine: Engine) -> None:
    with reading(engine) as conn:
        counts = count_by(conn, ListFilter(state=""))
    assert counts == {
        "province": Counter({"Bali": 5, "Nusa Tenggara Barat": 4}),
        "position": Counter({"camat_lurah": 9}),
        "type": Counter({"banner": 8, "mobilise": 8, "party_member": 1}),
        "source": Counter({"kabar-lontara": 8, "warta-lain": 1}),
        "week": Counter({"2024-W38": 9}),
    }


@pytest.mark.parametrize("where", ["state != 'reviewed'", "position = 'jpt'", "region LIKE '%, Bali'"])
@pytest.mark.sqlite("the plan is in the words of SQLite; PostgreSQL chooses by its own statistics")
def test_the_list_is_read_from_its_index_alone(engine: Engine, where: str) -> None:
    query = (
        f"EXPLAIN QUERY PLAN SELECT incident_id FROM incidents WHERE kind = 'flagged' AND {where} "  # noqa: S608 - ours
        "ORDER BY first_night DESC, score DESC, incident_id LIMIT 50"
    )
    with reading(engine) as conn:
        plan = " ".join(row.detail for row in conn.execute(text(query)))
    assert "COVERING INDEX ix_incidents_listing" in plan
