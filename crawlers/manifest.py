"""Source manifests: one TOML file per outlet says everything that the crawler may know about it.

Promises: a manifest that loads is complete and consistent; an unknown key, a wrong value or a wrong
host is an error that names the file, the line, what is allowed and the nearest known word. Models are
frozen. Never does: fetch, write, or fill a gap by guessing.
"""

import functools
import re
import tomllib
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from crawlers.addresses import is_numeric_host
from crawlers.limits import Bounds, Fill, Items, Part
from crawlers.manifest_errors import describe, line_of, nearest
from crawlers.manifest_tables import (
    Articles,
    Columns,
    Entry,
    EntryKind,
    Export,
    Legal,
    OldSelectors,
    Pages,
    Selectors,
    Text,
)
from crawlers.social_manifest import Credentials, Privacy, source_fault
from crawlers.tls_manifest import Pin, pins_fault
from crawlers.urls import UrlRules, host_of
from store.records import ExtractionRules, Parser, UsageError
from store.tips import SOURCE_ID as TIPS

__all__ = [
    "HOST_PATTERN",
    "ID_PATTERN",
    "Articles",
    "Columns",
    "Entry",
    "EntryKind",
    "Export",
    "Legal",
    "OldSelectors",
    "Pages",
    "Selectors",
    "Source",
    "Text",
    "check_sources",
    "load_source",
    "load_sources",
]

#: No leading "-", which would read as an option; 64 characters, since files are named after it.
ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
HOST_PATTERN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

#: Known time zones; asking the system walks a folder of hundreds of files, once for every manifest.
_zones = functools.cache(zoneinfo.available_timezones)


class Source(Part):
    """One outlet or one social export."""

    id: str
    publisher: Text
    hosts: tuple[str, ...]
    #: Hosts that may lie on this machine or its network: a test server, a private mirror. All others must
    #: have addresses of the open network.
    private_hosts: tuple[str, ...] = ()
    platform: Literal[
        "blogger",
        "wordpress",
        "liputan6",
        "jurnas",
        "detik",
        "kompas",
        "tribun",
        "antara",
        "bawaslu",
        "generic",
        "social",
    ]
    kind: Literal["news", "post"]
    language: str = "id"
    timezone: str = "Asia/Jakarta"
    region: str = ""
    verified: bool = False
    #: The day on which `sources check --live --write` found every entry and an article good.
    verified_on: date | None = None
    delay_s: float = Field(default=1.0, ge=0, le=3600)
    #: false for servers that answer "not modified" wrongly: entries are then asked for in full every night.
    conditional: bool = True
    entries: tuple[Entry, ...] = Field(min_length=1)
    articles: Articles = Articles()
    pages: Pages = Pages()
    selectors: Selectors = Selectors()
    parsers: tuple[OldSelectors, ...] = ()
    bounds: Bounds = Bounds()
    items: Items = Items()
    fill: Fill = Fill()
    export: Export | None = None
    credentials: Credentials | None = None
    tls: tuple[Pin, ...] = ()
    privacy: Privacy = Privacy()
    legal: Legal

    @field_validator("hosts", "private_hosts", "entries", "parsers", "tls", mode="before")
    @classmethod
    def _is_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not HOST_PATTERN.fullmatch(host):
                raise ValueError(f"{host!r} is not a bare host name such as www.example.id")
        return hosts

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        known = _zones()
        if name not in known:
            raise ValueError(f"{name!r} is not a time zone{nearest(name, known)}")
        return name

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        closed = [host for host in self.hosts if is_numeric_host(host) and host not in self.private_hosts]
        if closed:
            raise ValueError(f"host {closed[0]!r} is an address, not a name; only private_hosts may be one")
        if strange := sorted({*self.private_hosts} - {*self.hosts}):
            raise ValueError(f"private_hosts: {strange[0]!r} is not one of the hosts")
        if fault := pins_fault(self.tls, self.hosts):
            raise ValueError(fault)
        exports = any(entry.kind == "export" for entry in self.all_entries())
        if exports and (self.export is None or self.kind != "post"):
            raise ValueError('an entry of kind export needs a table [export] and kind = "post"')
        if fault := source_fault(self.all_entries(), self.kind, self.credentials):
            raise ValueError(fault)
        if len({old.until for old in self.parsers}) < len(self.parsers):
            raise ValueError("two [[parsers]] end on one day; one markup follows the other")
        if not self.nightly_entries():
            raise ValueError("an index is for looking back; give an entry of another kind for the nights")
        if len(self.nightly_entries()) < len(self.entries) and not self.articles.include:
            raise ValueError("an index also links to what is no article; give `articles.include`")
        return self

    def nightly_entries(self) -> list[Entry]:
        """Give the entries that a night asks; an index is read by `crawl --since` alone."""
        return [entry for entry in self.entries if entry.kind != "index"]

    def all_entries(self) -> list[Entry]:
        """Give the entries with their fallbacks, in the order of the file."""
        found: list[Entry] = []
        for entry in self.entries:
            step: Entry | None = entry
            while step is not None:
                found.append(step)
                step = step.fallback
        return found

    def rules(self) -> ExtractionRules:
        """Give what the extractor may know of this source."""
        return ExtractionRules(
            source_id=self.id,
            kind=self.kind,
            title=self.selectors.title,
            body=self.selectors.body,
            published=self.selectors.published,
            author=self.selectors.author,
            remove=self.selectors.remove,
            timezone=self.timezone,
            parsers=tuple(Parser(**dict(old)) for old in sorted(self.parsers, key=lambda old: old.until)),
        )

    def url_rules(self) -> UrlRules:
        """Give what `crawlers.urls.canonicalize` may know of this source."""
        return UrlRules(
            same_host=self.articles.same_host,
            same_path=self.articles.same_path,
            page_param=self.pages.param if self.pages.mode in ("query", "merge") else "",
            page_suffix=self.pages.suffix if self.pages.mode == "path" else "",
        )


#: Name of a table -> its model.
_TABLES: Mapping[str, type[BaseModel]] = {
    "entries": Entry,
    "fallback": Entry,
    "articles": Articles,
    "pages": Pages,
    "selectors": Selectors,
    "parsers": OldSelectors,
    "bounds": Bounds,
    "items": Items,
    "fill": Fill,
    "export": Export,
    "columns": Columns,
    "credentials": Credentials,
    "privacy": Privacy,
    "tls": Pin,
    "legal": Legal,
}


def load_source(path: Path) -> Source:
    """Read one manifest. Raises UsageError naming file, line and key when anything is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise UsageError(f"{path}:{line[1] if line else 1}: not TOML: {error}") from None
    try:
        source = Source.model_validate(table)
    except ValidationError as error:
        raise UsageError(
            "\n".join(describe(path, text, item, root=Source, tables=_TABLES) for item in error.errors())
        ) from None
    if source.id != path.stem or not ID_PATTERN.fullmatch(source.id):
        raise UsageError(
            f"{path}:{line_of(text, ('id',))}: id is {source.id!r}; it must equal the file name "
            f"({path.stem!r}) and consist of a-z, 0-9 and -"
        )
    if source.id == TIPS:
        raise UsageError(f"{path}: the id {TIPS!r} is that of `import tips`; choose another one")
    for entry in source.all_entries():
        if entry.url and host_of(entry.url) not in source.hosts:
            number = text[: text.find(entry.url)].count("\n") + 1
            raise UsageError(
                f"{path}:{number}: entry {entry.url!r} is not an http(s) address on one of the hosts: "
                + (", ".join(source.hosts) or "none given")
            )
    return source


def load_sources(folder: Path, only: Sequence[str] = ()) -> list[Source]:
    """Read all manifests of a folder, or those named in `only`, sorted by id.

    Raises UsageError for the first broken manifest, an unknown name, or a folder without manifests.
    """
    paths = _manifests(folder)
    known = {path.stem: path for path in paths}
    for name in only:
        if name not in known:
            raise UsageError(f"no source {name!r} in {folder}{nearest(name, known)}")
    return [load_source(path) for path in paths if not only or path.stem in only]


def check_sources(folder: Path) -> list[str]:
    """Read all manifests of a folder and list every problem found; an empty list means: all good."""
    problems: list[str] = []
    for path in _manifests(folder):
        try:
            load_source(path)
        except UsageError as error:
            problems.extend(str(error).splitlines())
    return problems


def _manifests(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not paths:
        raise UsageError(f"{folder}: no source manifest (*.toml) there; name the folder that holds them")
    return paths
