import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nlp.engine import (
    OnnxEngine,
    TorchEngine,
    case_score,
    compare_engines,
    cut_batches,
    is_near,
    make_engine,
    read_window,
)
from nlp.int8 import UnsoundError, check_scores, draw_probes, engine_file, is_sound
from nlp.items import read_items
from nlp.registry import active_folder, load_model
from nlp.screen import screen
from store.records import UsageError

LABELS = Path(__file__).parent.parent.parent / "data" / "labels"
#: Label items that the shipped model is compared on here; benchmarks/throughput.py compares all of them.
SAMPLE = 150


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(tiny_model)


@pytest.fixture(scope="module")
def built(model, tmp_path_factory):
    return engine_file(model, folder=tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def items(labels):
    return read_items([labels], gold=True)[0]


@pytest.fixture(scope="module")
def windows(model, items):
    documents = [item.document() for item in items]
    return [read_window(model, document, screen(document)) for document in documents]


@pytest.fixture(params=["onnx", "torch"])
def engine(request, model, built):
    return make_engine(model, engine=request.param, device="cpu", folder=built.parent)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_an_engine_gives_logits_of_every_head_and_token(engine, windows):
    output = engine.run(windows[:1])[0]
    assert [part.shape for part in output] == [(3,), (15,), (3,), (9,), (6,), (len(windows[0].ids),)]
    assert all(part.dtype == np.float32 for part in output)
    assert engine.run([]) == []


def test_a_batch_gives_the_numbers_of_one_text_after_the_other(engine, windows):
    together = engine.run(windows)
    for window, output in zip(windows, together, strict=True):
        assert same(engine.run([window])[0], output)


def test_threads_change_no_number(model, built, windows):
    one, three = (OnnxEngine(model, built, threads=n).run(windows) for n in (1, 3))
    assert all(same(a, b) for a, b in zip(one, three, strict=True))


def test_the_engines_agree_on_a_tiny_model(model, built, items):
    found = compare_engines(model, items, folder=built.parent)
    assert found["n"] == len(items)
    assert found["flags_differ"] == []
    assert found["max"] <= found["int8_alone"]["max"] <= 0.05


def test_the_engines_agree_on_the_shipped_model():
    items, _ = read_items(sorted(LABELS.glob("*.jsonl")), gold=True)
    found = compare_engines(load_model(active_folder()), items[:: len(items) // SAMPLE])
    assert found["n"] >= SAMPLE
    assert found["flags_differ"] == []
    assert found["mean"] <= 0.01
    assert found["p99"] <= 0.05  # of so few items nearly the maximum


def test_near_the_threshold_pytorch_answers(model, built, windows):
    score = case_score(OnnxEngine(model, built, threads=1).run_int8(windows[:1])[0], model.settings)
    close = replace(model, settings=replace(model.settings, threshold=score))
    engine = OnnxEngine(close, built, threads=1)
    alone = engine.run_int8(windows[:1])[0]
    assert is_near(alone, close.settings)
    said, meant = engine.run(windows[:1])[0], make_torch(close).run(windows[:1])[0]
    assert same(said, meant)
    assert not same(said, alone)


def make_torch(model):
    return make_engine(model, engine="torch", device="cpu")


def test_padded_batches_give_nearly_the_numbers_of_single_texts(model, windows):
    padded = TorchEngine(model, device="cpu", batch_tokens=256).run(windows)
    for a, b in zip(padded, make_torch(model).run(windows), strict=True):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


def test_batches_are_of_like_length_and_hold_each_window_once():
    batches = cut_batches([5, 90, 7, 80, 6, 300], tokens=200)
    assert batches == [[5], [1, 3], [2, 4, 0]]
    assert cut_batches([], tokens=200) == []


def test_a_built_file_is_used_again(model, built):
    before = built.stat()
    assert engine_file(model, folder=built.parent) == built
    after = built.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("harm", ["cut", "changed", "no sum", "empty sum", "gone", ""])
def test_a_damaged_file_is_not_used(built, tmp_path, harm):
    copied, noted = tmp_path / built.name, tmp_path / built.with_suffix(".sha256").name
    content = bytearray(built.read_bytes())
    if harm == "cut":
        del content[1000:]
    if harm == "changed":
        content[len(content) // 2] ^= 1
    if harm != "gone":
        copied.write_bytes(content)
    if harm != "no sum":
        noted.write_text("" if harm == "empty sum" else built.with_suffix(".sha256").read_text())
    assert is_sound(copied) == (not harm)


def test_a_damaged_file_is_built_anew(model, built, windows, tmp_path):
    copied = tmp_path / built.name
    copied.write_bytes(built.read_bytes()[:1000])
    copied.with_suffix(".partial").write_bytes(b"left behind by a killed process")
    assert engine_file(model, folder=tmp_path) == copied
    found, meant = (OnnxEngine(model, path, threads=1).run(windows[:2]) for path in (copied, built))
    assert all(same(a, b) for a, b in zip(found, meant, strict=True))
    assert not list(tmp_path.glob("*.partial"))


def test_two_that_build_at_once_do_no_harm(model, windows, tmp_path):
    def build(_):
        return engine_file(model, folder=tmp_path / "new")

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(build, range(2))
    assert one == other
    assert [p.suffix for p in sorted((tmp_path / "new").iterdir())] == [".lock", ".onnx", ".sha256"]
    assert len(OnnxEngine(model, one, threads=2).run(windows)) == len(windows)


def test_a_file_that_computes_something_else_is_refused(model, built):
    other = load_model(model.folder).network
    with torch.no_grad():
        other.heads["label"].bias.copy_(torch.tensor([9.0, 0.0, 0.0]))
    probes = draw_probes(other, max_tokens=model.settings.max_tokens)
    with pytest.raises(UnsoundError, match="away from PyTorch"):
        check_scores(other, built, probes)


def test_where_the_file_cannot_be_built_pytorch_goes_on_and_says_why(model, windows, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        engine = make_engine(model, engine="onnx", device="cpu", folder=tmp_path / "file")
    assert engine.name == "torch float32 on cpu"
    assert len(engine.run(windows)) == len(windows)
    assert "tiny" in caplog.text
    assert "NotADirectoryError" in caplog.text or "FileExistsError" in caplog.text


def test_int8_on_a_cuda_device_is_refused_and_names_the_engine_that_can(model):
    with pytest.raises(UsageError, match="--engine torch"):
        make_engine(model, engine="onnx", device="cuda")


def test_a_cuda_device_gives_nearly_the_numbers_of_the_cpu_and_a_missing_one_is_refused(model, windows):
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            make_engine(model, engine="torch", device="cuda")
        return
    found = make_engine(model, engine="torch", device="cuda").run(windows)
    for a, b in zip(found, make_torch(model).run(windows), strict=True):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-3)
