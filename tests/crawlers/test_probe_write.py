"""Files of a new source: all or none, nothing overwritten, no text of a site that breaks out of TOML."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.manifest import load_source
from crawlers.probe_found import Findings, FoundEntry, SavedPage
from crawlers.probe_marks import Guess
from crawlers.probe_write import (
    check_id,
    check_manifest,
    id_of,
    manifest_text,
    page_text,
    refuse_existing,
    set_keys,
    write_new,
)
from crawlers.spiders.listing import FoundLink
from store.records import UsageError

DAY = date(2024, 9, 17)


def findings(**more: object) -> Findings:
    values: dict[str, object] = {
        "host": "kabar.test",
        "hosts": ("kabar.test", "www.kabar.test"),
        "publisher": "Kabar",
        "platform": "generic",
        "language": Guess("id", "lang"),
        "zone": Guess("Asia/Makassar", "jam"),
        "entries": [
            FoundEntry("feed", "https://kabar.test/feed/", (FoundLink("https://kabar.test/a"),)),
            FoundEntry("sitemap", "https://kabar.test/s.xml", (FoundLink("https://kabar.test/a"),)),
        ],
        "same_host": {"www.kabar.test": "kabar.test"},
    }
    return Findings(**(values | more))  # type: ignore[arg-type]  # tests replace any field


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.kabar-lontara.co.id/", "kabar-lontara"),
        ("https://makassar.tribunnews.com", "makassar-tribunnews"),
        ("https://kabar.blogspot.com/", "kabar"),
        ("https://barru.bawaslu.go.id/", "barru-bawaslu"),
        ("https://news.id/", "news"),
        ("http://127.0.0.1:8000/", "127-0-0-1"),
    ],
)
def test_ids_follow_hosts(url: str, name: str) -> None:
    assert id_of(url) == name
    check_id(name)


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="--id"):
        check_id("../Kabar")


def test_a_manifest_loads_is_not_verified_and_says_what_was_guessed() -> None:
    made = findings(
        include=r"/berita/\d+/",
        pages={"mode": "query", "param": "page", "value": "all"},
        selectors={"body": [".isi"], "remove": ["a", "b", "c", "d"]},
        found=["feed https://kabar.test/feed/ (1 artikel)"],
        guessed=["zona Asia/Makassar (jam)"],
    )
    text = manifest_text("kabar", made, delay_s=2.0, today=DAY)
    source = check_manifest("kabar", text)
    assert not source.verified
    assert [entry.kind for entry in source.all_entries()] == ["feed", "sitemap"]
    assert source.articles.include == r"/berita/\d+/"
    assert source.selectors.remove == ("a", "b", "c", "d")
    assert source.articles.same_host == {"www.kabar.test": "kabar.test"}
    assert "# Ditemukan: feed https://kabar.test/feed/" in text
    assert "# Dugaan, periksa: zona Asia/Makassar (jam)." in text


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=60).filter(str.strip))
def test_no_name_of_a_site_breaks_out_of_its_line(name: str) -> None:
    clean = name.encode("utf-8", "ignore").decode() or "x"
    made = findings(publisher=clean, found=[name], guessed=[f"{name}\nverified = true"])
    table = tomllib.loads(manifest_text("kabar", made, delay_s=2.0, today=DAY))
    assert table["publisher"] == clean
    assert table["verified"] is False


def test_a_saved_page_names_address_time_and_rules() -> None:
    source = check_manifest("kabar", manifest_text("kabar", findings(), delay_s=2.0, today=DAY))
    moment = datetime(2024, 9, 17, 2, 11, tzinfo=UTC)
    saved = SavedPage("https://kabar.test/a/?utm_source=x", b"{}", "utf-8", moment, "blogger", "tag:1")
    table = tomllib.loads(page_text("kabar", saved, source, source.rules()))
    assert table == {
        "confirmed": False,
        "url": saved.url,
        "canonical_url": "https://kabar.test/a",
        "fetched_at": moment,
        "encoding": "utf-8",
        "format": "blogger",
        "part": "tag:1",
        "bodies": ["kabar.body.json"],
        "rules": {"timezone": "Asia/Makassar"},
    }


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    first, second, third = tmp_path / "a" / "1", tmp_path / "a" / "2", tmp_path / "b" / "3"
    third.parent.mkdir()
    third.write_bytes(b"lama")
    with pytest.raises(UsageError, match="exists and is not overwritten"):
        write_new({first: b"1", second: b"2", third: b"3"})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [third]
    assert third.read_bytes() == b"lama"
    with pytest.raises(UsageError, match="nothing was written"):
        write_new({first: b"1", third / "x": b"2"})
    assert not first.exists()
    write_new({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    with pytest.raises(UsageError, match="is not overwritten"):
        refuse_existing([tmp_path / "c", second])


MANIFEST = """\
# Belum diperiksa; verified = false di sini hanya komentar.
id = "kabar"
verified = false  # lihat besok
delay_s = 2.0

[[entries]]
kind = "feed"
verified_note = "verified = false"
"""


def test_lines_of_a_manifest_are_set_and_all_others_stay() -> None:
    changed = set_keys(MANIFEST, {"verified": "true", "verified_on": "2024-09-17"}, after="verified")
    assert changed == MANIFEST.replace(
        "verified = false  # lihat besok\n", "verified = true  # lihat besok\nverified_on = 2024-09-17\n"
    )
    assert set_keys(changed, {"verified_on": "2024-10-01"}, after="verified") == changed.replace(
        "2024-09-17", "2024-10-01"
    )


def test_a_key_that_is_missing_goes_into_the_top_table_with_the_line_ends_of_the_file() -> None:
    text = 'id = "a"\r\n[legal]\r\nbasis = "x"'
    assert set_keys(text, {"verified": "true"}, after="verified") == (
        'id = "a"\r\nverified = true\r\n[legal]\r\nbasis = "x"'
    )
    assert set_keys('id = "a"', {"verified": "true"}, after="id") == 'id = "a"\nverified = true\n'


def test_every_shipped_manifest_can_be_noted_as_verified(tmp_path: Path) -> None:
    for path in sorted((Path(__file__).parents[2] / "data" / "sources").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        new = tmp_path / path.name
        new.write_text(
            set_keys(text, {"verified": "true", "verified_on": "2024-09-17"}, after="verified"),
            encoding="utf-8",
        )
        source, before = load_source(new), load_source(path)
        assert (source.verified, source.verified_on) == (True, DAY)
        assert source.model_copy(update={"verified": False, "verified_on": None}) == before
