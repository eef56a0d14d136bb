"""Planted people are found in every table whatever their spelling, and nobody else is."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, update

from store.db import reading
from store.frontier import put_page
from store.persons import PLACEHOLDER, Hidden, holds_anyhow, mask_address, name_pattern, name_words, suppress
from store.records import UsageError
from store.schema import documents, frontier, incidents, metadata
from store.subject import find_hits, report_person
from store.suppression import FIXED, LEFT
from tests.store.by_hand import refusing_tables
from tests.store.planted import plant
from tests.store.samples import (
    make_page,
    put_extracted,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
KEY = b"kunci uji yang tidak rahasia sama sekali"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("H. Budi Santoso, S.E.", "kata BUDI  SANTOSO kemarin", True),
        ("Drs. Budi Santoso M.Si", "kata Budi\nSantoso.", True),
        ("Budi Santoso", "https://a.test/2024/budi-santoso-hadir", True),
        ("Budi Santoso", "https://a.test/budi_santoso", True),
        ("Budi Santoso", "Budi Santosoputra dan Abudi Santoso", False),
        ("Budi Santoso", "Budi dan Santoso", False),
        ("Nur'aini", "Ibu Nur'aini hadir", True),
        ("Nur'aini", "Ibu Nur’aini hadir", True),
        ("Budi Santoso", "https://a.test/?q=%20budi%20santoso", True),
        ("Santoso, Budi", "kata Santoso, Budi, kemarin", True),
        ("Budi Santoso", '"Budi";"Santoso"', False),
        ("Andi Saputra", "Saputra dan Raden Saputra", False),
        ("Andi Saputra", "kata Andi Saputra", True),
        ("Andi Baso Mappatunru", "kata Baso Mappatunru", True),
        ("Siti Ma", "Siti hadir", False),
        ("B.*i (Santoso|Warga)", "Budi Santoso", False),
    ],
)
def test_a_name_is_found_whole_whatever_its_spelling(name: str, text: str, found: bool) -> None:
    assert bool(name_pattern([name]).search(text)) == found
    assert Hidden(KEY, [suppress(KEY, name)]).holds(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"{\"isi\": \"\u003cp\u003eBudi\nSantoso\"}", True),
        ("<b>Budi</b> <i>Santoso</i>", True),
        ("Budi&#32;Santoso", True),
        (r"\\nBudi Santoso", True),
        ("<li>Budi</li><li>Santoso</li>", False),
        ("100% Budi & Santosoputra <", False),
    ],
)
def test_a_name_is_found_through_escapes_and_tags(text: str, found: bool) -> None:
    pattern = name_pattern(["Budi Santoso"])
    assert holds_anyhow(lambda seen: bool(pattern.search(seen)), text) == found
    assert holds_anyhow(Hidden(KEY, [suppress(KEY, "Budi Santoso")]).holds, text) == found


@pytest.mark.parametrize("name", ["", "H.", "Dr. S.E.", "Adi", "...", "x", ".*", "%_%"])
def test_a_name_too_short_to_search_for_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="too short"):
        name_words(name)


@pytest.mark.parametrize("name", ["Nama Dihapus", "nama", "DIHAPUS"])
def test_the_placeholder_is_nobodys_name(name: str) -> None:
    with pytest.raises(UsageError, match="stand for an erased name"):
        suppress(KEY, name)


def test_hidden_names_are_masked_and_without_the_key_nothing_is() -> None:
    names = [suppress(KEY, "Budi Santoso"), suppress(KEY, "Budi")]
    hidden = Hidden(KEY, names)
    assert hidden.mask("Camat Budi Santoso, kata Budi.") == f"Camat {PLACEHOLDER}, kata {PLACEHOLDER}."
    assert hidden.mask("tidak ada") == "tidak ada"
    assert not Hidden(b"kunci lain yang juga panjang sekali ya", names).holds("Budi Santoso")
    assert not Hidden(KEY, [])
    once = mask_address(KEY, "https://a.test/budi-santoso-1", hidden.mask)
    assert once.startswith("https://a.test/nama-dihapus-")
    assert once != mask_address(KEY, "https://b.test/budi-santoso-1", hidden.mask)
    assert mask_address(KEY, "https://a.test/x", hidden.mask) == "https://a.test/x"


def test_the_report_finds_all_of_fifty_planted_people(engine: Engine) -> None:
    planted = plant(engine)
    assert len(planted) == 50
    with reading(engine) as conn:
        for number, (name, tables) in enumerate(planted.items()):
            assert {hit.table for hit in find_hits(conn, [f"H. {name}"])} == tables, name
            told = report_person(conn, [name])
            assert told["counts"] == {"rows": 1, "documents": 1}
            (document,) = told["documents"]
            assert document["archived"]
            assert document["prediction"]["label"] == "case"
            assert document["incident"]
            assert len(document["decisions"]) == (number % 6 == 5)
        assert list(find_hits(conn, ["Tidak Adaorangnya"])) == []


def test_names_in_addresses_are_found_without_a_document(engine: Engine) -> None:
    put_extracted(engine, 1)
    with engine.begin() as conn:
        conn.execute(update(incidents).values(region="x"))
        put_page(conn, make_page(2, canonical_url="https://www.kabarlontara.test/lestyo-adiwongso"))
        assert conn.execute(frontier.select()).all() == []
    with reading(engine) as conn:
        told = report_person(conn, ["Lestyo Adiwongso"])
    assert {row["table"] for row in told["rows"]} == {"pages"}
    assert told["documents"] == []


def test_every_table_that_refuses_changes_is_left_by_an_erasure(engine: Engine) -> None:
    with reading(engine) as conn:
        refusing = refusing_tables(conn)
    # Its text goes by a record of its own (store.erasure).
    assert refusing - {"label_texts"} <= LEFT
    assert metadata.tables.keys() >= LEFT
    assert {column.name for table in metadata.tables.values() for column in table.c} >= FIXED


def test_names_in_accents_and_apostrophes_are_chosen_by_their_plain_letters(engine: Engine) -> None:
    docs = put_extracted(engine, 1, 2)
    said = ("Kata NUR’AINI SÉTYAWATI.", "Kata Nur'aini Setyawati.")
    with engine.begin() as conn:
        for doc, text in zip(docs, said, strict=True):
            conn.execute(update(documents).where(documents.c.doc_id == doc.doc_id).values(text=text))
        found = list(find_hits(conn, ["Nur'aini Sétyawati"]))
    assert [hit.key["doc_id"] for hit in found] == [docs[0].doc_id]
