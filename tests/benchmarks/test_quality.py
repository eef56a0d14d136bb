import json

import pytest

from benchmarks.quality import compare, main
from nlp.answers import load_classifier
from nlp.items import read_items
from nlp.retrain import retrain
from nlp.train import Plan
from tests.nlp.tiny import make_base, write_labels

PLAN = Plan(seed=3, epochs=1, batch=8, held_out=0.25, max_tokens=64)
BASELINES = ["keyword rules", "TF-IDF + logistic regression", "frozen vectors + logistic regression"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A folder with labels of two years, a tiny encoder, and a tiny model trained on those labels."""
    work = tmp_path_factory.mktemp("bench")
    (work / "labels").mkdir()
    labels = write_labels(work / "labels" / "tiny.jsonl")
    lines = [json.loads(line) for line in labels.read_text().splitlines()]
    for i, line in enumerate(lines):
        line["year"] = 2020 if i % 3 else 2024
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    make_base(work / "base")
    retrain([labels], work / "model", plan=PLAN, base=str(work / "base"))
    return work


@pytest.fixture
def run(bench, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.quality.STORE", tmp_path)

    def call(*more: object) -> tuple[int, str, str]:
        code = main(["--labels", str(bench / "labels"), "--encoder", str(bench / "base"), *map(str, more)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_model_and_baselines_stand_in_one_table_with_paired_gains(bench, tmp_path):
    items, _ = read_items([bench / "labels" / "tiny.jsonl"], gold=True)
    learn, held = items[:24], items[24:]
    classifier = load_classifier(bench / "model")
    found = compare(
        learn,
        held,
        {"held": held},
        encoder=bench / "base",
        store=tmp_path,
        target_recall=0.9,
        classifier=classifier,
    )["held"]
    assert (found["n"], found["n_case"]) == (16, 8)
    assert list(found["rows"]) == ["model", *BASELINES]
    model, rules = found["rows"]["model"], found["rows"]["keyword rules"]
    gain = rules["gain_average_precision"]
    assert gain["value"] == pytest.approx(
        model["average_precision"]["value"] - rules["average_precision"]["value"], abs=2e-4
    )
    assert gain["low"] <= gain["value"] <= gain["high"]
    assert "gain_f1" not in model
    assert found["rows"]["TF-IDF + logistic regression"]["average_precision"]["value"] > 0.9


def test_baselines_stand_alone_and_may_be_screened_too(bench, tmp_path):
    items, _ = read_items([bench / "labels" / "tiny.jsonl"], gold=True)
    prices, _ = read_items([write_prices(tmp_path / "prices.jsonl")], gold=True)
    options = {"encoder": bench / "base", "store": tmp_path, "target_recall": 0.9}
    plain, screened = (
        compare(items[:24], items[24:], {"set": [*items, *prices]}, screened=screened, **options)["set"]
        for screened in (False, True)
    )
    assert list(plain["rows"]) == BASELINES
    assert plain["rows"]["keyword rules"].keys() == {
        *("average_precision", "f1", "precision", "recall", "calibration_error")
    }
    rules = [found["rows"]["keyword rules"]["precision"]["value"] for found in (plain, screened)]
    assert rules[0] < rules[1]


def write_prices(path):
    """Texts that a rule hits and screening does not let through."""
    line = {
        "kind": "news",
        "title": "Pesta",
        "text": "Guru menari di partai.",
        "label": "none",
        "tag": "foreign",
    }
    path.write_text("".join(json.dumps(line | {"id": f"p{i}"}) + "\n" for i in range(20)))
    return path


def test_the_command_says_where_things_were_chosen(run, bench):
    code, out, _ = run("--model", bench / "model")
    assert code == 0
    assert "held out by family" in out
    assert all(name in out for name in BASELINES)
    assert "chosen on these very texts" in out
    assert "trained on other label files" not in out


def test_on_a_file_of_its_own_nothing_was_chosen(run, bench, tmp_path):
    gold = write_labels(tmp_path / "gold.jsonl")
    code, out, _ = run(gold, "--model", bench / "model", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["sets"]["gold.jsonl"]["n"] == 40
    assert "nothing was chosen on these files" in result["notes"][0]


def test_the_time_split_measures_on_later_years_without_the_active_model(run):
    code, out, _ = run("--split", "time", "--json")
    (found,) = json.loads(out)["sets"].values()
    assert code == 0
    assert found["n"] == 14
    assert list(found["rows"]) == BASELINES


def test_wrong_use_is_named(run, bench, tmp_path):
    (tmp_path / "empty.jsonl").write_text("{}\n")
    code, _, err = run(tmp_path / "empty.jsonl", "--model", bench / "model")
    assert code == 2
    assert "holds no usable line" in err
    assert main(["--labels", str(tmp_path / "none")]) == 2
