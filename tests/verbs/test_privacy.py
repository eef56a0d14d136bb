"""A person's requests by the command line: report, erasure, later nights, a restored backup."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from gzip import decompress
from pathlib import Path

import pytest
from sqlalchemy import update

import pipeline
import verbs.privacy
from crawlers.archive import Archive, digest_bodies, load_bodies
from crawlers.hidden import hidden_in
from store.access import list_acts
from store.chain import check_chain
from store.db import connect, migrate, reading
from store.frontier import put_page
from store.persons import PLACEHOLDER
from store.reviewed import reviewed_documents
from store.rows import read_page
from store.schema import pages, suppressed_names
from tests.store.planted import PEOPLE, plant
from tests.store.samples import NIGHT, make_document, make_page
from verbs.privacy import hiding
from verbs.retention import let_go

Run = Callable[..., tuple[int, str, str]]
MOMENT = datetime(2026, 1, 5, 19, tzinfo=UTC)


@pytest.fixture(name="run")
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("NETRA_DB", f"sqlite:///{tmp_path / 'netra.db'}")
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(verbs.privacy, "FOLDERS", (out,))
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    plant(engine)
    engine.dispose()
    store_bodies(tmp_path)
    words = f"no;judul\r\n1;Kata {PEOPLE[0].upper()}.\r\n2;Warga\r\n"
    (out / "flagged.csv").write_bytes(words.encode("utf-8-sig"))
    (out / "rusak.xlsx").write_bytes(b"bukan zip")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def store_bodies(folder: Path) -> None:
    """A list that names everybody, and the archived page of each planted person; one page of nobody's."""
    engine = connect(f"sqlite:///{folder / 'netra.db'}")
    with Archive(folder / "warc", name="2026-01-06-1", software="uji") as out, engine.begin() as conn:
        everybody = ", ".join(PEOPLE).encode()
        out.write("https://a.test/feed", status=200, headers=(), body=everybody, fetched_at=MOMENT)
        for number, name in enumerate([*PEOPLE, "Warga"]):
            page = make_page(number if name != "Warga" else 1000)
            body = f"<p>Kata {name}.</p>".encode()
            place = out.write(page.url, status=200, headers=(), body=body, fetched_at=MOMENT)
            values = {"refs": (place,), "body_sha256": digest_bodies([body]), "pages_expected": 1}
            conn.execute(update(pages).where(pages.c.page_id == page.page_id).values(values))
        for number in range(1001, 1200):
            conn.execute(update(pages).where(pages.c.page_id == make_page(number).page_id).values(refs=()))
    engine.dispose()


def stored_bytes(folder: Path) -> bytes:
    """All that lies in database, archive and sheets, in lower case, with single spaces."""
    plain = [path.read_bytes() for path in folder.glob("netra.db*") if path.suffix != ".lock"]
    plain += [path.read_bytes() for path in (folder / "out").iterdir()]
    packed = [decompress(path.read_bytes()) for path in (folder / "warc").iterdir()]
    text = b"\n".join([*plain, *packed]).decode("utf-8", "replace").replace("\\n", " ")
    return " ".join(text.lower().split()).encode()


def hits(folder: Path) -> list[str]:
    held = stored_bytes(folder)
    return [name for name in PEOPLE if name.lower().encode() in held]


def test_a_report_goes_to_a_private_file_and_nowhere_else(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "jawaban.json"
    code, out, _ = run("privacy", "report", f"Dr. {PEOPLE[1]}", "--alias", PEOPLE[0], "--out", target)
    assert (code, "2 rows, 2 texts, 2 files" in out) == (0, True)
    assert PEOPLE[1] not in out
    assert target.stat().st_mode & 0o077 == 0
    told = json.loads(target.read_text(encoding="utf-8"))
    assert {Path(path).name for path in told["files"]} == {"flagged.csv", "rusak.xlsx"}
    assert [len(document["archived"]) for document in told["documents"]] == [1, 1]
    assert run("privacy", "report", "Dr.", "--out", target)[0] == 2


def test_find_lists_kind_id_and_night_and_no_word_of_a_text(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("privacy", "find", PEOPLE[1], "--alias", PEOPLE[0])
    ids = [make_document(make_page(number)).doc_id for number in (0, 1)]
    assert code == 0
    assert sorted(out.splitlines()[:2]) == sorted(f"documents  {one}  {NIGHT}" for one in ids)
    assert out.splitlines()[2:] == [
        f"file  {tmp_path / 'out' / 'flagged.csv'}",
        f"file  {tmp_path / 'out' / 'rusak.xlsx'}",
        "2 rows, 2 files hold the name",
    ]
    assert "Kata" not in out
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with reading(engine) as conn:
        (act,) = list_acts(conn)
    assert (act.what, act.shown, len(act.incidents), act.subject) == ("person looked for", 2, 2, "")
    engine.dispose()
    assert "0 rows" in run("privacy", "find", "[a-zA-Z]+ (.*)%_ x")[1]
    assert run("privacy", "find", "x")[0] == 2


def test_a_name_of_one_word_is_erased_only_when_asked_twice(run: Run, tmp_path: Path) -> None:
    asked = ("--reviewer", "Sri Wahyuni", "--reason", "uji", "--list", tmp_path / "erased.json")
    places = ("--archive", tmp_path / "warc")
    code, _, err = run("privacy", "erase", "H. Sutrisno", *asked, *places)
    assert (code, "one word" in err) == (2, True)
    assert run("privacy", "erase", "Sutrisno", *asked, *places, "--dry-run")[0] == 0
    assert run("privacy", "erase", "Sutrisno", *asked, *places, "--one-word")[0] == 0


def test_what_a_program_stands_on_is_named_and_not_masked(run: Run, tmp_path: Path) -> None:
    asked = ("--reviewer", "Sri Wahyuni", "--reason", "uji", "--list", tmp_path / "erased.json", "--one-word")
    code, out, _ = run("privacy", "erase", "grouped", *asked, "--archive", tmp_path / "warc")
    assert (code, "still holds the name: documents.state" in out) == (1, True)
    assert run("privacy", "find", PEOPLE[1])[1].startswith("documents")


def test_fifty_people_are_erased_stay_out_and_are_erased_again_after_a_backup(
    run: Run, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    shutil.copy(tmp_path / "netra.db", backup)
    shutil.copytree(tmp_path / "warc", backup / "warc")
    places = ("--archive", tmp_path / "warc", "--list", tmp_path / "erased.json")
    assert hits(tmp_path) == PEOPLE

    asked = ("--reviewer", "Sri Wahyuni", "--reason", "permintaan 12 Nov 2026")
    assert run("privacy", "erase", PEOPLE[0], *asked[:2], "--reason", f"kata {PEOPLE[0]}")[0] == 2
    assert "nothing was changed" in run("privacy", "erase", PEOPLE[0], *asked, "--dry-run", *places)[1]
    assert hits(tmp_path) == PEOPLE
    others = [word for name in PEOPLE[1:] for word in ("--alias", name)]
    code, out, err = run("privacy", "erase", f"H. {PEOPLE[0]}, S.E.", *others, *asked, *places)
    assert (code, err.count("netra:")) == (0, 0)
    assert "51 archived records gone" in out
    assert hits(tmp_path) == []
    assert PLACEHOLDER.encode() in stored_bytes(tmp_path)
    assert b"kata warga." in stored_bytes(tmp_path)
    assert not any(name.split()[0] in (tmp_path / "erased.json").read_text() for name in PEOPLE)

    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    later_nights(tmp_path)
    assert hits(tmp_path) == []
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        learned = [f"{one.document.title} {one.document.text}" for one in reviewed_documents(conn)]
        assert learned
        assert not [name for name in PEOPLE for text in learned if name in text]
        kept = read_page(
            conn.execute(pages.select().where(pages.c.page_id == make_page(1000).page_id)).mappings().one()
        )
        assert load_bodies(kept).bodies == (b"<p>Kata Warga.</p>",)
        assert len(conn.execute(suppressed_names.select()).all()) == 50
    engine.dispose()

    for path in tmp_path.glob("netra.db*"):
        path.unlink()
    shutil.rmtree(tmp_path / "warc")
    shutil.copy(backup / "netra.db", tmp_path)
    shutil.copytree(backup / "warc", tmp_path / "warc")
    assert hits(tmp_path) != []
    assert run("privacy", "reapply", *places)[0] == 0
    assert hits(tmp_path) == []


def later_nights(folder: Path) -> None:
    """Three nights that bring everybody again: in lists, in addresses, in the texts of new articles."""
    engine = connect(f"sqlite:///{folder / 'netra.db'}")
    hide = hiding(engine)
    with reading(engine) as conn:
        hidden = hidden_in(conn)
    for night in range(3):
        when = datetime(2026, 3, 1 + night, 19, tzinfo=UTC)
        archive = Archive(folder / "warc", name=f"2026-03-0{2 + night}-{night + 5}", software="uji")
        with archive as out, engine.begin() as conn:
            for number, name in enumerate(PEOPLE[night * 9 : night * 9 + 9], start=2000 + night * 9):
                body = f"<p>Kata {name}.</p>".encode()
                page = make_page(number, night=date(2026, 3, 2 + night), fetched_at=when)
                place = out.write(page.url, status=200, headers=(), body=body, fetched_at=when)
                page = replace(page, refs=(place,), body_sha256=digest_bodies([body]), pages_expected=1)
                assert hidden.holds(f"https://a.test/{name.lower().replace(' ', '-')}")
                put_page(conn, page)
                made = hide(make_document(page, text=f"Kata {name}.", title=name))
                assert not isinstance(made, str)
                assert (made.title, made.text) == (PLACEHOLDER, f"Kata {PLACEHOLDER}.")
        let_go(engine, date(2026, 3, 2 + night), periods=verbs.retention.Periods(), archive=folder / "warc")
    engine.dispose()


def test_reapply_with_an_empty_list_says_so_and_labels_are_left(run: Run, tmp_path: Path) -> None:
    places = ("--archive", tmp_path / "warc", "--list", tmp_path / "erased.json")
    assert "no name was ever erased" in run("privacy", "reapply", *places)[1]
    (tmp_path / "erased.json").write_text("[{}]", encoding="utf-8")
    assert run("privacy", "reapply", *places)[0] == 2
