"""From an address to a source: files of `sources add`, and what `sources confirm` asks of a person."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pipeline
import tests.pages
from crawlers.manifest import load_source
from tests.crawlers import sites
from tests.crawlers.outlet import outlet
from tests.pages import golden_page, read_page
from tests.verbs.test_sources import child


@pytest.fixture(scope="module")
def added(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str], list[str]]:
    """A WordPress site that was added under a folder of its own."""
    out = tmp_path_factory.mktemp("added")
    with outlet() as site:
        sites.wordpress(site)
        done = child("add", site.base, "--id", "tanete", "--out", out, "--delay", "0")
        return out, done, site.asked


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", "sources", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def test_a_site_becomes_a_manifest_a_page_and_a_draft(added):
    out, done, asked = added
    assert done.returncode == 0, done.stderr
    source = load_source(out / "sources" / "tanete.toml")
    assert (source.platform, source.timezone, source.verified) == ("wordpress", "Asia/Makassar", False)
    assert [entry.kind for entry in source.all_entries()] == ["wordpress", "feed"]
    golden = json.loads((out / "pages" / "tanete.json").read_text(encoding="utf-8"))
    assert golden["title"] == "Camat Bantah Undang Relawan"
    assert golden["text"] == list(sites.SENTENCES)
    assert tomllib.loads((out / "pages" / "tanete.toml").read_text(encoding="utf-8"))["confirmed"] is False
    assert b"Camat Ujung Tanete" in (out / "pages" / "tanete.html").read_bytes()
    assert len(asked) <= 15
    for words in ("found: wordpress http://", "guessed: bahasa id", "wrote ", "sources confirm tanete --out"):
        assert words in done.stdout


def test_its_page_fails_its_test_until_a_person_confirms(added, run, monkeypatch):
    out, _, _ = added
    monkeypatch.setattr(tests.pages, "FOLDER", out / "pages")
    with pytest.raises(AssertionError, match="nobody has confirmed this page"):
        golden_page("tanete")
    code, _, err = run("confirm", "tanete", "--out", out)
    assert (code, "give --yes after comparing" in err) == (2, True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    code, said, _ = run("confirm", "tanete", "--out", out)
    assert (code, "not confirmed" in said) == (1, True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    before = (out / "pages" / "tanete.toml").read_text(encoding="utf-8")
    code, said, _ = run("confirm", "tanete", "--out", out)
    assert code == 0
    assert "title: Camat Bantah Undang Relawan" in said
    assert sites.SENTENCES[-1] in said
    after = (out / "pages" / "tanete.toml").read_text(encoding="utf-8")
    assert after == before.replace("confirmed = false", "confirmed = true")
    assert read_page("tanete") == golden_page("tanete")


def test_a_corrected_golden_file_is_confirmed_but_told_apart(added, run):
    out, _, _ = added
    path = out / "pages" / "tanete.json"
    draft = path.read_text(encoding="utf-8")
    path.write_text(draft.replace('"author": ""', '"author": "Rahmat"'), encoding="utf-8")
    code, said, _ = run("confirm", "tanete", "--out", out, "--yes")
    path.write_text(draft, encoding="utf-8")
    assert code == 1
    assert "the extractor reads another author" in said


def test_nothing_is_overwritten_and_a_failed_visit_writes_nothing(added, run, tmp_path):
    out, _, _ = added
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with outlet() as site:
        sites.wordpress(site)
        for name, words in {"tanete": "is not overwritten", "dua": "belongs to the source tanete"}.items():
            code, _, err = run("add", site.base, "--id", name, "--out", out, "--delay", "0")
            assert (code, words in err) == (2, True)
        assert site.asked == []
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    with outlet() as site:
        sites.home(site)
        sites.feed(site, "/feed/", [site.base + "/a/1"])
        site.say("/a/1", "<html><body><p>Foto.</p></body></html>", Content_Type=sites.HTML)
        done = child("add", site.base, "--out", tmp_path / "kosong", "--delay", "0")
    assert done.returncode == 1
    assert "no article can be read" in done.stderr
    assert not (tmp_path / "kosong").exists()
