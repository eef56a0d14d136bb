"""Web archives that others have written (WARC plain or gzip, WACZ, Common Crawl), record after record.

Promises: memory does not grow with the file; a broken gzip member, a record that was cut off or a file that
is no archive is named, and reading goes on behind it; a record is called whole only after the checksum of its
gzip member was right. Never does: write, follow an address, or unpack a zip to disk.
"""

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import BufferedReader
from warcio.limitreader import LimitReader

from crawlers.archive import BROKEN_RECORD
from store.records import UsageError

#: Endings that are taken out of a folder; a file that is named itself may be called as it likes.
ENDINGS = (".warc", ".warc.gz", ".wacz")
#: Packed bytes that are read at one time.
CHUNK_BYTES = 64 * 1024
#: So much of a gzip member is unpacked to see whether a record begins there; its first line is shorter.
PROBE_BYTES = 1024

_GZIP = b"\x1f\x8b\x08"
_ZIP = b"PK"
_RECORD = b"WARC/"
#: What a file or a zip raises that cannot be read; the last two: packed in its own way, or with a password.
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Unpacked:
    """A file as one stream of plain bytes, gzip members undone; what warcio reads from."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        #: Why the file itself could not be read further; "" = it could.
        self.failed = ""
        self._packed = self._more(len(_GZIP))
        self._gzip = self._packed == _GZIP
        self._inflater: Any = None
        #: Whether the member that is open was begun with the bytes at hand.
        self._fresh = False
        self._given = 0
        self._member = 0
        #: The place (in plain bytes) at which the broken member begins; None = nothing is broken.
        self.broken_from: int | None = None

    def holds_anything(self) -> bool:
        """Say whether the file has a first byte."""
        return bool(self._packed)

    def tell(self) -> int:
        """Give the number of plain bytes handed out."""
        return self._given

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        """Give up to `size` bytes of one member; b"" at the end, or where a member is broken."""
        if not self._gzip:
            plain = self._packed or self._more(size)
            self._packed = b""
            self._given += len(plain)
            return plain
        while self.broken_from is None:
            self._packed = self._packed or self._more(CHUNK_BYTES)
            if not self._packed:
                self.broken_from = None if self._inflater is None else self._member
                return b""
            if self._inflater is None:
                self._inflater, self._fresh, self._member = zlib.decompressobj(31), True, self._given
            try:
                plain = self._inflater.decompress(self._packed, size)
            except zlib.error:
                self.broken_from = self._member
                return b""
            ended = self._inflater.eof
            self._packed = self._inflater.unused_data if ended else self._inflater.unconsumed_tail
            self._fresh = False
            self._inflater = None if ended else self._inflater
            if plain:
                self._given += len(plain)
                return bytes(plain)
        return b""

    def resume(self, after: int) -> bool:
        """Go on behind what could not be read, which began at plain byte `after`; False at the end."""
        if not self._gzip:
            self._stream.seek(after + 1)
            return self._find(b"\n" + _RECORD, skip=1)
        if self.broken_from is None:
            # The bytes are as they were packed, but no record: the next member is the next chance.
            while self._inflater is not None and self.read():
                pass
        if self.broken_from is None:
            self._packed = self._packed or self._more(CHUNK_BYTES)
            return bool(self._packed)
        self._packed = self._packed[1:] if self._fresh else self._packed
        self._inflater = self.broken_from = None
        while self._find(_GZIP, skip=0):
            self._packed += self._more(PROBE_BYTES)
            with contextlib.suppress(zlib.error):
                if zlib.decompressobj(31).decompress(self._packed[:PROBE_BYTES], len(_RECORD)) == _RECORD:
                    return True
            self._packed = self._packed[1:]
        return False

    def _more(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except _UNREADABLE as error:
            # A bad disk; a zip whose checksum is wrong says so at its end.
            self.failed = str(error)
            return b""

    def _find(self, mark: bytes, *, skip: int) -> bool:
        """Go to the next place where `mark` stands, and `skip` bytes further."""
        window = self._packed
        while (at := window.find(mark)) < 0:
            more = self._more(CHUNK_BYTES)
            if not more:
                self._packed = b""
                return False
            window = window[-len(mark) :] + more
        self._packed = window[at + skip :]
        if not self._gzip:
            self._given = self._stream.tell() - len(self._packed)
        return True


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """One record of somebody else's archive; to be read before the next one is asked for."""

    #: response, revisit, request, resource ...
    kind: str
    #: WARC-Target-URI and WARC-Date as they stand there.
    url: str
    date: str
    #: Why its writer cut it short (WARC-Truncated); "" = it did not.
    truncated: str
    #: HTTP status; 0 where there is none.
    status: int
    headers: tuple[tuple[str, str], ...]
    _record: Any
    _records: ArchiveIterator
    _unpacked: Unpacked
    _start: int

    def coding(self) -> str:
        """Give the content encoding that cannot be undone here; "" when it can."""
        named = [value.strip().lower() for name, value in self.headers if name.lower() == "content-encoding"]
        known = {*BufferedReader.get_supported_decompressors(), "", "identity", "x-gzip"}
        return next((name for name in named if name not in known), "")

    def body(self, limit: int) -> bytes | None:
        """Give the body with transfer and content encoding undone; None when it is longer than `limit`.

        Raises ValueError when it cannot be read.
        """
        try:
            body: bytes = self._record.content_stream().read(limit + 1)
        except BROKEN_RECORD as error:
            raise ValueError(str(error)) from None
        return None if len(body) > limit else body

    def fault(self) -> str:
        """Read to the end and say what is wrong with the record; "" when it is whole."""
        with contextlib.redirect_stderr(io.StringIO()):
            self._records.read_to_end()
        broken = self._unpacked.broken_from
        if broken is not None and broken <= self._start:
            return "broken gzip member"
        if self._records.err_count:
            # What follows is no end of a record: its length is wrong, and it holds others or lacks its end.
            return "record with a wrong length"
        rest = self._record.raw_stream
        return "record cut off" if not isinstance(rest, LimitReader) or rest.limit else ""


def archive_files(path: Path) -> list[Path]:
    """Give the file itself, or the archives below a folder in the order of their names.

    Raises UsageError when there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.name.endswith(ENDINGS) and file.is_file())
    if not found:
        raise UsageError(f"{path}: no web archive there; name a file or a folder with {', '.join(ENDINGS)}")
    return found


def read_records(path: Path, faults: list[str]) -> Iterator[ForeignRecord]:
    """Give the records of one file; what is broken is named in `faults`, with its place, and passed over."""
    try:
        with path.open("rb") as stream:
            zipped = stream.read(len(_ZIP)) == _ZIP
            stream.seek(0)
            if not zipped:
                yield from _records_of(stream, str(path), faults)
                return
            with zipfile.ZipFile(stream) as box:
                names = [name for name in box.namelist() if name.endswith((".warc", ".warc.gz"))]
                if not names:
                    faults.append(f"{path}: a zip without *.warc.gz in it")
                for name in names:
                    with box.open(name) as inner:
                        # typeshed calls it IO[bytes]; it reads and seeks as a file does.
                        yield from _records_of(inner, f"{path}!{name}", faults)  # type: ignore[arg-type]  # see above
    except _UNREADABLE as error:
        faults.append(f"{path}: cannot be read: {error}")


def _records_of(stream: BinaryIO, place: str, faults: list[str]) -> Iterator[ForeignRecord]:
    unpacked = Unpacked(stream)
    if not unpacked.holds_anything():
        faults.append(f"{place}: an empty file")
    while True:
        records = ArchiveIterator(unpacked)
        start, error = unpacked.tell(), ""
        try:
            while (record := _next(records)) is not None:
                start = records.offset
                found = _foreign(record, records, unpacked, start)
                yield found
                if error := found.fault():
                    break
        except BROKEN_RECORD as problem:
            error = str(problem).strip().split("\n", 1)[0] or type(problem).__name__
            start = records.offset
        if unpacked.failed:
            faults.append(f"{place}: cannot be read: {unpacked.failed}")
            return
        if not error and unpacked.broken_from is None:
            return
        if unpacked.broken_from is not None:
            error, start = "broken gzip member", unpacked.broken_from
        faults.append(f"{place}: {error} at byte {start} of its unpacked content")
        if not unpacked.resume(start):
            return


def _next(records: ArchiveIterator) -> Any:
    # warcio tells its user on stderr of what we count.
    with contextlib.redirect_stderr(io.StringIO()):
        return next(records, None)


def _foreign(record: Any, records: ArchiveIterator, unpacked: Unpacked, start: int) -> ForeignRecord:
    http = record.http_headers
    status = http.get_statuscode() if http else ""
    return ForeignRecord(
        kind=record.rec_type or "",
        # Old wget writes the address in angle brackets.
        url=(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> "),
        date=record.rec_headers.get_header("WARC-Date") or "",
        truncated=record.rec_headers.get_header("WARC-Truncated") or "",
        status=int(status) if status.isascii() and status.isdigit() else 0,
        headers=tuple(http.headers) if http else (),
        _record=record,
        _records=records,
        _unpacked=unpacked,
        _start=start,
    )
