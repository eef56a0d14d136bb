"""Names: the rare ones that tell of whom a text speaks, and none of those who only speak in it."""

from dataclasses import replace

import pytest

from nlp.items import Item
from nlp.names import find_names, name_others, share_names
from store.records import Prediction
from tests.nlp.test_group import STORY, make


def names_in(text: str, *, title: str = "", evidence: tuple[str, ...] | None = None) -> set[str]:
    document = Item(id="N-a", kind="news", title=title, text=text).document()
    told = (text,) if evidence is None else evidence
    prediction = Prediction(
        "N-a", "case", 0.9, True, ("other",), "post", "report", "unspecified", "", told, "m"
    )
    return set(find_names(document, prediction))


def test_names_are_read_from_title_and_evidence_only() -> None:
    document, prediction = make("N-a", STORY, title="Camat Pabeangi Dipanggil Bawaslu")
    assert find_names(document, prediction) == {"ambo", "lallo", "pabeangi"}
    silent = replace(prediction, evidence=("Seorang camat di Kabupaten Wajo dipanggil pengawas",))
    assert find_names(document, silent) == {"pabeangi"}


def test_an_acting_head_is_not_a_candidate() -> None:
    names = names_in("Warga melihat Pj Bupati Lanto Sakkirang naik panggung paslon.")
    assert names == {"lanto", "sakkirang"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Camat itu hadir, kata Ketua Bawaslu Sitti Hartina.", set()),
        ("Camat mendukung calon bupati Rahmat Sangaji.", set()),
        # Who dismisses is not who is dismissed.
        ("Kemarin Bupati Wajo memberhentikan Lallo Pabeangi.", {"lallo", "pabeangi"}),
        ("Perkara guru berinisial AMR diteruskan.", {"inisial:amr"}),
        ("Seorang guru bernama Muhammad Siti hadir.", set()),
    ],
)
def test_only_those_whom_the_text_speaks_of_are_named(text: str, names: set[str]) -> None:
    assert names_in(text) == names


def test_a_name_may_open_a_sentence_when_a_second_one_follows() -> None:
    assert names_in("Lallo Pabeangi diperiksa.") == {"lallo", "pabeangi"}
    # One capital alone, or an everyday word, is no name there.
    assert names_in("Kemarin ia diperiksa. Lallo diam.") == set()
    assert names_in("Menurut Pabeangi, itu biasa.") == set()


@pytest.mark.parametrize(
    ("one", "other", "others"),
    [
        ("lallo pabeangi", "baso mappile", True),
        ("lallo pabeangi", "pabeangi", False),
        ("lallo pabeangi", "mappile", False),
        ("", "baso mappile", False),
        ("inisial:amr", "inisial:dws", True),
        ("inisial:amr", "inisial:amr", False),
        ("inisial:lp", "lallo pabeangi", False),
        ("inisial:lp", "baso mappile", True),
        ("baso mappile", "inisial:lp", True),
    ],
)
def test_two_people_are_told_by_their_names(one: str, other: str, others: bool) -> None:
    assert name_others(set(one.split()), set(other.split())) is others


def test_two_names_or_initials_mean_one_person() -> None:
    assert share_names({"lallo", "pabeangi"})
    assert share_names({"inisial:lp"})
    assert not share_names({"lallo"})
    assert not share_names(set())
