"""Reads JSON Lines of texts, with or without gold labels: the input of `classify`, `evaluate`, training.

Promises: order is kept; a line that is not JSON, lacks a field, has a value that the codebook does not know
or repeats an id is named by file and line, left out and counted; nothing else is lost.
Never does: guess a missing label, change a text.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.records import (
    LABELS,
    NONE_TAGS,
    POSITIONS,
    PROCESSES,
    RELATED_TAGS,
    STAGES,
    TYPES,
    Document,
    Kind,
    UsageError,
)

#: Night of texts that come from a file and not from a crawl.
NO_NIGHT = datetime(1970, 1, 1, tzinfo=UTC).date()


@dataclass(frozen=True, slots=True)
class Item:
    """One line. Gold fields are None where the line has none or where annotators disagreed (null)."""

    id: str
    kind: Kind
    title: str
    text: str
    label: str | None = None
    types: tuple[str, ...] | None = None
    stage: str | None = None
    process: str | None = None
    position: str | None = None
    tag: str = ""
    evidence: tuple[str, ...] = ()
    family: str = ""
    year: int | None = None
    deep: bool = False
    platform: str = ""
    region: str = ""
    #: How much the label counts in training: 1, or less where it only carries over from another text.
    weight: float = 1.0

    def document(self) -> Document:
        """The item as a document without source, for screening and classification."""
        body = f"{self.title}\n{self.text}"
        return Document(
            doc_id=self.id,
            page_id="",
            source_id="",
            kind=self.kind,
            night=NO_NIGHT,
            url="",
            canonical_url="",
            title=self.title,
            text=self.text,
            author="",
            published_at=None,
            published_precision="none",
            dateline="",
            language="id",
            pages_expected=1,
            pages_fetched=1,
            extractor="",
            extractor_version="",
            text_sha256=hashlib.sha256(body.encode("utf-8", "replace")).hexdigest(),
        )


def _check(line: Any, *, gold: bool) -> str:
    """The first thing wrong with a decoded line, or an empty text."""
    if not isinstance(line, dict):
        return "is not a JSON object"
    for field in ("id", "kind", "text", *(("label",) if gold else ())):
        if field not in line:
            return f"lacks the field '{field}'"
    for field in ("id", "kind", "title", "text"):
        if not isinstance(line.get(field, ""), str):
            return f"'{field}' must be text"
    if not line["id"]:
        return "has an empty id"
    if line["kind"] not in ("news", "post"):
        return f"kind is {line['kind']!r}; allowed: news, post"
    if not gold:
        return ""
    allowed: dict[str, tuple[str, ...]] = {
        "label": LABELS,
        "stage": (*STAGES, ""),
        "process": (*PROCESSES, ""),
        "position": (*POSITIONS, ""),
        "tag": (*NONE_TAGS, *RELATED_TAGS, ""),
    }
    for field, values in allowed.items():
        value = line.get(field)
        if value is not None and value not in values:
            return f"{field} is {value!r}; the codebook knows: {', '.join(v for v in values if v)}"
    weight = line.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1:
        return f"weight is {weight!r}; allowed: above 0, at most 1"
    unknown = [t for t in line.get("types") or () if t not in TYPES]
    return f"types has {unknown[0]!r}; the codebook knows: {', '.join(TYPES)}" if unknown else ""


def read_items(paths: Iterable[Path], *, gold: bool) -> tuple[list[Item], list[str]]:
    """All good lines in order, and one message for each line left out.

    Raises UsageError when a file cannot be read at all.
    """
    items: list[Item] = []
    problems: list[str] = []
    seen: dict[str, str] = {}
    for path in paths:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be read ({error.strerror}); give the path of a JSONL file"
            ) from None
        for number, chunk in enumerate(raw.split(b"\n"), 1):
            if not chunk.strip():
                continue
            place = f"{path.name}:{number}"
            try:
                line = json.loads(chunk)
            except (ValueError, RecursionError) as error:
                problems.append(f"{place}: is not JSON ({error}); line skipped")
                continue
            wrong = _check(line, gold=gold)
            if not wrong and line["id"] in seen:
                wrong = f"repeats the id {line['id']!r} of {seen[line['id']]}"
            if wrong:
                problems.append(f"{place}: {wrong}; line skipped")
                continue
            seen[line["id"]] = place
            items.append(_item(line, gold=gold))
    return items, problems


def _item(line: dict[str, Any], *, gold: bool) -> Item:
    plain = {"id": line["id"], "kind": line["kind"], "title": line.get("title", ""), "text": line["text"]}
    if not gold:
        return Item(**plain)
    types = line.get("types")
    return Item(
        **plain,
        label=line["label"],
        types=None if types is None else tuple(types),
        stage=line.get("stage") or None,
        process=line.get("process") or None,
        position=line.get("position") or None,
        tag=line.get("tag") or "",
        evidence=tuple(line.get("evidence") or ()),
        family=line.get("family") or line["id"],
        year=line.get("year"),
        deep=bool(line.get("deep")),
        platform=line.get("platform") or "",
        region=line.get("region") or "",
        weight=line.get("weight", 1.0),
    )
