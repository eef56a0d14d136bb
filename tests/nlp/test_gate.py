"""The gate itself, and the shipped model against it: the last line before a worse model goes out."""

import itertools
import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from nlp.floors import (
    Floor,
    check_floors,
    find_metric,
    raise_floors,
    read_floors,
    render_floors,
    write_floors,
)
from nlp.gate import HEADER, MARGIN, gate_metrics, main, newsroom_items
from nlp.registry import MODELS, active_folder
from store.records import UsageError

DAY = date(2026, 11, 22)
F1 = Floor("held_out.case.f1.value", "at_least", 0.7, 0.75, "m-1", date(2026, 1, 1), 'because "so"')
ERROR = Floor("held_out.calibration_error", "at_most", 0.1, 0.05, "m-1", date(2026, 1, 1), "scores are shown")
GOOD = {"held_out": {"case": {"f1": {"value": 0.9}}, "calibration_error": 0.02}}
BAD = {"held_out": {"case": {"f1": {"value": 0.6}}, "calibration_error": 0.2}}
SHIPPED = read_floors(MODELS)


def history() -> list[str]:
    """The committed versions of the shipped floors, oldest first; none outside a checkout."""
    git = ["git", "-C", str(MODELS)]
    log = subprocess.run([*git, "log", "--format=%h", "--", "floors.toml"], capture_output=True, text=True)
    return [
        subprocess.run(
            [*git, "show", f"{commit}:./floors.toml"], capture_output=True, text=True, check=True
        ).stdout
        for commit in reversed(log.stdout.split())
    ]


@pytest.fixture(scope="module")
def shipped():
    """What the floors are about, of the shipped model: the newsroom through screening and network."""
    return gate_metrics(active_folder(), SHIPPED)


def test_the_shipped_model_reaches_every_floor(shipped):
    assert check_floors(shipped, SHIPPED) == []


def test_every_shipped_floor_names_a_metric_that_exists_and_was_reached_when_it_was_set(shipped):
    assert {f.metric.split(".")[0] for f in SHIPPED} == {"held_out", "newsroom"}
    for floor in SHIPPED:
        assert find_metric(shipped, floor.metric) is not None, floor.metric
        assert floor.holds(floor.measured), floor.metric
        assert floor.reason


def test_no_committed_floor_was_ever_loosened(tmp_path):
    """Between two versions a floor may be gone (deleted by hand, with a reason), never looser."""
    versions = [*history(), (MODELS / "floors.toml").read_text(encoding="utf-8")]
    known = []
    for text in versions:
        (tmp_path / "floors.toml").write_text(text, encoding="utf-8")
        known.append({(f.metric, f.side): f for f in read_floors(tmp_path)})
    for before, after in itertools.pairwise(known):
        for name in before.keys() & after.keys():
            assert before[name].holds(after[name].bound), name


def test_the_newsroom_has_all_its_texts():
    items = newsroom_items()
    assert len(items) == len({i.id for i in items}) > 100
    assert all(i.text and i.label for i in items)
    assert {i.kind for i in items} == {"news", "post"}


def test_a_model_below_a_floor_is_named_with_value_and_floor():
    assert check_floors(GOOD, [F1, ERROR]) == []
    low, high = check_floors(BAD, [F1, ERROR])
    assert "held_out.case.f1.value is 0.6; the floor is at least 0.7" in low
    assert "held_out.calibration_error is 0.2; the floor is at most 0.1" in high


@pytest.mark.parametrize("metrics", [{}, {"held_out": {"case": {"f1": {"value": None}}}}, {"held_out": 1}])
def test_what_was_not_measured_fails(metrics):
    (message,) = check_floors(metrics, [F1])
    assert "was not measured" in message


def test_floors_rise_to_the_measured_value_less_the_margin():
    f1, error = raise_floors([F1, ERROR], GOOD, MARGIN, model="m-2", today=DAY)
    assert f1 == replace(F1, bound=0.85, measured=0.9, model="m-2", set_on=DAY)
    assert error == replace(ERROR, bound=0.07, measured=0.02, model="m-2", set_on=DAY)


def test_a_wide_margin_leaves_the_floors_where_they_are():
    assert raise_floors([F1, ERROR], GOOD, 0.9, model="m-2", today=DAY) == [F1, ERROR]


def test_lowering_is_refused_with_what_to_do():
    with pytest.raises(UsageError, match="or delete the floor") as refused:
        raise_floors([F1, ERROR], BAD, MARGIN, model="m-2", today=DAY)
    assert "held_out.case.f1.value is 0.6" in str(refused.value)


def test_floors_are_written_and_read_back(tmp_path):
    write_floors([F1, ERROR], tmp_path, header=HEADER)
    assert read_floors(tmp_path) == [F1, ERROR]
    assert (tmp_path / "floors.toml").read_text() == render_floors([F1, ERROR], header=HEADER)
    assert [p.name for p in tmp_path.iterdir()] == ["floors.toml"]


@pytest.mark.parametrize(
    "floors", [[F1], [replace(F1, bound=0.6), ERROR], [F1, replace(ERROR, bound=0.2)]], ids=str
)
def test_the_file_is_never_overwritten_with_looser_or_fewer_floors(tmp_path, floors):
    write_floors([F1, ERROR], tmp_path, header=HEADER)
    with pytest.raises(UsageError, match="delete it from"):
        write_floors(floors, tmp_path, header=HEADER)
    assert read_floors(tmp_path) == [F1, ERROR]


TABLE = render_floors([F1], header=HEADER)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[floor]", "cannot be read"),
        ("floors = 1", "unknown key 'floors'"),
        (TABLE.replace("at_least = 0.7\n", ""), "needs one of at_least and at_most"),
        (TABLE.replace("at_least = 0.7\n", "at_least = 0.7\nat_most = 0.9\n"), "needs one of"),
        (TABLE.replace("at_least = 0.7", 'at_least = "0.7"'), "'at_least' is missing or is not a float"),
        (TABLE.replace("reason", "because"), "'reason' is missing"),
        (TABLE + "extra = 1\n", "unknown key 'extra'"),
        (TABLE + render_floors([F1], header=HEADER), "has two floors"),
    ],
)
def test_a_wrong_floors_file_is_refused_by_place_and_key(tmp_path, text, reason):
    (tmp_path / "floors.toml").write_text(text)
    with pytest.raises(UsageError, match=rf"floors\.toml.*{reason}"):
        read_floors(tmp_path)


def test_a_folder_without_floors_has_none(tmp_path):
    assert read_floors(tmp_path) == []


def run(models: Path, verb: str, model: Path, *more: str) -> int:
    return main([verb, "--models", str(models), "--model", str(model), *more])


def test_the_command_checks_and_raises(tmp_path, tiny_model, capsys):
    metrics = json.loads((tiny_model / "metrics.json").read_text())
    value = find_metric(metrics, F1.metric)
    write_floors([replace(F1, bound=value - 0.2)], tmp_path, header=HEADER)
    assert run(tmp_path, "check", tiny_model) == 0
    assert f"held_out.case.f1.value: {value}, at least" in capsys.readouterr().out
    assert run(tmp_path, "raise", tiny_model, "--margin", "0.1") == 0
    (raised,) = read_floors(tmp_path)
    assert (raised.bound, raised.measured, raised.model) == (pytest.approx(value - 0.1), value, "tiny")


def test_the_command_refuses_to_lower_and_leaves_the_file(tmp_path, tiny_model, capsys):
    out_of_reach = replace(F1, bound=1.5)
    write_floors([out_of_reach], tmp_path, header=HEADER)
    assert run(tmp_path, "check", tiny_model) == 1
    assert "the floor is at least 1.5" in capsys.readouterr().err
    assert run(tmp_path, "raise", tiny_model) == 2
    assert "never lowered by command" in capsys.readouterr().err
    assert read_floors(tmp_path) == [out_of_reach]


def test_the_command_says_that_there_is_nothing_to_check(tmp_path, tiny_model, capsys):
    assert run(tmp_path, "check", tiny_model) == 2
    assert "holds no floor" in capsys.readouterr().err
