"""One frozen record per stage of the night, and the errors that every room raises.

    NetraError                 has a message that names the item, the place and the next step
      UsageError               exit 2: wrong option, manifest, file or database address
      LockedError              exit 3: another run holds the lock
      StoppedError             exit 4: a broken assumption; everything stored so far is kept

Promises: every room speaks these types and no others; a record never changes after it was made; every
field is plain data (text, numbers, tuples, aware datetimes), so that it survives SQL and JSON unchanged.
Never does: read, write, compute. Field names and values are those of the codebook.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from store.codebook import LABELS as LABELS
from store.codebook import NONE_TAGS as NONE_TAGS
from store.codebook import POSITIONS as POSITIONS
from store.codebook import PROCESSES as PROCESSES
from store.codebook import RELATED_TAGS as RELATED_TAGS
from store.codebook import STAGES as STAGES
from store.codebook import TYPES as TYPES

#: Version of this code, as every run and model records it; pyproject.toml says the same (tested).
CODE_VERSION = "0.1.0"

Kind = Literal["news", "post"]
Label = Literal["case", "related", "none"]

#: Why an incident is before the reviewers: it was flagged, or drawn at random from what was not.
INCIDENT_KINDS: tuple[str, ...] = ("flagged", "audit")
#: Where an audited document was drawn from: scored below the threshold, or let go by screening.
AUDIT_STRATA: tuple[str, ...] = ("below", "screened_out")


class NetraError(Exception):
    """Base of all errors that a user sees as one plain line instead of a traceback."""

    exit_code: int = 4


class UsageError(NetraError):
    """The call, a manifest, an input file or an address is wrong; nothing was started."""

    exit_code = 2


class LockedError(NetraError):
    """Another run works on the same database."""

    exit_code = 3


class StoppedError(NetraError):
    """An assumption broke in mid-run; what was stored stays, a re-run continues."""

    exit_code = 4


class State(StrEnum):
    """How far a document has come; one word per stage, as in the design."""

    FETCHED = "fetched"
    EXTRACTED = "extracted"
    SCREENED = "screened"
    SCORED = "scored"
    GROUPED = "grouped"
    QUEUED = "queued"
    REVIEWED = "reviewed"
    QUARANTINED = "quarantined"


#: What brought a page: an ordinary night, the lists of past days, or an archive of somebody else. The last
#: two look back and say nothing of how much an outlet publishes in a night.
Origin = Literal["night", "walk", "import"]
ORIGINS: tuple[Origin, ...] = ("night", "walk", "import")


class Outcome(StrEnum):
    """What became of one source in one night: one word, for the report and for `status`."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    BLOCKED = "blocked"
    CHALLENGE = "challenge"
    ROBOTS = "robots"
    RATE_LIMITED = "rate_limited"
    MALFORMED = "malformed"
    ENCODING = "encoding"
    #: Pages came, but titles or bodies are missing from more of them than the manifest allows.
    LAYOUT_CHANGED = "layout_changed"
    #: The service cannot be asked at all: switched off, or what is asked for does not exist there.
    UNAVAILABLE = "unavailable"
    #: Credentials were sent and refused.
    UNAUTHORISED = "unauthorised"
    TIMEOUT = "timeout"
    ERROR = "error"


#: Outcomes after which the night ends with exit code 0.
GOOD_OUTCOMES: frozenset[Outcome] = frozenset({Outcome.OK, Outcome.UNCHANGED})


@dataclass(frozen=True, slots=True)
class WarcRef:
    """Where one archived response lies: WARC file and byte offset of its gzip member."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class RawPage:
    """One collected article or post as it came in: its own page, or one entry of a larger response.

    `format` says how to read a body: an HTML page; one Blogger feed entry, one WordPress post or one
    feed entry (each as JSON); or one row of a social export (JSON with our column names).
    `part` names the entry inside the archived response and is empty for a page of its own.
    `bodies` holds page 1, 2 ... of one article; the store keeps `refs` instead of bodies.
    """

    page_id: str
    source_id: str
    url: str
    canonical_url: str
    night: date
    fetched_at: datetime
    status: int
    format: Literal["html", "blogger", "wordpress", "feed", "social"]
    part: str
    encoding: str
    refs: tuple[WarcRef, ...]
    body_sha256: str
    pages_expected: int = 1
    bodies: tuple[bytes, ...] = ()
    #: sha256 of title and text alone, where a body also carries what is no text (times, counters); else "".
    content_sha256: str = ""
    #: When the outlet says that it changed the text last; None where it does not say.
    modified: datetime | None = None
    origin: Origin = "night"


@dataclass(frozen=True, slots=True)
class Parser:
    """CSS selectors that an outlet's pages needed up to and including the day `until`."""

    until: date
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtractionRules:
    """What a source's manifest says about reading its pages; empty means: the generic way."""

    source_id: str
    kind: Kind = "news"
    #: CSS selectors, tried in order; the first that yields text wins.
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    #: CSS selectors of elements that are cut out of the body.
    remove: tuple[str, ...] = ()
    #: IANA name of the outlet's zone, for times that name none.
    timezone: str = "Asia/Jakarta"
    #: The outlet's earlier markups, oldest first; the selectors above are those of today.
    parsers: tuple[Parser, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One article or post, cleaned; the unit that is screened, scored and reviewed."""

    doc_id: str
    page_id: str
    source_id: str
    kind: Kind
    night: date
    url: str
    canonical_url: str
    title: str
    text: str
    author: str
    published_at: datetime | None
    published_precision: Literal["minute", "day", "none"]
    dateline: str
    language: str
    pages_expected: int
    pages_fetched: int
    extractor: str
    extractor_version: str
    text_sha256: str
    #: Boilerplate lines that the cleaner took out, kept for audit.
    removed: tuple[str, ...] = ()
    fetched_at: datetime | None = None
    #: Whether the outlet shows only a part of the text to readers who do not pay; `text` is that part.
    paywall: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """What screening said of one document: who x act x political object, made for recall."""

    doc_id: str
    candidate: bool
    #: "who:camat", "act:deklarasi", "object:paslon": the lexicon entries that matched, in text order.
    reasons: tuple[str, ...]
    #: The sentences of the body that matched, in text order.
    sentences: tuple[str, ...]
    screen_version: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the classifier said of one document. `score` is the calibrated probability of `case`."""

    doc_id: str
    label: Label
    score: float
    flagged: bool
    types: tuple[str, ...]
    stage: str
    process: str
    position: str
    region: str
    evidence: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One act, told by one or more documents; the row that an analyst decides on."""

    incident_id: str
    #: Members in order of publication; the first one is the one that the sheet shows.
    doc_ids: tuple[str, ...]
    first_night: date
    region: str
    position: str
    types: tuple[str, ...]
    process: str
    score: float
    #: Members whose text repeats that of an earlier one; the others are accounts of their own.
    n_copies: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One point of an incident's process, as its documents told it; dates are those of the documents."""

    process: str
    #: When the first document that told it was published, and how exactly that is known.
    at: datetime
    precision: Literal["minute", "day", "none"]
    #: The documents that told it, in order of publication, and how many of them repeat an earlier text.
    doc_ids: tuple[str, ...]
    n_copies: int
    #: The evidence sentences of the first one.
    evidence: tuple[str, ...]
    #: Whether it lies beyond every step told before.
    advances: bool
    #: Id and short name of the institution that the step lies with; empty where none is in charge or known.
    body: str
    body_name: str
    #: Whether a document names it; else it is the one that data/institutions.toml has in charge on that date.
    body_named: bool
    #: Whether it was in charge on that date: a text may name one that no longer exists.
    body_in_force: bool
    body_source: str
    body_verified: bool


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source in one night, as the report and `status` show it."""

    source_id: str
    night: date
    outcome: Outcome
    requests: int
    pages: int
    new_pages: int
    failed: int
    message: str
    #: Stored articles whose text has changed and was stored anew.
    revisions: int = 0
    #: Links that stay queued because a bound of the manifest was reached.
    still_queued: int = 0
    #: Articles first collected in this night, by whichever run of it.
    items: int = 0
    #: Of these, those that extraction has looked at; None where nobody has counted.
    looked_at: int | None = None
    #: Of those looked at: with a title, with a body of news length, with a time of day.
    with_title: int | None = None
    with_body: int | None = None
    with_time: int | None = None
    #: Median of `items` over the trailing nights; None while there are too few.
    median_items: float | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """An older version of an article: the text as it was before its outlet changed it."""

    revision_id: str
    page_id: str
    night: date
    fetched_at: datetime
    title: str
    text: str
    text_sha256: str
    #: Whether an analyst had decided on this very text.
    reviewed: bool


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage of one run: how many items went in, came out, and failed."""

    stage: str
    items_in: int
    items_out: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One flagged incident as the review sheet shows it: the incident, its lead document, its sources."""

    incident: Incident
    document: Document
    prediction: Prediction
    #: Publisher names by order of first appearance, one per member document's source.
    source_ids: tuple[str, ...]
    n_documents: int
    #: What brought the lead document.
    origin: Origin = "night"
