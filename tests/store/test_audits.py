"""What is known of flagged and audited incidents of the same nights, decided or not."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update

from store.audits import Sampled, sampled_incidents
from store.decisions import Decision
from store.labels import append_event
from store.schema import incidents
from tests.store.samples import NIGHT, put_grouped


def test_flags_of_nights_without_an_audit_are_left_out(engine: Engine) -> None:
    flagged, early, below, gone = sorted(i.incident_id for i in put_grouped(engine, 1, 2, 3, 4))
    with engine.begin() as conn:
        assert sampled_incidents(conn) == []
        for incident_id, values in (
            (early, {"first_night": NIGHT - timedelta(days=1)}),
            (below, {"kind": "audit", "stratum": "below", "share": 0.1}),
            (gone, {"kind": "audit", "stratum": "screened_out", "share": 0.01}),
        ):
            conn.execute(update(incidents).where(incidents.c.incident_id == incident_id).values(values))
        for incident_id, new in ((flagged, Decision("case")), (gone, Decision("none"))):
            append_event(
                conn,
                incident_id=incident_id,
                new=new,
                seen=None,
                reviewer="Sri",
                origin="page",
                at=datetime(2024, 9, 18, tzinfo=UTC),
            )
        expected = [
            Sampled(flagged, "flagged", 1.0, "case", 1, 0.875),
            Sampled(below, "below", 0.1, "", 1, 0.875),
            Sampled(gone, "screened_out", 0.01, "none", 1, 0.875),
        ]
        assert sampled_incidents(conn) == sorted(expected, key=lambda row: row.incident_id)
        assert len(sampled_incidents(conn, since=NIGHT - timedelta(days=1))) == 4
        assert sampled_incidents(conn, until=NIGHT - timedelta(days=1)) == []
