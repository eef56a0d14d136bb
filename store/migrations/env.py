"""Runs migrations on the connection that `store.db.migrate` hands over.

Promises: each migration is one transaction, on SQLite too. Never does: open a database by itself, or read an
ini file.
"""

from alembic import context

from store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    # Alembic takes SQLite for a database without transactional DDL, because Python's driver commits DDL by
    # itself; our engine has switched that off.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
