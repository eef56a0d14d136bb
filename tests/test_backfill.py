"""`crawl --warc` and `crawl --since` on the command line: what is said, which exit code, what is refused."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import pipeline
from crawlers.manifest import load_sources
from store.access import list_acts
from store.db import connect, migrate, reading
from store.frontier import put_page
from store.ledger import start_run, trailing_items
from store.records import Outcome, SourceReport
from tests.crawlers.foreign import foreign
from tests.crawlers.outlet import entry, manifest, outlet
from tests.store.samples import make_page
from verbs import watching

PAST = ("--since", "2024-09-15", "--until", "2024-09-15")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run `crawl` in this process; everything lies below tmp_path. Gives (exit code, stdout, stderr)."""
    monkeypatch.setattr(pipeline, "VAR", tmp_path)

    def call(*words: object) -> tuple[int, str, str]:
        fixed = ("--sources", tmp_path / "sources", "--db", f"sqlite:///{tmp_path / 'netra.db'}")
        monkeypatch.setattr(sys, "argv", ["pipeline.py", "crawl", *map(str, (*fixed, *words))])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    for name in ("warta", "lain"):
        manifest(
            tmp_path / "sources", name, entry("feed", f"https://{name}.test/feed"), hosts=[f"{name}.test"]
        )
    return call


def test_an_import_says_what_it_found_and_ends_with_1_when_something_is_broken(run, tmp_path):
    archive = tmp_path / "in.warc.gz"
    with foreign(archive) as out:
        out.add("https://warta.test/camat-hadir-di-deklarasi")
        out.add("https://lain.test/lurah-hadir-di-deklarasi")
        out.add("https://asing.test/a")
    code, said, _ = run("--warc", archive, "--source", "warta")
    assert code == 0
    assert said.splitlines() == ["warta: 1 new", "1 files: 1 new, 0 known, 2 no manifest"]
    archive.write_bytes(archive.read_bytes()[:-20])
    code, said, err = run("--warc", archive)
    assert code == 1
    assert said.splitlines() == ["lain: 1 new", "1 files: 1 new, 1 known, 1 no manifest"]
    assert "in.warc.gz: broken gzip member" in err
    assert len(list((tmp_path / "warc").iterdir())) == 2
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with reading(engine) as conn:
        acts = list(list_acts(conn))
    engine.dispose()
    assert [(act.what, act.subject) for act in acts] == [("archive read", "in.warc.gz")] * 2
    assert acts[0].sha256 != acts[1].sha256


def test_an_import_does_not_touch_the_volume_of_a_night(run, tmp_path, capsys):
    """Two nights of one article each, and 40 more imported into the second one."""
    sources = load_sources(tmp_path / "sources")
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    night, past = date(2024, 9, 18), date(2024, 9, 17)
    for number, day in enumerate((past, night)):
        with engine.begin() as conn:
            put_page(conn, make_page(number, source_id="warta", night=day))
    run_id = start_run(engine, command="nightly", night=night)
    crawled = [SourceReport("warta", day, Outcome.OK, 2, 1, 1, 0, "") for day in (past, night)]
    before = watching.judge_sources(engine, run_id, crawled, sources)
    with foreign(tmp_path / "in.warc.gz") as out:
        for number in range(40):
            out.add(f"https://warta.test/camat-hadir-di-deklarasi-{number}")
    assert run("--warc", tmp_path / "in.warc.gz")[0] == 0
    assert watching.judge_sources(engine, run_id, before, sources) == before
    assert [report.items for report in before] == [1, 1]
    with reading(engine) as conn:
        assert trailing_items(conn, "warta", before=date(2024, 9, 19), nights=14) == [1, 1]
    assert watching.waiting_pages(engine) == {"import": {"warta": 40}, "walk": {}}
    watching.print_status(engine, nights=14, lang="id", now=datetime.now(UTC))
    said = " ".join(capsys.readouterr().out.split())
    assert "diimpor dari arsip, tidak dihitung di atas: 40 halaman (warta 40)" in said
    assert f"{night} baik .. 1/–" in " ".join(said.replace("│", " ").split())
    engine.dispose()


def test_a_walk_gives_each_source_one_line(tmp_path):
    with outlet() as site:
        site.say("/indeks/20240915", f'<a href="{site.article("/b/1")}">', Content_Type="text/html")
        entries = entry("feed", site.base + "/feed") + entry("index", site.base + "/indeks/%Y%m%d")
        manifest(tmp_path / "sources", "warta", entries, more='[articles]\ninclude = "/b/"\n')
        manifest(tmp_path / "sources", "lain", entry("feed", site.base + "/feed"))
        code = "import pathlib, pipeline, sys; pipeline.VAR = pathlib.Path(sys.argv.pop(1)); pipeline.main()"
        words = ["crawl", *PAST, "--sources", tmp_path / "sources", "--db", f"sqlite:///{tmp_path / 'n.db'}"]
        command = [sys.executable, "-c", code, tmp_path, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "warta: ok: walked 1 days, 1 new",
        "not walkable, no dated list: lain",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--warc", "none.warc.gz"), "no such file or folder"),
        (("--warc", "docs"), "no web archive there"),
        (("--warc", "docs", *PAST), "exclude each other"),
        (("--until", "2024-09-15"), "--until needs --since"),
        (("--since", "2024-09-16", "--until", "2024-09-15"), "two days in their order"),
        (("--since", "2999-01-01"), "none in future"),
        (("--since", "15-09-2024"), "since"),
        (PAST, "no dated list in"),
    ],
)
def test_wrong_use_ends_with_2(run, words, said, monkeypatch):
    monkeypatch.chdir(Path(pipeline.__file__).parent)
    code, _, err = run(*words)
    assert code == 2
    assert said in " ".join(err.split())
    assert "Traceback" not in err
