"""Chooses the selectors that fit a page, since an outlet's markup changes and its old pages stay.

Promises: a page is read with the markup of the day when it was fetched, however long ago that was; if that
does not fit the page, with another markup of the same outlet that does, the one of the day of publication
first (outlets leave old articles in their old dress). Never does: mix the selectors of two markups.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from parsel import Selector

from nlp.markup import select
from store.records import ExtractionRules


def choose_rules(
    page: Selector, rules: ExtractionRules, *, fetched: date, published: date | None
) -> ExtractionRules:
    """Return `rules` with the selectors of the markup that `page` is in.

    `fetched`, `published`: days in the outlet's zone. When the body selectors of no markup find anything, the
    selectors of the day of fetching are returned.
    """
    if not rules.parsers:
        return rules
    ranked = list(_rank(rules, fetched, published))
    fitting = (known for known in ranked if any(select(page, css) for css in known.body))
    return next(fitting, ranked[0])


def _rank(rules: ExtractionRules, fetched: date, published: date | None) -> Iterator[ExtractionRules]:
    """Yield the markup of `fetched`, that of `published`, then all, newest first."""
    today = replace(rules, parsers=())
    old = [
        (
            parser.until,
            replace(
                today,
                title=parser.title,
                body=parser.body,
                published=parser.published,
                author=parser.author,
                remove=parser.remove,
            ),
        )
        for parser in sorted(rules.parsers, key=lambda parser: parser.until)
    ]
    for day in (fetched, published):
        if day is not None:
            yield next((known for until, known in old if day <= until), today)
    yield today
    yield from (known for _, known in reversed(old))
