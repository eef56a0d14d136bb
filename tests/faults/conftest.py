"""A database of its own, and a model that is small, for those who break things."""

import pytest

from tests.nlp.conftest import labels as labels
from tests.nlp.conftest import tiny_base as tiny_base
from tests.nlp.conftest import tiny_model as tiny_model
from tests.store.conftest import engine as engine


@pytest.fixture
def database() -> str:
    """SQLite alone: its files are what is broken here."""
    return "sqlite"
