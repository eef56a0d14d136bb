"""The documents that the throughput is measured on."""

from pathlib import Path

import pytest

from benchmarks.news import CANDIDATES, FEWEST_WORDS, MOST_WORDS, write_documents, write_mix
from nlp.items import read_items
from nlp.screen import screen
from store.records import UsageError


@pytest.fixture(scope="module")
def news():
    items, _ = read_items(sorted(Path("data/labels").glob("*.jsonl")), gold=True)
    return [item for item in items if item.kind == "news"]


def test_documents_have_the_length_of_articles_and_no_two_are_alike(news):
    documents = write_documents(news, count=60, seed=1)
    lengths = [len(d.text.split()) for d in documents]
    assert all(FEWEST_WORDS <= n <= MOST_WORDS for n in lengths)
    assert 180 < sorted(lengths)[30] < 340
    assert len({d.text for d in documents}) == 60
    assert documents == write_documents(news, count=60, seed=1)
    assert documents != write_documents(news, count=60, seed=2)


def test_a_mix_has_the_share_of_candidates_that_it_promises(news):
    mix = write_mix(news, count=80, seed=1)
    assert sum(screen(item.document()).candidate for item in mix) == round(CANDIDATES * 80)
    assert len({item.id for item in mix}) == len(mix) == 80


def test_without_texts_there_are_no_documents():
    with pytest.raises(UsageError, match="no text"):
        write_documents([], count=1, seed=1)
