"""Takes a person's name out of the database, and keeps a keyed hash of it, so that it does not come back.

    erase_names ─▶ placeholder in every text; typed texts erased; archived bodies to go
    suppressed_names (keyed hashes) ─▶ hidden_names ─▶ masks later nights; erase_hidden after a backup

Promises: the texts stay, without the name: they tell of others too, and decisions rest on them; ids, hashes
and the chain of decisions stay whole; nothing that is stored here says whose name it was. Never does: touch
archive or files, or rewrite a record of the register; accounts of reviewers have a verb of their own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, select, update

from store.db import upsert
from store.erasure import erase_digests
from store.persons import PLACEHOLDER, Hidden, Suppressed, mask_address, name_pattern, suppress
from store.records import Document, UsageError
from store.retention import forget_bodies, note_deletions, parts
from store.schema import documents, metadata, revisions, suppressed_names
from store.subject import Hit, find_hits, find_where

#: Columns with addresses: a placeholder must leave them addresses, each its own.
ADDRESSES: Final = frozenset({"url", "canonical_url"})
#: Tables that are not masked: those that refuse every change hold no words of texts, accounts have a verb of
#: their own, and the last ones are the record of deletions itself.
LEFT: Final = frozenset(
    {
        *("label_events", "label_erasures", "label_rechains", "access_acts"),
        *("correction_requests", "correction_decisions"),
        *("reviewers", "deletions", "suppressed_names"),
    }
)
#: Columns of ids, hashes and words of our own: a person may be called as a source, a state or a province is,
#: and a placeholder there would break what the program stands on. Ids end in _id, hashes in _sha256.
FIXED: Final = frozenset(
    {
        *("state", "kind", "stage", "format", "encoding", "origin", "outcome", "rule", "what", "label"),
        *("types", "position", "process", "region", "stratum", "language", "extractor", "scored_by"),
        *("grouped_by", "published_precision", "model", "digest", "field", "salt", "version", "command"),
        *("etag", "last_modified", "code_version", "model_version", "screen_version", "extractor_version"),
    }
)

Mask = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure changed: rows by table, and rows that it may not change."""

    rows: dict[str, int]
    left: tuple[str, ...]


def erase_names(
    conn: Connection, names: Sequence[str], *, key: bytes, at: datetime, reviewer: str, reason: str
) -> Erased:
    """Take names out of every row and put their keyed hashes on the list; `reviewer` is an account's id.

    The reason must name nobody. Raises UsageError for a name that is too short.
    """
    pattern = name_pattern(names)
    rows = [
        asdict(suppress(key, name)) | {"at": at, "reviewer": reviewer, "reason": reason} for name in names
    ]
    upsert(conn, suppressed_names, rows, keys=("whole",), update=False)
    return _erase(
        conn,
        list(find_hits(conn, names)),
        mask=lambda text, placeholder: pattern.sub(placeholder, text),
        key=key,
        at=at,
        reviewer=reviewer,
        reason=reason,
    )


def erase_hidden(conn: Connection, *, key: bytes, at: datetime) -> Erased:
    """Take every name on the list out again, after a backup was restored: nobody has to know the names."""
    hidden = hidden_names(conn, key)
    hits = list(find_where(conn, hidden.holds)) if hidden else []
    return _erase(conn, hits, mask=hidden.mask, key=key, at=at, reviewer="", reason="reapply")


def hidden_names(conn: Connection, key: bytes) -> Hidden:
    """What finds the names on the list."""
    columns = (suppressed_names.c.whole, suppressed_names.c.first_word, suppressed_names.c.words)
    return Hidden(key, [Suppressed(*row) for row in conn.execute(select(*columns))])


def list_suppressed(conn: Connection) -> list[dict[str, str]]:
    """The list as plain text, to be kept beside the database: an older backup has none of it."""
    found = conn.execute(select(suppressed_names).order_by(suppressed_names.c.whole)).mappings()
    return [
        {
            "whole": row["whole"].hex(),
            "first_word": row["first_word"].hex(),
            "words": str(row["words"]),
            "at": row["at"].isoformat(),
            "reviewer": row["reviewer"],
            "reason": row["reason"],
        }
        for row in found
    ]


def restore_suppressed(conn: Connection, told: Sequence[Mapping[str, str]]) -> int:
    """Put what `list_suppressed` gave back on the list; returns how many names were missing.

    Raises UsageError when it is none of ours.
    """
    try:
        rows = [
            {
                "whole": bytes.fromhex(one["whole"]),
                "first_word": bytes.fromhex(one["first_word"]),
                "words": int(one["words"]),
                "at": datetime.fromisoformat(one["at"]),
                "reviewer": one["reviewer"],
                "reason": one["reason"],
            }
            for one in told
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the list of erased names cannot be read: {error!r}") from None
    return upsert(conn, suppressed_names, rows, keys=("whole",), update=False)


def has_suppressed(conn: Connection) -> bool:
    """Whether the list holds a name: without one nobody needs the key."""
    return conn.execute(select(suppressed_names.c.words).limit(1)).first() is not None


def mask_document(document: Document, hidden: Hidden, key: bytes) -> Document:
    """The document without the names on the list; hash and id stay those of what was fetched."""
    return replace(
        document,
        title=hidden.mask(document.title),
        text=hidden.mask(document.text),
        author=hidden.mask(document.author),
        dateline=hidden.mask(document.dateline),
        removed=tuple(map(hidden.mask, document.removed)),
        url=mask_address(key, document.url, hidden.mask),
        canonical_url=mask_address(key, document.canonical_url, hidden.mask),
    )


def _erase(
    conn: Connection, hits: Sequence[Hit], *, mask: Mask, key: bytes, at: datetime, reviewer: str, reason: str
) -> Erased:
    counts: dict[str, int] = {}
    left: set[str] = set()
    digests: set[str] = set()
    masked: list[Hit] = []
    for hit in hits:
        if hit.table in LEFT:
            left.add(hit.table)
            continue
        fixed = {name for name in hit.values if name in FIXED or name.endswith(("_id", "_sha256"))}
        left |= {f"{hit.table}.{name}" for name in fixed}
        if not hit.values.keys() - fixed:
            continue
        masked.append(hit)
        counts[hit.table] = counts.get(hit.table, 0) + 1
        if hit.table == "label_texts":
            digests.add(str(hit.key["digest"]))
        else:
            _mask_row(conn, hit, mask, key, fixed)
    erase_digests(conn, digests, who=reviewer or "reapply", why=reason, at=at)
    for part in parts(sorted(_pages_of(conn, masked))):
        forget_bodies(conn, part, rule="subject", at=at)
    told = {("subject", table): count for table, count in counts.items()}
    note_deletions(conn, told, at=at, reviewer=reviewer, reason=reason)
    return Erased(counts, tuple(sorted(left)))


def _mask_row(conn: Connection, hit: Hit, mask: Mask, key: bytes, fixed: Collection[str]) -> None:
    table = metadata.tables[hit.table]
    values: dict[str, Any] = {}
    for name, value in hit.values.items():
        if name in fixed:
            continue
        if isinstance(value, tuple):
            values[name] = tuple(mask(text, PLACEHOLDER) for text in value)
        elif name in ADDRESSES:
            values[name] = mask_address(key, value, mask)
        else:
            values[name] = mask(value, PLACEHOLDER)
    same_row = and_(*(table.c[name] == value for name, value in hit.key.items()))
    conn.execute(update(table).where(same_row).values(values))


def _pages_of(conn: Connection, hits: Sequence[Hit]) -> set[str]:
    """Pages whose archived bodies hold the name, as far as rows tell."""
    found = {str(hit.key["page_id"]) for hit in hits if "page_id" in hit.key and hit.table == "pages"}
    for table, name in ((documents, "doc_id"), (revisions, "revision_id")):
        ids = sorted({str(hit.key[name]) for hit in hits if name in hit.key})
        for part in parts(ids):
            found.update(conn.scalars(select(table.c.page_id).where(table.c[name].in_(part))))
    return found
