"""A night of 300 made-up articles through every stage, with a dot on stdout after each commit.

    python -m tests.store.night URL

It is the program that test_crash.py kills. Run again it goes on where it was; it knows nothing of crashes.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Engine

from store import stages
from store.db import connect, migrate
from store.frontier import finish, lease, offer, release_leases
from store.lock import run_lock
from store.records import Document
from tests.store.samples import (
    NIGHT,
    SOURCE,
    make_candidate,
    make_document,
    make_incident,
    make_link,
    make_page,
    make_prediction,
)

ITEMS: Final = 300
NOW: Final = datetime(2024, 9, 16, 19, 0, tzinfo=UTC)
NUMBERS: Final = {make_link(number).canonical_url: number for number in range(ITEMS)}


def run_night(url: str) -> None:
    """Do what is left to do of the night."""
    engine = connect(url)
    with run_lock(engine):
        migrate(engine)
        os.write(1, b".")
        crawl(engine)
        extract(engine)
        screen(engine)
        classify(engine)
        group(engine)
    engine.dispose()


def crawl(engine: Engine) -> None:
    with committed(engine) as conn:
        release_leases(conn, SOURCE)
    with committed(engine) as conn:
        offer(conn, SOURCE, [make_link(number) for number in range(ITEMS)], night=NIGHT)
    while True:
        with committed(engine) as conn:
            links = lease(conn, SOURCE, now=NOW, ttl_s=600, limit=8)
        if not links:
            return
        for link in links:
            with committed(engine) as conn:
                finish(conn, make_page(NUMBERS[link.canonical_url]))


def extract(engine: Engine) -> None:
    with engine.begin() as conn:
        pages = stages.pending_pages(conn, limit=None)
    for page in pages:
        with committed(engine) as conn:
            if NUMBERS[page.canonical_url] % 10 == 0:
                stages.drop_page(conn, page.page_id, reason="a gallery", version="1")
            else:
                stages.save_document(conn, page.page_id, make_document(page), version="1")


def screen(engine: Engine) -> None:
    with engine.begin() as conn:
        docs = stages.pending_screen(conn, limit=None)
    for doc in docs:
        with committed(engine) as conn:
            stages.save_candidate(conn, make_candidate(doc, candidate=number_of(doc) % 3 == 0))


def classify(engine: Engine) -> None:
    with engine.begin() as conn:
        pairs = stages.pending_classify(conn, limit=None)
    for doc, candidate in pairs:
        prediction = make_prediction(doc, flagged=number_of(doc) % 2 == 0) if candidate.candidate else None
        with committed(engine) as conn:
            stages.save_prediction(conn, doc.doc_id, prediction, model="model-1")


def group(engine: Engine) -> None:
    with committed(engine) as conn:
        docs = [doc for doc, _ in stages.pending_group(conn)]
        # Incidents of three documents each; a re-run after the commit finds nothing pending.
        incidents = [make_incident(*docs[start : start + 3]) for start in range(0, len(docs), 3)]
        stages.save_incidents(conn, incidents, version="group-1")


def number_of(doc: Document) -> int:
    return NUMBERS[doc.canonical_url]


@contextmanager
def committed(engine: Engine) -> Iterator[Connection]:
    """One transaction, and a dot when it is on the disk."""
    with engine.begin() as conn:
        yield conn
    os.write(1, b".")


if __name__ == "__main__":
    run_night(sys.argv[1])
