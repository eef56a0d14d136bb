"""The national picture against counts made by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from store import stages
from store.corrections import add_request
from store.db import reading
from store.decisions import Decision
from store.frontier import put_page
from store.intervals import wilson
from store.labels import append_event
from store.ledger import note_source, start_run
from store.national import MIN_ITEMS, Atlas, Picture, RegionCounts, read_picture
from store.records import Document, Incident, Outcome, SourceReport
from store.reviewers import add_reviewer
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
)

ACEH, SULSEL, MAKASSAR = "Aceh", "Sulawesi Selatan", "Kota Makassar, Sulawesi Selatan"
FIRST = datetime(2024, 9, 1, 3, tzinfo=UTC)


def place(dateline: str, outlet_region: str) -> str:
    return MAKASSAR if dateline == "Makassar" else outlet_region


ATLAS = Atlas(
    regions=(ACEH, "Kabupaten Pidie, Aceh", SULSEL, MAKASSAR, "Bali"),
    outlets={"serambi": ACEH, "lontara": SULSEL, "nasional": "", "pidie": "Kabupaten Pidie, Aceh"},
    place_of=place,
)


def put(conn: Connection, number: int, *, source: str, dateline: str = "", **said: Any) -> Document:
    """One screened document; `said` is what the classifier said, nothing where screening let it go."""
    page = make_page(number, source_id=source, canonical_url=f"https://{source}.test/{number}")
    put_page(conn, page)
    document = {key: said.pop(key) for key in ("published_at", "title", "night") if key in said}
    doc = make_document(page, dateline=dateline, **document)
    stages.save_document(conn, page.page_id, doc, version="extract-1")
    stages.save_candidate(conn, make_candidate(doc, candidate=bool(said)))
    if said:
        stages.save_prediction(conn, doc.doc_id, make_prediction(doc, **said), model="model-1")
    return doc


def put_incident(conn: Connection, number: int, *steps: tuple[int, str], region: str = MAKASSAR) -> Incident:
    """An incident of flagged texts: (days after FIRST, process) each."""
    docs = [
        put(
            conn,
            100 * number + n,
            source="lontara",
            flagged=True,
            process=process,
            region=region,
            published_at=FIRST + timedelta(days=days),
        )
        for n, (days, process) in enumerate(steps)
    ]
    incident = make_incident(*docs, region=region, process=steps[-1][1])
    stages.save_incidents(conn, [incident], version="group-1")
    return incident


def picture(engine: Engine, **changes: Any) -> Picture:
    with reading(engine) as conn:
        return read_picture(conn, ATLAS, **({"since": None, "until": date(2024, 12, 1)} | changes))


def region(found: Picture, name: str) -> RegionCounts:
    [one] = [r for r in (*found.provinces, *found.regencies) if r.region == name]
    return one


def test_what_is_divided_is_placed_by_one_rule_and_few_items_have_no_rate(engine: Engine) -> None:
    with engine.begin() as conn:
        for number in range(MIN_ITEMS - 1):
            put(conn, number, source="lontara", dateline="Makassar" if number < 60 else "")
        # The act lies in Aceh; the text was collected from Sulawesi Selatan, and is counted there.
        put(conn, 500, source="lontara", flagged=True, region=ACEH)
        put(conn, 501, source="serambi", flagged=True, region=ACEH)
        put(conn, 502, source="nasional")
    found = picture(engine)
    sulsel = region(found, SULSEL)
    assert (sulsel.items, sulsel.flagged) == (100, 1)
    assert sulsel.rate is not None
    low, high = wilson(1, 100)
    assert sulsel.rate.value == pytest.approx(10)
    assert (sulsel.rate.low, sulsel.rate.high) == pytest.approx((1000 * low, 1000 * high))
    assert (region(found, MAKASSAR).items, region(found, MAKASSAR).rate) == (60, None)
    assert (region(found, ACEH).items, region(found, ACEH).flagged, region(found, ACEH).rate) == (1, 1, None)
    assert (found.provinces[-1].region, found.provinces[-1].items) == ("", 1)
    assert (found.whole.items, found.whole.flagged) == (102, 2)
    assert found.whole.items == sum(province.items for province in found.provinces)


def test_a_case_waits_until_a_text_reports_its_end(engine: Engine) -> None:
    with engine.begin() as conn:
        put_incident(conn, 1, (0, "report"), (40, "recommendation"))
        put_incident(conn, 2, (0, "rumor"), (40, "sanction"), (50, "verdict"))
        put_incident(conn, 3, (0, "cleared"))
        put_incident(conn, 4, (80, "report"))
    makassar = region(picture(engine), MAKASSAR)
    # 1 December is 91 days after the first three, 11 after the last one.
    assert [(w.days, w.old, w.open) for w in makassar.waiting] == [(30, 3, 2), (60, 3, 1), (90, 3, 1)]
    assert (makassar.incidents, makassar.sanctions, makassar.verdicts, makassar.cleared) == (4, 1, 1, 1)
    early = region(picture(engine, until=NIGHT + timedelta(days=20)), MAKASSAR)
    assert [(w.days, w.old) for w in early.waiting] == [(30, 3), (60, 0), (90, 0)]


def test_months_are_those_of_publication_and_tell_prevention_beside_cases(engine: Engine) -> None:
    with engine.begin() as conn:
        put_incident(conn, 1, (0, "report"))
        put_incident(conn, 2, (31, "report"))
        for number, title in enumerate(
            ("ASN Pidie ikrar netralitas", "Bupati imbau panen", "ASN harus netral")
        ):
            put(
                conn,
                900 + number,
                source="serambi",
                title=title,
                label="none",
                flagged=False,
                published_at=FIRST,
            )
    found = picture(engine)
    assert [(m.month, m.incidents, m.normative) for m in found.months] == [
        ("2024-09", 1, 1),
        ("2024-10", 1, 0),
    ]
    assert found.months[0].positions == {"camat_lurah": 1}
    assert found.months[0].types == {"attend_active": 1, "mobilise": 1}
    assert (region(found, ACEH).normative, found.whole.normative) == (1, 1)


def test_what_was_refused_paused_or_is_later_is_left_out(engine: Engine) -> None:
    at = datetime(2024, 10, 1, tzinfo=UTC)
    with engine.begin() as conn:
        kept, refused, paused = (put_incident(conn, n, (0, "report")) for n in (1, 2, 3))
        add_reviewer(conn, name="Sekar", role="reviewer", password_hash="", at=at)
        append_event(
            conn,
            incident_id=refused.incident_id,
            new=Decision("none"),
            seen=None,
            reviewer="Sekar",
            origin="cli",
            at=at,
        )
        add_request(
            conn,
            incident_id=paused.incident_id,
            requester="subject",
            matter="identity",
            reference="",
            received_at=at,
            at=at,
        )
    assert picture(engine).whole.incidents == 1
    later = picture(engine, since=NIGHT + timedelta(days=1))
    assert (later.whole.incidents, later.whole.items) == (0, 0)
    assert kept.region == MAKASSAR


def test_a_region_says_why_nothing_may_be_seen_of_it(engine: Engine) -> None:
    run = start_run(engine, command="nightly", night=NIGHT)
    for source, outcome in (("lontara", Outcome.OK), ("serambi", Outcome.BLOCKED), ("nasional", Outcome.OK)):
        note_source(engine, run, SourceReport(source, NIGHT, outcome, 1, 1, 1, 0, ""))
    with engine.begin() as conn:
        put(conn, 1, source="lontara", dateline="Makassar")
    found = picture(engine)
    gaps = {r.region: (r.gap, r.sources, r.working) for r in (*found.provinces, *found.regencies)}
    assert gaps == {
        ACEH: ("none_working", 2, 0),
        "Bali": ("no_source", 0, 0),
        SULSEL: ("", 1, 1),
        "Kabupaten Pidie, Aceh": ("none_working", 2, 0),
        MAKASSAR: ("", 1, 1),
    }
    assert (found.whole.sources, found.whole.working) == (4, 2)


def test_an_empty_database_is_a_picture_without_counts(engine: Engine) -> None:
    found = picture(engine)
    assert (found.since, found.months) == (found.until, ())
    assert [r.gap for r in found.provinces] == ["none_working", "no_source", "none_working"]
    assert found.whole.rate is None
