"""Forty names as source, model, sheet, static file or host: nothing is written or read outside (S12)."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.archive import Archive
from crawlers.manifest import load_source
from crawlers.probe_write import check_id, id_of
from nlp.promotion import promote, show_model
from nlp.registry import active_folder
from review.sheet_import import keep_file
from review.sheet_read import SheetFile
from store.queue import QueueFilter
from store.records import UsageError
from tests.review.web.conftest import Page
from verbs.sheets import _suffix

NAMES = (
    *(
        "../keluar",
        "..",
        ".",
        "../../etc/passwd",
        "..\\..\\keluar",
        "a/../../keluar",
        "....//keluar",
        "./x/../..",
    ),
    *("/etc/passwd", "/tmp/keluar", "//etc/passwd", "~/keluar", "~root", "$HOME/keluar", "%2e%2e%2fkeluar"),  # noqa: S108 - tried as a name
    *(
        "..%2fkeluar",
        "..%252fkeluar",
        "%c0%ae%c0%ae/keluar",
        "\u2025/keluar",
        "\uff0e\uff0e\uff0fkeluar",
        "\u2215etc",
    ),
    *(
        "C:\\keluar",
        "C:keluar",
        "\\\\host\\bagi",
        "\\\\?\\C:\\x",
        "CON",
        "nul.txt",
        "com1",
        "aux",
        "a:b",
        "x\x00y",
    ),
    *(
        "\x00",
        "\n",
        "x\r\ny",
        "\u202egnp.exe",
        "\u2066x\u2069",
        "x" * 300,
        "file:///etc/passwd",
        " ",
        "-rf",
        "a|id",
    ),
)


@pytest.fixture
def walls(tmp_path: Path) -> Iterator[Path]:
    """A folder inside one that must stay as it is."""
    inside = tmp_path / "a" / "b" / "c"
    inside.mkdir(parents=True)
    (tmp_path / "keluar").mkdir()
    before = sorted(str(path) for path in tmp_path.rglob("*") if inside not in path.parents)
    yield inside
    assert sorted(str(path) for path in tmp_path.rglob("*") if inside not in path.parents) == before
    assert not Path("/tmp/keluar").exists()  # noqa: S108 - nothing may be there


def test_there_are_forty_names() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 40


def test_no_name_becomes_the_id_of_a_source(walls: Path) -> None:
    good = (Path(__file__).parents[2] / "data" / "sources" / "detik.toml").read_text(encoding="utf-8")
    for name in NAMES:
        if name in {"aux", "com1"}:
            continue  # words like any other but on Windows, on which nothing of ours runs
        with pytest.raises(UsageError):
            check_id(name)
        told = name.translate({letter: f"\\u{letter:04x}" for letter in (*range(32), ord('"'), ord("\\"))})
        path = walls / "sumber.toml"
        path.write_text(good.replace('id = "detik"', f'id = "{told}"', 1), encoding="utf-8")
        with pytest.raises(UsageError, match="sumber"):
            load_source(path)
    # What is made out of an address is an id, or refused.
    for name in NAMES:
        made = id_of(f"https://{name}/")
        assert not set(made) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_no_name_leads_out_of_the_models(walls: Path) -> None:
    models = walls / "models"
    (models / "satu").mkdir(parents=True)
    # OSError: what is too long for a name on this disk.
    for name in NAMES:
        (models / "active.toml").write_text('active = "satu"\n')
        with pytest.raises((UsageError, OSError)):
            show_model(name, models)
        with pytest.raises((UsageError, OSError)):
            promote(name, models)
        assert active_folder(models).name == "satu"
        told = name.translate({letter: f"\\u{letter:04x}" for letter in (*range(32), ord('"'), ord("\\"))})
        (models / "active.toml").write_text(f'active = "{told}"\n', encoding="utf-8")
        with pytest.raises((UsageError, OSError)):
            active_folder(models)
    assert sorted(path.name for path in models.iterdir()) == ["active.toml", "satu"]


def test_a_sheet_is_kept_and_written_under_names_of_ours(walls: Path) -> None:
    for number, name in enumerate(NAMES):
        # The name that the analyst gave it is nowhere in it.
        sheet = SheetFile(f"{number:064x}", "csv", name, "id", (), (name,), name.encode())
        assert keep_file(sheet, walls / "kept") == walls / "kept" / f"{number:064x}.csv"
        for field in ("province", "position", "type", "source", "state"):
            suffix = _suffix(QueueFilter(**{field: name}))
            assert not set(suffix) - set("abcdefghijklmnopqrstuvwxyz0123456789-"), name
    assert len(list((walls / "kept").iterdir())) == len(NAMES)


def test_no_address_names_a_file_of_the_archive(walls: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    moment = datetime(2024, 9, 17, tzinfo=UTC)
    with Archive(walls / "warc", name="20240917", software="uji") as archive:
        for name in NAMES:
            url = f"https://www.kabar.test/{name!r}"
            assert archive.write(url, status=200, headers=[], body=b"x", fetched_at=moment).file
            archive.sync()
    assert [path.name for path in (walls / "warc").iterdir()] == ["20240917.warc.gz"]


def test_no_address_reads_a_file_that_is_not_served(page: Page) -> None:
    client = page.visit()
    for name in NAMES:
        for start in ("/static/", "/static/../", "/static/%2e%2e/", "/"):
            path = start + name.encode("unicode_escape").decode().replace("?", "%3f").replace("#", "%23")
            answer = client.get(path.replace("\\x00", "%00").replace(" ", "%20"))
            assert answer.status_code in (303, 307, 404, 405), path
            for told in ("root:", "default-src", "def ", "<!doctype html><html><body>Index"):
                assert told not in answer.text, path
