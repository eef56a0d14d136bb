"""What somebody does to a database past our store: with psql or sqlite3, triggers taken away or met."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text


@contextmanager
def by_hand(engine: Engine) -> Iterator[Connection]:
    """One transaction in which no trigger and no foreign key of ours refuses anything."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as conn:
            conn.execute(text("SET LOCAL session_replication_role = replica"))
            yield conn
        return
    # Before the transaction: SQLite takes no notice of it within one.
    event.listen(engine, "checkout", _let_go)
    with engine.begin() as conn:
        made = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in made:
            conn.execute(text(f"DROP TRIGGER {name}"))
        yield conn
        for _, statement in made:
            conn.exec_driver_sql(statement)
    event.remove(engine, "checkout", _let_go)
    # New connections hold to foreign keys again.
    engine.dispose()


def _let_go(raw: Any, *_: object) -> None:
    raw.execute("PRAGMA foreign_keys=OFF")


def refusing_tables(conn: Connection) -> set[str]:
    """The tables whose triggers look at a row before it is changed."""
    asked = {
        "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE UPDATE%'",
        "postgresql": "SELECT event_object_table FROM information_schema.triggers "
        "WHERE action_timing = 'BEFORE' AND event_manipulation = 'UPDATE'",
    }
    return set(conn.scalars(text(asked[conn.dialect.name])))


def replacing(engine: Engine, table: str, rows: str, *, key: str, column: str) -> str:
    """A statement that puts rows in place of others with their key, in the words of the database."""
    if engine.dialect.name == "sqlite":
        return f"INSERT OR REPLACE INTO {table} {rows}"
    return f"INSERT INTO {table} {rows} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}"
