"""The verbs about sources on the command line: list, check, check --live."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import pipeline
from tests.crawlers import sites
from tests.crawlers.outlet import entry, manifest, outlet
from verbs.sources import today

ROOT = Path(__file__).parents[2]
#: What the command said, the folder of manifests, what each site was asked.
Checked = tuple[subprocess.CompletedProcess[str], Path, dict[str, list[str]]]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def child(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a verb that starts the reactor, which a process can do once."""
    command = [sys.executable, "-W", "error", "pipeline.py", "sources", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_list_can_be_narrowed(run):
    code, out, _ = run(
        "sources", "list", "--region", "papua tengah", "--platform", "wordpress", "--unverified"
    )
    assert code == 0
    rows = [line for line in out.splitlines() if line.startswith("│")]
    assert rows
    assert all("wordpress" in row and "Papua Tengah" in row for row in rows if "belum" in row)
    assert re.search(r"Sumber \(\d+ dari \d+\)", out)
    assert "nasional" in run("sources", "list", "--region", "nasional")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--region", "Atlantis"], "Sulawesi Selatan"),
        (["list", "--platform", "joomla"], "wordpress"),
        (["check", "no-such-outlet"], "no source 'no-such-outlet'"),
        (["check", "--write"], "give --live with it"),
        (["check", "--live", "no-such-outlet"], "no source 'no-such-outlet'"),
        (["add", "ftp://kabar.test/"], "is no http(s) address"),
        (["add", "https://kabar.test/", "--id", "Kabar Kita"], "consists of a-z"),
        (["add", "https://www.jpnn.com/", "--id", "jpnn-dua"], "belongs to the source jpnn"),
        (["add", "https://antara.test/", "--id", "antara"], "is not overwritten"),
        (["confirm", "tidak-ada"], "no such saved page"),
    ],
)
def test_wrong_use_ends_with_2_and_one_plain_message(run, arguments, said):
    code, _, err = run("sources", *arguments)
    assert code == 2
    assert said in " ".join(err.split())


def test_faults_come_as_a_table_with_file_and_line(run, tmp_path):
    for name in ("kabar", "warta"):
        manifest(tmp_path, name, entry("feed", "https://sama.test/feed"), hosts=["sama.test"])
    code, out, _ = run("sources", "check", "--sources", tmp_path)
    assert code == 1
    assert "kabar.toml:3" in out
    assert "also belongs to kabar" in out
    assert "2 manifests, 2 problems" in out
    code, out, _ = run("sources", "check", "kabar", "--sources", tmp_path)
    assert "1 manifests, 1 problems" in out


@pytest.fixture(scope="module")
def checked(
    tmp_path_factory,
) -> Iterator[tuple[subprocess.CompletedProcess[str], Path, dict[str, list[str]]]]:
    """One `check --live --write` over good and broken sources, and one where nobody listens."""
    folder = tmp_path_factory.mktemp("live")
    with ExitStack() as stack:
        found = {name: stack.enter_context(outlet()) for name in ("wp", "umpan", "hilang", "robot", "lain")}
        sites.wordpress(found["wp"])
        for name in ("umpan", "hilang", "lain"):
            sites.plain_feed(found[name])
        sites.forbidden(found["robot"])
        base = {name: site.base for name, site in found.items()}
        manifest(folder, "wp", entry("wordpress", base["wp"] + "/wp-json/wp/v2/posts"))
        pages = '[pages]\nmode = "query"\nparam = "page"\nvalue = "all"\n'
        manifest(folder, "umpan", entry("feed", base["umpan"] + "/umpan.xml"), more=pages)
        fallback = f'[entries.fallback]\nkind = "feed"\nurl = "{base["hilang"]}/umpan.xml"\n'
        manifest(folder, "hilang", entry("sitemap", base["hilang"] + "/sitemap.xml") + fallback)
        manifest(folder, "robot", entry("feed", base["robot"] + "/umpan.xml"))
        include = '[articles]\ninclude = "/artikel/"\n'
        manifest(folder, "lain", entry("feed", base["lain"] + "/umpan.xml"), more=include)
        with outlet() as gone:
            manifest(folder, "mati", entry("feed", gone.base + "/feed"))
        done = child("check", "--live", "--write", "--sources", folder)
        yield done, folder, {name: site.asked for name, site in found.items()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wp", "ok wp: robots.txt 404; wordpress 3 items; article of "),
        ("umpan", "ok umpan: robots.txt 404; feed 4 items; article of "),
        ("hilang", "FAILED hilang: sitemap: .*/sitemap.xml answered 404"),
        ("robot", "FAILED robot: feed: robots.txt of 127.0.0.1 disallows .*/umpan.xml"),
        ("lain", "FAILED lain: none of 4 links is an article by .articles. include and hosts"),
        ("mati", "FAILED mati: no connection to 127.0.0.1 .connection refused.; is there a network."),
    ],
)
def test_each_source_has_one_line(checked, name, words):
    done, _, _ = checked
    lines = [line for line in done.stdout.splitlines() if f" {name}: " in line]
    assert len(lines) == 1, done.stdout
    assert re.match(words, lines[0]), lines


def test_only_good_sources_are_noted_and_nothing_else_changes(checked):
    done, folder, asked = checked
    assert done.returncode == 1
    assert "2 of 6 sources ok; noted in their manifests" in done.stdout
    noted = {path.stem for path in folder.glob("*.toml") if f"verified_on = {today()}" in path.read_text()}
    assert noted == {"wp", "umpan"}
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}.toml" for name in [*asked, "mati"]
    )
    assert asked["robot"] == ["/robots.txt"]
    assert asked["umpan"] == ["/robots.txt", "/umpan.xml", "/berita/101/kabar-101?page=all"]


def test_a_source_without_a_site_is_skipped(tmp_path):
    table = '[export]\nformat = "csv"\nplatform = "x"\n[export.columns]\n'
    table += 'id = "i"\nurl = "u"\ntext = "t"\npublished = "w"\n'
    manifest(tmp_path, "sosial", '[[entries]]\nkind = "export"\npath = "inbox/*.csv"\n', hosts=[], more=table)
    done = child("check", "--live", "--sources", tmp_path)
    assert done.returncode == 0
    assert "skipped sosial: reads files of this machine" in done.stdout
