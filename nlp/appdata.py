"""Reads the article out of the data that a page hands to its own scripts (Next.js, Apollo and the like).

Promises: an article is an object with a headline and a text; of several the one whose headline the page
shows, else the longest; a text is read as HTML, as plain lines, or as a tree of blocks, also when it is JSON
inside JSON. Never does: run a script, or raise on any page.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from parsel import Selector

from nlp.boilerplate import letters
from nlp.markup import parse_html, render_lines
from nlp.structured import Described

#: Larger data is a whole site's state; reading it would take longer than the page is worth.
_LARGEST_SCRIPT = 2_000_000
#: Objects are nested this deep at most (props > pageProps > data > article > body > blocks).
_DEEPEST = 12
#: A shorter text is a summary.
_SHORTEST_TEXT = 200

_ASSIGNMENT = re.compile(r"\s{0,20}(?:window\.|self\.|var )\s?__\w{3,30}__\s?=\s?(?=[{\[])")
_TITLES = ("title", "headline", "name", "judul")
_TEXTS = ("content", "body", "articleBody", "article_body", "text", "description", "detail", "isi", "konten")
_STAMPS = (
    *("published_at", "publishedAt", "publishDate", "publish_date", "datePublished", "published_date"),
    *("published", "pubDate", "date", "created_at", "createdAt"),
)
_AUTHORS = ("author", "authors", "reporter", "penulis", "writer", "creator")
#: Types of blocks whose text is a line of the article; other blocks (image, embed, card) are passed over.
_TEXT_BLOCK = re.compile(r"paragraph|heading|header|quote|list|text|unstyled|h[1-6]|p\Z", re.IGNORECASE)


def read_app_data(page: Selector, *, title: str) -> Described:
    """Return the article in the data of a page's scripts; all empty when there is none.

    `title`: the headline that the page shows, "" if none.
    """
    best: tuple[bool, int] = (False, 0)
    found = Described()
    for value in _load_scripts(page):
        for node in _find_articles(value, 0):
            text = _read_text(next((node[key] for key in _TEXTS if _is_long(node.get(key))), None))
            own_title = next((node[key] for key in _TITLES if isinstance(node.get(key), str)), "")
            rank = (bool(title) and letters(own_title) == letters(title), len(text))
            if len(text) >= _SHORTEST_TEXT and rank > best:
                best = rank
                found = _describe(node, own_title, text)
    return found


def _describe(node: Mapping[str, Any], title: str, text: str) -> Described:
    return Described(
        title=" ".join(title.split()),
        author=", ".join(dict.fromkeys(_names(next((node[key] for key in _AUTHORS if node.get(key)), None)))),
        published=tuple(str(node[key]) for key in _STAMPS if isinstance(node.get(key), str | int)),
        body=text,
    )


def _load_scripts(page: Selector) -> Iterator[Any]:
    for script in page.root.iter("script"):
        text = script.text or ""
        if len(text) > _LARGEST_SCRIPT:
            continue
        assigned = _ASSIGNMENT.match(text)
        if not assigned and (script.get("type") != "application/json" or not script.get("id")):
            continue
        try:
            yield json.JSONDecoder(strict=False).raw_decode(
                text[assigned.end() :] if assigned else text.strip()
            )[0]
        except (ValueError, RecursionError):
            continue


def _find_articles(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Find the objects that have a headline and a text."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if any(isinstance(value.get(key), str) for key in _TITLES) and any(
            _is_long(value.get(key)) for key in _TEXTS
        ):
            yield value
            return
        for inner in value.values():
            if isinstance(inner, Mapping | list):
                yield from _find_articles(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_articles(inner, depth + 1)


def _is_long(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= _SHORTEST_TEXT
    return isinstance(value, Mapping | list) and bool(value)


def _read_text(value: Any) -> str:
    """Return the lines of a text in any of the forms that applications keep it in."""
    if isinstance(value, str):
        if value.lstrip()[:1] in ("{", "["):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return ""
            return "\n".join(_block_lines(value, 0))
        if "<" in value:
            tree = parse_html(value)
            return "\n".join(render_lines(tree.root).lines) if tree is not None else ""
        return value
    return "\n".join(_block_lines(value, 0))


def _block_lines(value: Any, depth: int) -> Iterator[str]:
    """Yield the lines of a tree of blocks; the text of a block is that of its leaves."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _block_lines(inner, depth + 1)
    elif isinstance(value, Mapping):
        kind = value.get("type")
        if isinstance(kind, str) and value.get("object") != "text" and _TEXT_BLOCK.search(kind):
            line = " ".join("".join(_leaves(value, depth)).split())
            if line:
                yield from _read_text(line).split("\n") if "<" in line else [line]
            return
        for inner in value.values():
            if isinstance(inner, Mapping | list):
                yield from _block_lines(inner, depth + 1)


def _leaves(value: Any, depth: int) -> Iterator[str]:
    if depth > 2 * _DEEPEST:
        return
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            yield value["text"]
            return
        for inner in value.values():
            yield from _leaves(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, depth + 1)


def _names(value: Any) -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        name = entry.get("name") if isinstance(entry, Mapping) else entry
        if isinstance(name, str) and name.strip():
            yield " ".join(name.split())
