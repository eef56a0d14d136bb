"""Archives of other tools become pages: which records, with which facts, once, and what breaks them."""

import gzip
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from crawlers.archive import load_bodies
from crawlers.backfill_files import archive_files
from crawlers.backfill_import import STORED
from crawlers.backfill_parts import is_article
from crawlers.manifest import load_sources
from store import frontier
from store.db import connect, migrate
from store.digest import content_digest
from store.frontier import Link
from store.records import UsageError
from tests.crawlers.foreign import HTML, article, bring_in, foreign, wacz
from tests.crawlers.outlet import entry, manifest
from tests.crawlers.samples import source
from tests.crawlers.test_run import stored

WARTA = "https://w.test/2024/09/17/"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the manifests of two outlets."""
    include = '[articles]\ninclude = "/\\\\d{4}/"\nsame_host = { "m.w.test" = "w.test" }\n'
    paged = '[pages]\nmode = "query"\nparam = "page"\nvalue = "all"\ntotal = ".total"\n'
    feed = entry("feed", "https://w.test/feed")
    manifest(tmp_path / "sources", "warta", feed, hosts=["w.test"], more=include + paged)
    blog = entry("wordpress", "https://blog.test/wp-json/wp/v2/posts")
    manifest(tmp_path / "sources", "blog", blog, hosts=["blog.test"])
    (tmp_path / "in").mkdir()
    return tmp_path


def test_each_record_is_a_page_or_has_its_reason(place: Path) -> None:
    with foreign(place / "in" / "CC-NEWS-1.warc.gz") as out:
        out.add(WARTA + "a?utm_source=x")
        out.add("https://m.w.test/2024/09/17/seluler")
        out.add("https://blog.test/camat-hadir-di-deklarasi/", headers=[("Content-Encoding", "identity")])
        out.add("https://asing.test/2024/1")
        out.add("https://w.test/")
        out.add("https://blog.test/tag/camat-lurah-kades-asn/")
        out.add(WARTA + "data", b"{}", content="application/json")
        out.add(WARTA + "kosong", b"  ")
        out.add(WARTA + "pindah", status="301 Moved")
        out.add(WARTA + "besar", b"<html>" + b"x" * (10 * 1024 * 1024))
        out.add(WARTA + "potong", warc={"WARC-Truncated": "length"})
        out.add(WARTA + "lama", kind="revisit")
        out.add(WARTA + "berkas", b"x", kind="resource")
        out.add(WARTA + "minta", b"GET / HTTP/1.1\r\n\r\n", kind="request")
        out.add(WARTA + "kapan", moment="2924-09-17T19:00:00Z")
        out.add(WARTA + "sandi", headers=[("Content-Encoding", "zstd")])
        out.add(WARTA + "tantangan", b"<html><title>Just a moment...</title></html>")
        out.add(WARTA + "a")
        out.add(WARTA + "a?page=2")
    report = bring_in(place, place / "in")
    assert report.faults == []
    assert report.by_source == {"warta": 2, "blog": 1}
    assert report.counts == {
        "stored": 3,
        "known": 1,
        "joined": 1,
        "no manifest": 1,
        "not an article": 2,
        "not HTML": 2,
        "status 301": 1,
        "too large": 1,
        "truncated": 1,
        "revisit": 1,
        "resource": 1,
        "no plausible date": 1,
        "encoding zstd": 1,
        "challenge page": 1,
    }
    assert [page.canonical_url for page in stored(place)] == [
        "https://blog.test/camat-hadir-di-deklarasi",
        WARTA + "a",
        WARTA + "seluler",
    ]
    assert {page.night for page in stored(place)} == {date(2024, 9, 18)}
    assert bring_in(place, place / "in", run="2").counts["stored"] == 0
    assert len(list((place / "warc").iterdir())) == 1


def test_what_is_stored_lies_in_our_own_archive(place: Path) -> None:
    text = "<html><body><p>Isi é</p><span class=total>Halaman 1/3</span></body></html>"
    packed = gzip.compress(text.encode())
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    with foreign(place / "in" / "wget.warc", gzip=False) as out:
        fields = [("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")]
        out.add(WARTA + "a", chunked, headers=fields)
        out.add(WARTA + "b", text.encode("utf-16"), content="text/html; charset=utf-16")
        out.add(f"<{WARTA}c>", text.encode("cp1252"), content=HTML)
    assert bring_in(place, place / "in").counts == {"stored": 3}
    shutil.rmtree(place / "in")
    first, second, third = (load_bodies(page) for page in stored(place))
    assert (first.bodies[0].decode(), first.pages_expected, first.status) == (text, 3, 200)
    assert (second.encoding, third.encoding, third.url) == ("utf-16-le", "windows-1252", WARTA + "c")
    assert all(page.refs[0].file.startswith(str(place / "warc")) for page in (first, second, third))


def test_wacz_and_files_of_one_gzip_member_are_read(place: Path) -> None:
    with foreign(place / "a.warc.gz") as out:
        out.add(WARTA + "a")
    with foreign(place / "b.warc", gzip=False) as out:
        for name in "bcd":
            out.add(WARTA + name)
    whole = place / "in" / "satu.warc.gz"
    whole.write_bytes(gzip.compress((place / "b.warc").read_bytes()))
    wacz(place / "in" / "x.wacz", {"a.warc.gz": place / "a.warc.gz", "b.warc": place / "b.warc"})
    report = bring_in(place, place / "in")
    assert (report.files, report.faults) == (2, [])
    assert report.counts == {"stored": 4, "known": 3}


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_broken_is_named_and_the_rest_goes_on(place: Path, packed: bool) -> None:
    names = [f"n{number}" for number in range(30)]
    sound = place / "sound"
    with foreign(sound, gzip=packed) as out:
        for name in names:
            noise = random.Random(name).randbytes(9000).hex().encode()
            out.add(WARTA + name, article(name) + noise)
    data = bytearray(sound.read_bytes())
    starts = [*out.starts, len(data)]
    if packed:
        # In the middle, in the head, in the checksum.
        for number, offset in ((3, 2000), (7, 0), (11, starts[12] - starts[11] - 8)):
            data[starts[number] + offset] ^= 0xFF
        broken = {"n3", "n7", "n11"}
    else:
        length = b"Content-Length: "
        at = data.index(length, starts[3]) + len(length)
        data[at] = ord("9")
        data[starts[7] : starts[7] + 8] = b"BUKAN/1."
        broken = {"n3", "n7"}
    (place / "in" / "a.warc.gz").write_bytes(data[: starts[-2] + 500])
    (place / "in" / "b.warc.gz").write_bytes(b"bukan arsip")
    (place / "in" / "c.wacz").write_bytes(b"PK\x03\x04 rusak")
    (place / "in" / "d.warc").write_bytes(b"")
    report = bring_in(place, place / "in")
    found = {page.url.rsplit("/", 1)[1] for page in stored(place)}
    assert {*names} - found - {"n29"} == broken
    assert "n29" not in found
    text = "\n".join(report.faults)
    for file in ("a.warc.gz: ", "b.warc.gz: ", "c.wacz: cannot be read", "d.warc: an empty file"):
        assert file in text, text
    for page in stored(place):
        load_bodies(page)


def test_a_wacz_with_a_wrong_checksum_gives_what_is_sound(place: Path) -> None:
    with foreign(place / "a.warc.gz") as out:
        for number in range(5):
            out.add(f"{WARTA}{number}")
    box = wacz(place / "in" / "x.wacz", {"a.warc.gz": place / "a.warc.gz", "b.warc.gz": place / "a.warc.gz"})
    data = bytearray(box.read_bytes())
    at = data.index(b"archive/a.warc.gz") + len(b"archive/a.warc.gz")
    data[at + out.starts[2] + 100] ^= 0xFF
    box.write_bytes(data)
    report = bring_in(place, place / "in")
    # What is broken in the first file is sound in the second.
    assert report.counts[STORED] == 5
    assert "x.wacz!archive/a.warc.gz: " in "".join(report.faults)
    assert "CRC" in "".join(report.faults)


def test_a_queued_article_is_done_when_an_archive_brings_it(place: Path) -> None:
    engine = connect(f"sqlite:///{place / 'netra.db'}")
    migrate(engine)
    with engine.begin() as conn:
        frontier.offer(conn, "warta", [Link(WARTA + "a", WARTA + "a")], night=date(2024, 9, 17))
    with foreign(place / "in" / "a.warc.gz") as out:
        out.add(WARTA + "a")
    bring_in(place, place / "in")
    with engine.begin() as conn:
        assert frontier.count_waiting(conn, "warta", night=date(2024, 9, 30)) == 0
    engine.dispose()


def test_an_import_killed_five_times_gives_the_undisturbed_rows(place: Path) -> None:
    for file in range(2):
        with foreign(place / "in" / f"{file}.warc.gz") as out:
            for number in range(60):
                out.add(f"{WARTA}{file}-{number}")
    bring_in(place, place / "in", db="calm.db")
    dice, killed = random.Random(5), 0
    words = [sys.executable, "-m", "tests.crawlers.foreign", str(place), str(place / "in")]
    for run in range(5):
        child = subprocess.Popen([*words, str(run)])
        goal = count(place) + dice.randint(1, 20)
        while child.poll() is None and count(place) < goal:
            time.sleep(0.001)
        child.send_signal(signal.SIGKILL)
        killed += child.wait(timeout=60) == -signal.SIGKILL
    assert killed >= 4
    bring_in(place, place / "in", run="last")
    calm, cut = (connect(f"sqlite:///{place / name}") for name in ("calm.db", "netra.db"))
    assert content_digest(cut) == content_digest(calm)
    for page in stored(place):
        load_bodies(page)
    calm.dispose()
    cut.dispose()


def count(folder: Path) -> int:
    try:
        conn = sqlite3.connect(f"file:{folder / 'netra.db'}?mode=ro", uri=True, timeout=30)
    except sqlite3.OperationalError:
        return 0
    try:
        return int(conn.execute("select count(*) from pages").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not migrated yet
    finally:
        conn.close()


def test_memory_does_not_grow_with_the_file(place: Path) -> None:
    """200 MB of other outlets' pages, 20 MB packed, some of ours among them: measured in a child."""
    noise = random.Random(1).randbytes(3_000_000).hex().encode()
    with foreign(place / "in" / "CC-NEWS-2.warc.gz") as out:
        for number in range(2_000):
            # 100 kB each; hexadecimal digits pack to a half, the repeated rest to nothing.
            body = b"<html>" + noise[number * 2_900 :][:20_000] + b"<p>ulang</p>" * 6_700
            host = "w.test/2024" if number % 50 == 0 else f"asing{number}.test"
            out.add(f"https://{host}/{number}", body)
    size = (place / "in" / "CC-NEWS-2.warc.gz").stat().st_size
    assert 18e6 < size < 40e6
    code = (
        # Not getrusage: its peak starts with that of the parent.
        "import re, sys; from pathlib import Path; from tests.crawlers.foreign import bring_in;"
        "told = Path('/proc/self/status').read_text;"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', told())[1]) // 1024;"
        "before = peak(); place = Path(sys.argv[1]); report = bring_in(place, place / 'in');"
        "print(report.counts['stored'], peak() - before)"
    )
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, place], capture_output=True, text=True, check=True)
    new, grown = map(int, done.stdout.split())
    assert new == 40
    assert grown < 150
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://w.test/", False),
        ("https://w.test/politik/", False),
        ("https://w.test/pilkada-2024-kota/", False),
        ("https://w.test/asn-harus-netral-di-pilkada/", True),
        ("https://w.test/2024/09/asn-harus-netral-di-pilkada.html", True),
        ("https://w.test/asn-harus-netral-di-pilkada/feed/", False),
        ("https://w.test/label/asn-harus-netral-di-pilkada", False),
        ("https://w.test/wp-content/uploads/foto-camat-di-kantor.jpg", False),
    ],
)
def test_without_a_pattern_the_form_of_an_address_decides(url: str, expected: bool) -> None:
    assert is_article(url, source(hosts=["w.test"])) is expected


def test_shipped_manifests_let_articles_in() -> None:
    known = {s.id: s for s in load_sources(Path(__file__).parents[2] / "data" / "sources")}
    whole = "https://nasional.kompas.com/read/2024/09/17/09110011/judul-berita"
    assert is_article(whole, known["kompas"])
    assert is_article(whole + "?page=all", known["kompas"])
    assert is_article(whole + "?page=2", known["kompas"])
    assert not is_article("https://nasional.kompas.com/tren?page=2", known["kompas"])
    assert not is_article("https://nasional.kompas.com/", known["kompas"])


def test_a_folder_without_archives_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no web archive there"):
        archive_files(tmp_path)
    with pytest.raises(UsageError, match="no web archive there"):
        archive_files(tmp_path / "none.warc.gz")
