"""What shows in manifests when all are read together, and that every fault names file and line."""

from datetime import date
from pathlib import Path

import pytest

from crawlers.checks import find_faults
from store.records import UsageError

DAY = date(2024, 9, 17)
PROVINCES = {"Sulawesi Selatan": "Asia/Makassar", "Papua": "Asia/Jayapura"}
GOOD = """\
id = "{name}"
publisher = "Kabar {name}"
hosts = ["{name}.test", "www.{name}.test"]
platform = "generic"
kind = "news"
language = "id"
timezone = "Asia/Makassar"
region = "Sulawesi Selatan"
verified = false

[[entries]]
kind = "feed"
url = "https://{name}.test/feed/"

[articles]
same_host = {{ "www.{name}.test" = "{name}.test" }}

[legal]
basis = "a"
purpose = "b"
retention_days = 1
"""


def write(folder: Path, name: str, *changes: tuple[str, str]) -> None:
    text = GOOD.format(name=name)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def faults(folder: Path, *only: str) -> list[tuple[str, str, str]]:
    found = find_faults(folder, provinces=PROVINCES, today=DAY, only=only)
    return [(fault.source_id, fault.place, fault.text) for fault in found]


def test_good_manifests_have_no_fault(tmp_path: Path) -> None:
    write(tmp_path, "kabar")
    write(tmp_path, "warta", ("verified = false", "verified = true\nverified_on = 2024-09-17"))
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("publisher", "publisherr", 2, "unknown key; did you mean 'publisher'?"),
        ("https://warta.test/feed/", "https://lain.test/feed/", 13, "one of the hosts"),
        ("retention_days = 1\n", "", 18, "this key is missing"),
        ('region = "Sulawesi Selatan"', 'region = "Sulawesi Selaten"', 8, "did you mean 'Sulawesi Selatan'?"),
        ('region = "Sulawesi Selatan"', 'region = "Papua"', 7, "but Papua lies in Asia/Jayapura"),
        ('= "warta.test" }', '= "amp.warta.test" }', 16, "names amp.warta.test, which is not among hosts"),
        ('language = "id"', 'language = "Indonesia"', 6, "is no code such as id"),
        ("verified = false", "verified = true", 9, "sources check --live --write warta"),
        ("verified = false", "verified = false\nverified_on = 2024-09-01", 10, "drop one of them"),
        ("verified = false", "verified = true\nverified_on = 2024-09-18", 10, "is in the future"),
        (
            "[articles]",
            '[[entries]]\nkind = "feed"\nurl = "https://warta.test/feed/"\n[articles]',
            13,
            "stands there 2 times",
        ),
    ],
)
def test_a_fault_names_its_place_and_the_remedy(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    write(tmp_path, "kabar")
    write(tmp_path, "warta", (old, new))
    found = [fault for fault in faults(tmp_path) if words in fault[2]]
    assert [fault[:2] for fault in found] == [("warta", f"warta.toml:{line}")], faults(tmp_path)


def test_a_shared_host_is_a_fault_of_both(tmp_path: Path) -> None:
    write(tmp_path, "kabar", ('"www.kabar.test"]', '"www.kabar.test", "warta.test"]'))
    write(tmp_path, "warta")
    write(tmp_path, "lain")
    assert [(name, place) for name, place, _ in faults(tmp_path)] == [
        ("kabar", "kabar.toml:3"),
        ("warta", "warta.toml:3"),
    ]
    (only,) = faults(tmp_path, "warta")
    assert only[2] == "host warta.test also belongs to kabar; leave it to one of them"


def test_a_file_that_does_not_load_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("= x")
    (tmp_path / "b.toml").write_bytes(b"\xff")
    write(tmp_path, "warta", ("Sulawesi Selatan", "Sulsel"))
    assert [(name, place) for name, place, _ in faults(tmp_path)] == [
        ("a", "a.toml:1"),
        ("b", "b.toml:1"),
        ("warta", "warta.toml:8"),
    ]


def test_an_unknown_name_or_an_empty_folder_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no source manifest"):
        faults(tmp_path)
    write(tmp_path, "warta")
    with pytest.raises(UsageError, match="did you mean 'warta'"):
        faults(tmp_path, "wartaa")
