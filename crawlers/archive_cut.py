"""Takes records out of the archive: a file is written anew without them, or goes when nothing in it is kept.

    <night>-<run>.warc.gz ─▶ <night>-<run>-kept.warc.gz ─▶ new places in the store ─▶ the old file is removed

Promises: at every moment each kept version points to a record that is there, whatever is killed; a record
that is kept is kept byte for byte; where one response holds many entries, those that are kept get a record
of their own each, and load with the same hash; only files that this database has written are touched. Never
does: keep a record because nobody knows it, once the file's time is over.
"""

import logging
import os
import re
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import Engine
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from crawlers.archive import BROKEN_RECORD, load_bodies, portable_name, read_record, warc_date
from store.archived import (
    Run,
    Version,
    known_files,
    list_runs,
    move_records,
    moved,
    note_lost,
    note_removed,
    removed_files,
    versions_in,
)
from store.db import reading
from store.records import RawPage, StoppedError, WarcRef

log = logging.getLogger(__name__)

#: Ends the name of a file whose time is over and in which nothing is left but what is kept.
KEPT: Final = "-kept"
#: Ends the name of a younger file that something was taken out of.
CUT: Final = "-cut"
#: Night, run and what follows in the name of a file that `crawlers.run` or an import has written.
_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})-(\d+)(.*)\.warc\.gz")
_MARKS: Final = re.compile(rf"(?:{KEPT}|{CUT})(?:-\d+)?$")
#: Bytes unpacked at once while the members of a file are told apart.
_PIECE: Final = 1 << 16
#: The ledger's times and the first record of a run's file may be that far apart.
_SLACK: Final = timedelta(minutes=10)


@dataclass(slots=True)
class CutReport:
    """What went from the archive."""

    files_rewritten: int = 0
    files_removed: int = 0
    records_removed: int = 0
    #: Files that could not be read and were left, with the reason.
    problems: tuple[str, ...] = ()


def stored_on(refs: Sequence[WarcRef]) -> date | None:
    """The night of the run that wrote these records, by the name of their file; None when it tells none."""
    named = [_NAME.fullmatch(Path(ref.file).name) for ref in refs]
    nights = [date.fromisoformat(name[1]) for name in named if name]
    return max(nights, default=None)


def due_files(
    engine: Engine, folder: Path, *, before: date, since: date | None = None
) -> tuple[list[Path], list[Path]]:
    """The files of an archive to rewrite, and those that a kill has left behind, which only have to go.

    `since`: also all files of that night and later, to be searched.
    """
    with reading(engine) as conn:
        files, runs, gone = known_files(conn), list_runs(conn), removed_files(conn)
    ours = {_base_of(Path(file)) for file in files}
    rewrite, left = [], []
    for path in sorted(folder.glob("*.warc.gz")):
        name = portable_name(path)
        if name in files:
            is_new = since is not None and not _is_old(path, since)
            if files[name] or is_new or (_is_old(path, before) and KEPT not in path.name):
                rewrite.append(path)
        elif name in gone or (_MARKS.search(_stem_of(path)) and _base_of(path) in ours):
            left.append(path)
        elif (_is_old(path, before) or (since and not _is_old(path, since))) and _is_ours(path, runs):
            # A night without articles: only lists and robots.txt.
            rewrite.append(path)
    return rewrite, left


def cut_archive(
    engine: Engine,
    folder: Path,
    *,
    before: date,
    at: datetime,
    drop: Callable[[str], bool] | None = None,
    since: date = date.min,
) -> CutReport:
    """Take out of the archive in `folder` what was cleared, and what is older than `before` and unused.

    Unused is a response that no stored version rests on: lists of articles, robots.txt, pages without an
    article. Files of nights from `before` on lose cleared records alone. Other files are left as they are.
    What `drop` says yes to goes too, from files of the night `since` and later, whoever rests on it.
    """
    report = CutReport()
    rewrite, left = due_files(engine, folder, before=before, since=since if drop else None)
    for path in left:
        _remove(path)
        report.files_removed += 1
    for path in rewrite:
        try:
            _cut(engine, path, is_old=_is_old(path, before), report=report, at=at, drop=drop)
        except (StoppedError, OSError) as error:
            log.warning("%s: left as it is: %s", path, error)
            report.problems += (f"{path}: {error}",)
    return report


def _cut(
    engine: Engine,
    path: Path,
    *,
    is_old: bool,
    report: CutReport,
    at: datetime,
    drop: Callable[[str], bool] | None,
) -> None:
    name = portable_name(path)
    with reading(engine) as conn:
        versions = versions_in(conn, name)
    users: dict[int, list[Version]] = defaultdict(list)
    for version in versions:
        for ref in version.page.refs:
            if ref.file == name:
                users[ref.offset].append(version)
    draft = _Draft(path, is_old=is_old)
    changed: dict[str, RawPage] = {}
    lost: list[RawPage] = []
    removed = kept = 0
    with path.open("rb") as source, draft:
        for start, end in _members(source, path):
            told = users[start]
            alive = [version.page for version in told if not version.is_cleared]
            if start == 0 and not told:
                draft.copy(source, start, end)
                continue
            holds = drop is not None and drop(_text_at(WarcRef(name, start)))
            if drop and holds:
                # Entries of a shared response may be free of what the whole of it holds.
                free = [page for page in alive if _is_entry(page) and not drop(_text_of(page))]
                lost += [page for page in alive if page not in free]
                alive = free
            if not alive and (told or is_old or holds):
                removed += 1
                continue
            kept += 1
            if alive and all(map(_is_entry, alive)) and (is_old or holds or len(alive) < len(told)):
                changed |= {page.page_id: draft.write_entry(page) for page in alive}
                removed += 1
            else:
                draft.copy(source, start, end)
        if not removed and not is_old:
            return
        if kept:
            draft.finish()
    for version in versions:
        page = version.page
        changed.setdefault(page.page_id, moved(page, name, {} if version.is_cleared else draft.places))
    with engine.begin() as conn:
        move_records(conn, changed.values())
        # With the move, so that a file which a kill leaves here is known to be gone.
        note_removed(conn, name, records=removed, at=at)
        note_lost(conn, lost, at=at)
    _remove(path)
    report.records_removed += removed
    report.files_rewritten += bool(kept)
    report.files_removed += not kept


class _Draft:
    """The new file: under another name until it is whole; what it was not finished for leaves no file."""

    def __init__(self, path: Path, *, is_old: bool) -> None:
        self._folder = path.parent
        self._target = _free_name(self._folder, _base_of(path) + (KEPT if is_old else CUT))
        self._name = portable_name(self._target)
        self.places: dict[int, WarcRef] = {}

    def __enter__(self) -> "_Draft":
        handle, draft = tempfile.mkstemp(dir=self._folder, prefix=self._target.name, suffix=".part")
        self._draft = Path(draft)
        self._out: BinaryIO = os.fdopen(handle, "wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()
        self._draft.unlink(missing_ok=True)

    def copy(self, source: BinaryIO, start: int, end: int) -> None:
        """Take a record over, byte for byte."""
        self.places[start] = WarcRef(self._name, self._out.tell())
        source.seek(start)
        self._out.write(source.read(end - start))

    def write_entry(self, page: RawPage) -> RawPage:
        """Give one entry of a larger response a record of its own; gives the page with its new place."""
        (body,) = load_bodies(page).bodies
        place = WarcRef(self._name, self._out.tell())
        packed = BytesIO()
        writer = WARCWriter(packed, gzip=True)
        headers = {"WARC-Date": warc_date(page.fetched_at)}
        record = writer.create_warc_record(
            page.url, "resource", payload=BytesIO(body), length=len(body), warc_headers_dict=headers
        )
        writer.write_record(record)
        self._out.write(packed.getvalue())
        return replace(page, refs=(place,), part="")

    def finish(self) -> None:
        """Put the whole file in its place, on disk."""
        self._out.flush()
        os.fsync(self._out.fileno())
        self._draft.chmod(0o644)
        self._draft.rename(self._target)
        _sync_folder(self._folder)


def _stem_of(path: Path) -> str:
    return path.name.removesuffix(".warc.gz")


def _base_of(path: Path) -> str:
    """The name that a file had before anything was taken out of it."""
    return _MARKS.sub("", _stem_of(path))


def _is_old(path: Path, before: date) -> bool:
    night = stored_on([WarcRef(path.name, 0)])
    return night is not None and night < before


def _is_entry(page: RawPage) -> bool:
    return bool(page.part) and len(page.refs) == 1


def _text_at(ref: WarcRef) -> str:
    """What one record says; a name in it is told by its letters, whatever the encoding."""
    return read_record(ref).decode("utf-8", "replace")


def _text_of(page: RawPage) -> str:
    return b"\n".join(load_bodies(page).bodies).decode("utf-8", "replace")


def _members(source: BinaryIO, path: Path) -> Iterator[tuple[int, int]]:
    """Start and end of each gzip member, one of which is one record; a broken tail is left out."""
    start = 0
    while True:
        state = zlib.decompressobj(zlib.MAX_WBITS | 16)
        source.seek(start)
        end = start
        while not state.eof:
            piece = source.read(_PIECE)
            try:
                state.decompress(piece)
            except zlib.error:
                piece = b""
            if not piece:
                break
            end += len(piece) - len(state.unused_data)
        if not state.eof:
            if end > start:
                log.warning("%s: broken from byte %d on; what stands before is used", path, start)
            return
        yield start, end
        start = end


def _free_name(folder: Path, stem: str) -> Path:
    number = 1
    while True:
        path = folder / (f"{stem}.warc.gz" if number == 1 else f"{stem}-{number}.warc.gz")
        if not path.exists():
            return path
        number += 1


def _is_ours(path: Path, runs: Sequence[Run]) -> bool:
    """Whether a run of this database wrote a file that no page points to; several may share the folder."""
    name = _NAME.fullmatch(path.name)
    try:
        with path.open("rb") as file:
            first = next(ArchiveIterator(file)).rec_headers.get_header("WARC-Date")
        began = datetime.fromisoformat(first)
    except (*BROKEN_RECORD, StopIteration, OSError):
        return False
    return name is not None and any(
        run.run_id == int(name[2])
        and run.night.isoformat() == name[1]
        and run.started_at - _SLACK <= began <= (run.ended_at or began) + _SLACK
        for run in runs
    )


def _remove(path: Path) -> None:
    path.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
