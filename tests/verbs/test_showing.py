"""`show`: one incident out of the database, as an operator and an analyst see it."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import pipeline
from nlp.group import GROUP_VERSION, group
from store.db import connect, migrate
from store.frontier import put_page
from store.stages import save_candidate, save_document, save_incidents, save_prediction
from tests.nlp.incidents import read_told
from tests.store.samples import make_candidate, make_page

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def fill(url: str, act: str) -> str:
    """Store an act's documents and group them; returns the id of their incident."""
    told = [one for one in read_told() if one.act == act]
    engine = connect(url)
    migrate(engine)
    with engine.begin() as conn:
        for number, one in enumerate(told):
            page = make_page(number, canonical_url=one.document.url, night=one.document.night)
            put_page(conn, page)
            document = replace(
                one.document, page_id=page.page_id, source_id=page.source_id, canonical_url=one.document.url
            )
            save_document(conn, page.page_id, document, version="1")
            save_candidate(conn, make_candidate(document))
            save_prediction(conn, document.doc_id, one.prediction, model="gold")
        [incident] = group([(one.document, one.prediction) for one in told], [])
        save_incidents(conn, [incident], version=GROUP_VERSION)
    engine.dispose()
    return incident.incident_id


def test_an_incident_is_shown_from_report_to_sanction(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    name = fill(url, "wiyoto-foto")
    code, out, _ = run("show", name, "--db", url)
    assert code == 0
    for words in (name, "6 dokumen: 4 laporan mandiri, 2 salinan", "BKN", "PPK (menurut tabel tanggal)"):
        assert words in out
    steps = [out.index(f" {word} ") for word in ("klarifikasi", "diteruskan", "sanksi diberitakan")]
    assert steps == sorted(steps)
    code, out, _ = run("show", name, "--db", url, "--lang", "en")
    assert code == 0
    assert "sanction reported" in out


def test_an_unknown_incident_is_named(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    fill(url, "endah-stiker")
    code, _, err = run("show", "I-000000000000", "--db", url)
    assert code == 2
    assert "'I-000000000000' is not in the database" in err
