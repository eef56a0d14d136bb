"""The first schema: one night from frontier to incidents, and the ledger beside it.

Promises: frozen; the words in its CHECKs are those of the codebook when it was released, and later words come
with later versions. Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first schema."""
    op.create_table(
        "failures",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('extract', 'screen', 'classify', 'group')", name=op.f("ck_failures_stage")
        ),
        sa.CheckConstraint("attempts >= 1", name=op.f("ck_failures_attempts")),
        sa.PrimaryKeyConstraint("stage", "item_id", name=op.f("pk_failures")),
    )
    op.create_table(
        "frontier",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_night", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name=op.f("ck_frontier_lease")),
        sa.CheckConstraint("state IN ('queued', 'leased', 'done', 'failed')", name=op.f("ck_frontier_state")),
        sa.CheckConstraint("attempts >= 0 AND place >= 0", name=op.f("ck_frontier_not_negative")),
        sa.PrimaryKeyConstraint("source_id", "canonical_url", name=op.f("pk_frontier")),
    )
    op.create_index(op.f("ix_frontier_source_id_state"), "frontier", ["source_id", "state"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("first_night", sa.Date(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "position IN ('jpt', 'pj_head', 'camat_lurah', 'school_health', 'other_asn', 'unspecified')",
            name=op.f("ck_incidents_position"),
        ),
        sa.CheckConstraint(
            "process IN ('rumor', 'report', 'clarification', 'forwarded', 'recommendation', "
            "'sanction', 'verdict', 'cleared', 'unknown')",
            name=op.f("ck_incidents_process"),
        ),
        sa.CheckConstraint("state IN ('grouped', 'queued', 'reviewed')", name=op.f("ck_incidents_state")),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_incidents_score")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_first_night"), "incidents", ["first_night"], unique=False)
    op.create_table(
        "pages",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("pages_expected", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extractor_version", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "format IN ('html', 'blogger', 'wordpress', 'feed', 'social')", name=op.f("ck_pages_format")
        ),
        sa.CheckConstraint("state IN ('fetched', 'extracted', 'quarantined')", name=op.f("ck_pages_state")),
        sa.CheckConstraint("pages_expected >= 0", name=op.f("ck_pages_not_negative")),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_pages")),
        sa.UniqueConstraint("source_id", "canonical_url", name=op.f("uq_pages_source_id_canonical_url")),
    )
    op.create_index(
        op.f("ix_pages_state_night_page_id"), "pages", ["state", "night", "page_id"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (exit_code IS NULL)", name=op.f("ck_runs_ended")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
    )
    op.create_table(
        "validators",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_validators")),
    )
    op.create_table(
        "documents",
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_precision", sa.Text(), nullable=False),
        sa.Column("dateline", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("pages_expected", sa.Integer(), nullable=False),
        sa.Column("pages_fetched", sa.Integer(), nullable=False),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("extractor_version", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scored_by", sa.Text(), nullable=False),
        sa.Column("grouped_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('news', 'post')", name=op.f("ck_documents_kind")),
        sa.CheckConstraint(
            "published_precision IN ('minute', 'day', 'none')", name=op.f("ck_documents_published_precision")
        ),
        sa.CheckConstraint(
            "state IN ('fetched', 'extracted', 'screened', 'scored', 'grouped', 'queued', "
            "'reviewed', 'quarantined')",
            name=op.f("ck_documents_state"),
        ),
        sa.CheckConstraint(
            "pages_expected >= 0 AND pages_fetched >= 0", name=op.f("ck_documents_not_negative")
        ),
        sa.ForeignKeyConstraint(["page_id"], ["pages.page_id"], name=op.f("fk_documents_page_id")),
        sa.PrimaryKeyConstraint("doc_id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_page_id"), "documents", ["page_id"], unique=False)
    op.create_index(
        op.f("ix_documents_state_night_doc_id"), "documents", ["state", "night", "doc_id"], unique=False
    )
    op.create_table(
        "run_sources",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("new_pages", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('ok', 'unchanged', 'empty', 'blocked', 'challenge', 'robots', "
            "'rate_limited', 'malformed', 'encoding', 'timeout', 'error')",
            name=op.f("ck_run_sources_outcome"),
        ),
        sa.CheckConstraint(
            "requests >= 0 AND pages >= 0 AND new_pages >= 0 AND failed >= 0",
            name=op.f("ck_run_sources_not_negative"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_run_sources_run_id")),
        sa.PrimaryKeyConstraint("run_id", "source_id", "night", name=op.f("pk_run_sources")),
    )
    op.create_index(op.f("ix_run_sources_night"), "run_sources", ["night"], unique=False)
    op.create_table(
        "run_stages",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("items_in", sa.Integer(), nullable=False),
        sa.Column("items_out", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "items_in >= 0 AND items_out >= 0 AND failed >= 0 AND seconds >= 0",
            name=op.f("ck_run_stages_not_negative"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_run_stages_run_id")),
        sa.PrimaryKeyConstraint("run_id", "stage", name=op.f("pk_run_stages")),
    )
    op.create_table(
        "candidates",
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("screen_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["doc_id"], ["documents.doc_id"], name=op.f("fk_candidates_doc_id")),
        sa.PrimaryKeyConstraint("doc_id", name=op.f("pk_candidates")),
    )
    op.create_table(
        "predictions",
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.CheckConstraint("label IN ('case', 'related', 'none')", name=op.f("ck_predictions_label")),
        sa.CheckConstraint(
            "position IN ('jpt', 'pj_head', 'camat_lurah', 'school_health', 'other_asn', 'unspecified', '')",
            name=op.f("ck_predictions_position"),
        ),
        sa.CheckConstraint(
            "process IN ('rumor', 'report', 'clarification', 'forwarded', 'recommendation', "
            "'sanction', 'verdict', 'cleared', 'unknown', '')",
            name=op.f("ck_predictions_process"),
        ),
        sa.CheckConstraint("stage IN ('pre', 'post', 'unknown', '')", name=op.f("ck_predictions_stage")),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_predictions_score")),
        sa.ForeignKeyConstraint(["doc_id"], ["documents.doc_id"], name=op.f("fk_predictions_doc_id")),
        sa.PrimaryKeyConstraint("doc_id", name=op.f("pk_predictions")),
    )
    op.create_table(
        "incident_documents",
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.CheckConstraint("place >= 0", name=op.f("ck_incident_documents_not_negative")),
        sa.ForeignKeyConstraint(
            ["doc_id"], ["predictions.doc_id"], name=op.f("fk_incident_documents_doc_id")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_incident_documents_incident_id")
        ),
        sa.PrimaryKeyConstraint("doc_id", name=op.f("pk_incident_documents")),
    )
    op.create_index(
        op.f("ix_incident_documents_incident_id_place"),
        "incident_documents",
        ["incident_id", "place"],
        unique=False,
    )
