"""Masking: 200 planted items in articles and posts, look-alikes and adults that stay, growth of the work."""

import json
import re
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from nlp.extract import extract_page
from nlp.masking import MARKS, mask_fields, mask_text
from store.records import ExtractionRules
from tests.nlp.test_extract import RULES, raw

NAMES = [
    "Bunga",
    "Melati",
    "Kenanga",
    "Cempaka",
    "Dahlia",
    "Wirani",
    "Lestari",
    "Rukmini",
    "Saraswati",
    "Galuh",
]


def planted(number: int) -> tuple[str, str]:
    """Give the secret of this number and a sentence with it; five kinds by turns."""
    tail = f"{number:04d}"
    day = 1 + number % 28 + 40 * (number % 2)
    nik = [f"317401{day:02d}0890{tail}", f"7371.04{day:02d}.1290.{tail}", f"317401 {day:02d}0890 {tail}"]
    phone = [f"0812-3456-{tail}", f"+62 813 2233 {tail}", f"(021) 345-{tail}", f"08223344{tail}"]
    name = NAMES[number // 5 % 10] + "abcdefghij"[number // 50]
    age = 7 + number % 11
    secrets = [
        (nik[number % 3], "NIK pelapor {} dicatat panitia."),
        (f"19800317 200501 1 {number % 1000:03d}", "Camat itu ber-NIP {} sejak lama."),
        (phone[number % 4], "Pengaduan dapat dikirim ke {} setiap hari."),
        (f"warga{number}@surat.test", "Saksi menulis dari {} kepada panitia."),
        (name, f"Siswi SMP {{}} ({age}) hadir di lapangan. {{}} lalu pulang."),
    ]
    secret, sentence = secrets[number % 5]
    return secret, sentence.replace("{}", secret)


LOOK_ALIKES = [
    "Selasa (12/3/2024) pukul 08.12 WITA",
    "Rp3.174.015.708.900.001",
    "Rp 812.345.678.900",
    "123.456.789 suara",
    "ISBN 978-602-081-234-5",
    "Undang-Undang Nomor 20 Tahun 2023 Pasal 9 Ayat (2)",
    "Nomor 0812/PL.02.4/2024",
    "-6.0812345678, 106.8271534",
    "Golkar (12), Gerindra (15)",
    "humas@kpu.go.id",
    "AR, 14 tahun",
    "Andi Palewai (46)",
]


@pytest.mark.parametrize("kind", ["news", "post"])
def test_200_planted_items_leave_the_document(kind: str) -> None:
    items = [planted(number) for number in range(200)]
    for secret, sentence in items:
        if kind == "news":
            filler = "Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan itu."
            # A paragraph that repeats the headline would be taken out, and tell nothing of the text.
            body = f"<p>{filler}</p><p>{sentence}</p><p>{filler}</p>"
            page = f"<h1>Kabar: {sentence}</h1><article>{body}</article>"
            document = extract_page(raw(page), RULES)
        else:
            url = "https://x.test/1"
            row = {
                "id": "1",
                "url": url,
                "text": sentence,
                "published": "",
                "platform": "x",
                "author": sentence,
            }
            document = extract_page(raw(json.dumps(row), form="social"), ExtractionRules("e", kind="post"))
        stored = json.dumps(asdict(document), default=str)
        assert secret not in stored
        assert any(mark in document.text for mark in MARKS.values())
        assert mask_text(document.text) == document.text


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert mask_fields(f"Kata panitia {text} tercatat.") == ((f"Kata panitia {text} tercatat.",), {})


def test_a_childs_name_goes_from_the_headline_too_and_each_kind_is_counted() -> None:
    fields, counts = mask_fields("BUNGA Dibawa ke Kampanye", "Korban Bunga (16) diam, kontak 081234567890.")
    assert fields == (
        "[nama anak] Dibawa ke Kampanye",
        "Korban [nama anak] (16) diam, kontak [nomor telepon].",
    )
    assert counts == {"phone": 1, "minor": 2}


@pytest.mark.parametrize(
    "text",
    [
        "Pasangan Rahmat Hidayat (2) unggul atas Suryadi Latif (1).",
        "Camat Rahmat Hidayat (12) dan Pak Suryadi (9)",
        "PDI Perjuangan (16), Golkar (12), Amanat Nasional (9); kursi dari Gowa (16), Maros (9) dan Bone (7)",
        "UU 7/2017, PP 94/2021, SK 800/1234/BKD/2024, Perkara 12/Pid.S/2024",
        "2024-09-17 08:12:34, 17-09-2024 08.12, periode 2014-2019 2019-2024 2024-2029",
        "62.812.345.678 suara, Rp62.812.345.678, 0,812345678901 persen",
        "Rekening 1234567890123456",
    ],
)
def test_candidates_on_a_ballot_laws_dates_and_sums_stay(text: str) -> None:
    assert mask_text(text) == text


def test_an_adult_who_shares_a_word_with_a_childs_name_stays() -> None:
    """A frequent first name or a family name beside other words is no child's."""
    adults = "Camat Muhammad Arifin dan Andi Palewai datang."
    assert mask_text(f"Korban Muhammad Rizki Palewai (15) diam. {adults} Ibu Rizki pulang.") == (
        f"Korban [nama anak] (15) diam. {adults} Ibu [nama anak] pulang."
    )
    assert mask_text("Balita Citra (4) sakit. CITRA sembuh.") == (
        "Balita [nama anak] (4) sakit. [nama anak] sembuh."
    )


def test_the_looks_ahead_let_nothing_pass_that_a_pattern_would_find() -> None:
    """The shortest and the widest spelling of each number are masked in a text that holds nothing else."""
    for text in ["0411 - 87234", "(021) 345678", "+62) (0) 812 345 6789", "telp 021 34567", "+62 21 345678"]:
        assert any(mark in mask_text(text) for mark in MARKS.values()), text
    for text in [
        "Bunga (16), siswi",
        "Bunga (16thn)",
        "Bunga (16 tahun)",
        "Bunga, 16 th.",
        "Bunga yang masih berusia 16 tahun",
    ]:
        assert mask_text(text).startswith(MARKS["minor"]), text


def test_documents_to_store_are_made_in_one_place_alone() -> None:
    """What is stored passes the masking of `nlp.extract`; `nlp.items` reads texts that no database gets."""
    root = Path(__file__).parents[2]
    made = {
        str(file.relative_to(root))
        for room in ("crawlers", "nlp", "review", "store", "verbs", ".")
        for file in root.glob(f"{room}/*.py" if room == "." else f"{room}/**/*.py")
        if re.search(r"\bDocument\(", file.read_text(encoding="utf-8"))
    }
    # store/rows.py gives back what was stored.
    assert made == {"nlp/extract.py", "nlp/items.py", "store/rows.py"}


@pytest.mark.parametrize(
    "unit",
    [
        "3",
        "08",
        "0812-",
        "+62 ",
        "a.",
        "a@b.",
        "a@",
        "Bunga ",
        "Bunga (9) ",
        "Siswi Bunga (9) ",
        "Bunga (1",
        "(0",
        "((",
        "3 1 ",
        "1980",
        "telp 0",
        "x" * 99 + " ",
    ],
)
def test_twice_a_hostile_text_takes_about_twice_the_work(unit: str) -> None:
    """S10: a pattern that backtracks would take four times as long; others may slow a try, not all."""

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        tries = []
        for _ in range(5):
            started = time.process_time()
            mask_text(text)
            tries.append(time.process_time() - started)
        return min(tries)

    # A later pair of lengths is looked at only when the machine has spoilt the one before.
    assert any(seconds(2 * length) <= 2.5 * seconds(length) for length in (50_000, 50_000, 100_000, 100_000))
