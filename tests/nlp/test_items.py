import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.items import read_items
from store.records import UsageError

LABELS = Path(__file__).resolve().parents[2] / "data" / "labels"
GOOD = {"id": "a", "kind": "news", "title": "Judul", "text": "Isi.", "label": "case", "types": ["engage"]}


def write(path, *lines: str | dict) -> None:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))


def test_good_lines_keep_their_order_and_null_fields_stay_unknown(tmp_path):
    path = tmp_path / "f.jsonl"
    write(path, GOOD | {"id": "z", "stage": None}, GOOD)
    items, problems = read_items([path], gold=True)
    assert ([i.id for i in items], problems) == (["z", "a"], [])
    assert items[0].stage is None
    assert items[0].types == ("engage",)
    assert items[0].family == "z"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{not json", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON"),
        ({"id": "b", "kind": "news"}, "lacks the field 'text'"),
        ({"id": 3, "kind": "news", "text": "x"}, "'id' must be text"),
        ({"id": "", "kind": "news", "text": "x"}, "empty id"),
        ({"id": "b", "kind": "video", "text": "x"}, "kind is 'video'"),
        (GOOD, "repeats the id 'a' of f.jsonl:1"),
    ],
)
def test_a_bad_line_is_named_by_number_and_skipped(tmp_path, line, said):
    path = tmp_path / "f.jsonl"
    write(path, GOOD, line, GOOD | {"id": "c"})
    items, problems = read_items([path], gold=False)
    assert [i.id for i in items] == ["a", "c"]
    assert len(problems) == 1
    assert problems[0].startswith("f.jsonl:2: ")
    assert said in problems[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", "guilty"),
        ("stage", "later"),
        ("process", "x"),
        ("position", "king"),
        ("types", ["x"]),
        ("tag", "x"),
    ],
)
def test_a_value_that_the_codebook_does_not_know_is_named(tmp_path, field, value):
    path = tmp_path / "f.jsonl"
    write(path, GOOD | {field: value})
    items, problems = read_items([path], gold=True)
    assert not items
    assert "the codebook knows" in problems[0]


def test_a_missing_file_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_items([tmp_path / "none.jsonl"], gold=False)


@given(st.binary())
def test_no_bytes_break_the_reader(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("f") / "f.jsonl"
    path.write_bytes(raw)
    items, problems = read_items([path], gold=True)
    assert len(items) + len(problems) <= raw.count(b"\n") + 1


def test_no_line_of_our_own_label_files_is_skipped():
    # A second file with the ids of a first one was, once: 108 texts were missing in a training.
    items, said = read_items(sorted(LABELS.glob("*.jsonl")), gold=True)
    assert said == []
    assert len(items) > 7_000
