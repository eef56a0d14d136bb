"""Archives as other tools write them, made by warcio; and an import in a process of its own.

python -m tests.crawlers.foreign FOLDER PATH RUN_ID
"""

import io
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawlers.backfill_import import ImportReport, import_archives
from crawlers.manifest import load_sources
from store.db import connect, migrate

#: 18 September 02:00 in Jakarta, still the 17th in UTC.
MOMENT = "2024-09-17T19:00:00Z"
HTML = "text/html; charset=utf-8"


class Writer:
    """Adds records to one file and remembers where each begins."""

    def __init__(self, out: io.BufferedIOBase, *, gzip: bool) -> None:
        self.out = out
        self.writer = WARCWriter(out, gzip=gzip)
        self.starts: list[int] = []

    def add(
        self,
        url: str,
        body: bytes | None = None,
        *,
        kind: str = "response",
        status: str = "200 OK",
        content: str = HTML,
        moment: str = MOMENT,
        headers: Sequence[tuple[str, str]] = (),
        warc: Mapping[str, str] | None = None,
    ) -> None:
        """Write one record; without a body an article of its own."""
        self.starts.append(self.out.tell())
        told = [("Content-Type", content)] if content else []
        http = StatusAndHeaders(status, [*told, *headers], protocol="HTTP/1.1")
        payload = article(url) if body is None else body
        fields = {"WARC-Date": moment, **(warc or {})}
        self.writer.write_record(
            self.writer.create_warc_record(
                url,
                kind,
                payload=io.BytesIO(payload),
                length=len(payload),
                http_headers=http if kind in ("response", "revisit") else None,
                warc_headers_dict=fields,
            )
        )


def article(name: str) -> bytes:
    """Write a page that tells of its own address."""
    return f"<html><head><title>Judul</title></head><body><p>Isi {name}.</p></body></html>".encode()


@contextmanager
def foreign(path: Path, *, gzip: bool = True) -> Iterator[Writer]:
    """Write a WARC file as wget, Heritrix or Common Crawl do: a warcinfo record first."""
    with path.open("wb") as out:
        made = Writer(out, gzip=gzip)
        made.writer.write_record(made.writer.create_warcinfo_record(path.name, {"software": "lain/1"}))
        yield made


def wacz(path: Path, members: Mapping[str, Path]) -> Path:
    """Pack WARC files as Browsertrix does: stored, beside indexes and a data package."""
    with zipfile.ZipFile(path, "w") as box:
        box.writestr("datapackage.json", "{}")
        box.writestr("indexes/index.cdx.gz", b"\x1f\x8b")
        for name, file in members.items():
            box.write(file, f"archive/{name}")
    return path


def bring_in(folder: Path, path: Path, *, run: str = "1", db: str = "netra.db") -> ImportReport:
    """Import a file or folder; manifests lie in `folder`/sources, copies go to `folder`/warc."""
    engine = connect(f"sqlite:///{folder / db}")
    migrate(engine)
    try:
        sources = load_sources(folder / "sources")
        night = date(2024, 9, 20)
        return import_archives(engine, sources, path, run_id=run, night=night, warc_dir=folder / "warc")
    finally:
        engine.dispose()


if __name__ == "__main__":
    bring_in(Path(sys.argv[1]), Path(sys.argv[2]), run=sys.argv[3])
