"""Looks whether a database is what it should be: version, foreign keys, chains, counts.

Promises: says what is wrong in words; the same look on SQLite and PostgreSQL. Never does: write or migrate.
"""

from dataclasses import dataclass
from typing import Final

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, ForeignKeyConstraint, and_, exists, func, inspect, select

from store.access import access_head, check_acts
from store.chain import chain_head, check_chain
from store.db import MIGRATIONS
from store.schema import metadata

_FOREIGN: Final = tuple(
    (table, constraint)
    for table in metadata.sorted_tables
    for constraint in table.constraints
    if isinstance(constraint, ForeignKeyConstraint)
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found; `problems` is empty when all is well."""

    version: str
    counts: dict[str, int]
    #: Number and hash of the newest line of each register, to be kept beside a backup.
    decisions: tuple[int, str]
    acts: tuple[int, str]
    problems: tuple[str, ...]


def newest_version() -> str:
    """The version of the schema that this program has."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def check_database(conn: Connection) -> Checked:
    """Look at everything; a database of another version is not looked into any further."""
    version = MigrationContext.configure(conn).get_current_revision() or ""
    if version != newest_version():
        told = f"is of schema {version}" if version else "holds nothing of Netra yet"
        return Checked(version, {}, (0, ""), (0, ""), (f"it {told}; this program has {newest_version()}",))
    missing = sorted(set(metadata.tables) - set(inspect(conn).get_table_names()))
    if missing:
        return Checked(version, {}, (0, ""), (0, ""), (f"table {missing[0]} is missing",))
    problems = []
    if conn.dialect.name == "sqlite":
        found = conn.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        problems += [f"the file is damaged: {line}" for line in found if line != "ok"]
    problems += _strays(conn)
    for name, broken in (("decisions", check_chain(conn)), ("access", check_acts(conn))):
        if broken:
            problems.append(f"the register of {name} is not as it was written: {broken}")
    counts = {
        name: conn.scalar(select(func.count()).select_from(metadata.tables[name])) or 0
        for name in sorted(metadata.tables)
    }
    return Checked(version, counts, chain_head(conn), access_head(conn), tuple(problems))


def _strays(conn: Connection) -> list[str]:
    """Rows that refer to others that are not there, as a restored or copied file may hold them."""
    told = []
    for table, constraint in _FOREIGN:
        pairs = [(element.parent, element.column) for element in constraint.elements]
        there = exists().where(and_(*(own == referred for own, referred in pairs)))
        asked = select(func.count()).select_from(table).where(pairs[0][0].is_not(None), ~there)
        if count := conn.scalar(asked):
            told.append(f"{count} rows of {table.name} refer to {pairs[0][1].table.name} that are not there")
    return told
