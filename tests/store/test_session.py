import pytest
from sqlalchemy import inspect

from store.records import LockedError
from store.session import opened


def test_an_opened_database_has_the_schema_and_is_locked_for_a_second_writer(tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'netra.db'}"
    with opened(url, exclusive=True) as engine:
        assert "documents" in inspect(engine).get_table_names()
        with pytest.raises(LockedError), opened(url, exclusive=True):
            pass
        with opened(url, exclusive=False):
            pass
    with opened(url, exclusive=True):
        pass


def test_the_lock_is_freed_when_the_command_fails(tmp_path):
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    with pytest.raises(RuntimeError), opened(url, exclusive=True):
        raise RuntimeError("stage broke")
    with opened(url, exclusive=True):
        pass
