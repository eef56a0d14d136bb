"""Word lists: pattern syntax, forms of roots, slang and signs, mistakes in a file, hostile text."""

import time
import tomllib
from datetime import date
from pathlib import Path

import pytest

from nlp.lexicon import (
    FILES,
    LEXICON_DIR,
    SLANG_FILE,
    expand_pattern,
    find_hits,
    inflect,
    list_words,
    load_lexicon,
    read_words,
)
from store.records import TYPES, UsageError


def keys_in(text: str) -> set[str]:
    lexicon = load_lexicon()
    return {hit.entry.key for hit in find_hits(lexicon, read_words(lexicon, text))}


@pytest.mark.parametrize(
    ("pattern", "sequences"),
    [
        ("kepala dinas", [("kepala", "dinas")]),
        ("guru [pns|asn]", [("guru", "pns"), ("guru", "asn")]),
        ("pj [bupati|wali kota]", [("pj", "bupati"), ("pj", "wali", "kota")]),
        ("nomor? urut", [("nomor", "urut"), ("urut",)]),
        ("kadis*", [("kadis*",)]),
        ("[a|b]? c", [("a", "c"), ("b", "c"), ("c",)]),
    ],
)
def test_patterns_expand_to_word_sequences(pattern: str, sequences: list[tuple[str, ...]]) -> None:
    assert expand_pattern(pattern) == sequences


@pytest.mark.parametrize(
    "pattern", ["guru [pns", "guru pns]", "Guru", "guru-guru", "[a|]", "ab*", "guru?", "~"]
)
def test_broken_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"word|brackets|nothing"):
        expand_pattern(pattern)


@pytest.mark.parametrize(
    ("root", "forms"),
    [
        ("dukung", "dukung mendukung didukung pendukung dukungan dukungannya ngedukung dukungin"),
        ("kampanye", "berkampanye mengampanyekan mengkampanyekan dikampanyekan kampanyenya ngampanye"),
        ("pilih", "memilih dipilih pemilih pilihan pemilihan milih pilihlah"),
        ("coblos", "mencoblos dicoblos pencoblosan nyoblos coblosin"),
        ("sebar", "menyebar menyebarkan disebarkan tersebar penyebar nyebar"),
        ("hadir", "menghadiri dihadiri hadir kehadirannya"),
        ("tempel", "menempel ditempel nempel tertempel"),
        ("lapor", "melapor melaporkan dilaporkan pelapor"),
        ("ajak", "mengajak diajak ajakan ngajak"),
    ],
)
def test_roots_take_their_everyday_forms(root: str, forms: str) -> None:
    assert set(forms.split()) <= inflect(root)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ASN/PNS, Pj. Bupati!", "asn pns pj bupati"),
        ("#PilihNomor2 #korprinetral", "pilih nomor 2 korprinetral"),
        ("dukuuuung terusss", "dukung terus"),
        ("gas ✌🏽✌🏽✌️ yuk", "gas dua jari yuk"),
        ("pilih 2️⃣", "pilih nomor 2"),
        ("kpsek dkung pslon", "kepsek dukung paslon"),
        ("𝗔𝗦𝗡 ｎｅｔｒａｌ", "asn netral"),
        ("", ""),
        ("\x00\ud800🫶", ""),
    ],
)
def test_words_are_read_as_the_lists_know_them(text: str, words: str) -> None:
    assert read_words(load_lexicon(), text) == words.split()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Kadisdikpora dipanggil", "who:kadis"),
        ("oknum abdi negara", "who:abdi-negara"),
        ("Pj. Wali Kota", "who:pj-kepala-daerah"),
        ("mengampanyekan", "act:kampanye"),
        ("mendeklarasikan diri", "act:dekati-partai"),
        ("pasangan calon nomor urut 3", "object:nomor-urut-berita"),
        ("bacawabup", "object:calon"),
        ("tukin cair", "who:tanda-asn"),
    ],
)
def test_entries_are_found(text: str, key: str) -> None:
    assert key in keys_in(text)


@pytest.mark.parametrize("text", ["calon pegawai", "calon jemaah haji", "Calon Pengantin"])
def test_exceptions_silence_an_entry(text: str) -> None:
    assert "object:calon" not in keys_in(text)


def test_an_exception_does_not_reach_beyond_its_words() -> None:
    assert "object:calon" in keys_in("calon pegawai mendukung calon bupati")


def test_hits_come_in_text_order_and_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    lexicon = load_lexicon()
    words = ["camat", "mendukung", "paslon"] * 5
    whole = find_hits(lexicon, words)
    monkeypatch.setattr("nlp.lexicon.BLOCK_WORDS", 3)
    assert find_hits(lexicon, words) == whole
    assert [hit.start for hit in whole] == sorted(hit.start for hit in whole)


def test_every_type_of_the_codebook_has_an_act() -> None:
    acts = [entry for entry in load_lexicon().entries.values() if entry.group == "act"]
    assert {name for entry in acts for name in entry.types} == set(TYPES)


def test_list_words_names_plain_words() -> None:
    assert {"camat", "dukung", "kadis", "paslon"} <= list_words()


def test_institutions_are_dated_and_marked() -> None:
    table = tomllib.loads((LEXICON_DIR.parent / "institutions.toml").read_text(encoding="utf-8"))
    rows = [*table["bodies"], *table["laws"]]
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    for row in rows:
        assert row["source"]
        assert row["verified"] is False
        assert not row["until"] or date.fromisoformat(row["from"]) < date.fromisoformat(row["until"])
        assert row.get("replaced_by", row["id"]) in ids


def copy_lists(folder: Path) -> Path:
    for name in (*FILES, SLANG_FILE):
        (folder / name).write_bytes((LEXICON_DIR / name).read_bytes())
    return folder


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    copy_lists(tmp_path)
    assert load_lexicon(tmp_path).digest == load_lexicon().digest
    with (tmp_path / SLANG_FILE).open("a", encoding="utf-8") as file:
        file.write("# one more line\n")
    load_lexicon.cache_clear()
    assert load_lexicon(tmp_path).digest != load_lexicon().digest


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("who.toml", "[[entries]\n", "is not TOML"),
        ("who.toml", "[[words]]\nid = 'x'\n", "unknown table 'words'"),
        ("who.toml", "[[entries]]\nid = 'x'\n", "'x': has no patterns"),
        ("who.toml", "[[entries]]\nid = 'X y'\npatterns = ['a']\n", "has the id 'X y'"),
        ("who.toml", "[[entries]]\nid = 'x'\npattern = ['a']\n", "unknown key 'pattern'"),
        (
            "who.toml",
            "[[entries]]\nid = 'x'\npatterns = ['a']\ntypes = ['banner']\n",
            "types belong to acts.toml",
        ),
        ("who.toml", "[[entries]]\nid = 'x'\npatterns = ['a']\nonly = 'tv'\n", "only = 'tv'; write true"),
        ("who.toml", "[[entries]]\nid = 'x'\npatterns = ['A b']\n", "pattern 'A b'"),
        ("who.toml", 2 * "[[entries]]\nid = 'x'\npatterns = ['a']\n", "'who:x' occurs twice"),
        ("acts.toml", "[[entries]]\nid = 'x'\npatterns = ['a']\ntypes = ['baner']\n", "unknown type 'baner'"),
        ("slang.toml", "[wrods]\na = 'b'\n", "unknown table 'wrods'"),
        ("slang.toml", "[words]\na = 'b c'\n", "write one word each"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (copy_lists(tmp_path) / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        load_lexicon(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"who\.toml: cannot be read"):
        load_lexicon(tmp_path)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "#",
        "#a",
        "#aA",
        " ",
        ".",
        "A. ",
        "\x00",
        "\u200d",
        "✌🏽",
        "uuu",
        "kepala ",
        "calon pegawai ",
        "- ",
    ],
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    lexicon = load_lexicon()
    text = (piece * 100_000)[:100_000]
    seconds = []
    for _ in range(3):
        start = time.process_time()
        find_hits(lexicon, read_words(lexicon, text))
        seconds.append(time.process_time() - start)
    # Linear takes 0.05 s here, 0.11 beside a loaded machine's other work; quadratic took seconds.
    assert min(seconds) < 0.3
