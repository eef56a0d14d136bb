from dataclasses import replace

import pytest

from nlp.answers import answer_items, answer_line, load_classifier, write_answers
from nlp.classify import MAX_EVIDENCE, EncoderClassifier, pick_evidence
from nlp.engine import make_engine
from nlp.inputs import Window
from nlp.items import Item
from nlp.registry import load_model
from nlp.screen import screen
from store.records import POSITIONS, PROCESSES, STAGES, TYPES, UsageError
from tests.nlp.conftest import CASE, PRICES

NASTY = [
    "",
    " \n\t ",
    "kata",
    "kata " * 100_000,
    "Camat dukung paslon. " * 2_000,
    "Hello world, this is English.",
    "<b>x</b><script>alert(1)</script>&amp;&#0;",
    "😂" * 50,
    "\x00\x1b[31m\u202e\ufeff",
    "a\ud800b \udfff",
    "x" * 1_000_000,
]


@pytest.fixture(scope="module", params=["onnx", "torch"])
def classifier(tiny_model, request):
    return load_classifier(tiny_model, engine=request.param)


class Counting:
    """An engine that counts the windows it is asked for."""

    def __init__(self, engine):
        self.engine, self.name, self.windows = engine, engine.name, 0

    def run(self, windows):
        self.windows += len(windows)
        return self.engine.run(windows)


@pytest.fixture
def counting(tiny_model):
    model = load_model(tiny_model)
    engine = Counting(make_engine(model, engine="torch", device="cpu"))
    return EncoderClassifier(model, engine=engine), engine


def pairs(*items):
    documents = [item.document() for item in items]
    return [(document, replace(screen(document), candidate=True)) for document in documents]


def numbered(count):
    return [Item(id=str(i), kind="news", title=CASE.title, text=f"{CASE.text} {i}") for i in range(count)]


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


def test_many_answers_are_those_of_one_after_the_other(classifier):
    asked = pairs(*numbered(9), PRICES, *(Item(id=x, kind="post", title="", text=x) for x in NASTY[:3]))
    asked.append((PRICES.document(), screen(PRICES.document())))
    together = classifier.classify_many(asked)
    assert together == [classifier.classify(*pair) for pair in asked]
    assert [p.doc_id if p else "" for p in together] == [*(d.doc_id for d, _ in asked[:-1]), ""]
    assert classifier.classify_many([]) == []


def test_each_document_gets_the_region_of_its_own_outlet(classifier):
    told = replace(CASE, text="Camat Banjar itu hadir di deklarasi paslon.")
    provinces = ["Jawa Barat", "Kalimantan Selatan"]
    found = classifier.classify_many(pairs(told, told), outlet_regions=provinces)
    assert [p.region for p in found] == ["Kota Banjar, Jawa Barat", "Kabupaten Banjar, Kalimantan Selatan"]
    assert found[1] == classifier.classify(*pairs(told)[0], outlet_region=provinces[1])


def test_a_text_that_was_read_before_is_not_read_again(counting):
    classifier, engine = counting
    copy = replace(CASE, id="copy")
    first, second, third = classifier.classify_many(pairs(CASE, copy, PRICES))
    assert engine.windows == 2
    assert second == replace(first, doc_id="copy")
    assert classifier.classify(*pairs(PRICES)[0]) == third
    assert engine.windows == 2


def test_what_is_remembered_is_bounded(counting, monkeypatch):
    monkeypatch.setattr("nlp.classify.KNOWN_WINDOWS", 2)
    classifier, engine = counting
    one, two, three = numbered(3)
    for item in (one, two, one, three, one, two):
        classifier.classify(*pairs(item)[0])
    assert engine.windows == 4


def test_a_poison_item_in_a_batch_is_named_and_left_out_alone(tiny_model):
    class Poisoned(EncoderClassifier):
        def classify_many(self, pairs, *, outlet_regions=None):
            if any(document.doc_id == "3" for document, _ in pairs):
                raise RuntimeError("broken tensor")
            return super().classify_many(pairs, outlet_regions=outlet_regions)

    told = []
    answers, failed = answer_items(numbered(6), Poisoned(load_model(tiny_model)), progress=told.append)
    assert [a.item.id for a in answers] == ["0", "1", "2", "4", "5"]
    assert failed == ["item 3: RuntimeError: broken tensor; item skipped"]
    assert told == [6]


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
