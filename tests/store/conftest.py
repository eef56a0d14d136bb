"""A migrated database of its own for each test, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.db import connect, migrate
from tests.postgres import Server

DATABASES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever takes a database on both, but for what is marked as SQLite's own."""
    if "database" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("sqlite")
        metafunc.parametrize("database", DATABASES[:1] if only else DATABASES)


@pytest.fixture
def engine(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from opened(database, tmp_path / "netra.db", request)


@pytest.fixture
def other(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A second database, to compare with."""
    yield from opened(database, tmp_path / "other.db", request)


def opened(database: str, path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ExitStack() as stack:
        if database == "sqlite":
            engine = connect(f"sqlite:///{path}")
            stack.callback(engine.dispose)
            migrate(engine)
        else:
            # Only here, so that a run of SQLite's tests alone starts no server.
            server: Server = request.getfixturevalue("server")
            engine = connect(server.url(stack.enter_context(server.borrowed())))
            stack.callback(engine.dispose)
        yield engine
