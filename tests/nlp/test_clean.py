"""The cleaner: boilerplate lines, sentences that look like boilerplate, datelines, signatures, any text."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.clean import clean_text, normalize_text

LEAD = "Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan, Selasa (17/9)."
SECOND = "Bawaslu setempat menyatakan sedang menelusuri kehadiran camat itu dan akan memanggil para saksi."
THIRD = '"Kami masih mengumpulkan keterangan," kata Koordinator Divisi Penanganan Pelanggaran.'


@pytest.mark.parametrize(
    "line",
    [
        "ADVERTISEMENT",
        "Advertisement",
        "SCROLL TO CONTINUE WITH CONTENT",
        "SCROLL TO RESUME CONTENT",
        "Baca juga: Lurah Diperiksa Bawaslu",
        "Baca Juga : Lurah Diperiksa Bawaslu, Begini Duduk Perkaranya.",
        "Baca juga Lurah Lama Diperiksa Bawaslu Kota",
        "BACA JUGA:",
        "Lihat juga: Lurah Diperiksa",
        "Simak juga: Lurah Diperiksa",
        "Simak Video 'Lurah Diperiksa Bawaslu':",
        "Saksikan video menarik berikut ini.",
        "Tonton juga Video: Lurah Diperiksa",
        "Pilihan Editor: Lurah Diperiksa Bawaslu",
        "[Gambas:Video 20detik]",
        "Halaman 1/2",
        "Halaman: 1 dari 3",
        "Laporan Wartawan Suara-Lontara.test, Rani Paembonan",
        "Penulis: Rani Paembonan | Editor: Bayu Sempati",
        "Editor: Bayu Sempati",
        "Sumber: Antara",
        "Simak berita pilihan kami langsung di WhatsApp Channel Kabar Lontara.",
        "Ikuti kami di Google News dan dapatkan kabar terbaru setiap hari.",
        "Artikel ini telah tayang di Suara-Lontara.test dengan judul Camat Hadir",
        "Foto: Camat Bontolu di lapangan (Rani Paembonan/Kabar Lontara)",
        "Copyright © Kabar Lontara 2024",
        "Diposting oleh Rani di 09.11",
        "Lebih baru Lebih lama",
        "Bagikan:",
        "Kirimkan Ini lewat Email",
        "Halaman 1/2Selanjutnya",
        "Lanjut ke halaman berikutnya >>>",
        "Scroll ke bawah untuk melanjutkan membaca",
        "BACA JUGA Lurah Lama Diperiksa dan artikel lainnya di rubrik DAERAH.",
        "Tonton siaran langsung di aplikasi kami",
        "Dapatkan informasi dan inspirasi di email kamu. Daftarkan email",
        "Artikel ini khusus untuk pelanggan",
        "Lanjutkan membaca dengan berlangganan mulai Rp30.000 per bulan.",
        "Spanduk diturunkan. Foto: Rani Paembonan",
        "12",
        "Dukung Jurnalisme Warga",
    ],
)
def test_a_boilerplate_line_is_taken_out_and_noted(line: str) -> None:
    cleaned = clean_text(f"{LEAD}\n{line}\n{SECOND}\n{THIRD}")
    assert cleaned.text == f"{LEAD}\n{SECOND}\n{THIRD}"
    assert cleaned.removed == (line,)


@pytest.mark.parametrize(
    "line",
    [
        "Baca juga buku panduan netralitas itu, kata Sekda, sebelum mengunggah apa pun.",
        '"Baca juga aturannya," ujar anggota Bawaslu.',
        "Lihat juga sikap Pemkab dalam perkara yang sama tahun lalu.",
        "ASN itu menyebarkan ajakan memilih di grup WhatsApp kantor.",
        "Ikuti aturan, kata Sekda kepada para lurah.",
        "Komentar warga pun bermunculan di media sosial.",
        "Editor video kampanye itu ternyata seorang ASN di Dinas Kominfo.",
        "Halaman 12 surat itu memuat nama paslon.",
        "Sumber: seorang pegawai yang enggan disebut namanya menyebut camat hadir sejak pagi.",
        "Advertisement di media sosial itu memuat foto camat.",
        "Larangan Lain",
        "Ia mengunggah foto-foto bersama paslon",
        "Foto bersama paslon itu menyebar luas.",
        "Ketua KPU (kanan) dan anggota Bawaslu hadir.",
        "1. Tidak memasang spanduk calon di rumah dinas",
        "Artikel ini dimuat dalam surat edaran bupati.",
        "Dukung mendukung calon di kantor camat dilarang.",
        "Foto: itulah bukti yang dibawa warga ke kantor pengawas, menurut Bawaslu." * 6,
        "Tonton pertandingan itu bersama, ajak camat.",
    ],
)
def test_a_sentence_that_looks_like_boilerplate_stays(line: str) -> None:
    cleaned = clean_text(f"{LEAD}\n{line}\n{SECOND}")
    assert cleaned.text == f"{LEAD}\n{line}\n{SECOND}"
    assert cleaned.removed == ()


@pytest.mark.parametrize(
    ("prefix", "place"),
    [
        ("KENDARI, KABAR.TEST - ", "KENDARI"),
        ("BONTOLU, LONTARAPOS.test - ", "BONTOLU"),
        ("Lontara6.test, Bontolu - ", "Bontolu"),
        ("Lontara6.test, Bontolu Selatan ", "Bontolu Selatan"),
        ("SUARA-LONTARA.TEST, BONTOLU - ", "BONTOLU"),
        ("lpnn.test, BONTOLU - ", "BONTOLU"),
        ("Bontolu, LNN Indonesia -- ", "Bontolu"),
        ("Bontolu (ANTARA) - ", "Bontolu"),
        ("KENDARI - ", "KENDARI"),
        ("Banda Aceh — ", "Banda Aceh"),
        ("KENDARI, KABAR.TEST (17/9/2024) – ", "KENDARI"),
        ("KABARLONTARA.TEST | Bau-Bau – ", "Bau-Bau"),
        ("KABARLONTARA.TEST – ", ""),
    ],
)
def test_a_dateline_is_cut_and_its_place_is_kept(prefix: str, place: str) -> None:
    cleaned = clean_text(f"{prefix}{LEAD}\n{SECOND}")
    assert (cleaned.text, cleaned.dateline) == (f"{LEAD}\n{SECOND}", place)
    assert cleaned.removed == (prefix.strip(),)


@pytest.mark.parametrize(
    "text",
    [
        "Bawaslu - lembaga pengawas itu - menelusuri laporan warga.",
        "BAWASLU - Laporan warga ditelusuri.",
        "Camat Bontolu, Andi Raka - Sekda menyebutnya teladan - hadir di lapangan.",
        "Jakarta, Indonesia, menjadi tuan rumah.",
        "Makassar-Gowa hanya berjarak setengah jam.",
        "Aturan netralitas: ASN dilarang hadir.",
    ],
)
def test_a_sentence_with_a_dash_is_no_dateline(text: str) -> None:
    assert clean_text(text).text == text
    assert clean_text(text).dateline == ""


@pytest.mark.parametrize(
    "signature",
    [
        " (abc/def)",
        "(abc/def)",
        " (ant)",
        " [red]",
        " (*)",
        " (ANT)",
        " (kabar.test/raka)",
        " (abc/def/ghi)",
        " (Z-1)",
        " (KD/J-3)",
        " (SH-04)",
        " (rad/sm-7)",
        " (arl/HUMAS KRB)",
        " (rya/timurraya)",
    ],
)
def test_a_signature_is_cut_with_what_stands_behind_it(signature: str) -> None:
    text = f"{LEAD}\n{SECOND}\n{THIRD}\n{SECOND}{signature}\nRani Paembonan\nPenggemar kopi"
    cleaned = clean_text(text)
    assert cleaned.text == f"{LEAD}\n{SECOND}\n{THIRD}\n{SECOND}"
    assert cleaned.removed == (signature.strip(), "Rani Paembonan", "Penggemar kopi")


@pytest.mark.parametrize(
    ("signature", "author"),
    [
        (" (Rani Paembonan)***", "Rani Paembonan"),
        (" (Rani Paembonan/warta)", "Rani Paembonan"),
        ("\n(Warta.test/Rani Paembonan)", "Rani Paembonan"),
        (" (Humas dan Protokol)", ""),
        (" ***", ""),
        (" *mao", ""),
        (" 7 nvi", ""),
        (" dny", ""),
        ("\n(SEP)", ""),
        ("\nISHADI PAEMBONAN", ""),
        ("\nPuspen KDN", ""),
    ],
)
def test_a_signature_behind_the_last_sentence_is_cut_and_names_its_reporter(
    signature: str, author: str
) -> None:
    cleaned = clean_text(f"{LEAD}\n{SECOND}{signature}")
    assert (cleaned.text, cleaned.author_hint) == (f"{LEAD}\n{SECOND}", author)
    assert cleaned.removed == (signature.strip(),)
    # Between two paragraphs the same words may be anything.
    if not signature.startswith(("\n", " *")):
        assert signature.strip() in clean_text(f"{LEAD}{signature}\n{SECOND}\n{THIRD}").text


@pytest.mark.parametrize(
    "line",
    [
        "Rani Paembonan",
        "Rani Paembonan • 19 February 2024 21:07",
        "Selasa, 21 Agustus 2018 | 06.50 | Ditulis oleh: Rani Paembonan",
        "8 Desember 2017 @ 14.03 by jurnalis warga",
        "34 menit yang lalu",
        "(Laporan Reporter WARTA.TEST, Rani Paembonan)",
        "Warga memanggul motor. (Warta.test/Rani Paembonan)",
    ],
)
def test_what_stands_before_the_text_is_taken_out(line: str) -> None:
    cleaned = clean_text(f"{line}\nKENDARI - {LEAD}\n{SECOND}")
    assert (cleaned.text, cleaned.dateline) == (f"{LEAD}\n{SECOND}", "KENDARI")
    assert line in cleaned.removed


def test_a_signature_between_two_reports_cuts_nothing_but_itself() -> None:
    cleaned = clean_text(f"{LEAD} (abc)\n{SECOND}\n{THIRD}")
    assert cleaned.text == f"{LEAD}\n{SECOND}\n{THIRD}"
    assert cleaned.removed == ("(abc)",)


@pytest.mark.parametrize(
    "ending", ["oleh Komisi Pemilihan Umum (KPU).", "dari Aparatur Sipil Negara. (KASN)"]
)
def test_an_abbreviation_in_brackets_is_no_signature(ending: str) -> None:
    assert clean_text(f"{LEAD}\nIa diperiksa {ending}").text.endswith(ending)


def test_initials_behind_the_last_sentence_are_cut() -> None:
    assert clean_text(f"{LEAD}\n{SECOND} MH").text == f"{LEAD}\n{SECOND}"


@pytest.mark.parametrize("marker", ["Komentar", "Leave a Comment", "Postingan Populer", "Tinggalkan Balasan"])
def test_what_stands_behind_the_article_is_cut(marker: str) -> None:
    behind = f"{marker}\nNama\nWarga: setuju sekali."
    cleaned = clean_text(f"{LEAD}\n{SECOND}\n{THIRD}\n{behind}")
    assert cleaned.text == f"{LEAD}\n{SECOND}\n{THIRD}"
    assert "\n".join(cleaned.removed) == behind


def test_a_crosshead_named_komentar_does_not_cut_the_article() -> None:
    text = f"{LEAD}\nKomentar\n{SECOND}\n{THIRD}\n{SECOND}"
    assert clean_text(text).text == text


@pytest.mark.parametrize("marker", ["Baca Juga", "TERKINI", "Berita Terkait:"])
def test_headlines_behind_a_list_marker_are_cut_and_prose_is_not(marker: str) -> None:
    headlines = "Lurah Lama Diperiksa Bawaslu Kota\nDPRD Panggil Sekda soal Spanduk Calon"
    cleaned = clean_text(f"{LEAD}\n{marker}\n{headlines}\n{SECOND}\nLarangan Lain\n{THIRD}")
    assert cleaned.text == f"{LEAD}\n{SECOND}\nLarangan Lain\n{THIRD}"
    assert cleaned.removed == (marker, *headlines.split("\n"))


@pytest.mark.parametrize(
    "head",
    [
        "Camat Bontolu Hadiri Deklarasi",
        "Selasa, 17/09/2024 09:11 WIB",
        "Selasa, 17 September 2024 | 09.11 WITA",
        "NETRALITAS: Camat Bontolu di lapangan kecamatan - Foto Net.",
        "Camat Bontolu (kiri) di lapangan. (Foto: Istimewa)",
        "Camat Bontolu di lapangan. (Dok. Kabar Lontara)",
    ],
)
def test_what_stands_at_the_head_is_cut(head: str) -> None:
    cleaned = clean_text(f"{head}\nBONTOLU - {LEAD}\n{SECOND}", title="Camat Bontolu Hadiri Deklarasi")
    assert (cleaned.text, cleaned.dateline) == (f"{LEAD}\n{SECOND}", "BONTOLU")
    assert cleaned.removed == (head, "BONTOLU -")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Penulis: Rani Paembonan | Editor: Bayu Sempati", "Rani Paembonan"),
        ("Laporan Wartawan Suara-Lontara.test, Rani Paembonan", "Rani Paembonan"),
        ("Pewarta : Rani Paembonan", "Rani Paembonan"),
        ("Editor: Bayu Sempati", ""),
    ],
)
def test_the_reporter_is_kept_as_a_hint(line: str, name: str) -> None:
    assert clean_text(f"{line}\n{LEAD}").author_hint == name


def test_marks_inside_a_paragraph_are_cut() -> None:
    cleaned = clean_text(f"{LEAD} [Gambas:Video 20detik]\n{SECOND}ADVERTISEMENT")
    assert cleaned.text == f"{LEAD}\n{SECOND}"
    assert clean_text(f"{LEAD} ADVERTISEMENT {SECOND}").text == f"{LEAD} {SECOND}"


def test_characters_that_nobody_can_see_go() -> None:
    dirty = "Ca\u200bmat\u00a0 ha\u00addir\x00.\ud800\r\n\r\n\u2028 e\u0301\ufeff \t"
    assert normalize_text(dirty) == "Camat hadir.\né"


WORDS = st.sampled_from(
    [
        "Baca juga",
        ":",
        "Komentar",
        "TERKINI",
        "(abc/def)",
        "KENDARI",
        " - ",
        "\n",
        ". ",
        "Camat",
        '"',
        "[Gambas:",
        "]",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(st.characters()), st.lists(WORDS, max_size=40).map("".join)))
def test_any_text_is_cleaned_without_inventing_words(text: str) -> None:
    cleaned = clean_text(text)
    assert unicodedata.is_normalized("NFC", cleaned.text)
    cleaned.text.encode("utf-8")
    assert "\x00" not in cleaned.text
    position = 0
    normal = normalize_text(text)
    for char in "".join(cleaned.text.split()):
        position = normal.index(char, position) + 1


@pytest.mark.parametrize(
    "unit",
    [
        "Baca juga: ",
        "a\n",
        "(abc/",
        "A ",
        "A.a",
        "KENDARI, ",
        "- ",
        "[Gambas:Video ",
        "ADVERTISEMENT ",
        "Komentar\n",
    ],
)
def test_time_grows_with_length_only(unit: str) -> None:
    started = time.perf_counter()
    clean_text(unit * (200_000 // len(unit)))
    # Linear cleaning of this length was measured at 0.1 s to 0.8 s.
    assert time.perf_counter() - started < 8
