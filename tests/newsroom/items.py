"""The texts of the newsroom as records: articles, posts, and what goes wrong on purpose.

Promises: every line of articles.jsonl and posts.jsonl and every table of faults.toml is read strictly; a
missing or unknown key stops the build. Never does: change a text.
"""

import json
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from crawlers.manifest import Source, load_sources

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
TEXTS = SAMPLE / "newsroom"
NIGHTS: tuple[date, ...] = (date(2024, 9, 17), date(2024, 9, 18), date(2024, 9, 19))


@dataclass(frozen=True, slots=True)
class Gold:
    """The codebook's answer for one item."""

    label: str
    types: tuple[str, ...]
    stage: str
    process: str
    position: str
    region: str
    tag: str
    evidence: tuple[str, ...]
    #: The act is told in one or two sentences of a text about something else.
    deep: bool
    #: Items that tell the same act carry the same name here.
    act: str


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is no part of the article, standing behind `after` paragraphs."""

    after: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One news article; `nights` are those on which its page was fetched, the later ones edited."""

    key: str
    source: str
    nights: tuple[date, ...]
    published: datetime
    path: str
    #: The path as feeds list it (AMP twin, tracking parameters); "" = `path`.
    listed: str
    author: str
    section: str
    title: str
    dateline: str
    paragraphs: tuple[str, ...]
    initials: str
    caption: str
    noise: tuple[Noise, ...]
    #: Paragraphs on page 1 of a merged article; 0 = all.
    page_break: int
    #: A paragraph that an edit on a later night adds.
    update: str
    copy_of: str
    gold: Gold


@dataclass(frozen=True, slots=True)
class Post:
    """One social post, as a row of an export."""

    key: str
    source: str
    nights: tuple[date, ...]
    published: datetime
    id: str
    url: str
    account: str
    text: str
    copy_of: str
    gold: Gold


@dataclass(frozen=True, slots=True)
class FixedAnswer:
    """An answer that is the same every night."""

    url: str
    status: int
    type: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadArticle:
    """An article that the entry lists from `night` on and that cannot be fetched."""

    source: str
    path: str
    title: str
    published: datetime
    night: date
    status: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A broken line of an export, put before the row with that number."""

    source: str
    night: date
    before: int
    text: str


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that goes wrong on purpose."""

    robots: dict[str, str]
    #: Source id -> the encoding that it really uses while it declares UTF-8.
    encoding: dict[str, str]
    #: Sources that answer with Content-Encoding: gzip.
    gzip: tuple[str, ...]
    answers: tuple[FixedAnswer, ...]
    dead: tuple[DeadArticle, ...]
    bad_lines: tuple[BadLine, ...]


def load_articles() -> list[Article]:
    """Read articles.jsonl, in the order of the file."""
    articles = []
    for item in _lines(TEXTS / "articles.jsonl"):
        item["noise"] = tuple(Noise(**noise) for noise in item["noise"])
        item["paragraphs"] = tuple(item["paragraphs"])
        articles.append(Article(**_common(item)))
    return articles


def load_posts() -> list[Post]:
    """Read posts.jsonl, in the order of the file."""
    return [Post(**_common(item)) for item in _lines(TEXTS / "posts.jsonl")]


def load_faults() -> Faults:
    """Read faults.toml."""
    table = tomllib.loads((TEXTS / "faults.toml").read_text(encoding="utf-8"))
    return Faults(
        robots=table.pop("robots"),
        encoding=table.pop("encoding"),
        gzip=tuple(table.pop("transport")["gzip"]),
        answers=tuple(FixedAnswer(**answer) for answer in table.pop("answer")),
        dead=tuple(DeadArticle(**_dated(dead)) for dead in table.pop("dead")),
        bad_lines=tuple(BadLine(**_dated(line)) for line in table.pop("bad_line")),
    )


def load_outlets() -> dict[str, Source]:
    """Read the manifests of the newsroom, by id."""
    return {source.id: source for source in load_sources(SAMPLE / "sources")}


def address_of(item: Article, source: Source) -> str:
    """Give the canonical address of an article: no trailing slash, no parameters."""
    return f"https://{source.hosts[0]}{item.path}".rstrip("/")


def listed_address(item: Article, source: Source) -> str:
    """Give the address of an article as the outlet's own lists have it."""
    return f"https://{source.hosts[0]}{item.listed or item.path}"


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _common(item: dict[str, Any]) -> dict[str, Any]:
    gold = item["gold"]
    item["gold"] = Gold(**{**gold, "types": tuple(gold["types"]), "evidence": tuple(gold["evidence"])})
    item["nights"] = tuple(date.fromisoformat(night) for night in item["nights"])
    item["published"] = datetime.fromisoformat(item["published"])
    return item


def _dated(table: dict[str, Any]) -> dict[str, Any]:
    changed = {**table, "night": date.fromisoformat(table["night"])}
    if "published" in table:
        changed["published"] = datetime.fromisoformat(table["published"])
    return changed
