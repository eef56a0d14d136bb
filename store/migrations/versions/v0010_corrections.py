"""Requests for correction with what was decided on them.

Promises: both tables only grow: triggers refuse UPDATE, DELETE and, on SQLite, REPLACE.
Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("correction_requests", "correction_decisions")


def upgrade() -> None:
    """Add the tables and what keeps them."""
    op.create_table(
        "correction_requests",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "requester IN ('subject', 'proxy', 'outlet', 'agency', 'other')",
            name=op.f("ck_correction_requests_requester"),
        ),
        sa.CheckConstraint(
            "matter IN ('identity', 'fact', 'outdated', 'removal', 'other')",
            name=op.f("ck_correction_requests_matter"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_correction_requests")),
    )
    op.create_index(op.f("ix_correction_requests_incident_id"), "correction_requests", ["incident_id"])
    op.create_table(
        "correction_decisions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('upheld', 'refused')", name=op.f("ck_correction_decisions_outcome")),
        sa.ForeignKeyConstraint(
            ["number"], ["correction_requests.number"], name=op.f("fk_correction_decisions_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_correction_decisions")),
    )
    for table in TABLES:
        _refuse(table)


def _refuse(table: str) -> None:
    words = f"{table} only grows"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for what in ("UPDATE", "DELETE", "TRUNCATE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            )
        return
    # INSERT OR REPLACE deletes without asking the trigger for DELETE.
    there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE number = NEW.number)"  # noqa: S608 - words of our own
    for name, what, when in (
        ("update", "UPDATE", ""),
        ("delete", "DELETE", ""),
        ("replace", "INSERT", there),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_no_{name} BEFORE {what} ON {table} {when} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
