"""The tables of one night: natural keys, CHECKs on every vocabulary, foreign keys between stages.

    frontier ─▶ pages ─▶ documents ─▶ candidates ─▶ predictions ─▶ incident_documents ─▶ incidents
                 └─▶ revisions (older versions)              label_events (store.register_schema), reviewers
    runs ─▶ run_sources, run_stages          failures          validators          access_acts

Promises: the same tables on SQLite and PostgreSQL; times are aware and kept in UTC; text comes back exactly
as it went in or is refused by name. Never does: read or write a row. Columns marked NOT_CONTENT say when or
where something was worked on, not what it is; `store.digest` leaves them out.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    false,
    text,
)

from store.access_schema import access_acts as access_acts
from store.columns import PlainText as PlainText  # names that belong to the schema for all who use it
from store.columns import TextList, UtcTime, WarcRefs
from store.columns import UnstorableError as UnstorableError
from store.corrections_schema import correction_decisions as correction_decisions
from store.corrections_schema import correction_requests as correction_requests
from store.decisions import ROLES
from store.records import (
    AUDIT_STRATA,
    INCIDENT_KINDS,
    LABELS,
    ORIGINS,
    POSITIONS,
    PROCESSES,
    STAGES,
    Outcome,
    State,
)
from store.register_schema import label_erasures as label_erasures
from store.register_schema import label_events as label_events
from store.register_schema import label_rechains as label_rechains
from store.register_schema import label_texts as label_texts
from store.retention_schema import cleared_bodies as cleared_bodies
from store.retention_schema import deletions as deletions
from store.retention_schema import suppressed_names as suppressed_names
from store.tables import NOT_CONTENT
from store.tables import metadata as metadata
from store.tables import not_negative as _not_negative
from store.tables import one_of as _one_of
from store.tips_schema import tips as tips

PAGE_STATES: Final = (State.FETCHED, State.EXTRACTED, State.QUARANTINED)
#: A document is `fetched` again while its page waits for a newer extractor.
DOCUMENT_STATES: Final = tuple(State)
INCIDENT_STATES: Final = (State.GROUPED, State.QUEUED, State.REVIEWED)
FRONTIER_STATES: Final = ("queued", "leased", "done", "failed")
WORK_STAGES: Final = ("extract", "screen", "classify", "group")


pages = Table(
    "pages",
    metadata,
    Column("page_id", PlainText, primary_key=True),
    Column("source_id", PlainText, nullable=False),
    Column("url", PlainText, nullable=False),
    Column("canonical_url", PlainText, nullable=False),
    Column("night", Date, nullable=False),
    Column("fetched_at", UtcTime, nullable=False, info=NOT_CONTENT),
    Column("status", Integer, nullable=False),
    Column("format", PlainText, nullable=False),
    Column("part", PlainText, nullable=False),
    Column("encoding", PlainText, nullable=False),
    Column("refs", WarcRefs, nullable=False, info=NOT_CONTENT),
    Column("body_sha256", PlainText, nullable=False),
    Column("pages_expected", Integer, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("extractor_version", PlainText, nullable=False),
    Column("content_sha256", PlainText, nullable=False, server_default=""),
    Column("modified", UtcTime),
    Column("origin", PlainText, nullable=False, server_default="night"),
    UniqueConstraint("source_id", "canonical_url"),
    _one_of("state", PAGE_STATES),
    _one_of("origin", ORIGINS),
    _one_of("format", ("html", "blogger", "wordpress", "feed", "social")),
    _not_negative("pages_expected"),
    Index(None, "state", "night", "page_id"),
    Index(None, "night", "source_id"),
)

# The versions that a page had before its newest one. `revision_id` is the page's id, "#" and 1, 2 ...
# A version that was extracted brings its text along; one that was not waits for the extract stage as a page
# does.
revisions = Table(
    "revisions",
    metadata,
    Column("revision_id", PlainText, primary_key=True),
    Column("page_id", PlainText, ForeignKey("pages.page_id"), nullable=False),
    Column("url", PlainText, nullable=False),
    Column("night", Date, nullable=False),
    Column("fetched_at", UtcTime, nullable=False, info=NOT_CONTENT),
    Column("status", Integer, nullable=False),
    Column("format", PlainText, nullable=False),
    Column("part", PlainText, nullable=False),
    Column("encoding", PlainText, nullable=False),
    Column("refs", WarcRefs, nullable=False, info=NOT_CONTENT),
    Column("body_sha256", PlainText, nullable=False),
    Column("content_sha256", PlainText, nullable=False),
    Column("modified", UtcTime),
    Column("pages_expected", Integer, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("text_sha256", PlainText, nullable=False),
    Column("reviewed", Boolean, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("extractor_version", PlainText, nullable=False),
    _one_of("state", PAGE_STATES),
    _not_negative("pages_expected"),
    Index(None, "page_id"),
    Index(None, "state", "night", "revision_id"),
)

frontier = Table(
    "frontier",
    metadata,
    Column("source_id", PlainText, primary_key=True),
    Column("canonical_url", PlainText, primary_key=True),
    Column("url", PlainText, nullable=False),
    Column("night", Date, nullable=False),
    Column("place", Integer, nullable=False, info=NOT_CONTENT),
    Column("state", PlainText, nullable=False),
    Column("lease_until", UtcTime, info=NOT_CONTENT),
    Column("attempts", Integer, nullable=False, info=NOT_CONTENT),
    Column("failed_night", Date),
    Column("reason", PlainText, nullable=False),
    Column("modified", UtcTime),
    Column("origin", PlainText, nullable=False, server_default="night"),
    _one_of("state", FRONTIER_STATES),
    _one_of("origin", ORIGINS),
    _not_negative("attempts", "place"),
    CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="lease"),
    # In the order of handing out, so that a lease costs the same however long the queue is.
    Index("ix_frontier_order", "source_id", "state", text("night DESC"), "place", "canonical_url"),
)

documents = Table(
    "documents",
    metadata,
    Column("doc_id", PlainText, primary_key=True),
    Column("page_id", PlainText, ForeignKey("pages.page_id"), nullable=False),
    Column("source_id", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("night", Date, nullable=False),
    Column("url", PlainText, nullable=False),
    Column("canonical_url", PlainText, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("author", PlainText, nullable=False),
    Column("published_at", UtcTime),
    Column("published_precision", PlainText, nullable=False),
    Column("dateline", PlainText, nullable=False),
    Column("language", PlainText, nullable=False),
    Column("pages_expected", Integer, nullable=False),
    Column("pages_fetched", Integer, nullable=False),
    Column("extractor", PlainText, nullable=False),
    Column("extractor_version", PlainText, nullable=False),
    Column("text_sha256", PlainText, nullable=False),
    Column("removed", TextList, nullable=False),
    Column("paywall", Boolean, nullable=False, server_default=false()),
    Column("fetched_at", UtcTime, info=NOT_CONTENT),
    Column("state", PlainText, nullable=False),
    Column("scored_by", PlainText, nullable=False),
    Column("grouped_by", PlainText, nullable=False),
    _one_of("state", DOCUMENT_STATES),
    _one_of("kind", ("news", "post")),
    _one_of("published_precision", ("minute", "day", "none")),
    _not_negative("pages_expected", "pages_fetched"),
    Index(None, "page_id"),
    Index(None, "state", "night", "doc_id"),
    # Whose reports an incident rests on: a filter of the review page, and a chart of it.
    Index(None, "source_id", "doc_id"),
)

candidates = Table(
    "candidates",
    metadata,
    Column("doc_id", PlainText, ForeignKey("documents.doc_id"), primary_key=True),
    Column("candidate", Boolean, nullable=False),
    Column("reasons", TextList, nullable=False),
    Column("sentences", TextList, nullable=False),
    Column("screen_version", PlainText, nullable=False),
)

predictions = Table(
    "predictions",
    metadata,
    Column("doc_id", PlainText, ForeignKey("documents.doc_id"), primary_key=True),
    Column("label", PlainText, nullable=False),
    Column("score", Float, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("types", TextList, nullable=False),
    Column("stage", PlainText, nullable=False),
    Column("process", PlainText, nullable=False),
    Column("position", PlainText, nullable=False),
    Column("region", PlainText, nullable=False),
    Column("evidence", TextList, nullable=False),
    Column("model", PlainText, nullable=False),
    _one_of("label", LABELS),
    # Empty for a text that is not flagged: these fields belong to a case.
    _one_of("stage", (*STAGES, "")),
    _one_of("process", (*PROCESSES, "")),
    _one_of("position", (*POSITIONS, "")),
    CheckConstraint("score >= 0 AND score <= 1", name="score"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", PlainText, primary_key=True),
    Column("first_night", Date, nullable=False),
    Column("region", PlainText, nullable=False),
    Column("position", PlainText, nullable=False),
    Column("types", TextList, nullable=False),
    Column("process", PlainText, nullable=False),
    Column("score", Float, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False, server_default="flagged"),
    # Of an audit: where its document was drawn from, and with what probability.
    Column("stratum", PlainText, nullable=False, server_default=""),
    Column("share", Float, nullable=False, server_default="1"),
    Column("n_copies", Integer, nullable=False, server_default="0"),
    _not_negative("n_copies"),
    _one_of("position", POSITIONS),
    _one_of("process", PROCESSES),
    _one_of("state", INCIDENT_STATES),
    _one_of("kind", INCIDENT_KINDS),
    _one_of("stratum", ("", *AUDIT_STRATA)),
    CheckConstraint("share > 0 AND share <= 1", name="share"),
    CheckConstraint("score >= 0 AND score <= 1", name="score"),
    Index(None, "first_night"),
    # All that store.listing asks, sorts and counts by, so that no row is read for it. PostgreSQL, which has
    # no order of JSON, keeps `types` out of it.
    Index(
        "ix_incidents_listing",
        *("kind", "first_night", "score", "incident_id", "state", "region", "position", "types"),
    ),
)

# A document tells of one incident at most: held by the key. One that screening let go has no prediction and
# can be audited all the same.
incident_documents = Table(
    "incident_documents",
    metadata,
    Column("doc_id", PlainText, ForeignKey("documents.doc_id"), primary_key=True),
    Column("incident_id", PlainText, ForeignKey("incidents.incident_id"), nullable=False),
    Column("place", Integer, nullable=False),
    _not_negative("place"),
    Index(None, "incident_id", "place"),
)

# Who decides. Accounts are no content: an erased name or a new password changes no decision.
reviewers = Table(
    "reviewers",
    metadata,
    Column("reviewer_id", PlainText, primary_key=True),
    Column("name", PlainText, nullable=False),
    # The name as it is compared: case and spaces do not count.
    Column("name_key", PlainText, nullable=False, unique=True),
    Column("role", PlainText, nullable=False),
    Column("password_hash", PlainText, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_at", UtcTime),
    _one_of("role", ROLES),
    _not_negative("failures"),
    info=NOT_CONTENT,
)

failures = Table(
    "failures",
    metadata,
    Column("stage", PlainText, primary_key=True),
    Column("item_id", PlainText, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("last_error", PlainText, nullable=False),
    Column("version", PlainText, nullable=False),
    _one_of("stage", WORK_STAGES),
    CheckConstraint("attempts >= 1", name="attempts"),
    info=NOT_CONTENT,
)

validators = Table(
    "validators",
    metadata,
    Column("url", PlainText, primary_key=True),
    Column("etag", PlainText, nullable=False),
    Column("last_modified", PlainText, nullable=False),
    Column("body_sha256", PlainText, nullable=False),
    info=NOT_CONTENT,
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("command", PlainText, nullable=False),
    Column("night", Date, nullable=False),
    Column("code_version", PlainText, nullable=False),
    Column("model_version", PlainText, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("exit_code", Integer),
    CheckConstraint("(ended_at IS NULL) = (exit_code IS NULL)", name="ended"),
    info=NOT_CONTENT,
)

run_sources = Table(
    "run_sources",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.run_id"), primary_key=True),
    Column("source_id", PlainText, primary_key=True),
    Column("night", Date, primary_key=True),
    Column("outcome", PlainText, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("new_pages", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("message", PlainText, nullable=False),
    Column("revisions", Integer, nullable=False, server_default="0"),
    Column("still_queued", Integer, nullable=False, server_default="0"),
    Column("items", Integer, nullable=False, server_default="0"),
    Column("looked_at", Integer),
    Column("with_title", Integer),
    Column("with_body", Integer),
    Column("with_time", Integer),
    Column("median_items", Float),
    _one_of("outcome", Outcome),
    _not_negative("requests", "pages", "new_pages", "failed", "revisions", "still_queued", "items"),
    Index(None, "night"),
    info=NOT_CONTENT,
)

run_stages = Table(
    "run_stages",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.run_id"), primary_key=True),
    Column("stage", PlainText, primary_key=True),
    Column("items_in", Integer, nullable=False),
    Column("items_out", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    _not_negative("items_in", "items_out", "failed", "seconds"),
    info=NOT_CONTENT,
)
