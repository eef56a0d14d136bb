"""Saved pages that we wrote ourselves, one per platform, each with the document that must come out of it.

NAME.toml says what was fetched when and by which rules; NAME.html (or the files in `bodies`) is what came;
NAME.json is the document as a reader sees it. A page is never edited to please the code. The order of removed
lines is no part of that; where the text was found without selectors, by whatever way, the lines themselves
are none either, since they depend on how far around the article that way has looked. None may stand in
the text in any case. floors.toml holds the floors of the evaluation gate (`tests.pages.gate`).
"""

import json
from pathlib import Path
from typing import Any

from nlp.extract import extract_page
from nlp.floors import FLOORS
from nlp.golden import golden_of, golden_text, load_saved, unconfirmed
from store.records import ExtractionRules, RawPage

FOLDER = Path(__file__).parent
#: Ways to find a text on a page whose markup nobody has described.
GENERIC_WAYS = frozenset({"generic", "trafilatura"})
#: What a golden file need not say; what it does not say is not compared.
DEFAULTS = {"paywall": False}


def page_names() -> list[str]:
    """Return the names of all saved pages, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path.name != FLOORS)


def load_page(name: str) -> tuple[RawPage, ExtractionRules]:
    """Return one saved page as if it had just been fetched, and the rules of its outlet."""
    return load_saved(FOLDER, name)


def read_page(name: str) -> dict[str, Any]:
    """Return what the extractor makes of one saved page, in the form of its golden file."""
    return golden_of(extract_page(*load_page(name)))


def differences(name: str) -> list[str]:
    """Say in what the reading of one saved page differs from its golden file; empty when in nothing."""
    golden, got = DEFAULTS | golden_page(name), DEFAULTS | read_page(name)
    for document in (golden, got):
        document["removed"] = sorted(document["removed"])
    if golden["extractor"] != "selectors":
        golden["extractor"] = got["extractor"]
    if golden["extractor"] in GENERIC_WAYS:
        golden["removed"] = got["removed"]
    return [
        f"{field}: {got[field]!r}, in the golden file {wanted!r}"
        for field, wanted in golden.items()
        if got[field] != wanted
    ]


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
