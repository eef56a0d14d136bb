import json

from sqlalchemy import func, select

from benchmarks import review
from store.db import connect, reading
from store.listing import ListFilter, count_listed, list_incidents, read_texts
from store.schema import incidents, reviewers


def test_the_queue_is_as_long_as_asked_and_can_be_shown(tmp_path):
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    review.fill(url, size=30, reviewers=2)
    engine = connect(url)
    with reading(engine) as conn:
        assert count_listed(conn, ListFilter()) == conn.scalar(select(func.count()).select_from(incidents))
        rows = list_incidents(conn, ListFilter(), limit=50, offset=0)
        found = read_texts(conn, rows[0].incident.incident_id)
        assert conn.scalar(select(func.count()).select_from(reviewers)) == 2
    engine.dispose()
    assert len(rows) == 30
    assert found is not None
    assert len(found.texts) == 1


def test_reviewers_click_and_no_decision_is_lost(capsys):
    words = ["--incidents", "60", "--reviewers", "2", "--clicks", "24", "--pause", "0", "--json"]
    # A busy machine may be slow here; the bound is not tested, the bookkeeping is.
    review.main(words)
    told = json.loads(capsys.readouterr().out)
    assert told["wrong_answers"] == []
    assert told["decisions_saved"] > 0
    assert told["decisions_saved"] + told["conflicts_shown"] == told["ms"]["decision"]["n"]
    assert (told["decisions_lost"], told["chain"]) == (0, "whole")
    assert {"login", "incident", "list: source"} <= set(told["ms"])


def test_a_decision_that_the_register_does_not_hold_is_counted_as_lost(tmp_path):
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    review.fill(url, size=1, reviewers=1)
    engine = connect(url)
    assert review.lost(engine, {("I-000000000000", "catatan")}) == (1, "")
    engine.dispose()
