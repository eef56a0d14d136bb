"""Likeness in words: rare ones count, and the counts come from the file in the repository."""

import json
from pathlib import Path

import pytest

from nlp import likeness as module
from nlp.likeness import count_words, is_rare, likeness, main, make_vector
from store.records import UsageError


def alike(one: str, other: str) -> float:
    return likeness(make_vector(one), make_vector(other))


def test_a_text_is_like_itself_whatever_its_case_and_numbers() -> None:
    assert alike("Camat Tempe naik panggung", "CAMAT tempe, naik panggung (17/9)!") == pytest.approx(1)
    assert alike("Camat Tempe", "Lurah Lumpue") == 0
    assert alike("", "camat") == alike("12 34", "12 34") == 0


def test_a_shared_rare_word_makes_more_alike_than_shared_common_ones() -> None:
    rare = alike("camat naik panggung Pabeangi", "Pabeangi diperiksa pengawas kemarin")
    common = alike("camat yang hadir di panggung itu", "bupati yang pergi dari rumah itu")
    assert rare > common


@pytest.mark.parametrize(("word", "rare"), [("yang", False), ("bawaslu", False), ("pabeangi", True)])
def test_rare_words_are_told_from_common_ones(word: str, rare: bool) -> None:
    assert is_rare(word) is rare


def test_words_are_counted_once_per_text() -> None:
    rows = count_words(["camat camat hadir"] * 5 + ["lurah hadir"] * 4)
    assert rows == [("*", 9), ("camat", 5), ("hadir", 9)]


def test_the_command_writes_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"title": "Camat", "text": "hadir"})] * 6
    (tmp_path / "f.jsonl").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(module, "WORD_COUNTS", tmp_path / "counts.csv")
    main([str(tmp_path / "f.jsonl")])
    assert (tmp_path / "counts.csv").read_text(encoding="utf-8") == "word,texts\n*,6\ncamat,6\nhadir,6\n"


@pytest.mark.parametrize("text", [None, "word,texts\n", "a,b\nx,1\n", "word,texts\n*,many\n"])
def test_a_broken_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    if text is not None:
        (tmp_path / "counts.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "WORD_COUNTS", tmp_path / "counts.csv")
    module._load_rarity.cache_clear()
    with pytest.raises(UsageError, match=r"counts\.csv"):
        make_vector("camat")
    module._load_rarity.cache_clear()
