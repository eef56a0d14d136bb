"""Initials for names: what is hidden, and what stays readable. All persons are invented."""

import pytest

from nlp.pseudonyms import hide_names

NAMES = [f"{first} {last}" for first in ("Surti", "Wagimin", "Maryono") for last in ("Wonokasihan", "Tedjo")]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Camat Surti Wonokasihan hadir", "Camat S. W. hadir"),
        ("kata Surti, ASN di Kota Makassar.", "kata S., ASN di Kota Makassar."),
        ("H. Surti Wono-kasih", "H. S. W.-kasih"),
        ("SURTI DIPANGGIL", "S. D."),
        ("Bawaslu dan KASN memeriksa kader Partai Golkar pada Senin", None),
        ("lihat akun @surti.wk", "lihat akun @…"),
        ("tulis ke surti@kantor.test atau https://a.test/camat-surti", "tulis ke [alamat] atau [alamat]"),
        ("telepon 0812-3456-7890", "telepon [nomor]"),
        ("tanpa nama, 17 September 2024", None),
        ("", None),
    ],
)
def test_names_become_initials(text: str, hidden: str | None) -> None:
    assert hide_names(text) == (text if hidden is None else hidden)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "frame", ["{}", "{} hadir.", "oleh {}, kata Bupati", "Lurah {} (43)", "“{}”", "Kota Makassar {}", "-{}-"]
)
def test_no_planted_name_is_left(name: str, frame: str) -> None:
    hidden = hide_names(frame.format(name))
    assert not [word for word in name.split() if word in hidden]


def test_a_long_line_of_capitals_is_quick() -> None:
    assert hide_names("A" * 100_000) == "A."
