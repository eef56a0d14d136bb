"""The record of access: who saw or took out what, when; it only grows.

Promises: the table refuses every change from the first row on. Never does: touch another table, or import our
code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REFUSAL = "access_acts only grows"


def upgrade() -> None:
    """Make the table, its index and its triggers."""
    texts = ("who", "what", "subject", "sha256")
    op.create_table(
        "access_acts",
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("incidents", sa.JSON(), nullable=False),
        sa.CheckConstraint("place >= 1", name=op.f("ck_access_acts_place")),
        sa.CheckConstraint("shown >= 0", name=op.f("ck_access_acts_not_negative")),
        sa.CheckConstraint("who <> '' AND what <> ''", name=op.f("ck_access_acts_named")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_access_acts")),
        sa.UniqueConstraint("act_id", name=op.f("uq_access_acts_act_id")),
        sa.UniqueConstraint("previous", name=op.f("uq_access_acts_previous")),
    )
    op.create_index(op.f("ix_access_acts_at"), "access_acts", ["at"])
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _refuse_on_sqlite() -> None:
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER access_acts_no_{what.lower()} BEFORE {what} ON access_acts "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    # INSERT OR REPLACE deletes without asking the trigger above.
    op.execute(
        "CREATE TRIGGER access_acts_no_replace BEFORE INSERT ON access_acts "  # noqa: S608 - words of our own
        "WHEN EXISTS (SELECT 1 FROM access_acts WHERE place = NEW.place OR act_id = NEW.act_id "
        f"OR previous = NEW.previous) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION access_acts_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for what in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER access_acts_no_{what.lower()} BEFORE {what} ON access_acts "
            "FOR EACH STATEMENT EXECUTE FUNCTION access_acts_refuse()"
        )
