"""Raw responses as gzip WARC: written before the store learns of them, read back for years.

Promises: one gzip member per record; what was written before `Archive.sync` returned survives a power cut,
before that a kill; a killed run leaves at worst a broken tail, which readers skip; what `load_bodies` gives
is what was fetched, checked by sha256. Never does: change or delete a record, or follow an address.
"""

import hashlib
import io
import logging
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.limitreader import LimitReader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from crawlers import parts
from crawlers.privacy import without_hashes
from crawlers.settings import MAX_RESPONSE_BYTES
from crawlers.spiders import networks
from crawlers.urls import host_of, strip_tracking, without_resume
from store.frontier import night_of
from store.records import RawPage, StoppedError, UsageError, WarcRef

log = logging.getLogger(__name__)

#: The folder of the project: files below it are named relative to it, so that it can be moved as a whole.
ROOT = Path(__file__).resolve().parents[1]
#: Files read from disk, such as exports, may be larger than what is fetched.
MAX_FILE_BYTES = 64 * 1024 * 1024
#: Content encodings that are undone on reading; what came in another stays as it came, with its header.
UNPACKED_ENCODINGS = frozenset({"gzip", "deflate"})
_PLAIN = UNPACKED_ENCODINGS | {"", "identity"}
#: Decoded responses kept while their entries are read one by one (Blogger, WordPress, exports).
CACHED_RESPONSES = 4

#: What warcio and we raise over bytes that are no record: ValueError covers decoding and dates, the last
#: two come of warcio taking a header for granted.
BROKEN_RECORD = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    EOFError,
    zlib.error,
    ValueError,
    TypeError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One archived response: when it was fetched, its status, and where it lies."""

    night: date
    fetched_at: datetime
    status: int
    ref: WarcRef
    #: The address that was really asked, where it was found under a shorter one; else "".
    url: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveIndex:
    """All responses of one WARC file by address, in the order of the file."""

    file: str
    by_url: Mapping[str, tuple[Answer, ...]]
    hosts: frozenset[str]
    #: The nights of the file, oldest first.
    nights: tuple[date, ...]

    def find(self, url: str, night: date) -> tuple[Answer, ...]:
        """Give the responses of one address in its newest night that is not after `night`; may be empty.

        An address with other tracking parameters counts as the same, and a list that was asked for from
        another place on.
        """
        ways = (url, strip_tracking(url), without_resume(url))
        answers = next((found for way in ways if (found := self.by_url.get(way))), ())
        past = [answer for answer in answers if answer.night <= night]
        newest = max((answer.night for answer in past), default=None)
        return tuple(answer for answer in past if answer.night == newest)


class Archive:
    """The WARC file that one run writes; made with the first record, so that idle runs leave no file."""

    def __init__(self, folder: Path, *, name: str, software: str) -> None:
        """`name` is the file name without ending; an existing file is never touched, a number is added."""
        self._folder = folder
        self._name = name
        self._software = software
        self._file = ""
        self._out: BinaryIO | None = None
        self._writer: WARCWriter | None = None
        self._unsynced = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is not None:
            self._out.close()

    def write(
        self, url: str, *, status: int, headers: Iterable[tuple[str, str]], body: bytes, fetched_at: datetime
    ) -> WarcRef:
        """Store one response as it came (body still content-encoded); gives its place, for use after `sync`.

        `fetched_at` is kept to the second. Raises StoppedError when the disk refuses.
        """
        kept = [(name, value) for name, value in headers if name.lower() != "transfer-encoding"]
        line = f"{status} {responses.get(status, '')}".rstrip()
        return self._store(
            "response", url, body, fetched_at, StatusAndHeaders(line, kept, protocol="HTTP/1.1")
        )

    def write_file(self, url: str, body: bytes, *, fetched_at: datetime) -> WarcRef:
        """Store a file that was read from disk as a `resource` record and give its place, as `write` does."""
        return self._store("resource", url, body, fetched_at, None)

    def sync(self) -> None:
        """Wait until all that was written is on disk: before the store is told of it, once for many records.

        Raises StoppedError when the disk refuses.
        """
        if self._out is None or not self._unsynced:
            return
        try:
            os.fsync(self._out.fileno())
        except OSError as error:
            raise self._refused(error) from None
        self._unsynced = False

    def _refused(self, error: OSError) -> StoppedError:
        return StoppedError(
            f"{self._folder}: the archive cannot be written: {error}; make room or mend the disk, "
            "then run again: what is stored stays"
        )

    def _store(
        self, kind: str, url: str, body: bytes, fetched_at: datetime, http: StatusAndHeaders | None
    ) -> WarcRef:
        try:
            out, writer = self._opened(fetched_at)
            offset = out.seek(0, os.SEEK_END)
            record = writer.create_warc_record(
                url,
                kind,
                payload=io.BytesIO(body),
                length=len(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": warc_date(fetched_at)},
            )
            writer.write_record(record)
            out.flush()
        except OSError as error:
            raise self._refused(error) from None
        self._unsynced = True
        return WarcRef(file=self._file, offset=offset)

    def _opened(self, moment: datetime) -> tuple[BinaryIO, WARCWriter]:
        if self._out is None or self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path, self._out = _create(self._folder, self._name)
            self._file = portable_name(path)
            self._writer = WARCWriter(self._out, gzip=True)
            info = self._writer.create_warcinfo_record(
                path.name, {"software": self._software, "format": "WARC File Format 1.0"}
            )
            info.rec_headers.replace_header("WARC-Date", warc_date(moment))
            self._writer.write_record(info)
        return self._out, self._writer


def warc_date(moment: datetime) -> str:
    """Write an aware time as WARC-Date: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def portable_name(path: Path) -> str:
    """Name a file for the store: relative to the project folder when it lies below it, else absolute."""
    full = path.resolve()
    return (full.relative_to(ROOT) if full.is_relative_to(ROOT) else full).as_posix()


def digest_bodies(bodies: Iterable[bytes]) -> str:
    """Give the sha256 (hex) of the pages of one article, in order; of one page, that of its bytes."""
    return hashlib.sha256(b"\n".join(bodies)).hexdigest()


def digest_of(form: str, bodies: Iterable[bytes]) -> str:
    """Give the sha256 of the pages of a `RawPage` of this format; of a post, hashed handles left out."""
    return digest_bodies(map(without_hashes, bodies) if form == "social" else bodies)


def read_record(ref: WarcRef) -> bytes:
    """Give the body of one archived response, transfer and content encoding undone.

    Raises StoppedError when the file is gone or the record cannot be read.
    """
    return read_answer(ref)[2]


def read_answer(ref: WarcRef) -> tuple[int, list[tuple[str, str]], bytes]:
    """Give status (0 for a file), headers without those of length and undone encoding, and decoded body.

    Raises StoppedError as `read_record` does.
    """
    path = ROOT / ref.file
    undone = {"transfer-encoding", "content-length"}
    try:
        with path.open("rb") as file:
            file.seek(ref.offset)
            record = next(ArchiveIterator(file))
            http = record.http_headers
            packed = (http.get_header("Content-Encoding") or "").strip().lower() if http else ""
            if packed in UNPACKED_ENCODINGS:
                undone.add("content-encoding")
            stream = record.content_stream() if packed in _PLAIN else record.raw_stream
            # One byte more than may be, so that BodyMiddleware sees a bomb on replay too.
            body: bytes = stream.read(MAX_RESPONSE_BYTES + 1 if http else MAX_FILE_BYTES)
    except FileNotFoundError:
        raise StoppedError(f"{path}: this WARC file is gone; put it back from the backup") from None
    except (*BROKEN_RECORD, StopIteration, OSError) as error:
        raise StoppedError(f"{path}: no readable record at byte {ref.offset}: {error!r}") from None
    if http is None:
        return 0, [], body
    headers = [(name, value) for name, value in http.headers if name.lower() not in undone]
    return int(http.get_statuscode()), headers, body


def read_target(ref: WarcRef) -> tuple[str, datetime]:
    """Give address and time of one archived response, without reading its body.

    Raises StoppedError as `read_record` does.
    """
    path = ROOT / ref.file
    try:
        with path.open("rb") as file:
            file.seek(ref.offset)
            fields = next(ArchiveIterator(file)).rec_headers
            moment = datetime.fromisoformat(fields.get_header("WARC-Date"))
            return str(fields.get_header("WARC-Target-URI")), moment
    except (*BROKEN_RECORD, StopIteration, OSError) as error:
        raise StoppedError(f"{path}: no readable record at byte {ref.offset}: {error!r}") from None


def load_bodies(page: RawPage) -> RawPage:
    """Give the page with its bodies read back from the archive.

    Raises StoppedError when a record is gone or its content is not what was fetched.
    """
    bodies = tuple(
        _select(ref, page.format, page.part) if page.part else read_record(ref) for ref in page.refs
    )
    if digest_of(page.format, bodies) != page.body_sha256:
        places = ", ".join(f"{ref.file} at byte {ref.offset}" for ref in page.refs)
        raise StoppedError(
            f"page {page.page_id} ({page.url}): its archived content is not what was fetched ({places}); "
            "put the file back from the backup"
        )
    return replace(page, bodies=bodies)


def build_index(path: Path) -> ArchiveIndex:
    """Read a WARC file once and list its responses; a broken tail is skipped with a warning.

    Raises UsageError when the file is missing or holds no response.
    """
    file = portable_name(path)
    found: dict[str, list[Answer]] = {}
    try:
        with path.open("rb") as stream:
            for url, answer in _scan(stream, file):
                found.setdefault(url, []).append(answer)
                if (shorter := without_resume(url)) != url:
                    found.setdefault(shorter, []).append(replace(answer, url=url))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; name an existing *.warc.gz") from None
    if not found:
        raise UsageError(f"{path}: no HTTP response in it; name a *.warc.gz that a night has written")
    for url, answers in list(found.items()):
        plain = strip_tracking(url)
        if plain not in found:
            found[plain] = answers
    nights = sorted({answer.night for answers in found.values() for answer in answers})
    hosts = frozenset(host_of(url) for url in found)
    return ArchiveIndex(file, {url: tuple(answers) for url, answers in found.items()}, hosts, tuple(nights))


def _scan(stream: BinaryIO, file: str) -> Iterable[tuple[str, Answer]]:
    records = ArchiveIterator(stream)
    offset = 0
    try:
        for record in records:
            offset = records.offset
            start = record.rec_headers.get_header("WARC-Date")
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            status = record.http_headers.get_statuscode() if record.http_headers else ""
            # Without a whole header there is no limit; then, too, the record was cut off.
            rest = record.raw_stream.limit if isinstance(record.raw_stream, LimitReader) else -1
            if len(record.raw_stream.read()) != rest:
                raise EOFError("record cut off")
            if record.rec_type == "response" and status.isdigit() and host_of(url):
                moment = datetime.fromisoformat(start).replace(microsecond=0)
                yield url, Answer(night_of(moment), moment, int(status), WarcRef(file, offset))
    except BROKEN_RECORD as error:
        log.warning("%s: broken from byte %d on (%s); what stands before is used", file, offset, error)


def _create(folder: Path, name: str) -> tuple[Path, BinaryIO]:
    """Make a new file, never an old one, and make its name durable too."""
    number = 1
    while True:
        path = folder / (f"{name}.warc.gz" if number == 1 else f"{name}-{number}.warc.gz")
        try:
            out = path.open("xb")
        except FileExistsError:
            number += 1
            continue
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return path, out


@lru_cache(maxsize=CACHED_RESPONSES)
def _entries_once(ref: WarcRef, form: str, how: str) -> dict[str, bytes]:
    body = read_record(ref)
    return networks.split(body, how) if networks.is_network(how) else parts.split(form, body, how)


def _select(ref: WarcRef, form: str, part: str) -> bytes:
    place = f"{ref.file} at byte {ref.offset}"
    how, key = parts.key_of(form, part)
    try:
        return _entries_once(ref, form, how)[key]
    except ValueError as error:
        raise StoppedError(f"{place}: not a {form} response: {error}; put the file back") from None
    except KeyError:
        raise StoppedError(f"{place}: entry {key!r} is not in it; put the file back") from None
