"""Every file of decided texts that `retrain` writes is on record before it is in its place (P3)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.access import list_acts
from store.db import connect, migrate, reading
from store.labels import append_event
from store.records import StoppedError
from tests.nlp.test_reviewed import make
from tests.store.deciding import CASE
from tests.store.samples import put_grouped
from verbs import retraining
from verbs.recording import file_digest


def test_decided_texts_suspects_and_the_audit_sample_leave_a_row_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retraining, "REVIEWS", tmp_path / "reviews")
    db = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(db)
    migrate(engine)
    incident = put_grouped(engine, 1)[0].incident_id
    now = datetime.now(UTC)
    with engine.begin() as conn:
        append_event(conn, incident_id=incident, new=CASE, seen=None, reviewer="Siti", origin="cli", at=now)
    lines, learn, audit = retraining.gather_reviews(db, "m2")
    suspects = tmp_path / "reviews" / "m2-suspects.csv"
    retraining.list_suspects(db, [lines], suspects, learn)
    assert retraining.keep_sample(db, "m1", audit).read_text() == ""
    sample = retraining.keep_sample(db, "m2", [make(2)])
    with reading(engine) as conn:
        acts = list(list_acts(conn))
    assert {act.what for act in acts} == {"decided texts taken out"}
    assert [(act.subject, act.sha256) for act in acts] == [
        (path.name, file_digest(path)) for path in (lines, suspects, sample)
    ]
    assert [(act.shown, act.incidents) for act in acts] == [(1, (incident,)), (1, (incident,)), (1, ("I-1",))]
    with engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON access_acts BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    with pytest.raises(StoppedError, match="record of access"):
        retraining.keep_sample(db, "m3", [make(2)])
    assert len(list((tmp_path / "reviews").iterdir())) == 4
    engine.dispose()
