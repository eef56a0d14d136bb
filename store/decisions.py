"""The records of review: what reviewers decide, what they saw, who they are, and the error of a conflict.

Promises: frozen records of plain data, as those of `store.records`, which every room may speak. Never does:
read, write, compute.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from store.records import Document, UsageError

#: What a reviewer says of an incident: a dugaan as the codebook has it, none, or the text does not tell.
DECISIONS: tuple[str, ...] = ("case", "none", "unsure")
#: The lines of decisions on one incident: the reviewer's, a blind second one, and the last word on both.
REVIEWS: tuple[str, ...] = ("first", "second", "adjudication")
#: Where a person types freely; these texts stand outside the chain and can be erased.
TYPED_FIELDS: tuple[str, ...] = ("actor", "note", "reason")
#: What stands in place of a text that was erased, in every language, so that a sheet comes back as it went.
ERASED = "[dihapus]"
#: What a reviewer may do, each more than the one before: read, decide, manage the accounts.
ROLES: tuple[str, ...] = ("reader", "reviewer", "admin")


class ConflictError(UsageError):
    """What a reviewer decided on is no longer what is stored; nothing was written.

    `seen` and `stored` are the two sides (`seen` is None where the caller gave none); `standing` is the
    event of another reviewer that came in between, if that is the conflict.
    """

    def __init__(
        self,
        message: str,
        *,
        incident_id: str,
        seen: "Seen | None",
        stored: "Seen",
        standing: "LabelEvent | None" = None,
    ) -> None:
        super().__init__(message)
        self.incident_id = incident_id
        self.seen = seen
        self.stored = stored
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer says of one incident; never that anybody is guilty."""

    #: One of DECISIONS.
    decision: str
    #: Types of the codebook (TYPES).
    types: tuple[str, ...] = ()
    #: A position of the codebook, the reviewer's own words, or ERASED; so is `note`, without a codebook.
    actor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reviewer had before them: the lead document's text, and the model behind the prediction."""

    text_sha256: str
    model: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants the register to note; `store.labels.append_event` says what the fields mean."""

    incident_id: str
    new: Decision | None
    seen: Seen | None
    reviewer: str
    origin: str
    review: Literal["first", "second", "adjudication"] = "first"
    reason: str = ""
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """One line of the register of decisions, which only ever grows; see `store.labels`."""

    event_id: str
    #: The event before it in the whole register; empty for the first one.
    previous: str
    incident_id: str
    #: The lead document at that time, its text and the model of its prediction.
    doc_id: str
    text_sha256: str
    model: str
    at: datetime
    #: Id of the reviewer; the name is in `reviewers` alone.
    reviewer: str
    #: "page", "cli", "sheet:<first 16 hex digits of the file's sha256>:<line>".
    origin: str
    review: Literal["first", "second", "adjudication"]
    old: Decision | None
    #: None: undone, as if nobody had decided.
    new: Decision | None
    reason: str = ""
    #: (column, digest) of what was typed, in the order of the columns; the texts are in place of the digests,
    #: or ERASED is.
    digests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """One text that was erased: which, who did it, when and why; never the text."""

    digest: str
    #: The event that it was typed for, and its field there (one of TYPED_FIELDS).
    event_id: str
    field: str
    at: datetime
    reviewer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """An account of somebody who decides. Without a password hash nobody can log in with it."""

    reviewer_id: str
    name: str
    #: One of ROLES.
    role: str
    password_hash: str
    added_at: datetime
    #: Wrong tries since the last good one.
    failures: int = 0
    locked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One document that a standing decision (case or none) is about."""

    document: Document
    #: What the classifier had marked when the reviewer saw it.
    evidence: tuple[str, ...]
    decision: Decision
    incident_id: str
    #: "flagged", or "audit" for a document of the random sample from below the threshold.
    queue: str
    decided_at: datetime
    #: Whether the decision was made on another document of the incident and only carries over to this one.
    carried_over: bool
