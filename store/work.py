"""Runs a stage of the night to its end: the loop that all stages share, and what each hands out and saves.

Promises: items go in chunks; the output of a chunk and the new states are committed together, so a kill loses
at most one chunk of work and nothing that was stored; an item that raises is counted, tried again, and set
aside after `MAX_FAILURES` tries while the rest goes on. Never does: know what a stage computes.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Engine

from store.db import reading
from store.records import Candidate, Document, Incident, Prediction, RawPage, StageReport, UsageError
from store.schema import UnstorableError
from store.stages import (
    MAX_FAILURES,
    drop_page,
    incident_members,
    note_failure,
    pending_classify,
    pending_group,
    pending_pages,
    pending_screen,
    save_candidate,
    save_document,
    save_incidents,
    save_prediction,
)

Item = TypeVar("Item")
Made = TypeVar("Made")
#: A flagged document as grouping gets it, and a known incident with its members.
Flagged = tuple[Document, Prediction]
Told = tuple[Incident, list[Document], list[Prediction]]

log = logging.getLogger(__name__)

#: Items per transaction: small enough to lose little work to a kill, large enough that fsync is no burden.
CHUNK = 50


def work_off(
    engine: Engine,
    stage: str,
    *,
    pending: Callable[[Connection, int], Sequence[Item]],
    name_of: Callable[[Item], str],
    work: Callable[[Item], Made],
    save: Callable[[Connection, Item, Made], None],
    version: str,
    progress: Callable[[int], None] = lambda _: None,
) -> StageReport:
    """Work off everything pending; `pending` takes a limit, `progress` is told how many items are done.

    `version` is that of the stage's code or model: what it failed on is tried again by a newer one.
    UsageError (a wrong model folder, say) is no fault of an item and ends the stage.
    """
    started = time.monotonic()
    saved = 0
    failed: set[str] = set()

    while True:
        with reading(engine) as conn:
            items = pending(conn, CHUNK)
        if not items:
            break
        made: list[tuple[Item, Made]] = []
        broken: list[tuple[Item, Exception]] = []
        for item in items:
            try:
                made.append((item, work(item)))
            except UsageError:
                raise
            except Exception as error:  # noqa: BLE001 - a poison item may raise anything; it is quarantined
                broken.append((item, error))
        with engine.begin() as conn:
            for item, result in made:
                try:
                    with conn.begin_nested():
                        save(conn, item, result)
                except UnstorableError as error:
                    broken.append((item, error))
                else:
                    saved += 1
                    failed.discard(name_of(item))
        for item, reason in broken:
            name = name_of(item)
            tries = note_failure(engine, stage, name, f"{type(reason).__name__}: {reason}", version=version)
            failed.add(name)
            log.warning("%s: %s failed (try %d of %d): %s", stage, name, tries, MAX_FAILURES, reason)
        progress(saved)
    return StageReport(stage, saved + len(failed), saved, len(failed), time.monotonic() - started)


def extract_pages(
    engine: Engine,
    read: Callable[[RawPage], Document | str],
    *,
    version: str,
    progress: Callable[[int], None],
) -> StageReport:
    """Pages to documents; `read` gives a document, or the reason why there is none in the page."""

    def save(conn: Connection, page: RawPage, made: Document | str) -> None:
        if isinstance(made, str):
            drop_page(conn, page.page_id, reason=made, version=version)
        else:
            save_document(conn, page.page_id, made, version=version)

    return work_off(
        engine,
        "extract",
        pending=lambda conn, limit: pending_pages(conn, limit=limit),
        name_of=lambda page: page.page_id,
        work=read,
        save=save,
        version=version,
        progress=progress,
    )


def screen_documents(
    engine: Engine,
    screen: Callable[[Document], Candidate],
    *,
    version: str,
    progress: Callable[[int], None],
) -> StageReport:
    """Documents to candidates."""
    return work_off(
        engine,
        "screen",
        pending=lambda conn, limit: pending_screen(conn, limit=limit),
        name_of=lambda document: document.doc_id,
        work=screen,
        save=lambda conn, _, candidate: save_candidate(conn, candidate),
        version=version,
        progress=progress,
    )


def classify_documents(
    engine: Engine,
    classify: Callable[[Document, Candidate], Prediction | None],
    *,
    model: str,
    progress: Callable[[int], None],
) -> StageReport:
    """Candidates to predictions; None notes a document as screened out."""
    return work_off(
        engine,
        "classify",
        pending=lambda conn, limit: pending_classify(conn, limit=limit),
        name_of=lambda pair: pair[0].doc_id,
        work=lambda pair: classify(*pair),
        save=lambda conn, pair, made: save_prediction(conn, pair[0].doc_id, made, model=model),
        version=model,
        progress=progress,
    )


def group_documents(
    engine: Engine,
    group: Callable[[list[Flagged], list[Told]], list[Incident]],
    *,
    version: str,
) -> StageReport:
    """Flagged documents to incidents, in one transaction: a night's grouping is whole or not at all."""
    started = time.monotonic()
    with engine.begin() as conn:
        new = pending_group(conn)
        changed = group(new, incident_members(conn, since=None))
        save_incidents(conn, changed, version=version)
    return StageReport("group", len(new), len(changed), 0, time.monotonic() - started)
