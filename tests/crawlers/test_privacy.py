"""Handles: hashed with a key, alike for one account, and nowhere readable; the key file and its faults."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawlers.archive import digest_of
from crawlers.parts import RowMapping, export_rows, key_of, row_part, split
from crawlers.privacy import (
    KEY_VARIABLE,
    hide_handles,
    plain_address,
    pseudonym,
    read_key,
    without_hashes,
)
from store.records import UsageError

BUDI = pseudonym("x", "budi_rekaan")


def test_one_account_has_one_hash_per_network_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pseudonym("x", "@Budi_Rekaan ") == BUDI
    assert len(BUDI) == 20
    assert pseudonym("tiktok", "budi_rekaan") != BUDI
    assert pseudonym("x", " ") == ""
    monkeypatch.setenv(KEY_VARIABLE, "kunci lain yang juga panjang sekali, sungguh")
    assert pseudonym("x", "budi_rekaan") != BUDI


def test_institutions_stay() -> None:
    assert pseudonym("x", "@Lembaga_RI", keep=["@lembaga_ri"]) == "Lembaga_RI"
    text = "cc @lembaga_RI dan @budi_rekaan"
    assert hide_handles(text, "x", ["lembaga_ri"]) == f"cc @lembaga_RI dan @{BUDI}"


@pytest.mark.parametrize(
    ("text", "platform", "left"),
    [
        ("halo @budi_rekaan.Hari ini", "x", f"halo @{BUDI}.Hari ini"),
        ("(@BUDI_rekaan) ＠budi_rekaan!", "x", f"(@{BUDI}) @{BUDI}!"),
        ("lihat @budi.rekaan.", "tiktok", f"lihat @{pseudonym('tiktok', 'budi.rekaan')}."),
        ("@budi@medsos.test apik", "mastodon", f"@{pseudonym('mastodon', 'budi@medsos.test')} apik"),
        ("surel: info.dinas@kab.go.id", "x", "surel: info.dinas@kab.go.id"),
        ("jam 7 @ kantor, a @ b", "x", "jam 7 @ kantor, a @ b"),
        ("u/budi-r dan /u/budi-r", "reddit", None),
        ("https://x.com/budi_rekaan/status/12?s=20 ya", "facebook", "https://x.com/i/web/status/12 ya"),
        ("twitter.com/budi_rekaan", "telegram", f"twitter.com/{BUDI}"),
        ("netflix.com/budi instagram.com/p/C1", "x", "netflix.com/budi instagram.com/p/C1"),
        ("https://www.tiktok.com/@budi.r/video/7", "x", "https://www.tiktok.com/player/v1/7"),
        ("https://medsos.test/@budi/1", "threads", None),
    ],
)
def test_mentions_and_links_in_texts(text: str, platform: str, left: str | None) -> None:
    hidden = hide_handles(text, platform)
    assert "budi" not in hidden or left == hidden
    assert left in (None, hidden)
    assert hide_handles(hidden, platform) == hidden


def test_a_long_text_is_searched_in_linear_time() -> None:
    started = time.perf_counter()
    for piece in ("a", "a.", "@", "a@", "@a@", "x.com/", "u/"):
        hide_handles(piece * 20_000, "mastodon")
    # A search that grows with the square of the length takes minutes here.
    assert time.perf_counter() - started < 20


def test_addresses_of_posts_name_no_account_where_the_network_allows() -> None:
    assert plain_address("https://twitter.com/budi/status/12?s=20") == "https://x.com/i/web/status/12"
    assert plain_address("https://www.tiktok.com/@b.r/video/7") == "https://www.tiktok.com/player/v1/7"
    assert plain_address("https://x.test/i/status/1") == "https://x.test/i/status/1"


def test_the_check_of_a_row_needs_no_key_and_tests_no_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"id": "i", "url": "u", "text": "t", "published": "w", "author": "a"}
    mapping = RowMapping("jsonl", ",", "x", columns, ("lembaga_ri",))
    line = {"i": "1", "u": "https://x.com/Budi_Rekaan/status/1", "a": "Budi_Rekaan"}
    line |= {"t": "aku dan @ani_rekaan, cc @lembaga_ri", "w": "2024-09-17"}
    how, key = key_of("social", row_part(mapping, "1"))
    row = split("social", json.dumps(line).encode(), how)[key]
    fields = json.loads(row)
    assert fields["author"] == BUDI
    assert fields["url"] == "https://x.com/i/web/status/1"
    assert fields["text"].endswith(", cc @lembaga_ri")
    assert b"rekaan" not in row.lower()
    monkeypatch.setenv(KEY_VARIABLE, "kunci lain yang juga panjang sekali, sungguh")
    other = split("social", json.dumps(line).encode(), how)[key]
    assert other != row
    assert digest_of("social", [other]) == digest_of("social", [row])
    assert without_hashes(row) == without_hashes(other)


def test_a_row_without_an_author_column_has_none() -> None:
    mapping = RowMapping("jsonl", ",", "x", {"id": "i", "url": "u", "text": "t", "published": "w"})
    (row,) = export_rows(b'{"i": 1, "u": "https://x.test/1", "t": "a", "w": "", "a": "budi"}', mapping)
    assert "author" not in row.fields
    assert "keep" not in row_part(mapping, "1")


def test_the_key_file_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "var" / "handle.key"
    key = read_key(path)
    assert (len(key), path.stat().st_mode & 0o777) == (64, 0o600)
    assert read_key(path) == key
    assert [entry.name for entry in path.parent.iterdir()] == ["handle.key"]
    path.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        read_key(path)
    path.chmod(0o600)
    path.write_text("pendek")
    with pytest.raises(UsageError, match="damaged") as caught:
        read_key(path)
    assert "pendek" not in str(caught.value)


def test_two_processes_make_one_key(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from crawlers.privacy import read_key; "
    code += "print(read_key(Path(sys.argv[1])).decode())"
    words = [sys.executable, "-c", code, str(tmp_path / "handle.key")]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    keys = {process.communicate(timeout=60)[0] for process in running}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 64


def test_a_short_key_of_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "pendek")
    with pytest.raises(UsageError, match="too short") as caught:
        pseudonym("x", "budi")
    assert "pendek" not in str(caught.value)
    assert os.environ[KEY_VARIABLE] == "pendek"
