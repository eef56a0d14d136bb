"""Older versions of articles, what a night brought beside what it usually brings, and three more outcomes.

Promises: every row of a database of version 0001 is kept. Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and a table, and write `run_sources` anew with the longer list of outcomes."""
    op.add_column("pages", sa.Column("content_sha256", sa.Text(), server_default="", nullable=False))
    op.add_column("pages", sa.Column("modified", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_pages_night_source_id"), "pages", ["night", "source_id"], unique=False)
    op.add_column("documents", sa.Column("paywall", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("frontier", sa.Column("modified", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(op.f("ix_frontier_source_id_state"), table_name="frontier")
    op.create_index(
        "ix_frontier_order",
        "frontier",
        ["source_id", "state", sa.text("night DESC"), "place", "canonical_url"],
        unique=False,
    )
    op.create_table(
        "revisions",
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages_expected", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extractor_version", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('fetched', 'extracted', 'quarantined')", name=op.f("ck_revisions_state")
        ),
        sa.CheckConstraint("pages_expected >= 0", name=op.f("ck_revisions_not_negative")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.page_id"], name=op.f("fk_revisions_page_id")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_revisions")),
    )
    op.create_index(op.f("ix_revisions_page_id"), "revisions", ["page_id"], unique=False)
    op.create_index(
        op.f("ix_revisions_state_night_revision_id"),
        "revisions",
        ["state", "night", "revision_id"],
        unique=False,
    )
    # Nothing refers to this table, so that it can be written anew where a CHECK cannot be altered (SQLite).
    with op.batch_alter_table("run_sources", copy_from=_run_sources()) as batch:
        for name in ("revisions", "still_queued", "items"):
            batch.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        for name in ("looked_at", "with_title", "with_body", "with_time"):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
        batch.add_column(sa.Column("median_items", sa.Float(), nullable=True))
        batch.drop_constraint(op.f("ck_run_sources_outcome"), type_="check")
        batch.create_check_constraint(
            op.f("ck_run_sources_outcome"),
            "outcome IN ('ok', 'unchanged', 'empty', 'blocked', 'challenge', 'robots', 'rate_limited', "
            "'malformed', 'encoding', 'layout_changed', 'unavailable', 'unauthorised', 'timeout', 'error')",
        )
        batch.drop_constraint(op.f("ck_run_sources_not_negative"), type_="check")
        batch.create_check_constraint(
            op.f("ck_run_sources_not_negative"),
            "requests >= 0 AND pages >= 0 AND new_pages >= 0 AND failed >= 0 AND revisions >= 0 "
            "AND still_queued >= 0 AND items >= 0",
        )


def _run_sources() -> sa.Table:
    """The table as version 0001 made it; SQLite cannot tell the names of its CHECKs."""
    return sa.Table(
        "run_sources",
        sa.MetaData(),
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
            name="ck_run_sources_outcome",
        ),
        sa.CheckConstraint(
            "requests >= 0 AND pages >= 0 AND new_pages >= 0 AND failed >= 0",
            name="ck_run_sources_not_negative",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_run_sources_run_id"),
        sa.PrimaryKeyConstraint("run_id", "source_id", "night", name="pk_run_sources"),
        sa.Index("ix_run_sources_night", "night"),
    )
