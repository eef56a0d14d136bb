"""The store's database fixture, for what review does with it."""

from tests.store.conftest import engine as engine
