"""Institutions by date: who a step lies with on a day, as a text or the table says."""

from datetime import date
from pathlib import Path

import pytest

from nlp.institutions import INSTITUTIONS, find_charge, load_bodies
from store.records import UsageError

BEFORE, AFTER = date(2024, 8, 31), date(2024, 9, 1)


def charge(process: str, day: date, *texts: str) -> tuple[str, bool, bool]:
    found = find_charge(process, day, texts, load_bodies())
    return (found.body.id, found.named, found.in_force) if found else ("", False, False)


@pytest.mark.parametrize(
    ("process", "day", "text", "expected"),
    [
        ("forwarded", BEFORE, "Berkas diteruskan.", ("kasn", False, True)),
        ("forwarded", AFTER, "Berkas diteruskan.", ("bkn", False, True)),
        ("recommendation", AFTER, "BKN merekomendasikan sanksi.", ("bkn", True, True)),
        ("recommendation", date(2025, 2, 1), "Rekomendasi KASN terbit.", ("kasn", True, False)),
        # Both named: the one in charge.
        ("forwarded", AFTER, "BKN mengambil alih berkas KASN.", ("bkn", True, True)),
        ("forwarded", AFTER, "Perkara dilimpahkan ke Gakkumdu.", ("gakkumdu", True, True)),
        ("report", date(2018, 2, 1), "Laporan diterima.", ("panwaslu", False, True)),
        ("report", AFTER, "Laporan diterima Bawaslu.", ("bawaslu", True, True)),
        ("clarification", AFTER, "Panwaslih Bireuen memeriksa.", ("bawaslu", True, True)),
        ("sanction", AFTER, "Bupati menjatuhkan hukuman.", ("ppk", False, True)),
        ("verdict", AFTER, "Hakim memutus.", ("", False, False)),
        ("rumor", AFTER, "Video beredar.", ("", False, False)),
        ("unknown", AFTER, "", ("", False, False)),
        # Part of another word is no name.
        ("forwarded", AFTER, "KASNO dan BKND", ("bkn", False, True)),
    ],
)
def test_a_step_lies_with_whom_text_and_table_say(
    process: str, day: date, text: str, expected: tuple[str, bool, bool]
) -> None:
    assert charge(process, day, text) == expected


def test_every_row_has_its_source_and_the_overseers_follow_each_other_without_a_gap() -> None:
    bodies = {body.id: body for body in load_bodies()}
    assert all(body.source and body.short for body in bodies.values())
    last = bodies["kasn"].last
    assert last is not None
    assert (bodies["bkn"].first - last).days == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('short = "KASN"\n', "", "'short' is missing"),
        ('short = "KASN"', 'short = "KASN"\nmotto = "x"', "'motto' is missing or unknown"),
        ('"forwarded"', '"passed"', "unknown step 'passed'"),
        ("2014-11-27", "November 2014", "bodies 1: from and until are dates"),
        ("[[bodies]]", "[[bodies", "cannot be read"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "institutions.toml"
    path.write_text(INSTITUTIONS.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_bodies(path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git checkout"):
        load_bodies(tmp_path / "institutions.toml")
