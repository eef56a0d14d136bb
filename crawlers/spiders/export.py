"""Exports of social networks that other tools wrote: CSV or JSONL, columns mapped by the manifest.

Promises: one part per good row, holding id, url, text, published, platform and, where the manifest maps
it, the author, with every handle as a keyed hash (see crawlers/privacy.py); a bad line is named by file
and line, skipped and counted. Never does: log in, scrape, or keep a clear handle.
"""

from datetime import date

from scrapy.http import Response

from crawlers import parts
from crawlers.manifest import Entry, Source
from crawlers.spiders.listing import FoundPart, Listing, parse_iso
from store.records import Outcome


def first_url(entry: Entry) -> str:
    """Give the address of the export."""
    return entry.url


def read(entry: Entry, response: Response, source: Source, night: date) -> Listing:
    """List the posts of an export that was fetched."""
    del entry, night
    return read_body(response.body, response.url.rsplit("/", 1)[-1], source)


def read_body(body: bytes, name: str, source: Source) -> Listing:
    """List the posts of an export. `name` is the file's name in messages.

    Raises ValueError when the file has lines, but not one of them can be read.
    """
    if source.export is None:
        raise ValueError("the manifest has no table [export]")
    mapping = parts.RowMapping(
        format=source.export.format,
        delimiter=source.export.delimiter,
        platform=source.export.platform,
        columns=source.export.columns.model_dump(exclude_defaults=True),
        keep=source.privacy.keep_handles,
    )
    found, faults = [], []
    for row in parts.export_rows(body, mapping):
        if row.fault:
            faults.append(f"{name}:{row.line}: {row.fault}")
            continue
        part = parts.row_part(mapping, row.fields["id"])
        published = parse_iso(row.fields["published"])
        found.append(FoundPart("social", part, row.fields["url"], parts.dump(row.fields), published))
    if faults and not found:
        raise ValueError(f"no readable row; {faults[0]}")
    problem = None
    try:
        body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = (Outcome.ENCODING, f"{name} is not UTF-8 from byte {error.start} on")
    return Listing(parts=tuple(found), faults=tuple(faults), problem=problem)
