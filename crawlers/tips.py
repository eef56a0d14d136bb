"""Stores what a reporting desk passes on: each tip a record of our archive and a page of the source "tips".

Promises: what is stored went through the caller's masking, handles of accounts are keyed hashes; a tip that
is stored has its record on disk first; the same list twice stores nothing, one that was cut off goes on; the
list itself is not kept. Never does: read a file, mask, ask anybody.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Engine

from crawlers.archive import Archive, digest_of
from crawlers.parts import dump, storable, text_of
from crawlers.privacy import hide_handles, plain_address
from crawlers.settings import user_agent
from crawlers.spiders.pages import page_id
from store.db import reading
from store.frontier import night_of
from store.records import RawPage, WarcRef
from store.tips import SOURCE_ID, Known, Terms, address_of, known_tips, put_tip, set_terms, withdraw

#: What becomes of a tip.
Fate = Literal["new", "revised", "terms", "same", "expired"]

#: Tips in one transaction: few are lost to a kill, and the disk is waited for once for all of them.
CHUNK: Final = 100
#: A part is read row by row elsewhere; a tip is a record of its own.
_FORMAT: Final = "social"


@dataclass(frozen=True, slots=True)
class Entry:
    """A tip as it may be stored: already masked. `published`: ISO; `link` may be empty."""

    tip_id: str
    link: str
    text: str
    published: str
    terms: Terms


def judge_tips(engine: Engine, entries: Sequence[Entry], *, at: datetime) -> list[Fate]:
    """Say what `store_tips` would do with each of these tips at this time."""
    with reading(engine) as conn:
        known = known_tips(conn, [entry.tip_id for entry in entries])
    return [_fate(entry, _body(entry), known.get(entry.tip_id), at) for entry in entries]


def store_tips(
    engine: Engine,
    entries: Iterable[Entry],
    *,
    run_id: str,
    at: datetime,
    warc_dir: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> Counter[Fate]:
    """Store tips as of `at` and count what became of them; `progress` is told how many are done.

    Their records go to `warc_dir`/NIGHT-RUN-tips.warc.gz. Call it under the run lock. Raises StoppedError
    when the disk refuses; everything stored stays.
    """
    counts: Counter[Fate] = Counter()
    waiting = list(entries)
    with Archive(warc_dir, name=f"{night_of(at)}-{run_id}-tips", software=user_agent()) as archive:
        for start in range(0, len(waiting), CHUNK):
            chunk = waiting[start : start + CHUNK]
            counts.update(_store_chunk(engine, chunk, archive, at))
            progress(start + len(chunk))
    return counts


def end_tips(engine: Engine, tip_ids: Sequence[str], *, at: datetime, dry_run: bool = False) -> int:
    """End the time of those of these tips that are stored; returns how many it does end for.

    `retention run` then clears them, tonight at the latest.
    """
    last_day = night_of(at) - timedelta(days=1)
    if dry_run:
        with reading(engine) as conn:
            return sum(known.terms.keep_until > last_day for known in known_tips(conn, tip_ids).values())
    with engine.begin() as conn:
        return withdraw(conn, tip_ids, last_day=last_day)


def _store_chunk(engine: Engine, chunk: Sequence[Entry], archive: Archive, at: datetime) -> list[Fate]:
    with reading(engine) as conn:
        known = known_tips(conn, [entry.tip_id for entry in chunk])
    judged = []
    for entry in chunk:
        body = _body(entry)
        fate = _fate(entry, body, known.get(entry.tip_id), at)
        ref = None
        if fate in ("new", "revised"):
            ref = archive.write_file(address_of(entry.tip_id), body, fetched_at=at)
        judged.append((entry, body, fate, ref))
    archive.sync()
    with engine.begin() as conn:
        for entry, body, fate, ref in judged:
            if ref is not None:
                put_tip(conn, entry.tip_id, _page(entry, body, ref, at), entry.terms)
            elif fate == "terms":
                set_terms(conn, entry.tip_id, page_id(SOURCE_ID, address_of(entry.tip_id)), entry.terms)
    return [fate for _, _, fate, _ in judged]


def _fate(entry: Entry, body: bytes, known: Known | None, at: datetime) -> Fate:
    if entry.terms.keep_until < night_of(at):
        return "expired"
    if known is None:
        return "new"
    if known.content_sha256 != _content_digest(body):
        return "revised"
    return "same" if known.terms == entry.terms else "terms"


def _body(entry: Entry) -> bytes:
    return dump(
        {
            "id": entry.tip_id,
            "url": plain_address(entry.link),
            "text": hide_handles(storable(entry.text), SOURCE_ID),
            "published": entry.published,
            "platform": SOURCE_ID,
        }
    )


def _content_digest(body: bytes) -> str:
    return digest_of(_FORMAT, [text_of(_FORMAT, body)])


def _page(entry: Entry, body: bytes, ref: WarcRef, at: datetime) -> RawPage:
    # Never the link: a news page with the same address is another document.
    canonical = address_of(entry.tip_id)
    return RawPage(
        page_id=page_id(SOURCE_ID, canonical),
        source_id=SOURCE_ID,
        url=plain_address(entry.link) or canonical,
        canonical_url=canonical,
        night=night_of(at),
        fetched_at=at,
        status=0,
        format=_FORMAT,
        part="",
        encoding="utf-8",
        refs=(ref,),
        body_sha256=digest_of(_FORMAT, [body]),
        content_sha256=_content_digest(body),
    )
