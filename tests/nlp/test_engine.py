import pytest
import torch

from nlp.answers import answer_items, load_classifier
from nlp.classify import EncoderClassifier
from nlp.engine import (
    OnnxEngine,
    TorchEngine,
    case_score,
    compare_engines,
    cut_batches,
    make_engine,
    read_window,
)
from nlp.int8 import engine_file
from nlp.items import Item, read_items
from nlp.registry import active_folder, load_model
from nlp.screen import screen
from store.records import UsageError
from tests.nlp.conftest import CASE, PRICES
from tests.test_repo import ROOT

#: Items of the shipped model's own texts: enough to see a wrong graph, few enough for a short test.
SAMPLE = 40
#: Texts that no crawler means to bring home, and that come all the same.
STRANGE = {
    "empty": "",
    "one word": "Camat",
    "very long": "camat dukung paslon " * 33_000,
    "english": "The mayor said the committee would meet on Monday.",
    "html": "<p>Camat <b>dukung</b> paslon</p><script>x()</script>",
    "emoji": "✌️😎🔥" * 20,
    "control": "camat\x00 dukung\x1b[31m paslon\x07",
    "surrogate": "camat dukung paslon \ud83d",
    "no space": "camatdukungpaslon" * 60_000,
}


@pytest.fixture(scope="module")
def tiny(tiny_model):
    return load_model(tiny_model)


def windows_of(model, items):
    return [read_window(model, i.document(), screen(i.document())) for i in items]


def test_int8_says_what_torch_says_within_its_rounding(tiny, tmp_path, labels):
    items, _ = read_items([labels], gold=True)
    found = compare_engines(tiny, items, folder=tmp_path)
    assert found["flags_differ"] == []
    assert found["p99"] <= 0.03


def test_the_shipped_model_flags_the_same_on_both_engines(tmp_path):
    model = load_model(active_folder())
    items, _ = read_items(sorted((ROOT / "data" / "labels").glob("*.jsonl")), gold=True)
    found = compare_engines(model, items[:: len(items) // SAMPLE], folder=tmp_path)
    assert found["n"] >= SAMPLE
    assert found["flags_differ"] == []
    assert found["p99"] <= 0.03


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_text_gets_the_same_numbers_alone_and_among_others(tiny, tmp_path, engine):
    run = make_engine(tiny, engine=engine, device="cpu", folder=tmp_path).run
    windows = windows_of(tiny, [CASE, PRICES, CASE])
    together = [case_score(o, tiny.settings) for o in run(windows)]
    assert together == [case_score(run([w])[0], tiny.settings) for w in windows]


def test_a_built_file_is_kept_and_a_damaged_one_built_anew(tiny, tmp_path):
    path = engine_file(tiny, folder=tmp_path)
    built = path.read_bytes()
    before = path.stat().st_mtime_ns
    assert engine_file(tiny, folder=tmp_path) == path
    assert path.stat().st_mtime_ns == before
    path.write_bytes(built[: len(built) // 2])
    assert engine_file(tiny, folder=tmp_path).read_bytes()[:100] == built[:100]
    assert OnnxEngine(tiny, path, threads=1).run(windows_of(tiny, [CASE]))


def test_what_was_read_once_is_remembered(tiny):
    class Counting(TorchEngine):
        read = 0

        def run(self, windows):
            self.read += len(windows)
            return super().run(windows)

    engine = Counting(tiny, device="cpu", batch_tokens=1)
    classifier = EncoderClassifier(tiny, engine=engine)
    document, candidate = CASE.document(), screen(CASE.document())
    first = classifier.classify(document, candidate)
    assert classifier.classify_many([(document, candidate)] * 3) == [first] * 3
    assert engine.read == 1


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_strange_texts_get_an_answer_or_are_named(tiny_model, engine):
    items = [Item(id=name, kind="news", title="", text=text) for name, text in STRANGE.items()]
    answers, failed = answer_items(items, load_classifier(tiny_model, engine=engine))
    assert len(answers) + len(failed) == len(items)
    assert failed == []
    assert all(a.prediction is None or 0 <= a.prediction.score <= 1 for a in answers)


def test_batches_hold_like_lengths_and_stay_within_their_tokens():
    lengths = [5, 200, 7, 90, 100, 6]
    batches = cut_batches(lengths, tokens=200)
    assert sorted(i for b in batches for i in b) == list(range(6))
    assert all(len(b) == 1 or max(lengths[i] for i in b) * len(b) <= 200 for b in batches)


def test_a_device_that_is_not_there_or_does_not_fit_is_refused_by_name(tiny):
    with pytest.raises(UsageError, match="--engine torch"):
        make_engine(tiny, engine="onnx", device="cuda")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            make_engine(tiny, engine="torch", device="cuda")
