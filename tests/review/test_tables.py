from datetime import date

from rich.console import Console

from nlp.evaluate import evaluate
from review.tables import (
    fairness_table,
    flagged_table,
    metrics_table,
    models_table,
    sources_table,
    threshold_table,
)
from store.records import Outcome, SourceReport
from tests.nlp.test_evaluate import PAIRS
from tests.review.test_sheet import ROW, row_with


def rendered(table) -> str:
    console = Console(width=200, record=True, file=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_flagged_table_says_dugaan_and_shows_where_it_comes_from():
    text = rendered(flagged_table([ROW], publishers={"kabar-uji": "Kabar Uji"}, lang="id"))
    assert "dugaan: hadir" in text
    assert "Kabar Uji" in text


def test_markup_in_a_crawled_title_stays_text():
    text = rendered(flagged_table([row_with("[bold]Judul[/bold] [/]")], publishers={}, lang="id"))
    assert "[bold]Judul[/bold] [/]" in text


def test_sources_table_uses_the_analysts_words():
    report = SourceReport("a", date(2024, 9, 17), Outcome.RATE_LIMITED, 1, 0, 0, 1, "429")
    assert "dibatasi" in rendered(sources_table([report], {}, "id"))
    assert "rate limited" in rendered(sources_table([report], {}, "en"))


def test_what_a_site_wrote_cannot_steer_the_terminal():
    hostile = "answered \x1b[2J\x1b]0;t\x07 500"
    report = SourceReport("a", date(2024, 9, 17), Outcome.ERROR, 1, 0, 0, 1, hostile)
    assert "\x1b" not in rendered(sources_table([report], {}, "id"))
    assert "\x1b" not in rendered(flagged_table([row_with(hostile)], publishers={}, lang="id"))


def test_an_evaluation_shows_each_kind_with_intervals_and_the_worst_tags():
    text = rendered(metrics_table(evaluate(PAIRS)))
    header = next(line for line in text.splitlines() if "metric" in line)
    assert header.replace("┃", " ").split() == ["metric", "all", "news", "post"]
    (recall,) = (line for line in text.splitlines() if line.startswith("│ recall  "))
    assert "0.67 (0.00–1.00)" in recall
    assert "false flags: pledge" in text
    assert "village" not in text
    assert "1/2" in text


def test_metrics_of_an_earlier_model_without_kinds_and_intervals_are_shown():
    share = {"share": 0.5, "part": 1, "whole": 2}
    metrics = {
        "n": 2,
        "n_case": 1,
        "case": {"f1": {"value": 0.5, "low": 0.1, "high": 0.9}},
        "calibration_error": 0.08,
        "types": {"micro_f1": 0.35},
        "recall_deep": {"deep": share},
        "false_flags_by_tag": {"pledge": share},
        **dict.fromkeys(("stage", "process", "position", "evidence"), share),
    }
    text = rendered(metrics_table(metrics))
    assert "0.50 (0.10–0.90)" in text
    assert "0.35" in text


def test_thresholds_are_shown_with_the_daily_workload_and_the_one_in_use_is_marked():
    share = {"share": 0.5, "part": 1, "whole": 2, "low": 0.1, "high": 0.9}
    spread = {"value": 7.5, "low": 2.0, "high": 20.0}
    rows = [{"threshold": t, "recall": share, "precision": share} for t in (0.1, 0.5)]
    costs = [{"threshold": t, "per_10000": spread, "per_day": spread} for t in (0.1, 0.5)]
    workload = {"texts": 100, "skipped": 2, "per_day_collected": 900, "by_threshold": costs}
    metrics = {"threshold": 0.5, "thresholds": rows, "workload": workload}
    text = rendered(threshold_table(metrics))
    assert "100 texts without labels, 2 left out, 900 a day" in text
    assert "0.5 *" in text
    assert "7.5 (2.0–20.0)" in text
    assert "flags" not in rendered(threshold_table({"threshold": 0.5, "thresholds": rows}))


def test_models_are_listed_with_the_one_in_use_and_what_is_wrong():
    case = {"average_precision": {"value": 0.9}, "f1": {"value": 0.8}}
    models = [("one", True, "", {"held_out": {"case": case}}), ("[b]two", False, "bad \x1b[2J sum", {})]
    text = rendered(models_table(models))
    assert "0.90" in text
    assert "[b]two" in text
    assert "\x1b" not in text


def test_fairness_is_told_by_group_and_its_absence_in_words() -> None:
    text = rendered(fairness_table(evaluate(PAIRS)))
    assert "kind" in text
    assert "post" in text
    assert "not measured" in rendered(fairness_table({}))
