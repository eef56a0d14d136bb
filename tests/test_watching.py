"""Whole crawls are judged after extraction, and `status` names what fails and why."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import pipeline
from crawlers.manifest import load_sources
from review.report import NightReport, report_content
from store.db import connect, migrate
from store.ledger import note_source, source_history, start_run
from store.records import Outcome, SourceReport
from tests.crawlers.outlet import NIGHT, PATIENCE, Outlet, Reply, crawl_once, entry, manifest, outlet, rss
from verbs import watching

ROOT = Path(__file__).parent.parent
WARC = ROOT / "data" / "sample" / "newsroom.warc.gz"
#: What the newsroom's broken outlets do, in the analyst's words and in the operator's message.
BROKEN = {
    "harian-tertutup": ("dilarang robots.txt", "robots.txt"),
    "kabar-sepi": ("kosong", ""),
    "koran-rawa": ("galat", ""),
    "portal-tameng": ("halaman tantangan", "challenge page"),
    "pos-lawas": ("salah enkode", ""),
    "warta-retak": ("rusak", ""),
}
WORDS = "Warga menunggu kapal bantuan sejak pagi karena gelombang tinggi di pesisir utara. " * 6
RETRY_AFTER_S = 2


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "pipeline.py", *words],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The newsroom's nights, crawled and extracted by two verbs: the address of their database."""
    db = f"sqlite:///{tmp_path_factory.mktemp('week') / 'netra.db'}"
    done = run("crawl", "--replay", str(WARC), "--db", db)
    assert done.returncode == 1, done.stderr
    done = run("extract", "--db", db, "--sources", str(WARC.parent / "sources"))
    assert done.returncode == 0, done.stdout + done.stderr
    return db


def test_status_names_each_failing_source_and_why(week: str) -> None:
    done = run("status", "--db", week)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "Gagal: 6 dari 21 sumber"
    assert [line.partition(":")[0] for line in lines[2:20:3]] == sorted(BROKEN)
    for number, (name, (outcome, why)) in enumerate(sorted(BROKEN.items())):
        head, reason, step = lines[2 + 3 * number : 5 + 3 * number]
        assert head.startswith(f"{name}: {outcome} (")
        assert head.endswith("gagal sejak 2024-09-17 (3 malam)")
        assert why in reason
        assert step.partition(": ")[2].strip()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    rows = [row for row in rows if len(row) == 7]
    assert {row[0] for row in rows[:6]} == set(BROKEN)
    assert len(rows) == 21
    for _, last, _, since, strip, items, fill in rows[6:]:
        assert (last, since, strip) == ("2024-09-19", "", "...")
        assert items.split("/")[0].isdigit()
        assert fill.endswith("%")


def test_status_looks_back_as_many_nights_as_it_is_told(week: str) -> None:
    done = run("status", "--db", week, "--nights", "1", "--lang", "en")
    assert "│ kabar-sepi         │ 2024-09-19 │ empty " in done.stdout
    assert " │ X " in done.stdout
    assert "XXX" not in done.stdout
    assert run("status", "--db", week, "--nights", "0").returncode == 2


def test_an_edited_article_of_the_newsroom_is_a_revision(week: str) -> None:
    engine = connect(week)
    with engine.connect() as conn:
        changed = [report for report in source_history(conn) if report.revisions]
        texts = conn.exec_driver_sql(
            "select d.text, r.text from documents d join revisions r on r.page_id = d.page_id"
        ).all()
    engine.dispose()
    assert [(report.source_id, str(report.night), report.revisions) for report in changed] == [
        ("kabar-lontara", "2024-09-19", 1)
    ]
    ((new, old),) = texts
    assert old
    assert len(new) > len(old)


def article(site: Outlet, number: int) -> str:
    return site.article(f"/a/{number}", WORDS)


def misbehave(name: str, site: Outlet) -> None:
    """Let an outlet fail in one of the six ways of rule R8."""
    if name == "timeout":
        site.routes["/feed"] = [Reply(after_s=3)]
    elif name == "broken":
        site.say("/feed", "galat", 500)
    elif name == "limited":
        site.say("/feed", "", 429, Retry_After=str(RETRY_AFTER_S))
    elif name == "layout":
        for number in (1, 2, 3):
            site.say(f"/a/{number}", "<html><div id=app></div></html>", Content_Type="text/html")
        site.feed("/feed", [f"{site.base}/a/{number}" for number in (1, 2, 3)])
    elif name == "empty":
        site.feed("/feed", [])
    elif name == "encoding":
        feed = rss([article(site, 1)]).replace("Berita", "caf\xe9")
        site.say("/feed", feed.encode("latin-1"), Content_Type="application/rss+xml")


FAILING = {
    "timeout": "timeout",
    "broken": "error",
    "limited": "rate_limited",
    "layout": "layout_changed",
    "empty": "empty",
    "encoding": "encoding",
}


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[SourceReport], dict[str, Outlet]]:
    """A night over 20 outlets of which 6 fail (rule R8), extracted and judged."""
    folder = tmp_path_factory.mktemp("twenty")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv(PATIENCE, "1")
        sites = {}
        for name in [*FAILING, *(f"baik-{number}" for number in range(14))]:
            site = sites[name] = stack.enter_context(outlet())
            misbehave(name, site)
            if name not in FAILING:
                site.feed("/feed", [article(site, number) for number in (1, 2, 3)])
            manifest(folder / "sources", name, entry("feed", site.base + "/feed"))
        crawled = crawl_once(folder)
    engine = connect(f"sqlite:///{folder / 'netra.db'}")
    sources = load_sources(folder / "sources")
    run_id = start_run(engine, command="nightly", night=NIGHT)
    pipeline.run_extract(engine, sources)
    reports = [
        SourceReport(**made | {"night": NIGHT, "outcome": Outcome(made["outcome"])})
        for made in crawled.values()
    ]
    judged = watching.judge_sources(engine, run_id, reports, sources)
    engine.dispose()
    return judged, sites


def test_of_20_sources_14_complete_and_6_are_named(twenty: Any) -> None:
    judged, _ = twenty
    outcomes = {report.source_id: str(report.outcome) for report in judged}
    assert {name: word for name, word in outcomes.items() if word != "ok"} == FAILING
    assert all(report.new_pages == 3 for report in judged if report.source_id.startswith("baik"))
    night = NightReport(NIGHT, 1, "0", "0", tuple(judged), (), 0, "")
    assert night.exit_code == 1
    named = report_content(night, publishers={})["failed_sources"]
    assert [line.split(" (")[0] for line in named] == sorted(FAILING)
    assert "0 of 3 articles have a title" in next(line for line in named if line.startswith("layout"))
    json.dumps(report_content(night, publishers={}))


def test_failing_sources_are_tried_three_times_and_left_in_peace_as_asked(twenty: Any) -> None:
    _, sites = twenty
    for name in FAILING:
        assert sites[name].asked.count("/feed") <= 3
    site = sites["limited"]
    times = [at for path, at in zip(site.asked, site.asked_at, strict=True) if path == "/feed"]
    waits = [later - before for before, later in pairwise(times)]
    assert len(waits) == 2
    # Never sooner; how much later depends on how busy the machine is.
    assert all(RETRY_AFTER_S <= wait < RETRY_AFTER_S + 5 for wait in waits)


def test_a_quiet_night_is_named_in_the_log_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "warta.toml").write_text(
        (WARC.parent / "sources" / "kabar-lontara.toml")
        .read_text(encoding="utf-8")
        .replace('"kabar-lontara"', '"warta"'),
        encoding="utf-8",
    )
    sources = load_sources(tmp_path)
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    run_id = start_run(engine, command="crawl", night=NIGHT)
    busy = SourceReport("warta", NIGHT, Outcome.OK, 1, 1, 1, 0, "", items=40)
    for number in range(1, 4):
        note_source(engine, run_id, replace(busy, night=NIGHT - number * timedelta(days=1)))
    quiet = SourceReport("warta", NIGHT, Outcome.UNCHANGED, 1, 0, 0, 0, "")
    once = watching.judge_sources(engine, run_id, [quiet], sources)
    assert watching.judge_sources(engine, run_id, once, sources) == once
    engine.dispose()
    assert caplog.text.count("warta (2024-09-17): watch: warning: 0 new articles, the median") == 1
    assert (once[0].outcome, once[0].median_items) == (Outcome.UNCHANGED, 40.0)
