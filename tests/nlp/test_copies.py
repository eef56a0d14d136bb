"""Copies: edited ones are found, others are not, and neither needs every text to be compared."""

import random

import numpy as np
import pytest

from nlp.copies import (
    MAX_POSTED,
    CopyIndex,
    are_copies,
    estimate_similarity,
    find_copies,
    make_sketch,
)
from tests.nlp.test_group import FOLLOW_UP, STORY, edited, make


def some_words(n: int, *, seed: int) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices("abdegiklmnoprstu", k=6)) for _ in range(n)]


@pytest.mark.parametrize("how", ["other head", "cut", "words", "capitals"])
def test_edited_copies_are_copies(how: str) -> None:
    assert are_copies(make_sketch(STORY), make_sketch(edited(STORY, how)))


def test_another_account_is_no_copy() -> None:
    assert not are_copies(make_sketch(STORY), make_sketch(FOLLOW_UP))
    assert estimate_similarity(make_sketch(STORY), make_sketch(FOLLOW_UP)) < 0.05


@pytest.mark.parametrize("kept", [0, 100, 400, 700, 1000])
def test_the_estimate_is_near_the_true_similarity(kept: int) -> None:
    words = some_words(1000, seed=1)
    other = words[:kept] + some_words(1000 - kept, seed=2)
    shared = max(0, kept - 4)
    true = shared / (2 * 996 - shared)
    estimate = estimate_similarity(make_sketch(" ".join(words)), make_sketch(" ".join(other)))
    # Three standard errors of 128 hashes.
    assert estimate == pytest.approx(true, abs=3 * (0.25 / 128) ** 0.5)


@pytest.mark.parametrize("text", ["", "mantap, lanjutkan!", "satu dua tiga empat", "\ud800", "🫶✌️"])
def test_a_text_of_next_to_no_words_is_no_copy(text: str) -> None:
    index = CopyIndex()
    index.add("a", make_sketch(text))
    assert index.find(make_sketch(text)) == []


def test_a_sketch_is_the_same_everywhere() -> None:
    sketch = make_sketch("Camat Tempe naik ke panggung kampanye pasangan calon")
    assert sketch.n_words == 8
    assert sketch.hashes.dtype == np.uint64
    assert sketch.hashes[:2].tolist() == [196807407586839475, 9245979435506579700]


def test_what_is_replaced_or_taken_out_is_not_found() -> None:
    index = CopyIndex()
    index.add("a", make_sketch(STORY))
    index.add("a", make_sketch(FOLLOW_UP))
    assert index.find(make_sketch(STORY)) == []
    assert index.find(make_sketch(FOLLOW_UP)) == ["a"]
    index.remove("a")
    index.remove("b")
    assert index.find(make_sketch(FOLLOW_UP)) == []


def test_a_story_in_many_outlets_is_found_through_its_first_ones() -> None:
    index = CopyIndex()
    for number in range(3 * MAX_POSTED):
        index.add(f"{number:03d}", make_sketch(STORY))
    assert index.find(make_sketch(STORY)) == [f"{number:03d}" for number in range(MAX_POSTED)]


def test_half_of_a_text_is_found_among_many_with_its_phrases() -> None:
    phrase = "menurut undang undang nomor lima tahun dua ribu empat belas tentang aparatur sipil negara"
    index = CopyIndex()
    texts = [" ".join([phrase, *some_words(120, seed=number)]) for number in range(300)]
    for number, text in enumerate(texts):
        index.add(str(number), make_sketch(text))
    for number in range(0, 300, 20):
        half = texts[number].split()[:75]
        assert index.find(make_sketch(" ".join(half))) == [str(number)]


def test_copies_point_to_the_earliest_text() -> None:
    told = [
        ("N-a", STORY),
        ("N-b", FOLLOW_UP),
        ("N-c", edited(STORY, "cut")),
        ("N-d", edited(STORY, "words")),
        ("N-e", FOLLOW_UP),
    ]
    documents = [make(doc_id, text)[0] for doc_id, text in told]
    assert find_copies(documents) == {"N-c": "N-a", "N-d": "N-a", "N-e": "N-b"}
    assert find_copies([]) == {}
