"""Fifty invented people in some hundred items, each in another kind of row."""

import random
from datetime import UTC, datetime

from sqlalchemy import Engine

from store import stages
from store.decisions import Decision
from store.frontier import put_page
from store.labels import append_event
from tests.store.samples import (
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
    put_extracted,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = ("Wardani", "Jatmiko", "Lestyo", "Marsudi", "Ngatiman", "Prihatin", "Rukmini")
LAST = (
    "Kertaraharja",
    "Wirasendjaja",
    "Tjondrosari",
    "Brotosuwiryo",
    "Padmasasmita",
    "Gondokusuman",
    "Adiwongso",
)
#: Fifty invented people.
PEOPLE = [f"{first} {last}" for first in FIRST for last in LAST] + ["Sutrisno Harjowinoto"]


def plant(engine: Engine) -> dict[str, set[str]]:
    """Fifty people in 250 items, each in another kind of row; gives person -> tables that hold the name."""
    rng = random.Random(11)
    planted: dict[str, set[str]] = {}
    put_extracted(engine, *range(1000, 1200))
    with engine.begin() as conn:
        for number, name in enumerate(PEOPLE):
            page = make_page(number)
            put_page(conn, page)
            shown = rng.choice(
                [name, name.upper(), name.lower(), name.replace(" ", "\n "), f"Dr. {name}, S.E."]
            )
            where = ("title", "text", "author", "evidence", "sentences", "note")[number % 6]
            doc = make_document(
                page, **({where: f"Kata {shown}."} if where in ("title", "text", "author") else {})
            )
            said = (f"Menurut {shown} itu benar.",)
            stages.save_document(conn, page.page_id, doc, version="extract-1")
            stages.save_candidate(
                conn, make_candidate(doc, sentences=said if where == "sentences" else ("Kalimat.",))
            )
            evidence = said if where == "evidence" else ("Kalimat.",)
            stages.save_prediction(conn, doc.doc_id, make_prediction(doc, evidence=evidence), model="model-1")
            incident = make_incident(doc)
            stages.save_incidents(conn, [incident], version="group-1")
            if where == "note":
                append_event(
                    conn,
                    incident_id=incident.incident_id,
                    new=Decision("case", ("banner",), "camat_lurah", f"kata {shown}"),
                    seen=None,
                    reviewer="Sri Wahyuni",
                    origin="page",
                    at=AT,
                )
            table = {"evidence": "predictions", "sentences": "candidates", "note": "label_texts"}
            planted[name] = {table.get(where, "documents")}
    return planted
