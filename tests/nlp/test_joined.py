from dataclasses import replace
from pathlib import Path

import pytest

from nlp.items import read_items
from nlp.joined import FEWEST_WORDS, join_items
from nlp.screen import screen


@pytest.fixture(scope="module")
def items():
    return read_items(sorted(Path("data/labels").glob("news-*.jsonl")), gold=True)[0]


@pytest.fixture(scope="module")
def joined(items):
    return join_items(items, nones=30, cases=20, seed=1)


def test_joined_articles_are_long_candidates_and_no_two_are_alike(joined):
    assert [i.label for i in joined] == ["none"] * 30 + ["case"] * 20
    assert all(len(i.text.split()) >= FEWEST_WORDS for i in joined)
    assert all(screen(i.document()).candidate for i in joined)
    assert len({i.text for i in joined}) == len({i.id for i in joined}) == 50


def test_a_joined_case_keeps_its_evidence_and_fields(items, joined):
    originals = {i.evidence: i for i in items if i.label == "case"}
    for item in joined[30:]:
        origin = originals[item.evidence]
        assert all(e in item.text for e in item.evidence)
        assert origin.text in item.text
        assert (item.types, item.stage, item.process) == (origin.types, origin.stage, origin.process)


def test_a_joined_article_of_label_none_holds_no_case(items, joined):
    cases = [i.text for i in items if i.label != "none" and len(i.text.split()) >= 25]
    assert not any(text in item.text for item in joined[:30] for text in cases)


def test_the_same_seed_gives_the_same_articles_another_one_others(items, joined):
    assert join_items(items, nones=30, cases=20, seed=1) == joined
    assert join_items(items, nones=30, cases=20, seed=2) != joined


def test_without_ordinary_texts_nothing_is_joined(items):
    cases = [i for i in items if i.label == "case"]
    assert join_items(cases, nones=3, cases=3, seed=1) == []
    assert join_items([replace(i, kind="post") for i in items], nones=3, cases=3, seed=1) == []
