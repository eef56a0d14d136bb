"""Saved pages on disk: what is read back, and that an unconfirmed one fails its own test."""

import shutil
from pathlib import Path

import pytest

import tests.pages
from nlp.extract import extract_page
from nlp.golden import golden_of, golden_text, load_saved, unconfirmed
from tests.pages import FOLDER, golden_page, read_page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in FOLDER.glob("antara.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(tests.pages, "FOLDER", tmp_path)
    return tmp_path


def test_a_golden_file_is_the_document_in_one_form(folder: Path) -> None:
    document = extract_page(*load_saved(folder, "antara"))
    assert golden_text(golden_of(document)) == (FOLDER / "antara.json").read_text(encoding="utf-8")


def test_a_page_that_nobody_has_confirmed_fails_and_says_what_to_look_at(folder: Path) -> None:
    stamp = folder / "antara.toml"
    assert unconfirmed(folder, "antara") == ""
    stamp.write_text("confirmed = false\n" + stamp.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(AssertionError) as failed:
        assert read_page("antara") == golden_page("antara")
    for words in (str(stamp), "antara.json", "first and last paragraph", "sources confirm antara"):
        assert words in str(failed.value)
    stamp.write_text(stamp.read_text(encoding="utf-8").replace("= false", "= true", 1), encoding="utf-8")
    assert read_page("antara") == golden_page("antara")
