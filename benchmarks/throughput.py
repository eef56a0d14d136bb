"""How many documents a second? The shipped classifier beside what people would otherwise run.

Promises: one process, one run, the same documents and threads for all rows of a table; each row is warmed up
on other documents; nothing is answered from memory; the peer gets the batch size that suits it better.
Never does: judge answers (benchmarks/quality.py does), train the peer: its weights are fresh, and its speed
does not depend on them.

    python -m benchmarks.throughput                         1,000 documents
    python -m benchmarks.throughput --peer-documents 200    a peer that is slow sees fewer of them
    python -m benchmarks.throughput --agreement             also: int8 beside PyTorch on all of data/labels

The peer is `transformers.pipeline("text-classification")` in float32 with a BERT of the shape of
indobenchmark/indobert-base-p2 (12 layers of 768, 30,521 word pieces) at 512 tokens. Its WordPiece vocabulary
is learnt from the very texts, so that it needs fewer pieces a word than IndoBERT's own would.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper, save_model
from rich.console import Console
from rich.table import Table
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer, pipeline

from benchmarks.machine import cpu_name, load
from benchmarks.news import write_documents, write_mix
from nlp.answers import CHUNK, answer_items
from nlp.classify import EncoderClassifier
from nlp.engine import EngineName, OnnxEngine, compare_engines, make_engine, read_window
from nlp.int8 import ENGINES, FEWEST_OUTPUTS, engine_file, open_session
from nlp.items import Item, read_items
from nlp.registry import Model, active_folder, load_model
from nlp.screen import screen
from store.records import LABELS, Candidate, Document, UsageError

LABEL_FILES = Path(__file__).parent.parent / "data" / "labels"
SEED = 20241127
#: Documents that warm a row up, beside those that are timed.
WARM = 8
#: Documents on which the peer's batch size is chosen.
PROBE = 16
PEER_BATCHES = (1, 8)
PEER_TOKENS = 512
PEER_VOCABULARY = 30_521
#: Matrix product of the int8 peak, and how long it is measured.
PEAK_ROWS, PEAK_SIZE, PEAK_SECONDS = 1024, 1536, 3.0
#: Windows for the share of the peak.
PEAK_WINDOWS = 200
#: What ONNX Runtime makes of an 8-bit linear layer.
LINEAR = ("DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulInteger")


def make_peer(texts: Sequence[str]) -> Any:
    """The peer, a transformers pipeline, with a vocabulary learnt from `texts`."""
    words = BertWordPieceTokenizer(lowercase=True)
    words.train_from_iterator(texts, vocab_size=PEER_VOCABULARY, show_progress=False)
    with tempfile.TemporaryDirectory() as folder:
        words.save_model(folder)
        tokenizer = BertTokenizer(vocab=str(Path(folder) / "vocab.txt"), do_lower_case=True)
    torch.manual_seed(SEED)
    config = BertConfig(vocab_size=PEER_VOCABULARY)
    config.num_labels = len(LABELS)
    return pipeline(
        "text-classification", model=BertForSequenceClassification(config).eval(), tokenizer=tokenizer
    )


def measure_peer(documents: Sequence[Item], warm: Sequence[Item], learn: Sequence[Item]) -> dict[str, Any]:
    """Documents per second of the peer; its words are learnt from `learn`."""
    peer = make_peer([item.text for item in learn])
    texts = [f"{item.title}\n{item.text}" for item in documents]

    def run(chunk: Sequence[str], batch: int) -> None:
        peer(list(chunk), truncation=True, max_length=PEER_TOKENS, batch_size=batch)

    run([f"{item.title}\n{item.text}" for item in warm], 1)
    seconds = {batch: timed(partial(run, texts[:PROBE], batch)) for batch in PEER_BATCHES}
    batch = min(seconds, key=lambda b: seconds[b])
    tokens = [len(ids) for ids in peer.tokenizer(texts, truncation=True, max_length=PEER_TOKENS)["input_ids"]]
    return _row(timed(lambda: run(texts, batch)), len(texts)) | {
        "batch": batch,
        "mean_tokens": round(float(np.mean(tokens)), 1),
    }


def measure_classifier(
    model: Model, pairs: Sequence[tuple[Document, Candidate]], *, engine: EngineName, warm: int
) -> dict[str, Any]:
    """Documents per second of the classifier, given what screening said of them; the first `warm` warm up."""
    runs = make_engine(model, engine=engine, device="cpu")
    classifier = EncoderClassifier(model, engine=runs)
    classifier.classify_many(pairs[:warm])
    timed_pairs = pairs[warm:]

    def run() -> None:
        for start in range(0, len(timed_pairs), CHUNK):
            classifier.classify_many(timed_pairs[start : start + CHUNK])

    row = _row(timed(run), len(timed_pairs)) | {"engine": runs.name}
    # Once more, apart: how much of that went into making windows of texts.
    row["windows_seconds"] = round(timed(lambda: [read_window(model, d, c) for d, c in timed_pairs]), 3)
    return row


def measure_night(model: Model, mix: Sequence[Item], warm: Sequence[Item]) -> dict[str, Any]:
    """Documents per second of screening and classifier together, over a mix with few candidates."""
    classifier = EncoderClassifier(model, engine=make_engine(model, engine="onnx", device="cpu"))
    answer_items(warm, classifier)
    found: list[Any] = []
    seconds = timed(lambda: found.extend(answer_items(mix, classifier)[0]))
    candidates = sum(answer.candidate.candidate for answer in found)
    screening = timed(lambda: [screen(item.document()) for item in mix])
    return _row(seconds, len(mix)) | {
        "candidates": candidates,
        "screening_seconds": round(screening, 3),
    }


def measure_peak(folder: Path, *, threads: int) -> float:
    """int8 operations per second of ONNX Runtime's matrix product on `threads` threads, in units of 10^9."""
    weights = np.random.default_rng(SEED).integers(-127, 128, (PEAK_SIZE, PEAK_SIZE)).astype(np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
        "peak",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [PEAK_ROWS, PEAK_SIZE])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [PEAK_ROWS, PEAK_SIZE])],
        [numpy_helper.from_array(weights, "b")],
    )
    path = folder / "peak.onnx"
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    session = open_session(path)
    rows = np.random.default_rng(SEED).integers(0, 256, (PEAK_ROWS, PEAK_SIZE)).astype(np.uint8)
    session.run(None, {"a": rows})

    def work(_: int) -> int:
        runs, until = 0, time.perf_counter() + PEAK_SECONDS
        while time.perf_counter() < until:
            session.run(None, {"a": rows})
            runs += 1
        return runs

    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        runs = sum(pool.map(work, range(threads)))
        seconds = time.perf_counter() - started
    return runs * 2 * PEAK_ROWS * PEAK_SIZE**2 / seconds / 1e9


def measure_operations(
    model: Model, pairs: Sequence[tuple[Document, Candidate]], *, threads: int
) -> dict[str, Any]:
    """int8 operations per second of the linear layers, over the whole run and within those layers alone."""
    path = engine_file(model, folder=ENGINES)
    windows = [read_window(model, document, candidate) for document, candidate in pairs[:PEAK_WINDOWS]]
    each = sum(
        2 * layer.in_features * layer.out_features
        for layer in model.network.encoder.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features >= FEWEST_OUTPUTS
    )
    operations = each * sum(len(window.ids) for window in windows) / 1e9
    engine = OnnxEngine(model, path, threads=threads)
    engine.run_int8(windows[:WARM])
    whole = operations / timed(lambda: engine.run_int8(windows))
    with tempfile.TemporaryDirectory() as folder:
        peak = measure_peak(Path(folder), threads=threads)
        session = open_session(path, profile=Path(folder) / "profile")
        for window in windows:
            session.run(None, {"ids": np.array([window.ids], dtype=np.int64)})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    spent: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            spent[event["args"]["op_name"]] += event["dur"]
    linear = sum(spent[name] for name in LINEAR) / 1e6
    return {
        "windows": len(windows),
        "mean_tokens": round(float(np.mean([len(w.ids) for w in windows])), 1),
        "peak": round(peak, 1),
        "whole_run": round(whole, 1),
        "share_of_peak": round(whole / peak, 3),
        "time_in_linear_layers": round(linear / (sum(spent.values()) / 1e6), 3),
        # On one thread, therefore beside one thread's part of the peak.
        "linear_layers_share_of_peak": round(operations / linear / (peak / threads), 3),
    }


def _row(seconds: float, count: int) -> dict[str, Any]:
    return {
        "documents": count,
        "seconds": round(seconds, 3),
        "documents_per_second": round(count / seconds, 2),
    }


def timed(run: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def describe_machine(threads: int) -> dict[str, Any]:
    """What the numbers depend on besides the code."""
    return {
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": threads,
        "int8_instructions": torch.cpu._is_vnni_supported(),
        "load_before": load(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "transformers": transformers.__version__,
    }


def measure(model: Model, items: Sequence[Item], *, documents: int, peer_documents: int) -> dict[str, Any]:
    """All rows of the table over `documents` documents made of `items`; the peer sees `peer_documents`.

    Raises UsageError when `items` cannot make them.
    """
    threads = torch.get_num_threads()
    machine = describe_machine(threads)
    news = [item for item in items if item.kind == "news"]
    drawn = write_documents(news, count=WARM + documents, seed=SEED)
    warm, timed_ones = drawn[:WARM], drawn[WARM:]
    # Every document is classified here, also one that screening would let go.
    pairs = [(d, replace(screen(d), candidate=True)) for d in (item.document() for item in drawn)]
    words = [len(item.text.split()) for item in timed_ones]
    mix = write_mix(news, count=documents, seed=SEED + 2)
    rows = {
        "peer": measure_peer(timed_ones[:peer_documents], warm, items),
        "classifier_onnx": measure_classifier(model, pairs, engine="onnx", warm=WARM),
        "classifier_torch": measure_classifier(model, pairs, engine="torch", warm=WARM),
        "screening_and_classifier": measure_night(model, mix, warm),
    }
    peer = rows["peer"]["documents_per_second"]
    return {
        "model": model.settings.version,
        "machine": machine,
        "documents": {
            "count": documents,
            "seed": SEED,
            "median_words": float(np.median(words)),
            "mean_words": round(float(np.mean(words)), 1),
        },
        "rows": rows,
        "times_the_peer": {
            name: round(row["documents_per_second"] / peer, 1) for name, row in rows.items() if name != "peer"
        },
        "int8_operations": measure_operations(model, pairs, threads=threads),
    }


def show(found: dict[str, Any], console: Console) -> None:
    """Print the table of `measure`."""
    machine, documents, ops = found["machine"], found["documents"], found["int8_operations"]
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("python", "torch", "onnxruntime", "transformers")
    )
    console.print(
        f"model {found['model']}; {machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"load before {machine['load_before']}; {versions}\n"
        f"{documents['count']} documents, median {documents['median_words']:.0f} words, "
        f"mean {documents['mean_words']:.0f}, seed {documents['seed']}"
    )
    table = Table("what", "documents", "seconds", "documents/s", "times the peer", "of it")
    for name, row in found["rows"].items():
        notes = {k: v for k, v in row.items() if k not in ("documents", "seconds", "documents_per_second")}
        table.add_row(
            name.replace("_", " "),
            str(row["documents"]),
            f"{row['seconds']:.1f}",
            f"{row['documents_per_second']:.2f}",
            str(found["times_the_peer"].get(name, "")),
            ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in notes.items()),
        )
    console.print(table)
    console.print(
        f"int8: peak {ops['peak']:.0f} billion operations a second (MatMulInteger {PEAK_ROWS}x{PEAK_SIZE}x"
        f"{PEAK_SIZE}); the linear layers over the whole run {ops['whole_run']:.0f}, "
        f"{ops['share_of_peak']:.0%} of it; within their own time ({ops['time_in_linear_layers']:.0%} of the "
        f"run) {ops['linear_layers_share_of_peak']:.0%}"
    )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000, help="documents that each row is timed on")
    parser.add_argument("--peer-documents", type=int, help="of these, how many the peer sees (default: all)")
    parser.add_argument("--model", type=Path, help="model folder (default: the active one)")
    parser.add_argument(
        "--agreement", action="store_true", help="also compare int8 with PyTorch on all labels"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    options = parser.parse_args()
    if options.documents < PROBE:
        parser.error(f"--documents must be at least {PROBE}")
    try:
        model = load_model(options.model or active_folder())
        items, _ = read_items(sorted(LABEL_FILES.glob("*.jsonl")), gold=True)
        peer_documents = min(options.peer_documents or options.documents, options.documents)
        found = measure(model, items, documents=options.documents, peer_documents=peer_documents)
        if options.agreement:
            found["agreement"] = compare_engines(model, items)
    except UsageError as error:
        parser.error(str(error))
    if options.json:
        print(json.dumps(found, indent=1))
        return
    console = Console(width=160)
    show(found, console)
    if options.agreement:
        console.print_json(data=found["agreement"])


if __name__ == "__main__":
    main()
