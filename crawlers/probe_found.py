"""What a visit to a site brings home: entries that answered, one saved page, and what was made of them.

Promises: plain data between the visit and the files that are written after it. Never does: request, write.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from crawlers.manifest import EntryKind
from crawlers.probe_marks import Guess
from crawlers.spiders.listing import FoundLink, FoundPart, PartFormat


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry that answered, with what it lists."""

    kind: EntryKind
    url: str
    links: tuple[FoundLink, ...] = ()
    parts: tuple[FoundPart, ...] = ()

    @property
    def urls(self) -> list[str]:
        """Addresses of the articles that it lists."""
        return [link.url for link in self.links] + [part.url for part in self.parts]

    @property
    def newest(self) -> datetime | None:
        """The latest time that one of its items names."""
        times = [link.published for link in self.links] + [part.published for part in self.parts]
        return max((time for time in times if time), default=None)


@dataclass(frozen=True, slots=True)
class SavedPage:
    """One article as it came; `body` is an HTML page, or one entry of an interface as JSON."""

    url: str
    body: bytes
    encoding: str
    fetched_at: datetime
    format: Literal["html"] | PartFormat = "html"
    part: str = ""


@dataclass(slots=True)
class Findings:
    """All that a visit learnt; `found`, `guessed` and `unused` are lines for the person who confirms."""

    host: str
    hosts: tuple[str, ...]
    publisher: str
    platform: str
    language: Guess
    zone: Guess
    entries: list[FoundEntry]
    include: str = ""
    same_host: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str | int] = field(default_factory=dict)
    selectors: dict[str, list[str]] = field(default_factory=dict)
    article: list[SavedPage] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    #: What was asked and gave nothing.
    unused: list[str] = field(default_factory=list)
