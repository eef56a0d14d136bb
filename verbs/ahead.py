"""Reads stored pages in other processes while the crawl runs, so that the extract stage finds them read.

Promises: the stage gives the same rows as without: a reading is used for the very record that was read, and
what could not be read ahead the stage reads itself, so that it names and counts the fault; readers end with
their parent, however that ends. Never does: touch the database, or start a process for a few pages.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process

from crawlers.archive import load_bodies
from crawlers.manifest import Source
from nlp.extract import NothingExtracted, extract_page
from store.records import Document, ExtractionRules, RawPage
from store.tips import SOURCE_ID as TIPS

log = logging.getLogger(__name__)

Reading = Document | str
Rules = Mapping[str, ExtractionRules]

#: Pages that a reader is given at once: fewer cost the crawl a message more for each.
BATCH = 8
#: Pages that wait before the first reader starts, which takes as long as reading so many.
FEWEST = 200
#: Readings that are kept until the stage takes them, about 8 kB each; a larger night is read by the stage.
MOST = 20_000
#: Readers, beside the crawl: each holds about 150 MB.
READERS = 4


def rules_of(sources: Sequence[Source]) -> dict[str, ExtractionRules]:
    """Give what the extractor may know of each source, by its id."""
    return {source.id: source.rules() for source in sources} | {TIPS: ExtractionRules(TIPS, kind="post")}


def read_stored(page: RawPage, rules: Rules) -> Reading:
    """Read a stored page out of the archive; gives its document, or the reason why there is none in it."""
    try:
        return extract_page(load_bodies(page), rules.get(page.source_id) or ExtractionRules(page.source_id))
    except NothingExtracted as nothing:
        return str(nothing)


class Readers:
    """Hands pages to readers, and gives the readings back."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: list[RawPage] = []
        self._readings: dict[RawPage, tuple[Future[list[Reading | None]], int]] = {}
        self._off = False

    def offer(self, page: RawPage) -> None:
        """Have a page read that is stored and on disk."""
        if self._off or len(self._readings) + len(self._waiting) >= MOST:
            return
        self._waiting.append(page)
        if len(self._waiting) < (BATCH if self._pool else FEWEST):
            return
        batches = [self._waiting[start : start + BATCH] for start in range(0, len(self._waiting), BATCH)]
        self._waiting = []
        try:
            self._pool = self._pool or _start(self._rules)
            for batch in batches:
                future = self._pool.submit(_read_batch, batch)
                self._readings |= {page: (future, place) for place, page in enumerate(batch)}
        except (BrokenExecutor, OSError) as error:
            log.warning("pages are not read ahead: %s; the extract stage reads them itself", error)
            self._off = True

    def take(self, page: RawPage) -> Reading | None:
        """Give the reading of a page; None when nobody has read it, or nobody has begun to."""
        future, place = self._readings.pop(page, (None, 0))
        if future is None or future.cancel():
            return None
        try:
            return future.result()[place]
        except (BrokenExecutor, CancelledError):
            return None

    def close(self) -> None:
        """End the readers; what was not taken is lost."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def reading_ahead(sources: Sequence[Source]) -> Iterator[Readers]:
    """Keep readers for the block; none starts before FEWEST pages were offered."""
    readers = Readers(rules_of(sources))
    try:
        yield readers
    finally:
        readers.close()


def _start(rules: Rules) -> ProcessPoolExecutor:
    # One processor stays with the crawl. Spawned, not forked: the parent has a reactor and open files.
    count = min(READERS, max(1, (os.cpu_count() or 1) - 1))
    return ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_begin, initargs=(dict(rules),)
    )


_rules: dict[str, ExtractionRules] = {}


def _begin(rules: dict[str, ExtractionRules]) -> None:
    """Set a reader up: Ctrl-C is the parent's business, and its end is ours too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _rules.update(rules)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
    os._exit(1)


def _read_batch(pages: Sequence[RawPage]) -> list[Reading | None]:
    return [_read_or_leave(page) for page in pages]


def _read_or_leave(page: RawPage) -> Reading | None:
    try:
        return read_stored(page, _rules)
    except Exception:  # noqa: BLE001 - the stage reads it once more, and names what is wrong
        return None
