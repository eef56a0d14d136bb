"""Records for the store's tests, made from a number; invented outlets, no real text."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from store import stages
from store.frontier import Link, put_page
from store.records import Candidate, Document, Incident, Prediction, RawPage, WarcRef

NIGHT = date(2024, 9, 17)
SOURCE = "kabar-lontara"


def digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def make_link(number: int, **changes: Any) -> Link:
    url = f"https://www.kabarlontara.test/2024/09/berita-{number}"
    return Link(**({"url": url + "?utm_source=rss", "canonical_url": url} | changes))


def make_page(number: int, **changes: Any) -> RawPage:
    source_id = changes.get("source_id", SOURCE)
    url = changes.get("canonical_url", make_link(number).canonical_url)
    values: dict[str, Any] = {
        "page_id": "G-" + digest(f"{source_id}\n{url}", 16),
        "source_id": source_id,
        "url": url + "?utm_source=rss",
        "canonical_url": url,
        "night": NIGHT,
        "fetched_at": datetime(2024, 9, 16, 19, 0, tzinfo=UTC) + timedelta(seconds=number),
        "status": 200,
        "format": "html",
        "part": "",
        "encoding": "utf-8",
        "refs": (WarcRef("20240917.warc.gz", 100 + number), WarcRef("20240917.warc.gz", 900 + number)),
        "body_sha256": digest(f"body {number}", 64),
        "pages_expected": 2,
    }
    return RawPage(**(values | changes))


def make_document(page: RawPage, **changes: Any) -> Document:
    text = f"Dugaan pelanggaran pada {page.canonical_url}."
    values: dict[str, Any] = {
        "doc_id": "N-" + digest(page.canonical_url, 12),
        "page_id": page.page_id,
        "source_id": page.source_id,
        "kind": "news",
        "night": page.night,
        "url": page.url,
        "canonical_url": page.canonical_url,
        "title": "Camat hadir di deklarasi",
        "text": text,
        "author": "",
        "published_at": page.fetched_at - timedelta(hours=3),
        "published_precision": "minute",
        "dateline": "Makassar",
        "language": "id",
        "pages_expected": 2,
        "pages_fetched": 2,
        "extractor": "trafilatura",
        "extractor_version": "1",
        "text_sha256": digest(text, 64),
        "removed": ("Baca juga: kabar lain",),
        "fetched_at": page.fetched_at,
    }
    return Document(**(values | changes))


def make_candidate(doc: Document, **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "doc_id": doc.doc_id,
        "candidate": True,
        "reasons": ("who:camat", "act:deklarasi"),
        "sentences": (doc.text,),
        "screen_version": "screen-1",
    }
    return Candidate(**(values | changes))


def make_prediction(doc: Document, **changes: Any) -> Prediction:
    values: dict[str, Any] = {
        "doc_id": doc.doc_id,
        "label": "case",
        "score": 0.875,
        "flagged": True,
        "types": ("attend_active", "mobilise"),
        "stage": "pre",
        "process": "report",
        "position": "camat_lurah",
        "region": "Kota Makassar, Sulawesi Selatan",
        "evidence": (doc.text,),
        "model": "model-1",
    }
    return Prediction(**(values | changes))


def make_incident(*docs: Document, **changes: Any) -> Incident:
    values: dict[str, Any] = {
        "incident_id": "I-" + digest(docs[0].doc_id, 12),
        "doc_ids": tuple(doc.doc_id for doc in docs),
        "first_night": min(doc.night for doc in docs),
        "region": "Kota Makassar, Sulawesi Selatan",
        "position": "camat_lurah",
        "types": ("attend_active", "mobilise"),
        "process": "report",
        "score": 0.875,
    }
    return Incident(**(values | changes))


def put_extracted(engine: Engine, *numbers: int, **changes: Any) -> list[Document]:
    """Documents in state extracted."""
    docs = []
    with engine.begin() as conn:
        for number in numbers:
            page = make_page(number)
            put_page(conn, page)
            docs.append(make_document(page, **changes))
            stages.save_document(conn, page.page_id, docs[-1], version="extract-1")
    return docs


def put_scored(engine: Engine, *numbers: int, **changes: Any) -> list[Document]:
    """Documents in state scored, with a prediction."""
    docs = put_extracted(engine, *numbers)
    with engine.begin() as conn:
        for doc in docs:
            stages.save_candidate(conn, make_candidate(doc))
            stages.save_prediction(conn, doc.doc_id, make_prediction(doc, **changes), model="model-1")
    return docs


def put_grouped(engine: Engine, *numbers: int) -> list[Incident]:
    """Incidents of one document each, in state grouped."""
    incidents = [make_incident(doc) for doc in put_scored(engine, *numbers)]
    with engine.begin() as conn:
        stages.save_incidents(conn, incidents, version="group-1")
    return incidents
