"""`export --shared`: initials by default, names for an admin alone, and a row for each sheet."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

import pipeline
from review.passwords import hash_password
from review.words import HEADERS
from store.db import connect, migrate, reading
from store.queue import QueueFilter, queue_rows
from store.reviewers import add_reviewer
from store.schema import documents, incidents, predictions
from store.sharing import list_shared
from tests.store.samples import NIGHT, put_grouped
from verbs.labels import PASSWORD_VARIABLE
from verbs.sharing import NO_POST, shared_cells

Run = Callable[..., tuple[int, str, str]]
NAME, PASSWORD = "Surti Wonokasihan", "rahasia yang cukup panjang"  # an invented person's


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def database(tmp_path: Path) -> tuple[str, Engine]:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(url)
    migrate(engine)
    put_grouped(engine, 1, 2)
    hashed = hash_password(PASSWORD)
    with engine.begin() as conn:
        conn.execute(update(documents).values(title=f"Camat {NAME} hadir"))
        conn.execute(update(predictions).values(evidence=[f"{NAME} naik panggung."]))
        for name, role in (("kepala", "admin"), ("sekar", "reviewer")):
            add_reviewer(conn, name=name, role=role, password_hash=hashed, at=datetime.now(UTC))
    return url, engine


def test_names_leave_only_by_an_admin_and_every_sheet_is_on_record(
    run: Run, tmp_path: Path, database: tuple[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, engine = database
    export = ("export", "--shared", "--db", url, "--out", tmp_path, "--date", NIGHT)
    assert run(*export)[0] == 0
    (sheet,) = tmp_path.glob("shared-*.csv")
    text = sheet.read_text(encoding="utf-8-sig")
    assert "Camat S. W. hadir" in text
    assert not [word for word in (*NAME.split(), "https://") if word in text]
    for password, who in (
        (PASSWORD, "sekar"),
        ("salah salah salah", "kepala"),
        (PASSWORD, "siapa"),
        ("x", ""),
    ):
        monkeypatch.setenv(PASSWORD_VARIABLE, password)
        code, _, err = run(*export, "--with-names", "--reviewer", who)
        assert (code, "--with-names" in err) == (2, True)
    assert list(tmp_path.glob("shared-*.csv")) == [sheet]
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    assert run(*export, "--with-names", "--links", "--reviewer", "kepala")[0] == 0
    named = sheet.with_stem(sheet.stem + "-names")
    assert NAME in named.read_text(encoding="utf-8-sig")
    with reading(engine) as conn:
        first, second = list_shared(conn)
        assert set(conn.scalars(select(incidents.c.state))) == {"grouped"}
    assert (first.with_names, first.with_links, first.reviewer, first.n_rows) == (False, False, "", 2)
    assert (second.with_names, second.with_links, second.reviewer[:2]) == (True, True, "R-")
    for noted, file in ((first, sheet), (second, named)):
        assert noted.file == file.name
        assert noted.file_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    engine.dispose()


def test_neither_a_post_nor_what_somebody_typed_is_shared(database: tuple[str, Engine]) -> None:
    _, engine = database
    with reading(engine) as conn:
        row = queue_rows(conn, queue="new", until=NIGHT, filters=QueueFilter())[0]
    header = HEADERS["id"]
    cells = dict.fromkeys(header.values(), "surti wonokasihan")
    post = replace(row, document=replace(row.document, kind="post"))
    made = shared_cells(cells, post, lang="id", names=False, links=False)
    assert {made[header[name]] for name in ("title", "evidence")} == {NO_POST["id"]}
    assert {made[header[name]] for name in ("actor", "note", "reviewer", "link")} == {""}
    engine.dispose()
