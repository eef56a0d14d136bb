"""The evaluation gate of the extractor: how right all saved HTML pages come out, over pinned floors.

Promises: every saved HTML page is measured twice, with its outlet's selectors and on the generic path alone
(rules emptied); a page of which nothing is read counts with zeros. Never does: loosen a floor.

    python -m tests.pages check   compare the extractor with tests/pages/floors.toml
    python -m tests.pages raise   lift the floors to what it reached, less a margin
"""

from collections.abc import Callable, Mapping
from typing import Any

import tests.pages as saved
from nlp.extract import NothingExtracted, extract_page
from nlp.floors import Floor, check_floors, read_floors
from store.records import ExtractionRules, RawPage
from tests.pages.scores import Reading, Score, score_page, summarise

#: Half a page of 123: the measure is the same in every run, and a floor gives way to no page that gets worse.
MARGIN = 0.004
HEADER = """\
# What the extractor must reach on the saved pages. Below a bound the tests fail.
#   metric    selectors.*: every page with its outlet's selectors; generic.*: with none at all
#   measured  the value, version of the extractor and day when the bound was set
# `python -m tests.pages raise` tightens the bounds and never loosens one. To give one up, delete it by hand,
# with the reason, in a commit of its own.
"""

#: Makes a reading of a fetched page, given what the manifest says of it.
Reader = Callable[[RawPage, ExtractionRules], Reading]


def html_names() -> list[str]:
    """Return the names of the saved pages that came as HTML."""
    return [name for name in saved.page_names() if saved.load_page(name)[0].format == "html"]


def read_as_we_do(page: RawPage, rules: ExtractionRules) -> Reading:
    """Read a page with the extractor of this house."""
    try:
        document = extract_page(page, rules)
    except NothingExtracted:
        return Reading()
    return Reading(document.text, document.title, document.author, document.published_at)


def without_selectors(rules: ExtractionRules) -> ExtractionRules:
    """Return the rules of a source whose markup nobody has described."""
    return ExtractionRules(rules.source_id, kind=rules.kind, timezone=rules.timezone)


def score_pages(read: Reader, *, generic: bool = False) -> dict[str, Score]:
    """Score a reader on every saved HTML page; `generic`: it is not told the selectors."""
    scores = {}
    for name in html_names():
        page, rules = saved.load_page(name)
        reading = read(page, without_selectors(rules) if generic else rules)
        scores[name] = score_page(saved.golden_page(name), reading)
    return scores


def measure_pages() -> Mapping[str, Any]:
    """Return what the floors are about."""
    return {
        "selectors": summarise(score_pages(read_as_we_do).values()),
        "generic": summarise(score_pages(read_as_we_do, generic=True).values()),
    }


def check_pages(metrics: Mapping[str, Any]) -> list[str]:
    """Return one message for each floor that is not reached."""
    return check_floors(metrics, floors())


def floors() -> list[Floor]:
    """Return the pinned floors."""
    return read_floors(saved.FOLDER)
