"""Sentences: Indonesian abbreviations, quotations, careless posts, any text at all."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.sentences import split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        [
            "Camat Drs. H. Budi, S.Pd., M.Si. hadir di Jl. Melati No. 5 Kab. Gowa pukul 17.30 WITA.",
            "Ia pulang.",
        ],
        ["Dana Rp1.500.000 dicairkan a.n. Bupati u.b. Sekda.", "Plt. Kadis dr. Sri diam."],
        ["Pj. Wali Kota menjawab surat d.h. kantor lama.", "Menurut Pj. Sekda, itu keliru."],
        ["Acara dihadiri Rahmat, S.Sos.", "Ia tidak berpidato."],
        ["Acara dihadiri Rahmat, S.H.", '"Saya hanya lewat," katanya.'],
        ["Ada kursi, meja, dll.", "Camat duduk di depan."],
        ["Rapat dibuka pukul 17. 30 WIB.", "Dana cair Rp. 5 juta."],
        [
            "Undangan tertanggal 20 Nov. 2024 beredar.",
            "Pelapor datang hari Sen.",
            "Sementara itu, camat diam.",
        ],
    ],
)
def test_abbreviations_do_not_end_a_sentence(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ['"Kami netral." kata lurah itu.', '"Jangan!"', "Ia pergi."],
        ["“Pilih siapa?” tanya seorang guru.", "“Rahasia,” jawabnya."],
        ['Camat berkata, "Semua netral.', 'Tidak ada perintah."', "Rapat bubar."],
        ['"Saya lupa ... maaf," katanya.', "Lalu..."],
        ["(Rapat itu tertutup.)", "Wartawan menunggu."],
        ["Rapat bubar.", '"Kami diam.', '"Kami netral," kata dia.'],
    ],
)
def test_quotation_marks_stay_with_their_sentence(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Rapat selesai.Bupati pulang.", ["Rapat selesai.", "Bupati pulang."]),
        ('Rapat selesai."Kami lega," katanya.', ["Rapat selesai.", '"Kami lega," katanya.']),
        ("Kata Kabar.Com begitu, kata Kabar. com juga.", ["Kata Kabar.Com begitu, kata Kabar. com juga."]),
        ("pilih no. 2 ya. jangan lupa!! 👍", ["pilih no. 2 ya.", "jangan lupa!!", "👍"]),
        ("1. Netral.\n2. Hadir.", ["1. Netral.", "2. Hadir."]),
        ("a. Tidak hadir. Tidak ikut.", ["a. Tidak hadir.", "Tidak ikut."]),
        ("Nilainya 45. Sebanyak 20 orang ikut.", ["Nilainya 45.", "Sebanyak 20 orang ikut."]),
        ("Judul tanpa titik\n\nIsi berita.\r\nLagi", ["Judul tanpa titik", "Isi berita.", "Lagi"]),
        ("Benarkah?! Entahlah…", ["Benarkah?!", "Entahlah…"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_careless_text_and_lines(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(" .!?…\"'“”()\nAa1"))))
def test_any_text_is_split_into_verbatim_pieces_that_hold_every_visible_character(text: str) -> None:
    sentences = split_sentences(text)
    position = 0
    for sentence in sentences:
        assert sentence
        assert sentence == sentence.strip()
        position = text.index(sentence, position) + len(sentence)
    assert "".join("".join(sentences).split()) == "".join(text.split())


@pytest.mark.parametrize("unit", ["a. ", '"', ". ", "a.", "(", '.".', "Camat hadir. "])
def test_time_grows_with_length_only(unit: str) -> None:
    split_sentences("pemanasan.")
    started = time.perf_counter()
    split_sentences(unit * (60_000 // len(unit)))
    # Quadratic splitting of this length was measured at 40 s and more; linear at about 0.5 s.
    assert time.perf_counter() - started < 10
