"""Datelines: forms with and without the outlet's name, places that are none, sentences that look like one."""

import pytest

from nlp.dateline import Outlet, read_dateline

TEXT = "Seorang lurah memberikan klarifikasi kepada pengawas."
OUTLET = Outlet(("Rakyat Muda Lampung", "tabanan.wartabalina.test"))


@pytest.mark.parametrize(
    ("dateline", "place"),
    [
        ("Palu, Sulawesi Tengah, layarsiang.test - ", "Palu, Sulawesi Tengah"),
        ("Malang, Jawa Timur - ", "Malang, Jawa Timur"),
        ("TABANAN, WARTABALINA.test-", "TABANAN"),
        ("TABANAN – ", "TABANAN"),
        ("NUNUKAN.NIAGAUTARA.TEST – ", "NUNUKAN"),
        ("Gunungkidul: ", "Gunungkidul"),
        ("KBSN, Kendari : ", "Kendari"),
        ("Wonosobo, ", "Wonosobo"),
        ("Bandung – Humas BK, ", "Bandung"),
        ("RAKYAT MUDA LAMPUNG – ", ""),
        ("WARTABALINA.TEST – ", ""),
        ("RMLPG. ", ""),
    ],
)
def test_a_dateline_is_read_with_its_place(dateline: str, place: str) -> None:
    found = read_dateline(dateline + TEXT, OUTLET, is_first=True)
    assert found is not None
    assert (found.place, (dateline + TEXT)[found.length :]) == (place, TEXT)


@pytest.mark.parametrize(
    "line",
    [
        "Polisi: Pelaku masih dikejar.",
        "Jakarta, Bandung dan Surabaya menjadi tuan rumah.",
        "Jakarta, Jawa Barat, dan Banten sepakat.",
        "Jakarta, ibu kota negara, dijaga.",
        "Camat, Lurah dan Kades hadir.",
        "KASN. Lembaga itu dibubarkan.",
        "Bawaslu - lembaga pengawas - bekerja.",
        "",
    ],
)
def test_a_sentence_is_no_dateline(line: str) -> None:
    assert read_dateline(line, OUTLET, is_first=True) is None


def test_a_place_alone_is_believed_in_the_first_line_only() -> None:
    for line in ("TABANAN – " + TEXT, "Gunungkidul: " + TEXT, "RMLPG. " + TEXT):
        assert read_dateline(line, OUTLET, is_first=False) is None
    assert read_dateline("TABANAN, WARTA.test - " + TEXT, OUTLET, is_first=False) is not None
