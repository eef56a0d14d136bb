"""Saved pages and the documents that must come out of them: how both lie on disk.

NAME.toml says what was fetched when and by which rules, NAME.html (or the files in `bodies`) is what came,
NAME.json is the document as a reader sees it. Promises: one form for pages that we write and for those that
`sources add` saves; a page with `confirmed = false` is no measure of anything until a person has looked.
Never does: change a page.
"""

import json
import tomllib
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from store.records import Document, ExtractionRules, Parser, RawPage


def load_saved(folder: Path, name: str) -> tuple[RawPage, ExtractionRules]:
    """Return one saved page as if it had just been fetched, and the rules of its outlet."""
    saved: dict[str, Any] = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    rules = _tuples(saved.get("rules", {}))
    rules["parsers"] = tuple(Parser(**_tuples(parser)) for parser in rules.get("parsers", ()))
    page = RawPage(
        page_id="G-0123456789abcdef",
        source_id=name,
        url=saved["url"],
        canonical_url=saved.get("canonical_url", saved["url"]),
        night=saved["fetched_at"].astimezone(ZoneInfo("Asia/Jakarta")).date(),
        fetched_at=saved["fetched_at"],
        status=200,
        format=saved.get("format", "html"),
        part=saved.get("part", ""),
        encoding=saved.get("encoding", "utf-8"),
        refs=(),
        body_sha256="",
        pages_expected=saved.get("pages_expected", 1),
        bodies=tuple((folder / file).read_bytes() for file in saved.get("bodies", [f"{name}.html"])),
    )
    return page, ExtractionRules(source_id=name, **rules)


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def golden_of(document: Document) -> dict[str, Any]:
    """Return what a golden file says of a document."""
    published = document.published_at
    return {
        "title": document.title,
        "author": document.author,
        "published_at": published.astimezone(UTC).isoformat() if published else None,
        "precision": document.published_precision,
        "dateline": document.dateline,
        "language": document.language,
        "pages": f"{document.pages_fetched}/{document.pages_expected}",
        # Few pages have one; a golden file says nothing of it where there is none.
        **({"paywall": True} if document.paywall else {}),
        "extractor": document.extractor,
        "text": document.text.split("\n"),
        "removed": list(document.removed),
    }


def golden_text(golden: dict[str, Any]) -> str:
    """Return a golden file's content."""
    return json.dumps(golden, ensure_ascii=False, indent=2) + "\n"


def unconfirmed(folder: Path, name: str) -> str:
    """Say what a person has to look at before this page counts; "" when there is nothing."""
    path = folder / f"{name}.toml"
    if tomllib.loads(path.read_text(encoding="utf-8")).get("confirmed", True):
        return ""
    return (
        f"{path}: nobody has confirmed this page. Compare {name}.json beside it with the page: title, time "
        "and zone, reporter, first and last paragraph, nothing of menus and links in between. "
        f"Then: python pipeline.py sources confirm {name}"
    )
