"""One entry out of a larger response: Blogger and feed entries, WordPress posts, rows of an export.

Promises: `split` finds, in the same bytes, the same entries that the spider found, and gives them as JSON
with sorted keys, so that its sha256 can be checked years later. A row of an export carries our five
column names and nothing else: no author, no metrics. Never does: read files, fetch, or trust a body.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import feedparser

#: A cell of an export may hold a long thread; beyond this a file is taken for broken (1 MiB).
MAX_CELL_CHARS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an export: its number in the file and its fields, or what is wrong with it."""

    line: int
    fields: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RowMapping:
    """How the rows of an export are read; travels inside `part`, so that a page needs no manifest."""

    format: str
    delimiter: str
    platform: str
    #: Our name -> column of the other tool, for id, url, text and published.
    columns: Mapping[str, str]


def dump(entry: Mapping[str, Any]) -> bytes:
    """Write one entry as JSON in UTF-8, the same bytes for the same entry; lone surrogates become "?"."""
    return json.dumps(entry, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def load_json(body: bytes) -> Any:
    """Read a JSON response. Raises ValueError when it is none, or is nested beyond reason."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def blogger_entries(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give (entry id, entry) of a Blogger JSON feed; none when `entry` is absent.

    Raises ValueError when the body is not such a feed.
    """
    page = load_json(body)
    if not isinstance(page, dict) or not isinstance(page.get("feed"), dict):
        raise ValueError("not a Blogger JSON feed: no `feed` in it")
    entries = page["feed"].get("entry")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), dict):
            yield _storable(str(entry["id"].get("$t", ""))), entry


def wordpress_posts(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give (post id, post) of a WordPress REST answer. Raises ValueError when the body is no such list."""
    posts = load_json(body)
    if not isinstance(posts, list):
        raise ValueError("not a list of WordPress posts")
    for post in posts:
        if isinstance(post, dict) and "id" in post:
            yield _storable(str(post["id"])), post


def feed_entries(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give (guid or link, entry) of an RSS or Atom feed, with the full content where the feed carries it."""
    # A stream, never text: feedparser would take a text for an address and fetch it.
    feed = feedparser.parse(io.BytesIO(body), resolve_relative_uris=False, sanitize_html=False)
    for entry in feed.entries:
        content = entry.get("content") or [{}]
        key = _storable(str(entry.get("id") or entry.get("link") or ""))
        yield (
            key,
            {
                "id": key,
                "link": entry.get("link", ""),
                "title": entry.get("title", ""),
                # dict.get: feedparser's own warns when it answers "updated" with "published".
                "published": entry.get("published", "") or dict.get(entry, "updated", ""),
                "author": entry.get("author", ""),
                "content": content[0].get("value", "") or entry.get("summary", ""),
            },
        )


def export_rows(body: bytes, mapping: RowMapping) -> Iterator[Row]:
    """Give the rows of an export in the order of the file; a bad line comes with its fault, never raises.

    Columns that the mapping does not name are dropped here and seen by nobody.
    """
    text = body.decode("utf-8-sig", "replace")
    lines = _jsonl_lines(text) if mapping.format == "jsonl" else _csv_lines(text, mapping)
    seen: set[str] = set()
    for line, cells, fault in lines:
        if fault:
            yield Row(line, {}, fault)
            continue
        fields = {ours: _as_text(cells.get(theirs)) for ours, theirs in mapping.columns.items()}
        fault = _fault_of(fields, mapping, seen)
        seen.add(fields["id"])
        yield Row(line, {**fields, "platform": mapping.platform}, fault)


def row_part(mapping: RowMapping, row_id: str) -> str:
    """Name one row of an export: its id and how the file is read."""
    return json.dumps(
        {
            "format": mapping.format,
            "delimiter": mapping.delimiter,
            "platform": mapping.platform,
            "columns": dict(mapping.columns),
            "id": row_id,
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def key_of(form: str, part: str) -> tuple[str, str]:
    """Split a `part` into how the response is read ("" = needs no saying) and the key of the entry."""
    if form != "social":
        return "", part
    named = json.loads(part)
    key = named.pop("id")
    return json.dumps(named, sort_keys=True), key


def split(form: str, body: bytes, how: str) -> dict[str, bytes]:
    """Give all entries of a decoded response by key, each as JSON; of two with one key the first.

    `form` is the RawPage format, `how` the first half of `key_of`. Raises ValueError when the body is
    no such response.
    """
    entries: dict[str, bytes] = {}
    if form == "social":
        for row in export_rows(body, RowMapping(**json.loads(how))):
            if not row.fault:
                entries[row.fields["id"]] = dump(row.fields)
    else:
        for key, entry in _READERS[form](body):
            entries.setdefault(key, dump(entry))
    return entries


def text_of(form: str, entry: bytes) -> bytes:
    """Give title and text of one entry as JSON, without what changes on its own: times, counters, links.

    `entry` is what `split` gives for it.
    """
    fields = json.loads(entry)
    return dump({name: fields[name] for name in _TEXT_FIELDS[form] if name in fields})


_TEXT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "blogger": ("title", "content", "summary"),
    "wordpress": ("title", "content"),
    "feed": ("title", "content"),
    "social": ("text",),
}
_READERS: Mapping[str, Callable[[bytes], Iterator[tuple[str, dict[str, Any]]]]] = {
    "blogger": blogger_entries,
    "wordpress": wordpress_posts,
    "feed": feed_entries,
}


def _jsonl_lines(text: str) -> Iterator[tuple[int, dict[str, Any], str]]:
    # Only real line ends: str.splitlines would also cut at U+2028, which posts contain.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            yield number, {}, "not JSON"
            continue
        yield (number, cells, "") if isinstance(cells, dict) else (number, {}, "not a JSON object")


def _csv_lines(text: str, mapping: RowMapping) -> Iterator[tuple[int, dict[str, Any], str]]:
    csv.field_size_limit(MAX_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter)
    header: list[str] | None = None
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield start, {}, f"not CSV: {error}"
            continue
        if not cells:
            continue
        if header is None:
            header = [name.strip() for name in cells]
            missing = sorted(set(mapping.columns.values()) - set(header))
            if missing:
                yield start, {}, f"the header lacks the column {', '.join(missing)}"
                return
        elif len(cells) != len(header):
            yield start, {}, f"{len(cells)} cells where the header has {len(header)}"
        else:
            yield start, dict(zip(header, cells, strict=True)), ""


def _storable(text: str) -> str:
    """Drop what no database takes: NUL, and half a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def _as_text(value: Any) -> str:
    """Give a cell as text; JSON numbers as written, everything that is no text or number as empty."""
    if isinstance(value, str):
        return _storable(value).strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _fault_of(fields: Mapping[str, str], mapping: RowMapping, seen: set[str]) -> str:
    empty = [name for name in ("id", "url", "text") if not fields[name]]
    if empty:
        return f"no {empty[0]} (column {mapping.columns[empty[0]]!r})"
    if not fields["url"].startswith(("http://", "https://")):
        return "url is not an http(s) address"
    return f"id {fields['id']!r} occurs a second time" if fields["id"] in seen else ""
