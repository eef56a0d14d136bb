"""The tables of a source manifest: entries, articles, pages, selectors, exports, legal grounds.

Promises: each table is complete and consistent in itself; models are frozen. Never does: read a file, or know
of the source that a table belongs to (`crawlers.manifest` does).
"""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from cssselect import HTMLTranslator, SelectorError
from pydantic import Field, field_validator, model_validator

from crawlers.limits import Part
from crawlers.social_manifest import entry_fault

EntryKind = Literal[
    "feed", "blogger", "wordpress", "sitemap", "export", "index",
    "telegram", "mastodon", "bluesky", "x", "youtube", "reddit", "tiktok",
]  # fmt: skip
Text = Annotated[str, Field(min_length=1)]


class Entry(Part):
    """One entry point: a list of new items that the outlet itself keeps."""

    kind: EntryKind
    url: str = ""
    #: kind = export only: glob of files on this machine, instead of `url`.
    path: str = ""
    #: Social networks only: what to look for, in the network's own language of queries.
    query: str = ""
    #: Social networks only: pages of answers in one night, and how far back the first night looks.
    max_pages: int = Field(default=10, ge=1, le=100)
    back_days: int = Field(default=7, ge=1, le=30)
    #: kind = index only: CSS of the links to articles and of the link to the next page, most pages of a day.
    link: str = "a"
    next: str = ""
    pages: int = Field(default=50, ge=1, le=500)
    fallback: "Entry | None" = None

    @field_validator("link", "next")
    @classmethod
    def _is_css(cls, selector: str) -> str:
        return checked_css(selector)

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.path and self.kind != "export":
            raise ValueError("`path` is for kind = export; give `url`")
        if bool(self.url) == bool(self.path):
            raise ValueError("give `url` (http or https)" + (" or `path`" if self.kind == "export" else ""))
        if fault := entry_fault(self):
            raise ValueError(fault)
        if self.kind == "index" and not all(mark in self.url for mark in ("%Y", "%m", "%d")):
            raise ValueError("the `url` of an index names its day by %Y, %m and %d (and a page by {page})")
        if self.fallback and "index" in (self.kind, self.fallback.kind):
            raise ValueError("an index is for looking back: it has no fallback and is none")
        return self


class Articles(Part):
    """Which links are articles, and which hosts and path prefixes show the same articles."""

    include: str = ""
    same_host: dict[str, str] = Field(default_factory=dict)
    same_path: dict[str, str] = Field(default_factory=dict)

    @field_validator("include")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern


class Pages(Part):
    """How one article is spread over several pages."""

    mode: Literal["none", "query", "path", "merge"] = "none"
    param: str = ""
    value: str = ""
    suffix: str = ""
    next: str = ""
    total: str = ""
    max: int = Field(default=10, ge=1, le=50)

    @field_validator("next", "total")
    @classmethod
    def _is_css(cls, selector: str) -> str:
        return checked_css(selector)

    @model_validator(mode="after")
    def _fits_mode(self) -> Self:
        needs = {"none": (), "query": ("param", "value"), "path": ("suffix",), "merge": ("next",)}[self.mode]
        missing = [name for name in needs if not getattr(self, name)]
        if missing:
            raise ValueError(f'mode = "{self.mode}" needs {" and ".join(f"`{name}`" for name in missing)}')
        return self


class Selectors(Part):
    """CSS selectors, tried in order; they become `ExtractionRules`."""

    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _are_css(cls, selectors: Any) -> Any:
        if isinstance(selectors, list):
            return tuple(checked_css(item) if isinstance(item, str) else item for item in selectors)
        return selectors


class OldSelectors(Selectors):
    """The selectors of an earlier markup, for pages that were fetched up to and including `until`."""

    until: date


class Columns(Part):
    """Our name of a field -> column of the other tool's file."""

    id: Text
    url: Text
    text: Text
    published: Text
    #: Stored as a keyed hash; "" = the file names no author.
    author: str = ""


class Export(Part):
    """How to read the files of another tool."""

    format: Literal["csv", "jsonl"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    platform: Text
    columns: Columns


class Legal(Part):
    """Why we may keep this, what for, and how long."""

    basis: Text
    purpose: Text
    retention_days: int = Field(ge=1)


def checked_css(selector: str) -> str:
    """Give a CSS selector as it is. Raises ValueError when it is none."""
    # Scrapy's two pseudo-elements are no CSS; what stands before them is.
    plain = re.sub(r"::(text|attr\([^)]*\))", "", selector)
    if plain:
        try:
            HTMLTranslator().css_to_xpath(plain)
        except SelectorError as error:
            raise ValueError(f"{selector!r} is not a CSS selector: {error}") from None
        except RecursionError:
            raise ValueError(f"{selector[:80]!r}... is not a CSS selector: too deep") from None
    return selector
