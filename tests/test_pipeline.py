"""The command line is a contract: verbs, options, outputs and exit codes."""

import json
import re
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

import pipeline
from tests.nlp.tiny import make_base, write_labels

ROOT = Path(__file__).parent.parent
LINES = [
    {"id": "a", "kind": "news", "title": "Camat dukung paslon", "text": "Camat hadir di deklarasi paslon."},
    {"id": "b", "kind": "post", "text": "Harga cabai naik lagi."},
]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model, trained by the verb itself."""
    work = tmp_path_factory.mktemp("retrain")
    write_labels(work / "tiny.jsonl")
    base = make_base(work / "base")
    command = [sys.executable, "pipeline.py", "retrain", "--out", work / "tiny-model", "--labels", work]
    done = subprocess.run([*command, "--base", base, "--seed", "3"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "average_precision" in done.stdout
    return work / "tiny-model"


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines))
    return path


def test_every_verb_of_the_contract_is_there(run):
    code, out, _ = run("--help")
    assert code == 0
    verbs = (
        "nightly",
        "crawl",
        "extract",
        "screen",
        "classify",
        "group",
        "export",
        "import",
        "evaluate",
        "sources",
        "status",
    )
    assert [v for v in verbs if not re.search(rf"\b{v}\b", out)] == []


def test_classify_answers_in_order_without_a_database(run, tmp_path, model):
    source, target = write_lines(tmp_path / "f.jsonl", *LINES), tmp_path / "g.jsonl"
    code, _, _ = run("classify", "--input", source, "--output", target, "--model", model)
    answers = [json.loads(line) for line in target.read_text().splitlines()]
    assert code == 0
    assert [a["id"] for a in answers] == ["a", "b"]
    assert answers[0]["model"] == "tiny-model"
    assert answers[1] | {"reasons": []} == {
        "id": "b",
        "label": "none",
        "score": 0.0,
        "flagged": False,
        "types": [],
        "stage": "",
        "process": "",
        "position": "",
        "region": "",
        "evidence": [],
        "candidate": False,
        "reasons": [],
        "model": "tiny-model",
    }


def test_bad_lines_are_named_by_number_skipped_and_counted(run, tmp_path, model):
    source = write_lines(tmp_path / "f.jsonl", LINES[0], "{", {"id": "x", "kind": "news"}, LINES[0], LINES[1])
    code, _, err = run("classify", "--input", source, "--output", tmp_path / "g.jsonl", "--model", model)
    assert code == 1
    assert len((tmp_path / "g.jsonl").read_text().splitlines()) == 2
    for place in (
        "f.jsonl:2: is not JSON",
        "f.jsonl:3: lacks the field 'text'",
        "f.jsonl:4: repeats the id 'a'",
    ):
        assert place in err
    assert "2 items done, 3 skipped" in err


def test_evaluate_prints_metrics_as_json_on_stdout_alone(run, tmp_path, model):
    gold = write_labels(tmp_path / "gold.jsonl")
    code, out, _ = run("evaluate", gold, "--json", "--model", model)
    metrics = json.loads(out)
    assert code == 0
    assert metrics["n"] == 40
    assert set(metrics["case"]) == {"average_precision", "precision", "recall", "f1"}
    assert "exhortation" in metrics["false_flags_by_tag"]
    assert "attend_active" in metrics["recall_by_type"]


def test_evaluate_without_json_prints_a_table(run, tmp_path, model):
    code, out, _ = run("evaluate", write_labels(tmp_path / "gold.jsonl"), "--model", model)
    assert code == 0
    assert "calibration error" in out


def test_evaluate_writes_the_errors_the_plot_and_the_workload(run, tmp_path, model):
    gold = write_labels(tmp_path / "gold.jsonl")
    plain = write_lines(tmp_path / "plain.jsonl", *LINES)
    errors, plot = tmp_path / "errors.csv", tmp_path / "plot.png"
    code, out, _ = run(
        *("evaluate", gold, "--model", model, "--engine", "torch", "--errors", errors, "--plot", plot),
        *("--workload", plain, "--per-day", 100),
    )
    assert code == 0
    assert "flags per 10,000" in out
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert errors.read_text(encoding="utf-8-sig").startswith('"error","id"')


def test_models_are_listed_and_shown_and_an_unknown_one_is_refused(run):
    code, out, _ = run("models", "list")
    assert code == 0
    active = tomllib.loads((ROOT / "models" / "active.toml").read_text())["active"]
    assert active in out
    code, out, _ = run("models", "show")
    assert code == 0
    # Warnings about the model, if there are any, stand above its card.
    warnings, _, _ = out.partition(f"# Model card: {active}")
    assert warnings != out
    assert all(line.startswith("WARNING: ") for line in warnings.splitlines())
    code, _, err = run("models", "promote", "nobody-trained-this")
    assert code == 2
    assert "neither a name" in err


def test_cuda_is_refused_by_name_where_there_is_none(run, tmp_path, model):
    lines = write_lines(tmp_path / "in.jsonl", *LINES)
    answer = ("classify", "--input", lines, "--output", tmp_path / "out.jsonl", "--model", model)
    assert run(*answer, "--device", "cuda")[0] == 2
    if not torch.cuda.is_available():
        code, _, err = run(*answer, "--engine", "torch", "--device", "cuda")
        assert (code, "cuda" in err.lower()) == (2, True)


def test_extract_reads_a_saved_page_without_a_database(run, tmp_path):
    page = tmp_path / "a.html"
    words = "Warga pesisir menunggu kapal bantuan sejak pagi karena gelombang tinggi. " * 5
    page.write_text(
        f"<html lang=id><title>Kapal</title><article><h1>Kapal</h1><p>{words}</p></article></html>"
    )
    code, out, _ = run("extract", page, "--url", "https://kabar.test/2024/09/17/kapal")
    document = json.loads(out)
    assert code == 0
    assert document["canonical_url"] == "https://kabar.test/2024/09/17/kapal"
    assert "gelombang tinggi" in document["text"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "No such command"),
        (["nightly", "--speed", "9"], "No such option"),
        (["nightly", "--date", "17-09-2024"], "date"),
        (["nightly", "--replay", "none.warc.gz"], "no such file"),
        (["nightly", "--lang", "fr"], "'id', 'en'"),
        (["export", "--separator", "|"], "',', ';'"),
        (["nightly", "--source", "no-such-outlet"], "no-such-outlet"),
        (["status", "--db", "mysql://x/y"], "mysql"),
        (["status", "--db", "nonsense"], "nonsense"),
        (["status", "--db", "sqlite:////proc/none/netra.db"], "/proc/none"),
        (["classify", "--input", "a.jsonl"], "--output"),
        (["classify", "--input", "none.jsonl", "--output", "o.jsonl"], "none.jsonl"),
        (["evaluate", "none.jsonl"], "none.jsonl"),
        (["classify", "--model", "no/model", "--input", "README.md", "--output", "o"], "no/model"),
        (["retrain", "--out", "x", "--labels", "docs"], "no usable line"),
    ],
)
def test_wrong_use_ends_with_2_and_one_plain_message(run, arguments, said, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, _, err = run(*arguments)
    assert code == 2
    assert said in " ".join(err.split())
    assert "Traceback" not in err


def test_a_broken_manifest_ends_with_2_and_names_file_and_line(run, tmp_path):
    (tmp_path / "kabar.toml").write_text('id = "kabar"\npublisher = "Kabar"\nhots = ["kabar.test"]\n')
    code, _, err = run("nightly", "--sources", tmp_path, "--db", f"sqlite:///{tmp_path}/n.db")
    assert code == 2
    assert "kabar.toml:3" in err
    code, out, _ = run("sources", "check", "--sources", tmp_path)
    assert code == 1
    assert "kabar.toml:3" in out


def test_the_shipped_manifests_are_sound(run):
    assert run("sources", "check")[0] == 0
    assert run("sources", "check", "--sources", ROOT / "data" / "sample" / "sources")[0] == 0


def test_a_second_run_leaves_with_3_while_the_first_holds_the_lock(run, tmp_path):
    from store.session import opened

    url = f"sqlite:///{tmp_path / 'netra.db'}"
    with opened(url, exclusive=True):
        code, _, err = run("screen", "--db", url)
    assert code == 3
    assert "lock" in err


def test_an_unforeseen_error_ends_with_4_and_keeps_its_details(run, monkeypatch, tmp_path):
    def explode(**_: object) -> None:
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(pipeline, "app", explode)
    monkeypatch.setattr(pipeline, "VAR", tmp_path)
    code, _, err = run("status")
    assert code == 4
    assert "Traceback" not in err
    assert "ZeroDivisionError: broken" in (tmp_path / "last-error.txt").read_text()


def test_status_of_an_empty_database_says_what_to_do(run, tmp_path):
    code, out, _ = run("status", "--db", f"sqlite:///{tmp_path / 'netra.db'}")
    assert code == 0
    assert "python pipeline.py nightly" in out


def test_the_database_address_comes_from_the_environment_too(run, tmp_path, monkeypatch):
    monkeypatch.setenv("NETRA_DB", f"sqlite:///{tmp_path / 'env.db'}")
    assert run("screen")[0] == 0
    with sqlite3.connect(tmp_path / "env.db") as database:
        assert database.execute("select command, exit_code from runs").fetchall() == [("screen", 0)]
    database.close()
