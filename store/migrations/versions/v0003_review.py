"""The register of decisions, the reviewers, and what an incident of the audit slice needs.

Promises: every row of a database of version 0002 is kept; the register refuses UPDATE, DELETE, REPLACE and
TRUNCATE from the first row on. Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REFUSAL = "label_events only grows: append an event that undoes or changes the decision"


def upgrade() -> None:
    """Add two tables and three columns, and let incidents have members without a prediction."""
    # Written out: other tables refer to this one, so that SQLite can add to it and not write it anew.
    for column in (
        "kind TEXT DEFAULT 'flagged' NOT NULL "
        "CONSTRAINT ck_incidents_kind CHECK (kind IN ('flagged', 'audit'))",
        "stratum TEXT DEFAULT '' NOT NULL "
        "CONSTRAINT ck_incidents_stratum CHECK (stratum IN ('', 'below', 'screened_out'))",
        "share FLOAT DEFAULT '1' NOT NULL CONSTRAINT ck_incidents_share CHECK (share > 0 AND share <= 1)",
    ):
        op.execute(f"ALTER TABLE incidents ADD COLUMN {column}")
    with op.batch_alter_table("incident_documents", copy_from=_incident_documents()) as batch:
        batch.drop_constraint(op.f("fk_incident_documents_doc_id"), type_="foreignkey")
        batch.create_foreign_key(op.f("fk_incident_documents_doc_id"), "documents", ["doc_id"], ["doc_id"])
    op.create_table(
        "reviewers",
        sa.Column("reviewer_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('reader', 'reviewer', 'admin')", name=op.f("ck_reviewers_role")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_reviewers_not_negative")),
        sa.PrimaryKeyConstraint("reviewer_id", name=op.f("pk_reviewers")),
        sa.UniqueConstraint("name_key", name=op.f("uq_reviewers_name_key")),
    )
    op.create_table(
        "label_events",
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("event_id", "previous", "incident_id", "doc_id", "text_sha256", "model")
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reviewer", "origin", "review")),
        *_decision("old"),
        *_decision("new"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "review IN ('first', 'second', 'adjudication')", name=op.f("ck_label_events_review")
        ),
        *(
            sa.CheckConstraint(
                f"{side}_decision IN ('case', 'none', 'unsure')",
                name=op.f(f"ck_label_events_{side}_decision"),
            )
            for side in ("old", "new")
        ),
        sa.CheckConstraint("place >= 1", name=op.f("ck_label_events_place")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_label_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_label_events_event_id")),
        sa.UniqueConstraint("previous", name=op.f("uq_label_events_previous")),
    )
    op.create_index(
        op.f("ix_label_events_incident_id_review_place"),
        "label_events",
        ["incident_id", "review", "place"],
        unique=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _refuse_on_sqlite() -> None:
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER label_events_no_{what.lower()} BEFORE {what} ON label_events "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    # INSERT OR REPLACE deletes without asking the trigger above.
    op.execute(
        "CREATE TRIGGER label_events_no_replace BEFORE INSERT ON label_events "  # noqa: S608 - words of our own
        "WHEN EXISTS (SELECT 1 FROM label_events WHERE place = NEW.place OR event_id = NEW.event_id "
        f"OR previous = NEW.previous) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION label_events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for what in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER label_events_no_{what.lower()} BEFORE {what} ON label_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION label_events_refuse()"
        )


def _decision(side: str) -> list[sa.Column[object]]:
    return [
        sa.Column(f"{side}_decision", sa.Text(), nullable=True),
        sa.Column(f"{side}_types", sa.JSON(), nullable=False),
        sa.Column(f"{side}_actor", sa.Text(), nullable=False),
        sa.Column(f"{side}_note", sa.Text(), nullable=False),
    ]


def _incident_documents() -> sa.Table:
    """The table as version 0001 made it; nothing refers to it, so that SQLite can write it anew."""
    others = sa.MetaData()
    sa.Table("documents", others, sa.Column("doc_id", sa.Text(), primary_key=True))
    sa.Table("predictions", others, sa.Column("doc_id", sa.Text(), primary_key=True))
    sa.Table("incidents", others, sa.Column("incident_id", sa.Text(), primary_key=True))
    return sa.Table(
        "incident_documents",
        others,
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.CheckConstraint("place >= 0", name="ck_incident_documents_not_negative"),
        sa.ForeignKeyConstraint(["doc_id"], ["predictions.doc_id"], name="fk_incident_documents_doc_id"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name="fk_incident_documents_incident_id"
        ),
        sa.PrimaryKeyConstraint("doc_id", name="pk_incident_documents"),
        sa.Index("ix_incident_documents_incident_id_place", "incident_id", "place"),
    )
