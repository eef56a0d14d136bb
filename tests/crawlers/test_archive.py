"""WARC out and in: what was written comes back, what was cut off is skipped, what was changed is found."""

import gzip
import logging
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crawlers import parts
from crawlers.archive import (
    Archive,
    build_index,
    digest_bodies,
    load_bodies,
    portable_name,
    read_answer,
    read_record,
)
from store.records import RawPage, StoppedError, UsageError, WarcRef

#: 18 September 02:00 in Jakarta, still the 17th in UTC.
NIGHT_ONE = datetime(2024, 9, 17, 19, 0, 0, tzinfo=UTC)
NIGHT_TWO = datetime(2024, 9, 18, 19, 0, 0, tzinfo=UTC)


def archive(folder: Path, name: str = "n") -> Archive:
    return Archive(folder, name=name, software="uji")


def write(
    out: Archive,
    url: str,
    body: bytes,
    moment: datetime = NIGHT_ONE,
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
) -> WarcRef:
    return out.write(url, status=status, headers=headers, body=body, fetched_at=moment)


def page(refs: tuple[WarcRef, ...], digest: str, part: str = "") -> RawPage:
    return RawPage(
        page_id="G-0",
        source_id="s",
        url="https://w.test/a",
        canonical_url="https://w.test/a",
        night=date(2024, 9, 18),
        fetched_at=NIGHT_ONE,
        status=200,
        format="blogger" if part else "html",
        part=part,
        encoding="utf-8",
        refs=refs,
        body_sha256=digest,
    )


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", b"isi \xf0\x9f\x99\x82"),
        ("gzip", gzip.compress(b"isi \xf0\x9f\x99\x82")),
        ("deflate", zlib.compress(b"isi \xf0\x9f\x99\x82")),
    ],
)
def test_bodies_come_back_decoded(tmp_path: Path, encoding: str, packed: bytes) -> None:
    with archive(tmp_path) as out:
        coding = (("Content-Encoding", encoding),) if encoding else ()
        ref = write(out, "https://w.test/a", packed, headers=(("Transfer-Encoding", "chunked"), *coding))
    assert read_record(ref) == b"isi \xf0\x9f\x99\x82"
    status, fields, _ = read_answer(ref)
    assert status == 200
    assert not {name.lower() for name, _ in fields} & {"transfer-encoding", "content-encoding"}


def test_each_record_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    with archive(tmp_path) as out:
        assert list(tmp_path.iterdir()) == []
        for number in range(3):
            ref = write(out, f"https://w.test/{number}", b"isi %d" % number)
            assert read_record(ref) == b"isi %d" % number


def test_a_new_run_never_touches_an_old_file(tmp_path: Path) -> None:
    for _ in range(3):
        with archive(tmp_path) as out:
            write(out, "https://w.test/a", b"isi")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n-2.warc.gz", "n-3.warc.gz", "n.warc.gz"]


def test_the_index_knows_nights_and_hosts(tmp_path: Path) -> None:
    with archive(tmp_path) as out:
        write(out, "https://w.test/a?utm_source=x", b"1", status=429)
        write(out, "https://w.test/a?utm_source=x", b"2", NIGHT_ONE)
        write(out, "https://W.test:443/b", b"3", NIGHT_TWO)
        out.write_file("file:///inbox/a.csv", b"4", fetched_at=NIGHT_TWO)
    index = build_index(tmp_path / "n.warc.gz")
    assert index.nights == (date(2024, 9, 18), date(2024, 9, 19))
    assert index.hosts == {"w.test"}
    assert [answer.status for answer in index.find("https://w.test/a?utm_source=x", date(2024, 9, 20))] == [
        429,
        200,
    ]
    assert index.find("https://w.test/a?utm_medium=y", date(2024, 9, 18))[1].fetched_at == NIGHT_ONE
    assert index.find("https://w.test/b", date(2024, 9, 18)) == ()
    assert len(index.find("https://w.test/b", date(2024, 9, 19))) == 1


def test_a_broken_tail_is_skipped_at_every_length(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with archive(tmp_path) as out:
        write(out, "https://w.test/a", b"isi " * 50)
        last = write(out, "https://w.test/b", bytes(range(256)) * 20)
    whole = (tmp_path / "n.warc.gz").read_bytes()
    for size in range(last.offset, len(whole) - 16, 7):
        cut = tmp_path / "cut.warc.gz"
        cut.write_bytes(whole[:size])
        assert set(build_index(cut).by_url) == {"https://w.test/a"}, size
    assert "broken from byte" in caplog.text


def test_what_is_no_archive_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        build_index(tmp_path / "none.warc.gz")
    (tmp_path / "x.warc.gz").write_bytes(b"bukan arsip")
    with pytest.raises(UsageError, match="no HTTP response"):
        build_index(tmp_path / "x.warc.gz")


def test_bodies_are_loaded_and_checked(tmp_path: Path) -> None:
    with archive(tmp_path) as out:
        refs = (write(out, "https://w.test/a", b"satu"), write(out, "https://w.test/a?page=2", b"dua"))
    assert load_bodies(page(refs, digest_bodies([b"satu", b"dua"]))).bodies == (b"satu", b"dua")
    with pytest.raises(StoppedError, match=r"page G-0 .* is not what was fetched"):
        load_bodies(page(refs, digest_bodies([b"satu", b"lain"])))
    # What stands at a wrong offset differs from run to run: no record, or one that is not ours.
    with pytest.raises(StoppedError, match="byte 5"):
        load_bodies(page((replace(refs[0], offset=5),), ""))
    with pytest.raises(StoppedError, match="is gone"):
        load_bodies(page((replace(refs[0], file=str(tmp_path / "gone.warc.gz")),), ""))


def test_a_part_is_taken_out_of_its_response(tmp_path: Path) -> None:
    entry = {"id": {"$t": "tag:1"}, "title": {"$t": "Judul"}}
    with archive(tmp_path) as out:
        good = write(out, "https://w.test/feeds", parts.dump({"feed": {"entry": [entry]}}))
        bad = write(out, "https://w.test/feeds", b"<html>")
    digest = digest_bodies([parts.dump(entry)])
    assert load_bodies(page((good,), digest, part="tag:1")).bodies == (parts.dump(entry),)
    with pytest.raises(StoppedError, match="entry 'tag:2' is not in it"):
        load_bodies(page((good,), digest, part="tag:2"))
    with pytest.raises(StoppedError, match="not a blogger response"):
        load_bodies(page((bad,), digest, part="tag:1"))


def test_names_move_with_the_project(tmp_path: Path) -> None:
    assert portable_name(Path(__file__)) == "tests/crawlers/test_archive.py"
    assert portable_name(tmp_path / "n.warc.gz") == str(tmp_path.resolve() / "n.warc.gz")


def test_a_full_disk_stops_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with archive(tmp_path / "file") as out, pytest.raises(StoppedError, match="cannot be written"):
        write(out, "https://w.test/a", b"isi")
