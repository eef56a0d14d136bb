import pytest

from nlp.answers import answer_items, answer_line, load_classifier, write_answers
from nlp.classify import MAX_EVIDENCE, pick_evidence
from nlp.inputs import Window
from nlp.items import Item
from nlp.screen import screen
from store.records import POSITIONS, PROCESSES, STAGES, TYPES, UsageError
from tests.nlp.conftest import CASE, PRICES

NASTY = [
    "",
    "kata",
    "kata " * 100_000,
    "Hello world, this is English.",
    "<b>x</b>",
    "😂" * 50,
    "\x00\x1b",
    "a\ud800b",
]


@pytest.fixture(scope="module")
def classifier(tiny_model):
    return load_classifier(tiny_model)


def test_a_case_is_flagged_with_fields_of_the_codebook_and_evidence_from_its_text(classifier):
    document = CASE.document()
    said = classifier.classify(document, screen(document))
    assert said.flagged
    assert said.label == "case"
    assert set(said.types) <= set(TYPES)
    assert said.types
    assert said.stage in STAGES
    assert said.process in PROCESSES
    assert said.position in POSITIONS
    assert 1 <= len(said.evidence) <= MAX_EVIDENCE
    assert all(e in CASE.text or e in CASE.title for e in said.evidence)
    assert 0 <= said.score <= 1


def test_a_text_that_screening_lets_go_is_not_scored(classifier):
    document = PRICES.document()
    assert classifier.classify(document, screen(document)) is None


def test_an_answer_does_not_depend_on_its_neighbours(classifier):
    long = Item(id="l", kind="news", title=CASE.title, text=CASE.text * 30)
    alone, _ = answer_items([CASE], classifier)
    among, _ = answer_items([long, CASE, PRICES], classifier)
    assert alone[0].prediction == among[1].prediction


@pytest.mark.parametrize("kind", ["news", "post"])
def test_odd_texts_get_an_answer_each(classifier, kind):
    items = [Item(id=str(i), kind=kind, title="", text=text) for i, text in enumerate(NASTY)]
    answers, failed = answer_items(items, classifier)
    assert failed == []
    assert [a.item.id for a in answers] == [i.id for i in items]


def test_a_poison_item_is_named_and_the_rest_goes_on(classifier):
    class Poisoned:
        version = "p"

        def classify(self, document, candidate, *, outlet_region=""):
            if document.doc_id == "c":
                raise RuntimeError("broken tensor")
            return classifier.classify(document, candidate, outlet_region=outlet_region)

    answers, failed = answer_items([PRICES, CASE], Poisoned())
    assert [a.item.id for a in answers] == ["p"]
    assert failed == ["item c: RuntimeError: broken tensor; item skipped"]


def test_the_line_has_the_fields_of_the_contract_in_order(classifier, tmp_path):
    answers, _ = answer_items([CASE, PRICES], classifier)
    assert list(answer_line(answers[0], model="m")) == [
        *("id", "label", "score", "flagged", "types", "stage", "process", "position", "region"),
        *("evidence", "candidate", "reasons", "model"),
    ]
    assert answer_line(answers[1], model="m")["candidate"] is False
    write_answers(tmp_path / "g.jsonl", answers, model="m")
    assert len((tmp_path / "g.jsonl").read_text().splitlines()) == 2
    with pytest.raises(UsageError, match="cannot be written"):
        write_answers(tmp_path / "none" / "g.jsonl", answers, model="m")


def test_evidence_is_the_sentences_that_score_highest_in_text_order():
    window = Window(ids=[0] * 6, segment=[-1, 0, 0, 1, 2, -1], segments=["satu", "dua", "tiga"])
    assert pick_evidence(window, [0, 0.1, 0.1, 0.9, 0.8, 0], 0.5) == ("dua", "tiga")
    assert pick_evidence(window, [0, 0.1, 0.1, 0.2, 0.3, 0], 0.5) == ("tiga",)
