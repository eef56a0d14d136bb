"""Alembic environment and versions; `store.db.migrate` runs them."""
