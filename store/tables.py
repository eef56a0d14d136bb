"""What all our tables are built with: one MetaData that names every constraint, and shared checks.

Promises: a constraint has the same name on SQLite and PostgreSQL. Never does: define a table.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import CheckConstraint, MetaData

#: Column.info of a column that tells of the work and not of the thing worked on.
NOT_CONTENT: Final = {"content": False}


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A column that holds one of these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)


def not_negative(*columns: str) -> CheckConstraint:
    """Columns of numbers that are none or more."""
    return CheckConstraint(" AND ".join(f"{column} >= 0" for column in columns), name="not_negative")
