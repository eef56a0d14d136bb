"""The verbs `db`: copy, check, backup, restore, as an operator types them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import pipeline
from store.access import Act, list_acts
from store.db import connect, migrate, reading
from store.digest import content_digest
from store.lock import run_lock
from tests.postgres import Server
from tests.store.deciding import CASE, decide
from tests.store.samples import put_grouped

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Engine]:
    """A database with two incidents, one of them decided."""
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    incident, _ = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        decide(conn, incident, CASE)
    yield engine
    engine.dispose()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a `db` verb; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", "db", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def acts_of(engine: Engine) -> list[Act]:
    with reading(engine) as conn:
        return list(list_acts(conn))


def test_to_postgresql_and_back(desk: Engine, run: Run, server: Server, tmp_path: Path) -> None:
    back = f"sqlite:///{tmp_path / 'back.db'}"
    with server.database(migrated=False) as name:
        code, out, err = run("copy", address(desk), server.url(name, tcp=True))
        assert (code, err) == (0, "")
        assert "label_events: 1 rows, sha256 " in out
        assert [act.what for act in acts_of(desk)] == ["database copied"]
        code, out, _ = run("check", "--db", server.url(name))
        assert code == 0
        assert "documents: 2\n" in out
        assert "register of decisions: 1 lines" in out
        # A second time there is something in it.
        code, _, err = run("copy", address(desk), server.url(name))
        assert code == 2
        assert "is not empty" in err
        assert run("copy", server.url(name), back)[0] == 0
    engine = connect(back)
    assert content_digest(engine) == content_digest(desk)
    engine.dispose()


def test_backup_and_restore(desk: Engine, run: Run, tmp_path: Path) -> None:
    file, new = tmp_path / "cadangan.gz", f"sqlite:///{tmp_path / 'new.db'}"
    code, out, err = run("backup", file, "--db", address(desk))
    assert (code, err) == (0, "")
    assert "label_texts: " in out
    (act,) = acts_of(desk)
    assert (act.what, act.subject) == ("database backed up", "cadangan.gz")
    assert [path.name for path in tmp_path.glob("*cadangan*")] == ["cadangan.gz"]
    code, _, err = run("backup", file, "--db", address(desk))
    assert code == 2
    assert "there already" in err
    code, out, err = run("restore", file, "--db", new)
    assert (code, err) == (0, "")
    assert "privacy reapply" in out
    engine = connect(new)
    assert content_digest(engine) == content_digest(desk)
    engine.dispose()
    assert run("check", "--db", new)[0] == 0
    code, _, err = run("restore", file, "--db", address(desk))
    assert code == 2
    assert "is not empty" in err
    file.write_bytes(file.read_bytes()[:-9])
    code, _, err = run("restore", file, "--db", f"sqlite:///{tmp_path / 'none.db'}")
    assert code == 2
    assert "damaged" in err
    assert not (tmp_path / "none.db").exists()


def test_what_is_wrong_ends_with_code_1(desk: Engine, run: Run) -> None:
    with desk.begin() as conn:
        conn.exec_driver_sql("DROP TRIGGER label_events_no_update")
        conn.exec_driver_sql("UPDATE label_events SET reviewer = 'R-0'")
    code, out, _ = run("check", "--db", address(desk))
    assert code == 1
    assert "wrong: the register of decisions is not as it was written: event 1 " in out


def test_a_night_that_runs_is_not_copied(desk: Engine, run: Run, tmp_path: Path) -> None:
    with run_lock(desk):
        code, _, err = run("copy", address(desk), f"sqlite:///{tmp_path / 'back.db'}")
    assert code == 3
    assert "another run" in err


def test_an_address_that_does_not_work_is_one_line_without_the_password(run: Run, server: Server) -> None:
    wrong = server.url("tidak_ada", tcp=True)
    for words in (
        ("check", "--db", wrong),
        ("copy", wrong, "sqlite:///x.db"),
        ("restore", "x.gz", "--db", wrong),
    ):
        code, out, err = run(*words)
        assert code == 2
        assert err.count("\n") == 1
        assert "kunci-uji" not in out + err
