import csv
import json

import pytest

from nlp.answers import load_classifier
from nlp.measure import measure_file
from nlp.registry import read_settings
from store.records import UsageError
from tests.nlp.tiny import write_labels


@pytest.fixture(scope="module")
def measured_with(tiny_model):
    classifier, threshold = load_classifier(tiny_model), read_settings(tiny_model).threshold

    def call(file, **more):
        return measure_file(file, classifier, threshold=threshold, **more)

    return call


def test_one_measurement_gives_metrics_errors_plot_and_workload(tmp_path, measured_with):
    gold = write_labels(tmp_path / "gold.jsonl")
    wrong = {"id": "w", "kind": "news", "title": "Harga pasar", "text": "Warga ke pasar.", "label": "case"}
    gold.write_text(gold.read_text() + json.dumps(wrong) + "\n{\n")
    texts = tmp_path / "texts.jsonl"
    texts.write_text(json.dumps({"text": "Camat itu hadir di deklarasi paslon nomor urut dua."}) + "\n{\n")
    told = []
    found = measured_with(
        gold,
        errors=tmp_path / "errors.csv",
        plot=tmp_path / "plot.png",
        workload=texts,
        per_day=500,
        progress=told.append,
    )
    assert found.good == found.metrics["n"] == 41
    assert [p.split(" ")[0] for p in found.problems] == ["gold.jsonl:42:", "texts.jsonl:2:"]
    assert found.metrics["workload"]["per_day_collected"] == 500
    assert told[-1] == 42
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["id"] == "w"
    assert rows[-1]["error"].startswith("to judge")
    json.dumps(found.metrics)


def test_the_thresholds_fall_in_recall_and_hold_the_one_in_use(tmp_path, measured_with):
    metrics = measured_with(write_labels(tmp_path / "gold.jsonl")).metrics
    recalls = [row["recall"]["share"] for row in metrics["thresholds"]]
    assert recalls == sorted(recalls, reverse=True)
    (used,) = (row for row in metrics["thresholds"] if row["threshold"] == metrics["threshold"])
    assert used["recall"]["share"] == metrics["case"]["recall"]["value"]
    assert used["precision"]["share"] == metrics["case"]["precision"]["value"]


@pytest.mark.parametrize("more", [{"per_day": 10}, {"workload": "w.jsonl"}])
def test_workload_and_per_day_go_together(tmp_path, measured_with, more):
    with pytest.raises(UsageError, match="--workload FILE and --per-day N go together"):
        measured_with(write_labels(tmp_path / "gold.jsonl"), **more)
