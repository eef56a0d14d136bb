"""Saved pages that we wrote ourselves, one per platform, each with the document that must come out of it.

NAME.toml says what was fetched when and by which rules; NAME.html (or the files in `bodies`) is what came;
NAME.json is the document as a reader sees it. A page is never edited to please the code.
"""

import json
from pathlib import Path
from typing import Any

from nlp.extract import extract_page
from nlp.golden import golden_of, golden_text, load_saved, unconfirmed
from store.records import ExtractionRules, RawPage

FOLDER = Path(__file__).parent


def page_names() -> list[str]:
    """Return the names of all saved pages, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_page(name: str) -> tuple[RawPage, ExtractionRules]:
    """Return one saved page as if it had just been fetched, and the rules of its outlet."""
    return load_saved(FOLDER, name)


def read_page(name: str) -> dict[str, Any]:
    """Return what the extractor makes of one saved page, in the form of its golden file."""
    return golden_of(extract_page(*load_page(name)))


def golden_page(name: str) -> dict[str, Any]:
    """Return the golden file of one saved page; fails for a page that no person has confirmed."""
    assert not unconfirmed(FOLDER, name), unconfirmed(FOLDER, name)
    golden: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return golden


def write_golden(name: str) -> Path:
    """Write what the extractor makes of one saved page as its golden file; the page itself is not touched."""
    path = FOLDER / f"{name}.json"
    path.write_text(golden_text(read_page(name)), encoding="utf-8")
    return path
