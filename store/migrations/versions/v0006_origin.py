"""What brought a page or named a link: a night, the lists of past days, or an imported archive.

Promises: every row of a database of version 0005 is kept. Never does: import our code, which moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Imports have always copied what they stored into files of this name.
_COPY = "%-import%.warc.gz%"


def upgrade() -> None:
    """Add the columns; pages whose bodies lie in the copy that an import made are marked as imported."""
    for table in ("pages", "frontier"):
        # In SQL: other tables refer to `pages`, so that SQLite could not write it anew for its CHECK's sake.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN origin TEXT DEFAULT 'night' NOT NULL "
            f"CONSTRAINT ck_{table}_origin CHECK (origin IN ('night', 'walk', 'import'))"
        )
    marked = sa.text("UPDATE pages SET origin = 'import' WHERE CAST(refs AS TEXT) LIKE :copy")
    op.get_bind().execute(marked, {"copy": _COPY})
