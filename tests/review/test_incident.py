"""One incident on a terminal: its head, its timeline and its texts, in the analyst's words."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from review.incident import body_words, incident_view
from review.words import Language
from store.provenance import Provenance
from store.records import Document, Prediction, Step
from tests.store.samples import make_document, make_incident, make_page, make_prediction

STEP = Step(
    process="forwarded",
    at=datetime(2024, 9, 20, 3, tzinfo=UTC),
    precision="minute",
    doc_ids=("N-1", "N-2"),
    n_copies=1,
    evidence=("Berkas camat diteruskan.",),
    advances=True,
    body="bkn",
    body_name="BKN",
    body_named=True,
    body_in_force=True,
    body_source="Perpres 92/2024",
    body_verified=False,
)


FETCHED = datetime(2024, 9, 17, 19, 5, 9, tzinfo=UTC)


def view(
    told: list[tuple[Document, Prediction | None]],
    steps: list[Step],
    lang: Language = "id",
    *,
    paused: bool = False,
) -> str:
    incident = replace(make_incident(*(document for document, _ in told)), types=("attend_active",))
    copies = {told[1][0].doc_id: told[0][0].doc_id} if len(told) > 1 else {}
    console = Console(width=200, record=True, file=StringIO())
    publishers = {"kabar-lontara": "Kabar Lontara"}
    origins = {
        document.doc_id: Provenance(document.url, FETCHED, "a" * 64, document.text_sha256)
        for document, _ in told
    }
    console.print(
        incident_view(
            incident, told, steps, copies, origins=origins, paused=paused, publishers=publishers, lang=lang
        )
    )
    return console.export_text()


def two_documents() -> list[tuple[Document, Prediction | None]]:
    first, second = (make_document(make_page(n), title=f"Judul {n}", text=f"Isi berita {n}.") for n in (1, 2))
    return [(first, make_prediction(first)), (second, make_prediction(second))]


def test_head_timeline_and_texts_are_shown() -> None:
    told = two_documents()
    shown = view(told, [STEP])
    for words in (
        "dugaan: hadir dan aktif",
        "2 dokumen: 1 laporan mandiri, 1 salinan",
        "2024-09-20",
        "diteruskan",
        "2 (1 salinan)",
        "BKN: Perpres 92/2024 (belum diverifikasi)",
        "Kabar Lontara, 2024-09-1",
        told[0][0].url,
        "Judul 1",
        "Isi berita 1.",
        f"salinan dari {told[0][0].doc_id}",
        f"bukti: {told[1][1].evidence[0]}" if told[1][1] else "",
    ):
        assert words in shown
    # In its evidence alone: a copy's text is that of the one before.
    assert shown.count("Isi berita 2.") == 1


def test_every_text_is_shown_with_its_provenance() -> None:
    told = two_documents()
    shown = view(told, [])
    assert shown.count("diambil: 2024-09-18 02:05:09 WIB") == len(told)
    assert shown.count("a" * 64) == len(told)
    for document, prediction in told:
        assert prediction is not None
        for part in (document.url, document.text_sha256, prediction.evidence[0], prediction.model):
            assert part in shown


@pytest.mark.parametrize(("paused", "n"), [(True, 1), (False, 0)])
def test_a_paused_incident_says_so(paused: bool, n: int) -> None:
    assert view(two_documents(), [], paused=paused).count("DIJEDA") == n


def test_english_is_a_switch() -> None:
    shown = view(two_documents(), [replace(STEP, advances=False)], "en")
    assert "alleged: active at a declaration" in shown
    assert "forwarded (an earlier step)" in shown
    assert "1 accounts of their own, 1 copies" in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "BKN"),
        ({"body_named": False}, "BKN (menurut tabel tanggal)"),
        ({"body_in_force": False}, "BKN (disebut, tetapi tidak bertugas pada tanggal itu)"),
        ({"body": "", "body_name": ""}, ""),
    ],
)
def test_an_institution_is_shown_with_how_surely_it_is_known(changes: dict[str, object], words: str) -> None:
    assert body_words(replace(STEP, **changes), "id") == words  # type: ignore[arg-type]  # fields of a step


def test_what_was_drawn_for_the_audit_has_no_prediction() -> None:
    document = make_document(make_page(1))
    assert "contoh acak untuk audit" in view([(document, None)], [])


def test_no_control_character_and_no_markup_of_a_page_reaches_the_terminal() -> None:
    document = make_document(make_page(1), title="[bold]\x1b[31mJudul[/bold]", url="https://a.test/\x1b]8;;x")
    shown = view([(document, make_prediction(document, evidence=("\x1b[2Jsatu",)))], [])
    assert "\x1b" not in shown
    assert "[bold]" in shown
