import json
from dataclasses import replace
from datetime import date

from review.report import NightReport, changed_lines, report_content, worst_first, write_report
from store.records import Outcome, SourceReport, StageReport
from store.revisions import ChangedText

NIGHT = date(2024, 9, 17)


def source(source_id: str, outcome: Outcome) -> SourceReport:
    return SourceReport(source_id, NIGHT, outcome, 3, 2, 1, 0, "keterangan")


def report(*sources: SourceReport, failed: int = 0) -> NightReport:
    return NightReport(
        night=NIGHT,
        run_id=1,
        code_version="1",
        model_version="m",
        sources=sources,
        stages=(StageReport("extract", 2, 2 - failed, failed, 0.1),),
        incidents=1,
        sheet="flagged-2024-09-17.csv",
    )


def test_exit_code_is_good_only_when_nothing_failed():
    good = (source("a", Outcome.OK), source("b", Outcome.UNCHANGED))
    assert report(*good).exit_code == 0
    assert report(*good, source("c", Outcome.BLOCKED)).exit_code == 1
    assert report(*good, failed=1).exit_code == 1


def test_report_names_each_source_with_one_outcome_and_repeats_the_failed_ones(tmp_path):
    night = report(source("a", Outcome.OK), source("b", Outcome.CHALLENGE))
    path = tmp_path / "out" / "report-2024-09-17.json"
    write_report(path, night, publishers={"a": "Kabar A"})
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content == json.loads(json.dumps(report_content(night, publishers={"a": "Kabar A"})))
    assert [(s["source_id"], s["publisher"], s["outcome"]) for s in content["sources"]] == [
        ("a", "Kabar A", "ok"),
        ("b", "b", "challenge"),
    ]
    assert content["failed_sources"] == ["b (2024-09-17): challenge - keterangan"]
    assert content["exit_code"] == 1


def test_failed_sources_come_first():
    ordered = worst_first([source("a", Outcome.OK), source("z", Outcome.TIMEOUT), source("b", Outcome.EMPTY)])
    assert [s.source_id for s in ordered] == ["b", "z", "a"]


def test_changed_texts_of_all_sources_are_counted():
    night = report(
        replace(source("a", Outcome.OK), revisions=2), replace(source("b", Outcome.OK), revisions=1)
    )
    assert report_content(night, publishers={})["revisions"] == 3


def test_texts_that_changed_after_a_decision_are_named_with_their_links():
    changed = (
        ChangedText("I-1", "N-1", "https://a.test/1", NIGHT),
        ChangedText("I-2", "N-2", "https://a.test/2", NIGHT),
    )
    content = report_content(replace(report(), changed=changed), publishers={})
    assert content["changed_after_decision"] == [
        {"incident_id": "I-1", "link": "https://a.test/1", "night": "2024-09-17"},
        {"incident_id": "I-2", "link": "https://a.test/2", "night": "2024-09-17"},
    ]
    assert json.loads(json.dumps(content))["changed_after_decision"]
    assert changed_lines(changed).splitlines() == [
        "texts changed after decision: 2",
        "  I-1  https://a.test/1  (2024-09-17)",
        "  I-2  https://a.test/2  (2024-09-17)",
    ]
    assert changed_lines(()) == "texts changed after decision: 0"
    assert report_content(report(), publishers={})["changed_after_decision"] == []


def test_pages_of_past_days_stand_apart():
    night = replace(report(), looked_back={"import": {"a": 1200}, "walk": {}})
    assert report_content(night, publishers={})["looked_back"] == {"import": {"a": 1200}, "walk": {}}


def test_masked_data_is_told_by_count_alone():
    night = replace(report(), masked={"nik": 2, "minor": 0})
    assert report_content(night, publishers={})["masked"] == {"nik": 2, "minor": 0}
