"""Reports for the desks of BKN and Bawaslu: their order, always alleged, no agency that was guessed."""

import pytest

from review.intake import FIELDS, HEADERS, Intake, agency_of, intake_row
from store.decisions import Decision
from store.records import QueueRow
from tests.store.samples import make_document, make_incident, make_page, make_prediction


def make_row() -> QueueRow:
    doc = make_document(make_page(1))
    return QueueRow(make_incident(doc), doc, make_prediction(doc), (doc.source_id,), 1)


def test_every_field_has_a_header_in_both_languages() -> None:
    named = {name for fields in FIELDS.values() for name in fields}
    assert named == HEADERS["id"].keys() == HEADERS["en"].keys()


@pytest.mark.parametrize(("desk", "first", "last"), [("bkn", 1, 0), ("bawaslu", 0, 1)])
def test_the_order_is_that_of_the_desk_and_all_is_alleged(desk: Intake, first: int, last: int) -> None:
    told = Decision("case", ("banner",), actor="jpt", note="segera hukum")
    cells = intake_row(make_row(), told, evidence="Ia hadir.", desk=desk, lang="id")
    core = ["jabatan", "instansi", "tempat", "tanggal_terbit", "jenis", "bukti", "tautan", "id_kejadian"]
    assert list(cells)[first : len(cells) - last] == core
    # What the reviewer said comes before what the model guessed; the note stays in the house.
    assert cells["jabatan"] == "dugaan: pimpinan tinggi (sekda/kepala dinas/setara)"
    assert cells["jenis"] == "dugaan: memasang spanduk/baliho"
    assert (cells["tempat"], cells["bukti"]) == (
        "dugaan: Kota Makassar, Sulawesi Selatan",
        "dugaan: Ia hadir.",
    )
    assert cells["instansi"] == ""
    assert "hukum" not in "".join(cells.values())
    if desk == "bkn":
        assert next(iter(cells.values())) == ""
    else:
        assert list(cells.values())[-1] == "2024-09-17"


def test_an_agency_is_told_where_the_office_says_it() -> None:
    assert agency_of("camat_lurah", "Kota Makassar, Sulawesi Selatan") == "Pemerintah Kota Makassar"
    assert agency_of("camat_lurah", "Kota Jakarta Timur, DKI Jakarta") == "Pemerintah Provinsi DKI Jakarta"
    assert agency_of("camat_lurah", "Bali") == ""
    assert agency_of("school_health", "Kota Makassar, Sulawesi Selatan") == ""
