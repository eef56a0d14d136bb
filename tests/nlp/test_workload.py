import gzip
import json

import pytest

from nlp.answers import load_classifier
from nlp.workload import MAX_LINE, MAX_NAMED, PER, measure_workload
from store.records import UsageError

CASE = {"title": "Camat dukung paslon", "text": "Camat itu hadir di deklarasi paslon nomor urut dua."}
PRICES = {"title": "Harga pasar", "text": "Warga ke pasar, harga naik."}


@pytest.fixture(scope="module")
def classifier(tiny_model):
    return load_classifier(tiny_model)


def write(path, *lines):
    text = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def count(path, classifier, **more):
    return measure_workload(path, classifier, threshold=0.5, per_day=1000, **more)


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_flags_are_counted_per_ten_thousand_and_per_day(tmp_path, classifier, name):
    workload, problems = count(write(tmp_path / name, CASE, *[PRICES] * 9), classifier)
    assert problems == []
    assert (workload["texts"], workload["skipped"]) == (10, 0)
    assert workload["screened_in"]["part"] == 1
    flagged = workload["flagged"]
    assert flagged["part"] == 1
    assert flagged["per_10000"]["value"] == PER / 10
    assert flagged["per_day"]["value"] == 100
    assert flagged["per_day"]["low"] < 100 < flagged["per_day"]["high"]
    assert workload["threshold"] in [row["threshold"] for row in workload["by_threshold"]]


def test_flagged_texts_are_listed_with_score_and_evidence_to_be_judged(tmp_path, classifier):
    path = write(tmp_path / "t.jsonl", PRICES, CASE, CASE | {"id": "own", "kind": "post"})
    workload, _ = count(path, classifier)
    found = {f["id"]: f for f in workload["flagged_texts"]}
    assert set(found) == {"t.jsonl:2", "own"}
    assert found["own"]["kind"] == "post"
    assert found["t.jsonl:2"]["evidence"]
    scores = [f["score"] for f in workload["flagged_texts"]]
    assert scores == sorted(scores, reverse=True)


def test_a_higher_threshold_never_flags_more(tmp_path, classifier):
    workload, _ = count(write(tmp_path / "t.jsonl", CASE, PRICES), classifier)
    parts = [row["part"] for row in workload["by_threshold"]]
    assert parts == sorted(parts, reverse=True)


def test_bad_lines_are_named_and_counted_and_the_rest_goes_on(tmp_path, classifier):
    bad = ("{", "[]", '{"text": 3}', '{"title": " ", "text": null}', "")
    workload, problems = count(write(tmp_path / "t.jsonl", *bad, PRICES, CASE), classifier)
    assert (workload["texts"], workload["skipped"]) == (2, 4)
    assert [p.split(": ")[0] for p in problems] == [f"t.jsonl:{n}" for n in (1, 2, 3, 4)]
    assert "is not JSON" in problems[0]
    assert "has no text" in problems[3]


def test_a_flood_of_bad_lines_is_named_in_part_and_counted_in_full(tmp_path, classifier):
    workload, problems = count(write(tmp_path / "t.jsonl", *["{"] * (MAX_NAMED + 7), PRICES), classifier)
    assert workload["skipped"] == MAX_NAMED + 7
    assert len(problems) == MAX_NAMED + 1
    assert problems[-1] == "t.jsonl: 7 more left out"


def test_an_endless_line_is_read_past_in_pieces(tmp_path, classifier):
    long = json.dumps({"text": "x" * (2 * MAX_LINE)})
    workload, problems = count(write(tmp_path / "t.jsonl", long, CASE), classifier)
    assert (workload["texts"], workload["flagged"]["part"]) == (1, 1)
    assert "longer than" in problems[0]


def test_odd_texts_are_answered_or_named(tmp_path, classifier):
    odd = [{"text": t} for t in ("\ud800 camat", "🙂" * 50, "<p>ASN</p>", "\x00\x07", "camat paslon " * 2000)]
    workload, problems = count(write(tmp_path / "t.jsonl", *odd), classifier)
    assert workload["texts"] + len(problems) == len(odd)


def test_progress_tells_how_many_are_done(tmp_path, classifier):
    told = []
    count(write(tmp_path / "t.jsonl", CASE, PRICES), classifier, progress=told.append)
    assert told == [2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no text"),
        (b"\n\n", "holds no text"),
        (gzip.compress(b'{"text": "a"}\n' * 999)[:-20], "cannot be read"),
    ],
    # gzip writes the second into its header: named by content, two workers that collect
    # a second apart would not agree on this test's name.
    ids=["nothing", "empty lines", "cut gzip"],
)
def test_a_file_that_gives_nothing_is_refused_by_name(tmp_path, classifier, content, reason):
    (tmp_path / "t.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match=rf"t\.jsonl: {reason}"):
        count(tmp_path / "t.jsonl", classifier)


def test_a_missing_file_is_refused_by_name(tmp_path, classifier):
    with pytest.raises(UsageError, match=r"none\.jsonl: cannot be read"):
        count(tmp_path / "none.jsonl", classifier)
