"""How many members of an incident repeat an earlier one's text.

Promises: every row of a database of version 0003 is kept. Never does: count (the next grouping that touches
an incident does), or import our code, which moves on.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column; written out, since other tables refer to this one and SQLite cannot write it anew."""
    op.execute(
        "ALTER TABLE incidents ADD COLUMN n_copies INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_incidents_not_negative CHECK (n_copies >= 0)"
    )
