"""Exceptions for certificates: what a manifest must say, and when `sources check` speaks up."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from crawlers.checks import find_faults
from crawlers.manifest import load_source
from crawlers.tls_manifest import LONGEST_DAYS, WARN_DAYS
from store.records import UsageError
from tests.crawlers.outlet import entry, manifest

TODAY = date(2024, 9, 17)
MARK = "ab" * 32
GOOD = {
    "host": '"w.test"',
    "accept_sha256": f'"{MARK}"',
    "until": "2024-12-31",
    "reason": '"penerbit sudah disurati"',
}


def written(folder: Path, *tables: dict[str, str]) -> Path:
    text = "".join("[[tls]]\n" + "".join(f"{key} = {value}\n" for key, value in t.items()) for t in tables)
    entries = entry("feed", "https://w.test/feed")
    return manifest(folder, "warta", entries, hosts=["w.test", "m.w.test"], more=text)


def test_an_exception_is_read(tmp_path: Path) -> None:
    colons = ":".join(["AB"] * 32)
    path = written(tmp_path, GOOD | {"accept_sha256": f'"{colons}"'}, GOOD | {"host": '"m.w.test"'})
    first, second = load_source(path).tls
    assert (first.host, first.accept_sha256, first.until) == ("w.test", MARK, date(2024, 12, 31))
    assert (second.host, second.reason) == ("m.w.test", "penerbit sudah disurati")
    assert not first.ended(date(2024, 12, 31))
    assert first.ended(date(2025, 1, 1))


@pytest.mark.parametrize("key", GOOD)
def test_none_of_its_keys_may_be_missing(tmp_path: Path, key: str) -> None:
    path = written(tmp_path, {name: value for name, value in GOOD.items() if name != key})
    with pytest.raises(UsageError, match=rf"warta\.toml:\d+: tls\.0\.{key}: this key is missing"):
        load_source(path)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("host", '"lain.test"', "'lain.test' is not one of the hosts"),
        ("accept_sha256", '"ab"', "not a SHA-256 fingerprint: 64 hex digits"),
        ("accept_sha256", '"*"', "not a SHA-256 fingerprint"),
        ("until", '"2024-12-31"', "until: "),
        ("until", "true", "until: "),
        ("reason", '""', "reason: "),
        ("verify", "false", "unknown key"),
    ],
)
def test_what_it_says_must_make_sense(tmp_path: Path, key: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_source(written(tmp_path, GOOD | {key: value}))


def test_a_host_has_one_exception_at_most(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two exceptions for one host"):
        load_source(written(tmp_path, GOOD, GOOD | {"accept_sha256": f'"{"cd" * 32}"'}))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-1, "ended on 2024-09-16, it is refused again"),
        (0, "ends on 2024-09-17, in 0 days"),
        (WARN_DAYS, "ends on 2024-10-01, in 14 days; ask the publisher again"),
        (WARN_DAYS + 1, ""),
        (LONGEST_DAYS, ""),
        (LONGEST_DAYS + 1, "more than 366 days; set a nearer day"),
    ],
)
def test_the_check_warns_two_weeks_before_the_end_and_of_ends_that_are_none(
    tmp_path: Path, days: int, said: str
) -> None:
    path = written(tmp_path, GOOD | {"until": str(TODAY + timedelta(days=days))})
    faults = find_faults(tmp_path, provinces={}, today=TODAY)
    assert len(faults) == bool(said)
    for fault in faults:
        assert said in fault.text
        line = int(fault.place.rpartition(":")[2])
        assert path.read_text().splitlines()[line - 1].startswith("until = ")
