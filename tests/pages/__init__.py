"""Saved pages that we wrote ourselves, one per platform, each with the document that must come out of it.

NAME.toml says what was fetched when and by which rules; NAME.html (or the files in `bodies`) is what came;
NAME.json is the document as a reader sees it. A page is never edited to please the code.
"""

import json
import tomllib
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nlp.extract import extract_page
from store.records import ExtractionRules, Parser, RawPage

FOLDER = Path(__file__).parent


def page_names() -> list[str]:
    """Return the names of all saved pages, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_page(name: str) -> tuple[RawPage, ExtractionRules]:
    """Return one saved page as if it had just been fetched, and the rules of its outlet."""
    saved: dict[str, Any] = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
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
        bodies=tuple((FOLDER / file).read_bytes() for file in saved.get("bodies", [f"{name}.html"])),
    )
    return page, ExtractionRules(source_id=name, **rules)


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def read_page(name: str) -> dict[str, Any]:
    """Return what the extractor makes of one saved page, in the form of its golden file."""
    document = extract_page(*load_page(name))
    published = document.published_at
    return {
        "title": document.title,
        "author": document.author,
        "published_at": published.astimezone(UTC).isoformat() if published else None,
        "precision": document.published_precision,
        "dateline": document.dateline,
        "language": document.language,
        "pages": f"{document.pages_fetched}/{document.pages_expected}",
        "extractor": document.extractor,
        "text": document.text.split("\n"),
        "removed": list(document.removed),
    }


def golden_page(name: str) -> dict[str, Any]:
    """Return the golden file of one saved page."""
    golden: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return golden


def write_golden(name: str) -> Path:
    """Write what the extractor makes of one saved page as its golden file; the page itself is not touched."""
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(read_page(name), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path
