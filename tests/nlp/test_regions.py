"""Regions: the table is complete, names are found, namesakes told apart, everyday words left alone."""

import csv
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.regions import REGIONS_FILE, Region, find_region, islands_of, list_region_words, load_regions
from store.records import UsageError

#: Kabupaten and kota of each province (Kemendagri, 2024).
COUNTS = {
    "Aceh": (18, 5),
    "Sumatera Utara": (25, 8),
    "Sumatera Barat": (12, 7),
    "Riau": (10, 2),
    "Kepulauan Riau": (5, 2),
    "Jambi": (9, 2),
    "Sumatera Selatan": (13, 4),
    "Kepulauan Bangka Belitung": (6, 1),
    "Bengkulu": (9, 1),
    "Lampung": (13, 2),
    "DKI Jakarta": (1, 5),
    "Jawa Barat": (18, 9),
    "Banten": (4, 4),
    "Jawa Tengah": (29, 6),
    "DI Yogyakarta": (4, 1),
    "Jawa Timur": (29, 9),
    "Bali": (8, 1),
    "Nusa Tenggara Barat": (8, 2),
    "Nusa Tenggara Timur": (21, 1),
    "Kalimantan Barat": (12, 2),
    "Kalimantan Tengah": (13, 1),
    "Kalimantan Selatan": (11, 2),
    "Kalimantan Timur": (7, 3),
    "Kalimantan Utara": (4, 1),
    "Sulawesi Utara": (11, 4),
    "Gorontalo": (5, 1),
    "Sulawesi Tengah": (12, 1),
    "Sulawesi Barat": (6, 0),
    "Sulawesi Selatan": (21, 3),
    "Sulawesi Tenggara": (15, 2),
    "Maluku": (9, 2),
    "Maluku Utara": (8, 2),
    "Papua": (8, 1),
    "Papua Barat": (7, 0),
    "Papua Barat Daya": (5, 1),
    "Papua Selatan": (4, 0),
    "Papua Tengah": (8, 0),
    "Papua Pegunungan": (8, 0),
}


def region_of(
    title: str = "",
    text: str = "",
    evidence: tuple[str, ...] = (),
    dateline: str = "",
    outlet_region: str = "",
) -> str:
    return find_region(title, text, evidence, dateline, outlet_region)


def test_the_table_has_every_region_once() -> None:
    regions = load_regions()
    found = {
        province: tuple(
            sum(region.province == province and region.kind == kind for region in regions)
            for kind in ("kabupaten", "kota")
        )
        for province in COUNTS
    }
    assert found == COUNTS
    assert Counter(region.kind for region in regions) == {"kabupaten": 416, "kota": 98, "provinsi": 38}
    assert max(Counter(region.label for region in regions).values()) == 1


def test_zones_follow_the_provinces() -> None:
    zones = {region.province: region.zone for region in load_regions()}
    assert zones["Kalimantan Barat"] == "WIB"
    assert zones["Bali"] == "WITA"
    assert zones["Maluku Utara"] == "WIT"
    assert len({(region.province, region.zone, region.islands) for region in load_regions()}) == 38


def test_aliases_are_spelled_once_in_a_province() -> None:
    with REGIONS_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    spellings = Counter(
        (row["province"], row["kind"], spelling)
        for row in rows
        for spelling in (row["seat"], *row["aliases"].split(";"))
        if spelling
    )
    assert max(spellings.values()) == 1


@pytest.mark.parametrize("region", load_regions(), ids=lambda region: region.label)
def test_every_region_is_found_by_its_full_name(region: Region) -> None:
    assert region_of(f"Camat di {region.label} dipanggil") == region.label


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("Sekda Kukar dipanggil Bawaslu", "Kabupaten Kutai Kartanegara, Kalimantan Timur"),
        ("ASN Tangsel ikut kampanye", "Kota Tangerang Selatan, Banten"),
        ("Lurah di Jaksel pose dua jari", "Kota Jakarta Selatan, DKI Jakarta"),
        ("KASUS KEPSEK BOLMUT DIHENTIKAN", "Kabupaten Bolaang Mongondow Utara, Sulawesi Utara"),
        ("Guru di Konsel dilaporkan", "Kabupaten Konawe Selatan, Sulawesi Tenggara"),
        ("Kadis di Tojo Una-Una", "Kabupaten Tojo Una-Una, Sulawesi Tengah"),
        ("Camat di Pare-pare", "Kota Parepare, Sulawesi Selatan"),
        ("Panwaslu Kab. Pati", "Kabupaten Pati, Jawa Tengah"),
        ("Pemkot Batu bantah", "Kota Batu, Jawa Timur"),
        (
            "ASN Kabupaten Kepulauan Siau Tagulandang Biaro",
            "Kabupaten Kepulauan Siau Tagulandang Biaro, Sulawesi Utara",
        ),
        ("bawaslu kab bima turun tangan", "Kabupaten Bima, Nusa Tenggara Barat"),
        ("ASN Papua Barat Daya", "Papua Barat Daya"),
        ("ASN Bengkulu Utara", "Kabupaten Bengkulu Utara, Bengkulu"),
        ("Gubernur Gorontalo", "Gorontalo"),
        ("Bupati Gorontalo", "Kabupaten Gorontalo, Gorontalo"),
        ("Wali Kota Gorontalo", "Kota Gorontalo, Gorontalo"),
    ],
)
def test_names_aliases_and_kinds(title: str, region: str) -> None:
    assert region_of(title) == region


@pytest.mark.parametrize(
    "text",
    [
        "Bima Arya menghadiri rapat.",
        "Malang benar nasib camat itu.",
        "Ia menambah pati dan batu ke dalam adonan.",
        "Serang balik, lurah itu membantah.",
        "Dosen Universitas Mataram angkat bicara.",
        "Kantor di Jalan Surabaya didatangi warga.",
        "di medan perang ini kita tidak netral",
        "lurah buru-buru pergi",
        "Puncak acara berlangsung malam.",
    ],
)
def test_everyday_words_and_persons_are_no_places(text: str) -> None:
    assert region_of(text=text) == ""


@pytest.mark.parametrize(
    ("text", "outlet", "region"),
    [
        ("Camat di Bandung hadir. Bupati diam.", "", "Kabupaten Bandung, Jawa Barat"),
        ("Camat di Bandung hadir. Wali kota diam.", "", "Kota Bandung, Jawa Barat"),
        ("Camat di Bandung hadir.", "", "Kota Bandung, Jawa Barat"),
        ("Camat di Tegal hadir.", "", "Kabupaten Tegal, Jawa Tengah"),
        ("Lurah di Banjar hadir.", "Jawa Barat", "Kota Banjar, Jawa Barat"),
        ("Lurah di Banjar hadir.", "Kalimantan Selatan", "Kabupaten Banjar, Kalimantan Selatan"),
        ("Lurah di Martapura, Kalsel, hadir.", "", "Kabupaten Banjar, Kalimantan Selatan"),
        (
            "Lurah di Martapura hadir.",
            "Sumatera Selatan",
            "Kabupaten Ogan Komering Ulu Timur, Sumatera Selatan",
        ),
        ("Pemkot Solok rapat. ASN Solok hadir.", "", "Kota Solok, Sumatera Barat"),
    ],
)
def test_namesakes_are_told_apart(text: str, outlet: str, region: str) -> None:
    assert region_of(text=text, outlet_region=outlet) == region


def test_title_and_evidence_count_more_than_the_rest() -> None:
    text = "Kabar dari Kendari, Kendari, dan Kendari. " + "Pasar ramai. " * 60 + "Ia lahir di Bogor."
    assert region_of("Camat di Wajo dipanggil", text) == "Kabupaten Wajo, Sulawesi Selatan"
    evidence = ("Camat di Kabupaten Maros hadir.",)
    assert region_of("Camat dipanggil", text, evidence) == "Kabupaten Maros, Sulawesi Selatan"


def test_datelines_help_but_not_those_of_the_capital() -> None:
    assert region_of(text="Camat dipanggil.", dateline="SENGKANG") == "Kabupaten Wajo, Sulawesi Selatan"
    assert region_of(text="Camat dipanggil.", dateline="MALANG") == "Kota Malang, Jawa Timur"
    assert region_of(text="Camat dipanggil.", dateline="Jakarta") == ""


def test_one_passing_mention_deep_in_the_body_is_no_answer() -> None:
    filler = "Rapat itu berlangsung lama. " * 40
    assert region_of(text=filler + "Ia lulusan sekolah di Jember.") == ""
    assert region_of(text=filler + "Bawaslu Kabupaten Jember memanggilnya.") == "Kabupaten Jember, Jawa Timur"


def test_a_province_answers_where_no_kabupaten_is_named() -> None:
    assert region_of("Kadis di Sultra dilaporkan") == "Sulawesi Tenggara"
    assert (
        region_of("Kadis di Sultra dilaporkan", "Ia bertugas di Kota Kendari.")
        == "Kota Kendari, Sulawesi Tenggara"
    )


def test_an_outlet_alone_is_no_answer() -> None:
    assert region_of("Camat dipanggil", "Ia hadir.", outlet_region="Bali") == ""


@pytest.mark.parametrize("text", ["", " ", "Wajo", "🫶", "\x00\ud800", "Kota", "Kabupaten ", "Kepulauan"])
def test_tiny_and_odd_texts(text: str) -> None:
    assert region_of(text, text, (text,), text) in ("", "Kabupaten Wajo, Sulawesi Selatan")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=80))
def test_any_text_gets_an_answer_of_the_table(text: str, title: str) -> None:
    assert region_of(title, text) in {"", *(region.label for region in load_regions())}


@pytest.mark.parametrize(
    "piece", ["Kota ", "Tanjung ", "Kepulauan ", "a", " ", "di Bima ", "-", "Kab. Bima, "]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    region_of("Wajo")
    text = (piece * 100_000)[:100_000]
    start = time.process_time()
    region_of(text=text)
    assert time.process_time() - start < 1.0


def test_region_words() -> None:
    assert {"wajo", "una", "kukar", "sengkang", "timur"} <= list_region_words()


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("name,kind,province,seat,aliases,cue,zone,islands\nX,desa,Y,,,,WIB,Z\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"regions\.csv:2: kind 'desa'"):
        load_regions(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load_regions(path.parent / "none.csv")


@pytest.mark.parametrize(
    ("region", "islands"),
    [
        ("Kota Bima, NTB", "Bali dan Nusa Tenggara"),
        ("Kabupaten Ngada, Provinsi Nusa Tenggara Timur", "Bali dan Nusa Tenggara"),
        ("Daerah Istimewa Yogyakarta", "Jawa"),
        ("Kabupaten Pati", "Jawa"),
        ("Banjar", ""),
        ("Nasional", ""),
        ("", ""),
    ],
)
def test_a_region_lies_in_an_island_group_unless_it_may_lie_in_two(region: str, islands: str) -> None:
    assert islands_of(region) == islands
