"""Tips of a reporting desk, with what their reporters agreed to; and a rule by which texts go: "consent".

Promises: every row of the database before it is kept. Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: As version 0009 knew them.
RULES = "'screened_out', 'unread', 'unconfirmed', 'subject'"


def upgrade() -> None:
    """Add the table, and the rule to the two tables of what was cleared."""
    op.create_table(
        "tips",
        sa.Column("tip_id", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("may_contact", sa.Boolean(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.page_id"], name=op.f("fk_tips_page_id")),
        sa.PrimaryKeyConstraint("tip_id", name=op.f("pk_tips")),
    )
    op.create_index(op.f("ix_tips_keep_until"), "tips", ["keep_until"])
    op.create_index(op.f("ix_tips_page_id"), "tips", ["page_id"])
    # Nothing refers to these tables, so that they can be written anew where no CHECK can be altered (SQLite).
    for table, before, after in (
        (_cleared_bodies(), RULES, f"{RULES}, 'consent'"),
        (_deletions(), f"{RULES}, 'archive'", f"{RULES}, 'consent', 'archive'"),
    ):
        name = f"ck_{table.name}_rule"
        table.append_constraint(sa.CheckConstraint(f"rule IN ({before})", name=name))
        with op.batch_alter_table(table.name, copy_from=table) as batch:
            batch.drop_constraint(op.f(name), type_="check")
            batch.create_check_constraint(op.f(name), f"rule IN ({after})")


def _cleared_bodies() -> sa.Table:
    """The table as version 0009 made it, without the CHECK that changes."""
    return sa.Table(
        "cleared_bodies",
        sa.MetaData(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("page_id", "body_sha256", "rule")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.page_id"], name="fk_cleared_bodies_page_id"),
        sa.PrimaryKeyConstraint("page_id", "body_sha256", name="pk_cleared_bodies"),
    )


def _deletions() -> sa.Table:
    """The table as version 0009 made it, without the CHECK that changes."""
    return sa.Table(
        "deletions",
        sa.MetaData(),
        sa.Column("deletion_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rule", "what")),
        sa.Column("items", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("reviewer", "reason")),
        sa.CheckConstraint("items >= 0", name="ck_deletions_not_negative"),
        sa.PrimaryKeyConstraint("deletion_id", name="pk_deletions"),
        sa.Index("ix_deletions_at", "at"),
    )
