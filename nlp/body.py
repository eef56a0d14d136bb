"""Finds the text of an article in the tree of a page, and joins the pages of one article.

Promises: what the manifest says comes first, then a complete articleBody of JSON-LD, then trafilatura, then
the elements that are named for an article; the way that was taken is told. The text is not cleaned yet.
Never does: download, deduplicate across pages, or take quadratic time on a page that nests deeply.
"""

import copy
import logging
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

import trafilatura
from parsel import Selector

from nlp.generic import find_article
from nlp.markup import Rendered, remove_captions, remove_elements, render_lines, select
from store.records import ExtractionRules

# It warns of every page without text; such a page is reported by name and reason elsewhere.
logging.getLogger("trafilatura").setLevel(logging.ERROR)

#: A news text with fewer characters is a teaser, a caption or a page that was not understood.
SHORTEST_ARTICLE = 100
#: An articleBody in JSON-LD with fewer characters is a summary.
SHORTEST_JSON_LD_BODY = 600
#: An articleBody without paragraphs hides boilerplate; it is used if the page itself yields less than this
#: share of it.
_POOR_YIELD = 0.6
#: trafilatura needs quadratic time on deep trees (measured: 81 s at 2,000 levels); real pages have under 60.
_DEEPEST_TREE = 250
#: A photo or an advertisement may stand between a crosshead and its section.
_BETWEEN_SECTIONS = 3
#: A paragraph that page 2 repeats from page 1 is the lead again; shorter lines may repeat in earnest.
_SHORTEST_REPEAT = 40


@dataclass(frozen=True, slots=True)
class Body:
    """The uncleaned text of an article, what was left out on the way, and how it was found."""

    lines: tuple[str, ...]
    removed: tuple[str, ...]
    extractor: str


def first_text(page: Selector, selectors: tuple[str, ...]) -> str:
    """Return the text of the first selector that yields some; it may end in ::text or ::attr(name)."""
    for css in selectors:
        for match in select(page, css):
            text = match if isinstance(match, str) else " ".join(render_lines(match).lines)
            text = " ".join(text.split())
            if text:
                return text
    return ""


def read_body(page: Selector, rules: ExtractionRules, *, described: str = "", data: str = "") -> Body:
    """Return the text of one page: by the manifest, by JSON-LD, by the application's data, by its prose.

    `described`: articleBody of its JSON-LD. `data`: the text in the data of its scripts.
    """
    remove_elements(page, rules.remove)
    by_rules = _render_first(page, rules.body)
    if by_rules.lines:
        return Body(by_rules.lines, by_rules.removed, "selectors")
    long_enough = len(described) >= SHORTEST_JSON_LD_BODY
    if long_enough and "\n" in described:
        return Body(tuple(described.split("\n")), (), "json-ld")
    generic = _read_generically(page)
    size = sum(map(len, generic.lines))
    if data and size < _POOR_YIELD * len(data):
        return Body(tuple(data.split("\n")), (), "json")
    if long_enough and size < _POOR_YIELD * len(described):
        return Body((described,), (), "json-ld")
    return generic


def _render_first(page: Selector, selectors: tuple[str, ...]) -> Rendered:
    """Render all matches of the first selector that yields text; a match inside a match counts once."""
    for css in selectors:
        lines: list[str] = []
        removed: list[str] = []
        roots = select(page, css)
        if len(roots) > 1:
            roots = _with_crossheads(roots)
        matched = set(roots)
        for root in roots:
            if isinstance(root, str):
                lines.append(root)
            elif matched.isdisjoint(root.iterancestors()):
                rendered = render_lines(root)
                lines.extend(rendered.lines)
                removed.extend(rendered.removed)
        if any(line.strip() for line in lines):
            return Rendered(tuple(lines), tuple(removed))
    return Rendered((), ())


def _with_crossheads(roots: list[Any]) -> list[Any]:
    """Add the crossheads that stand between the sections of an article, each in a box beside its section.

    Only those whose parent holds a section as well: a heading elsewhere is that of another box.
    """
    if any(isinstance(root, str) for root in roots):
        return roots
    found: list[Any] = []
    sections = set(roots)
    for place, root in enumerate(roots):
        before = list(islice(root.itersiblings(preceding=True), _BETWEEN_SECTIONS)) if place else []
        between = list(takewhile(lambda sibling: sibling not in sections, before))
        found.extend(sibling for sibling in reversed(between) if sibling.tag in ("h2", "h3", "h4"))
        found.append(root)
    return found


def _read_generically(page: Selector) -> Body:
    found = find_article(page.root)
    rendered = render_lines(found.element, boxes=found.boxes) if found else Rendered((), ())
    if sum(map(len, rendered.lines)) >= SHORTEST_ARTICLE:
        return Body(rendered.lines, rendered.removed, "generic")
    return _read_with_trafilatura(page) or Body(rendered.lines, rendered.removed, "generic")


def _read_with_trafilatura(page: Selector) -> Body | None:
    if _depth(page.root) > _DEEPEST_TREE:
        return None
    tree = copy.deepcopy(page.root)
    captions = remove_captions(tree)
    # deduplicate stays off: it remembers the pages that were read before and drops what they share.
    found = trafilatura.bare_extraction(tree, favor_precision=True, include_comments=False, deduplicate=False)
    text = getattr(found, "text", None) or ""
    if len(text) < SHORTEST_ARTICLE:
        return None
    lines, menus = _read_table_rows(text.split("\n"))
    return Body(lines, (*captions, *menus), "trafilatura")


def _read_table_rows(lines: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take the bars of table rows off: old pages keep prose in tables, and menus, which are told apart."""
    kept: list[str] = []
    menus: list[str] = []
    for line in lines:
        row = line.strip()
        if row.startswith("|") and row.endswith("|"):
            row = " ".join(row.replace("|", " ").split())
            (kept if any(mark in row for mark in (". ", ", ")) or row.endswith(".") else menus).append(row)
        else:
            kept.append(row)
    return tuple(kept), tuple(menus)


def _depth(root: Any) -> int:
    deepest = depth = 0
    levels = {root: 0}
    for element in root.iterdescendants():
        depth = levels[element] = levels[element.getparent()] + 1
        deepest = max(deepest, depth)
    return deepest


def join_bodies(bodies: list[Body]) -> Body:
    """Join the pages of one article; a paragraph that a later page repeats is the lead again."""
    lines: list[str] = []
    seen: set[str] = set()
    for body in bodies:
        fresh = [line for line in body.lines if len(line) < _SHORTEST_REPEAT or line not in seen]
        lines.extend(fresh)
        seen.update(fresh)
    removed = tuple(line for body in bodies for line in body.removed)
    return Body(tuple(lines), removed, bodies[0].extractor)
