"""Finds the headline of an article, and the element that shows it: date and reporter stand near it.

Promises: what the page tells machines comes before what it shows, without the outlet's name behind it; a
headline that search engines got shortened is taken whole from the page; the name of the outlet is no
headline. Never does: raise on any page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parsel import Selector

from nlp.body import first_text
from nlp.boilerplate import is_list_heading, letters
from nlp.dateline import Outlet
from nlp.markup import render_lines, select
from nlp.structured import Described, cut_site_name
from store.records import ExtractionRules

#: Elements that hold the headline, by name first: on a blog the h1 is the name of the blog.
_HEADINGS = ("[itemprop='headline']", ".entry-title", ".post-title", "h1", "h2")
#: How many elements of each kind are looked at.
_MOST = 5
#: Text with fewer letters is no headline that could be told from others.
_FEWEST_LETTERS = 8
_SEPARATORS = re.compile(r"\s[-|–—:»·]{1,2}\s|\s?»\s?")
#: What an outlet puts behind the headline of a page that shows all pages.
_PAGE_MARK = re.compile(r"\s(?:[-|]\s)?(?:halaman|page)\s(?:all|\d{1,2})\Z", re.IGNORECASE)
_FOREIGN = frozenset({"nav", "aside", "footer"})


@dataclass(frozen=True, slots=True)
class Headline:
    """The text of a headline, and the lxml element that shows it, if one does."""

    text: str
    element: Any | None


def find_headline(
    page: Selector, rules: ExtractionRules, described: tuple[Described, ...], outlet: Outlet
) -> Headline:
    """Return the headline. `described`: what the page tells machines, most believed first."""
    by_rules = first_text(page, rules.title)
    told = [
        title
        for source in described
        if source.title and not outlet.is_called(title := cut_site_name(source.title, outlet.names[0]))
    ]
    shown = list(_headings(page, rules, outlet))
    title = by_rules or next(iter(told), "")
    if not title:
        title = _shown_title(page, shown, outlet)
    if not by_rules:
        title = _whole(title, [*told[1:], *(text for text, _ in shown)])
    wanted = letters(title)
    element = next((found for text, found in shown if letters(text) == wanted), None)
    if element is None:
        element = _element_with(page, title) if title else None
    if element is None:
        element = next((found for _, found in shown), None)
    return Headline(title, element)


def _headings(page: Selector, rules: ExtractionRules, outlet: Outlet) -> Iterator[tuple[str, Any]]:
    """Yield what may be the headline as text and element, likeliest first."""
    selectors = [css for css in (*rules.title, *_HEADINGS) if "::" not in css]
    for css in selectors:
        for element in select(page, css)[:_MOST]:
            text = " ".join(" ".join(render_lines(element).lines).split())
            named_for_machines = element.tag == "meta"
            if not text or named_for_machines or outlet.is_called(text) or is_list_heading(text):
                continue
            if any(parent.tag in _FOREIGN for parent in element.iterancestors()):
                continue
            yield text, element


def _shown_title(page: Selector, shown: list[tuple[str, Any]], outlet: Outlet) -> str:
    """Return the heading that the browser's tab names, or the first one, or what the tab shows."""
    tab = " ".join((page.xpath("//title/text()").get() or "").split())
    parts = {letters(part) for part in _SEPARATORS.split(tab)}
    named = [text for text, _ in shown if letters(text) in parts]
    if named:
        return max(named, key=len)
    return next((text for text, _ in shown), "") or cut_site_name(tab, outlet.names[0])


def _whole(title: str, others: list[str]) -> str:
    """Return the headline without what was put behind it, or with what was cut off, as others show it."""
    title = _PAGE_MARK.sub("", title)
    stem = title.rstrip(" .…")
    if title != stem:
        return next((full for full in others if full.startswith(stem)), title)
    for other in others:
        rest = title[len(other) :]
        if title.startswith(other) and len(letters(other)) >= _FEWEST_LETTERS and _SEPARATORS.match(rest):
            return other
    return title


def _element_with(page: Selector, title: str) -> Any | None:
    """Return the first element outside the head whose own text is the headline, whatever its tag."""
    if len(letters(title)) < _FEWEST_LETTERS:
        return None
    for element in page.root.iter():
        text = element.text if isinstance(element.tag, str) else None
        if (
            text
            and element.tag not in ("title", "script", "a", "option")
            and len(text) >= len(title)
            and " ".join(text.split()) == title
        ):
            return element
    return None
