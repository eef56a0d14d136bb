import json
from dataclasses import replace
from datetime import date

from review.report import NightReport, report_content, worst_first, write_report
from store.records import Outcome, SourceReport, StageReport

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
