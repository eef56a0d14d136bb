"""Retention and erasure: what was cleared by which rule, and the keyed hashes of names that stay out.

Promises: every row of the database before it is kept. Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RULES = "'screened_out', 'unread', 'unconfirmed', 'subject'"


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "cleared_bodies",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("page_id", "body_sha256", "rule")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"rule IN ({RULES})", name=op.f("ck_cleared_bodies_rule")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.page_id"], name=op.f("fk_cleared_bodies_page_id")),
        sa.PrimaryKeyConstraint("page_id", "body_sha256", name=op.f("pk_cleared_bodies")),
    )
    op.create_table(
        "deletions",
        sa.Column("deletion_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rule", "what")),
        sa.Column("items", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("reviewer", "reason")),
        sa.CheckConstraint(f"rule IN ({RULES}, 'archive')", name=op.f("ck_deletions_rule")),
        sa.CheckConstraint("items >= 0", name=op.f("ck_deletions_not_negative")),
        sa.PrimaryKeyConstraint("deletion_id", name=op.f("pk_deletions")),
    )
    op.create_index(op.f("ix_deletions_at"), "deletions", ["at"])
    op.create_table(
        "suppressed_names",
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("whole", "first_word")),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reviewer", "reason")),
        sa.CheckConstraint("words >= 0", name=op.f("ck_suppressed_names_not_negative")),
        sa.PrimaryKeyConstraint("whole", name=op.f("pk_suppressed_names")),
    )
