"""The store's database fixture, for what review does with it."""

import pytest

from tests.store.conftest import engine as engine


@pytest.fixture
def database() -> str:
    """SQLite alone: that both databases give the same is held by the tests of the store."""
    return "sqlite"
