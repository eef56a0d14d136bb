import json

import pytest

from nlp.agreement import agree, main
from nlp.items import Item
from store.records import UsageError


def case(name, *, types=("engage",), process="report", evidence=("Camat itu menyukai unggahan calon.",)):
    return Item(
        id=name,
        kind="news",
        title="",
        text="",
        label="case",
        types=types,
        stage="post",
        process=process,
        position="camat_lurah",
        evidence=evidence,
    )


def other(name, *, tag="pledge", label="none"):
    return Item(id=name, kind="news", title="", text="", label=label, tag=tag)


def test_the_same_annotation_twice_agrees_in_full():
    items = [case("a"), case("b", process="sanction"), other("c"), other("d", tag="system")]
    found = agree(items, items)
    assert [found[f]["kappa"] for f in ("label", "case", "tag", "process", "types")] == [1.0] * 5
    assert found["evidence"] == {"share": 1.0, "n": 2}
    assert found["disagree"] == []


def test_kappa_takes_chance_off_what_agrees():
    # 2 x 2 table 20/5/10/15 of Cohen (1960) as textbooks work it: 0.70 observed, 0.50 by chance, kappa 0.40.
    first = [*(case(f"a{i}") for i in range(25)), *(other(f"b{i}") for i in range(25))]
    second = [
        *(case(f"a{i}") if i < 20 else other(f"a{i}") for i in range(25)),
        *(case(f"b{i}") if i < 10 else other(f"b{i}") for i in range(25)),
    ]
    found = agree(first, second)
    assert found["case"] == {"kappa": 0.4, "share": 0.7, "n": 50}
    assert len(found["disagree"]) == 15


def test_case_fields_are_compared_where_both_say_case():
    found = agree([case("a"), case("b")], [case("a", types=("banner", "engage")), other("b")])
    assert found["process"] == {"kappa": None, "share": 1.0, "n": 1}
    assert found["types"]["f1"] == pytest.approx(0.667)


def test_annotations_of_different_texts_are_refused():
    with pytest.raises(UsageError, match="no id is in both"):
        agree([case("a")], [case("b")])


def test_the_command_prints_json_and_names_wrong_use(tmp_path, capsys):
    line = {"id": "a", "kind": "news", "title": "x", "text": "y", "label": "none", "tag": "pledge"}
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(line) + "\n")
    assert main([str(path), str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 1
    assert main([]) == 2
