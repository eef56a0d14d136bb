"""Reads articles and posts that came as JSON inside a larger response: Blogger, WordPress, feeds, exports.

Promises: an entry that holds a text gives it as lines, with the headline, the reporter and the stamps that
the entry names. Never does: clean, or raise anything but NothingExtracted on any entry.
"""

import json
from collections.abc import Mapping
from typing import Any

from nlp.body import Body
from nlp.dates import DateCandidate, Published, find_published
from nlp.found import Found, NothingExtracted, short_language
from nlp.markup import decode_page, parse_html, remove_elements, render_lines
from store.records import ExtractionRules, RawPage


def _load_object(page: RawPage) -> Mapping[str, Any]:
    try:
        loaded = json.loads(decode_page(page.bodies[0], "utf-8"))
    except (ValueError, RecursionError):
        raise NothingExtracted(f"the {page.format} entry is not JSON") from None
    if not isinstance(loaded, Mapping):
        raise NothingExtracted(f"the {page.format} entry is not a JSON object")
    return loaded


def _text_at(value: Any, *path: str | int) -> str:
    """Return the text at `path` inside a decoded JSON value, or ""."""
    for key in path:
        if isinstance(key, str) and isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(key, int) and isinstance(value, list) and len(value) > key:
            value = value[key]
        else:
            return ""
    return value if isinstance(value, str) else ""


#: Where an entry keeps what: paths into its JSON, best first.
_ENTRY_PATHS: dict[str, dict[str, tuple[tuple[str | int, ...], ...]]] = {
    "blogger": {
        "title": (("title", "$t"),),
        "content": (("content", "$t"), ("summary", "$t")),
        "author": (("author", 0, "name", "$t"),),
        "published": (("published", "$t"),),
    },
    "wordpress": {
        "title": (("title", "rendered"),),
        "content": (("content", "rendered"), ("excerpt", "rendered")),
        "author": (("_embedded", "author", 0, "name"), ("yoast_head_json", "author")),
        "published": (("date",),),
    },
    "feed": {
        "title": (("title",),),
        "content": (("content",), ("content", 0, "value"), ("summary",)),
        "author": (("author",),),
        "published": (("published",),),
    },
}


def read_entry(page: RawPage, rules: ExtractionRules) -> Found:
    """Read a Blogger, WordPress or feed entry: JSON around HTML that is nothing but the article."""
    entry = _load_object(page)

    def first(name: str) -> str:
        texts = (_text_at(entry, *path) for path in _ENTRY_PATHS[page.format][name])
        return next((text for text in texts if text.strip()), "")

    fragment = parse_html(first("content"))
    if fragment is None:
        raise NothingExtracted(f"the {page.format} entry has no content")
    remove_elements(fragment, rules.remove)
    rendered = render_lines(fragment.root)
    heading = parse_html(first("title"))
    title = " ".join(render_lines(heading.root).lines) if heading is not None else ""
    stamps = [first("published")]
    utc = _text_at(entry, "date_gmt")
    if utc:
        # WordPress writes both times without a zone; only this one is known to be UTC.
        stamps.insert(0, f"{utc}Z")
    published = _find_published(stamps, page, rules)
    body = Body(rendered.lines, rendered.removed, "entry")
    return Found(title, first("author"), published, body, "id", 1)


def read_social(page: RawPage, rules: ExtractionRules) -> Found:
    """Read a row of a social export; its text is plain and has no headline."""
    row = _load_object(page)
    published = _find_published([_text_at(row, "published")], page, rules)
    body = Body((_text_at(row, "text"),), (), "row")
    language = short_language(_text_at(row, "language"))
    return Found("", _text_at(row, "author"), published, body, language, 1)


def _find_published(stamps: list[str], page: RawPage, rules: ExtractionRules) -> Published | None:
    candidates = (DateCandidate("meta", stamp) for stamp in stamps if stamp)
    return find_published(candidates, timezone=rules.timezone, now=page.fetched_at)
