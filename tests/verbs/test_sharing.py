"""`export --shared`: initials by default, names for an admin alone, a row for each sheet, none comes back."""

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
from review.words import ALLEGED, DECISION_WORDS, HEADERS, SHARED_MARK, shared_headers
from store.access import list_acts
from store.db import connect, migrate, reading
from store.queue import QueueFilter, queue_rows
from store.reviewers import add_reviewer, find_reviewer
from store.schema import documents, incidents, predictions
from tests.store.samples import NIGHT, put_grouped
from verbs.labels import PASSWORD_VARIABLE
from verbs.recording import system_account
from verbs.sharing import HAS_NAMES, LINKS_NAME, NO_NAMES, NO_POST, shared_cells

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
    # A link spells the name that its title had.
    for password, who, opened in (
        (PASSWORD, "sekar", "--with-names"),
        (PASSWORD, "sekar", "--links"),
        ("salah salah salah", "kepala", "--links"),
        (PASSWORD, "siapa", "--with-names"),
        ("x", "", "--links"),
    ):
        monkeypatch.setenv(PASSWORD_VARIABLE, password)
        code, _, err = run(*export, opened, "--reviewer", who)
        assert (code, "--with-names and --links" in err) == (2, True)
    assert list(tmp_path.glob("*shared-*")) == [sheet]
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    opening = ("--links", "--reviewer", "kepala", "--min-score", "0")
    assert run(*export, "--with-names", *opening)[0] == 0
    assert run(*export, *opening)[0] == 0
    named = tmp_path / f"shared-new-{NIGHT}-minscore-0-names-links.csv"
    linked = tmp_path / f"shared-new-{NIGHT}-minscore-0-links.csv"
    assert NAME in named.read_text(encoding="utf-8-sig")
    text = linked.read_text(encoding="utf-8-sig")
    assert (NAME in text, "https://" in text, LINKS_NAME["id"] in text) == (False, True, True)
    with reading(engine) as conn:
        acts = list(list_acts(conn))
        kepala = find_reviewer(conn, "kepala")
        ids = set(conn.scalars(select(incidents.c.incident_id)))
        assert set(conn.scalars(select(incidents.c.state))) == {"grouped"}
    assert kepala
    assert [(act.what, act.who) for act in acts] == [
        ("sheet shared", system_account()),
        ("sheet with names shared with links", kepala.reviewer_id),
        ("sheet shared with links", kepala.reviewer_id),
    ]
    for act, file in zip(acts, (sheet, named, linked), strict=True):
        assert (act.subject, act.shown, set(act.incidents)) == (file.name, 2, ids)
        assert act.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    engine.dispose()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_shared_sheet_does_not_come_back(
    run: Run, tmp_path: Path, database: tuple[str, Engine], form: str, lang: str
) -> None:
    url, engine = database
    export = ("export", "--shared", "--db", url, "--out", tmp_path, "--date", NIGHT)
    assert run(*export, "--format", form, "--lang", lang)[0] == 0
    sheet = (tmp_path / f"shared-new-{NIGHT}.{form}").rename(tmp_path / f"flagged-{NIGHT}.{form}")
    for more in ((), ("--dry-run",)):
        code, out, err = run("import", sheet, "--db", url, "--keep", tmp_path / "kept", *more)
        assert (code, out) == (2, "")
        said = " ".join(err.split())
        assert f"flagged-{NIGHT}.{form} is a shared sheet" in said
        assert "come back in the working sheet" in said
    assert not (tmp_path / "kept").exists()
    engine.dispose()


def test_without_its_mark_a_shared_sheet_still_does_not_come_back(
    run: Run, tmp_path: Path, database: tuple[str, Engine]
) -> None:
    url, engine = database
    assert run("export", "--shared", "--db", url, "--out", tmp_path, "--date", NIGHT)[0] == 0
    sheet = tmp_path / f"shared-new-{NIGHT}.csv"
    text = sheet.read_text(encoding="utf-8-sig").replace(SHARED_MARK["id"], "warna")
    sheet.write_text(text, encoding="utf-8")
    code, _, err = run("import", sheet, "--db", url)
    assert (code, "without the columns catatan, sidik_teks, versi_keputusan" in err) == (2, True)
    engine.dispose()


def test_neither_a_post_nor_what_somebody_typed_is_shared(database: tuple[str, Engine]) -> None:
    _, engine = database
    with reading(engine) as conn:
        row = queue_rows(conn, queue="new", until=NIGHT, filters=QueueFilter())[0]
    header = shared_headers("id")
    cells = dict.fromkeys(HEADERS["id"].values(), "surti wonokasihan")
    cells[header["decision"]] = DECISION_WORDS["id"]["case"]
    post = replace(row, document=replace(row.document, kind="post"))
    made = shared_cells(cells, post, lang="id", names=False, links=False)
    assert list(made) == list(header.values())
    assert {made[header[name]] for name in ("title", "evidence")} == {NO_POST["id"]}
    assert {made[header[name]] for name in ("actor", "link")} == {""}
    assert made[SHARED_MARK["id"]] == NO_NAMES["id"]
    assert made[header["decision"]] == f"{ALLEGED['id']} {DECISION_WORDS['id']['case']}"
    named = shared_cells(cells, post, lang="id", names=True, links=True)
    assert (named[SHARED_MARK["id"]], named[header["title"]]) == (HAS_NAMES["id"], "surti wonokasihan")
    assert not {HEADERS["id"][name] for name in ("note", "reviewer", "text_hash", "event")} & named.keys()
    engine.dispose()
