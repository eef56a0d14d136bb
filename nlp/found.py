"""What every reader of a page hands on to the cleaner, and the refusal when there is nothing to hand on."""

from dataclasses import dataclass

from nlp.body import Body
from nlp.dateline import NO_OUTLET, Outlet
from nlp.dates import Published
from store.records import NetraError


class NothingExtracted(NetraError):  # noqa: N818 - reads as a result: there is nothing in this page
    """There is no article in the page; the message says why, in words that fit a report."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that one format yields, before cleaning."""

    title: str
    author: str
    published: Published | None
    body: Body
    language: str
    pages: int
    outlet: Outlet = NO_OUTLET
    paywall: bool = False


def short_language(tag: str) -> str:
    """Return the main part of a language tag; "in" is what old pages and X call Indonesian, as nothing is."""
    main = tag.strip().replace("_", "-").split("-")[0].lower()
    return "id" if main in ("", "in") else main
