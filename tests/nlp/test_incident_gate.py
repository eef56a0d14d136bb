"""Grouping over its pinned floors, on texts of our own."""

from pathlib import Path

import pytest

import tests.nlp.incidents as acts
from nlp.copies import find_copies
from nlp.floors import read_floors
from nlp.group import SAME_ACT_DAYS, group
from tests.nlp.incidents.__main__ import main
from tests.nlp.test_group import Known, remember


def test_grouping_is_over_its_floors() -> None:
    assert acts.check_grouping(acts.measure_grouping()) == []


def test_every_measure_has_a_floor() -> None:
    pinned = {floor.metric for floor in acts.floors()}
    names = ("pair_precision", "pair_recall", "bcubed_precision", "bcubed_recall")
    assert pinned == {f"{v}.{half}.{name}" for v in ("gold", "model") for half in "ab" for name in names}


def test_copies_are_told_from_accounts_of_their_own() -> None:
    told = acts.read_told()
    for act in {one.act for one in told}:
        members = sorted((t for t in told if t.act == act), key=lambda t: t.document.night)
        copies = find_copies([one.document for one in members])
        true = {one.id: one.copy_of for one in members if one.copy_of}
        assert copies.items() <= true.items()
        # One word in eight replaced in a text of sixty makes it an account of its own, now and then.
        assert {one.how for one in members if one.id in true.keys() - copies.keys()} <= {"copy:words"}


def test_no_sanction_of_months_later_goes_to_another_act_and_most_find_theirs() -> None:
    told = acts.read_told()
    found = {d: i.incident_id for i in group(acts.pairs_of(told, "gold"), []) for d in i.doc_ids}
    firsts = {one.act: one for one in reversed(told)}
    late = [
        one
        for one in told
        if (one.document.night - firsts[one.act].document.night).days > SAME_ACT_DAYS
        and one.prediction.process in ("recommendation", "sanction")
    ]
    joined = [one for one in late if found[one.id] == found[firsts[one.act].id]]
    assert len(late) >= 12
    # The one that stays alone names nobody: thirteen members of staff, five months on.
    assert [one.id for one in late if one not in joined] == ["N-ktp-dukung-4"]


def test_nights_one_by_one_give_the_same_incidents_with_the_same_ids() -> None:
    pairs = acts.pairs_of(acts.read_told(), "model")
    known: Known = []
    for night in sorted({document.night for document, _ in pairs}):
        tonight = [pair for pair in pairs if pair[0].night == night]
        known = remember(known, group(tonight, known), tonight)
    in_parts = sorted((incident for incident, _, _ in known), key=lambda i: (i.first_night, i.incident_id))
    assert in_parts == group(pairs, [])


def test_the_acts_are_as_many_as_promised_and_hold_near_misses() -> None:
    told = acts.read_told()
    assert len({one.act for one in told}) >= 60
    assert {one.how.partition(":")[0] for one in told} == {"first", "follow-up", "copy"}
    assert {one.half for one in told} == {"a", "b"}


def test_the_command_lifts_floors_and_never_lowers_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (acts.FOLDER / "acts.jsonl").read_text(encoding="utf-8").splitlines()[:9]
    (tmp_path / "acts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "answers.jsonl").write_text("", encoding="utf-8")
    floor = '[[floor]]\nmetric = "gold.a.pair_recall"\nat_least = {}\nmeasured = 0.5\nmodel = "x"\n{}'
    tail = 'set_on = 2026-01-01\nreason = "uji"\n'
    (tmp_path / "floors.toml").write_text(floor.format(0.1, tail), encoding="utf-8")
    monkeypatch.setattr("tests.nlp.incidents.FOLDER", tmp_path)
    monkeypatch.setattr("tests.nlp.incidents.__main__.FOLDER", tmp_path)
    assert main(["check"]) == main(["raise"]) == 0
    (raised,) = read_floors(tmp_path)
    assert raised.bound > 0.9
    (tmp_path / "acts.jsonl").write_text("\n".join([lines[0], lines[3].replace("Wiyoto", "W")]), "utf-8")
    (tmp_path / "floors.toml").write_text(floor.format(1.1, tail), encoding="utf-8")
    assert main(["check"]) == 1
    assert main(["raise"]) == 2
    assert main(["lower"]) == 2
    assert "never lowered" in capsys.readouterr().err
