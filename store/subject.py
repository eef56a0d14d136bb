"""What the database holds of one person: every row with the name, and what was made of those texts.

Promises: looks into every column of text of every table, those of later versions too, so that nothing derived
is forgotten; a hit is checked by the whole name, the database only chooses rows. Never does: write.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, cast, or_, select

from store.columns import PlainText, TextList
from store.labels import events_of
from store.persons import name_pattern, name_words
from store.retention import parts
from store.schema import cleared_bodies, documents, label_events, metadata, pages, predictions, revisions
from store.schema import incident_documents as members

#: Characters of a text shown on each side of a name.
AROUND: Final = 80
_PER_READ: Final = 1_000
#: Keys whose rows have a night, and the tables that tell it.
_DATED: Final = {"doc_id": documents, "page_id": pages, "revision_id": revisions}
#: What a database finds in any case and spelling: letters of ASCII in a row, no apostrophe.
_ASCII: Final = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that holds a name: its table, its key, and the columns that hold it."""

    table: str
    key: Mapping[str, Any]
    values: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that holds a name, without a word of it: kind of row, key, night (None: of no one night)."""

    table: str
    key: str
    night: date | None


def find_hits(conn: Connection, names: Sequence[str]) -> Iterator[Hit]:
    """Every row that holds one of these names. Raises UsageError for a name too short to look for."""
    pattern = name_pattern(names)
    rare = sorted({max(_ASCII.findall(" ".join(name_words(name))), key=len, default="") for name in names})
    yield from find_where(conn, lambda text: bool(pattern.search(text)), words=rare if all(rare) else ())


def find_where(conn: Connection, holds: Callable[[str], bool], *, words: Sequence[str] = ()) -> Iterator[Hit]:
    """Every row with a text that `holds` says yes to; `words`: look only at rows with one of them."""
    for table in metadata.sorted_tables:
        columns = text_columns(table)
        if not columns:
            continue
        asked = select(*table.primary_key, *(column for column in columns if not column.primary_key))
        if words:
            asked = asked.where(or_(*(_has(conn, column, word) for column in columns for word in words)))
        rows = conn.execute(asked.execution_options(yield_per=_PER_READ))
        for row in rows.mappings():
            held = {
                column.name: row[column.name]
                for column in columns
                if any(holds(text) for text in texts_of(row[column.name]))
            }
            if held:
                yield Hit(table.name, {key.name: row[key.name] for key in table.primary_key}, held)


def text_columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that hold text or lists of texts."""
    return [column for column in table.c if isinstance(column.type, PlainText | TextList)]


def texts_of(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The texts of a column's value."""
    return (value,) if isinstance(value, str) else value or ()


def list_found(conn: Connection, hits: Sequence[Hit], names: Sequence[str]) -> list[Found]:
    """Which rows these are and of which night, without a word of theirs."""
    pattern = name_pattern(names)
    nights = _nights_of(conn, hits)
    return [
        Found(
            hit.table,
            # A key may be an address with the name in it.
            " ".join("…" if pattern.search(str(value)) else str(value) for value in hit.key.values()),
            nights.get(next((str(hit.key[name]) for name in _DATED if name in hit.key), "")),
        )
        for hit in hits
    ]


def incidents_of(conn: Connection, hits: Sequence[Hit]) -> list[str]:
    """Ids of the incidents that rows belong to, by way of their documents."""
    found: set[str] = set()
    for part in parts(documents_of(conn, hits)):
        found.update(conn.scalars(select(members.c.incident_id).where(members.c.doc_id.in_(part))))
    return sorted(found)


def report_person(conn: Connection, names: Sequence[str]) -> dict[str, Any]:
    """All that is held of a person, as plain data for a JSON file.

    `rows`: each row with the name, with the words around it; `documents`: each text that holds it, with what
    the program and people made of it, and where its pages lie in the archive.
    """
    pattern = name_pattern(names)
    hits = list(find_hits(conn, names))
    rows = [
        {
            "table": hit.table,
            "key": dict(hit.key),
            "columns": {name: excerpts(pattern, value) for name, value in hit.values.items()},
        }
        for hit in hits
    ]
    doc_ids = documents_of(conn, hits)
    told = [one for part in parts(doc_ids) for one in _documents(conn, part)]
    return {"rows": rows, "documents": told, "counts": {"rows": len(rows), "documents": len(told)}}


def documents_of(conn: Connection, hits: Sequence[Hit]) -> list[str]:
    """Ids of the documents that rows belong to: by their own id, their page, their incident or a decision."""
    found: set[str] = {str(hit.key["doc_id"]) for hit in hits if "doc_id" in hit.key}
    page_ids = sorted(_pages_of(hits))
    for part in parts(page_ids):
        found.update(conn.scalars(select(documents.c.doc_id).where(documents.c.page_id.in_(part))))
    events = sorted({str(hit.values.get("event_id", "")) for hit in hits} - {""})
    digests = sorted({str(hit.key["digest"]) for hit in hits if hit.table == "label_texts"})
    for part in parts(digests):
        typed = or_(*(label_events.c[name].in_(part) for name in ("new_actor", "new_note", "reason")))
        events += list(conn.scalars(select(label_events.c.incident_id).where(typed)))
    for part in parts(sorted(set(events))):
        found.update(conn.scalars(select(members.c.doc_id).where(members.c.incident_id.in_(part))))
    known: set[str] = set()
    for part in parts(sorted(found)):
        known.update(conn.scalars(select(documents.c.doc_id).where(documents.c.doc_id.in_(part))))
    return sorted(known)


def excerpts(pattern: re.Pattern[str], value: str | tuple[str, ...]) -> list[str]:
    """The places of a name in a text or several, each with the words around it."""
    return [
        text[max(0, match.start() - AROUND) : match.end() + AROUND]
        for text in texts_of(value)
        for match in pattern.finditer(text)
    ]


def _pages_of(hits: Sequence[Hit]) -> set[str]:
    own = {str(hit.key["page_id"]) for hit in hits if "page_id" in hit.key}
    older = {str(hit.key["revision_id"]).split("#", 1)[0] for hit in hits if "revision_id" in hit.key}
    return own | older


def _nights_of(conn: Connection, hits: Sequence[Hit]) -> dict[str, date]:
    nights: dict[str, date] = {}
    for name, table in _DATED.items():
        ids = sorted({str(hit.key[name]) for hit in hits if name in hit.key})
        for part in parts(ids):
            asked = select(table.c[name], table.c.night).where(table.c[name].in_(part))
            nights |= {row[0]: row[1] for row in conn.execute(asked)}
    return nights


def _has(conn: Connection, column: Column[Any], word: str) -> ColumnElement[bool]:
    """Whether a column may hold a word of ASCII letters, in any case."""
    text = cast(column, Text) if isinstance(column.type, TextList) else column
    # SQLite's LIKE asks for no case of ASCII letters by itself, and is quicker than by way of lower().
    if conn.dialect.name == "sqlite":
        return text.contains(word, autoescape=True)
    return text.icontains(word, autoescape=True)


def _documents(conn: Connection, doc_ids: Sequence[str]) -> list[dict[str, Any]]:
    rows = conn.execute(
        select(documents, predictions, members.c.incident_id, pages.c.refs, pages.c.fetched_at.label("at"))
        .join(pages, pages.c.page_id == documents.c.page_id)
        .outerjoin(predictions, predictions.c.doc_id == documents.c.doc_id)
        .outerjoin(members, members.c.doc_id == documents.c.doc_id)
        .where(documents.c.doc_id.in_(doc_ids))
        .order_by(documents.c.doc_id)
    )
    shown = (
        "doc_id",
        "page_id",
        "source_id",
        "kind",
        "night",
        "url",
        "title",
        "author",
        "published_at",
        "state",
    )
    made = []
    for row in rows.mappings():
        page_id = row[documents.c.page_id]
        one = {name: row[documents.c[name]] for name in shown} | {"fetched_at": row["at"]}
        scored = row[predictions.c.doc_id] is not None
        one["prediction"] = {c.name: row[c] for c in predictions.c if c.name != "doc_id"} if scored else None
        incident_id = row[members.c.incident_id]
        one["incident"] = incident_id
        one["decisions"] = [
            {
                "at": event.at,
                "review": event.review,
                "decision": event.new.decision if event.new else "undone",
                "types": event.new.types if event.new else (),
                "actor": event.new.actor if event.new else "",
                "note": event.new.note if event.new else "",
                "reason": event.reason,
            }
            for event in (events_of(conn, incident_id) if incident_id else ())
        ]
        older = conn.execute(
            select(revisions.c.revision_id, revisions.c.night, revisions.c.title, revisions.c.refs)
            .where(revisions.c.page_id == page_id)
            .order_by(revisions.c.revision_id)
        )
        one["archived"] = [[ref.file, ref.offset] for ref in row[pages.c.refs]]
        one["older_versions"] = [
            {
                "id": r.revision_id,
                "night": r.night,
                "title": r.title,
                "archived": [[f.file, f.offset] for f in r.refs],
            }
            for r in older
        ]
        one["cleared"] = list(
            conn.scalars(select(cleared_bodies.c.rule).where(cleared_bodies.c.page_id == page_id))
        )
        made.append(one)
    return made
