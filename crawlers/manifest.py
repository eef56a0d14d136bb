"""Source manifests: one TOML file per outlet says everything that the crawler may know about it.

Promises: a manifest that loads is complete and consistent; an unknown key, a wrong value or a wrong
host is an error that names the file, the line, what is allowed and the nearest known word. Models are
frozen. Never does: fetch, write, or fill a gap by guessing.
"""

import difflib
import functools
import re
import tomllib
import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from cssselect import HTMLTranslator, SelectorError
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from crawlers.addresses import is_numeric_host
from crawlers.limits import Bounds, Fill, Items, Part
from crawlers.social_manifest import Credentials, Privacy, entry_fault, source_fault
from crawlers.tls_manifest import Pin, pins_fault
from crawlers.urls import UrlRules, host_of
from store.records import ExtractionRules, Parser, UsageError

ID_PATTERN = re.compile(r"[a-z0-9-]+")
HOST_PATTERN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

#: Known time zones; asking the system walks a folder of hundreds of files, once for every manifest.
_zones = functools.cache(zoneinfo.available_timezones)

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
        return _checked_css(selector)

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
        return _checked_css(selector)

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
            return tuple(_checked_css(item) if isinstance(item, str) else item for item in selectors)
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
            raise ValueError(f"{name!r} is not a time zone{_nearest(name, known)}")
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
        raise UsageError("\n".join(_describe(path, text, item) for item in error.errors())) from None
    if source.id != path.stem or not ID_PATTERN.fullmatch(source.id):
        raise UsageError(
            f"{path}:{_line_of(text, ('id',))}: id is {source.id!r}; it must equal the file name "
            f"({path.stem!r}) and consist of a-z, 0-9 and -"
        )
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
            raise UsageError(f"no source {name!r} in {folder}{_nearest(name, known)}")
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


def _checked_css(selector: str) -> str:
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


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _describe(path: Path, text: str, error: Any) -> str:
    """Turn one pydantic error into "file:line: key: what is wrong, what is allowed"."""
    place: tuple[int | str, ...] = error["loc"]
    key = ".".join(str(step) for step in place) or "file"
    if error["type"] == "extra_forbidden":
        known = sorted(_model_at(place[:-1]).model_fields)
        what = f"unknown key{_nearest(str(place[-1]), known)}; known: {', '.join(known)}"
    elif error["type"] == "missing":
        what = "this key is missing"
    else:
        what = error["msg"].removeprefix("Value error, ")
        if isinstance(error["input"], str) and "expected" in error.get("ctx", {}):
            allowed = re.findall(r"'([^']+)'", str(error["ctx"]["expected"]))
            what += f", not {error['input']!r}{_nearest(error['input'], allowed)}"
    return f"{path}:{_line_of(text, place)}: {key}: {what}"


def _model_at(place: tuple[int | str, ...]) -> type[BaseModel]:
    """Find the model that a place inside a manifest belongs to."""
    inner: dict[str, type[BaseModel]] = {
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
    names = [step for step in place if isinstance(step, str)]
    return inner[names[-1]] if names else Source


def _line_of(text: str, place: tuple[int | str, ...]) -> int:
    """Give the line on which a key stands; for a missing key, the line of its table; else line 1."""
    lines: dict[tuple[int | str, ...], int] = {(): 1}
    table: tuple[int | str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]", line):
            table = _table_path(lines, header[2].split("."), is_list=header[1] == "[[")
            lines[table] = number
        elif key := re.match(r"\s*\"?([\w\-]+)\"?\s*=", line):
            lines.setdefault((*table, key[1]), number)
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _table_path(
    lines: dict[tuple[int | str, ...], int], names: list[str], *, is_list: bool
) -> tuple[int | str, ...]:
    """Name a table header as pydantic does: "[[entries]]" the second time is ("entries", 1)."""
    path: tuple[int | str, ...] = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        count = sum(1 for known in lines if known and known[:-1] == path and isinstance(known[-1], int))
        if depth == len(names) - 1 and is_list:
            path = (*path, count)
        elif count:
            path = (*path, count - 1)
    return path
