"""The ledger tells what ran and what became of each source."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from store.frontier import put_page
from store.ledger import (
    NightCounts,
    Streak,
    count_looked_back,
    count_marks,
    count_night,
    count_states,
    failing_streaks,
    finish_run,
    last_run,
    note_source,
    note_stage,
    previous_night,
    source_history,
    start_run,
    trailing_items,
)
from store.records import Outcome, SourceReport, StageReport, StoppedError
from store.schema import run_stages
from store.stages import drop_page, save_document
from tests.store.samples import NIGHT, SOURCE, make_document, make_page, put_extracted, put_grouped

DAY = timedelta(days=1)


def begin(engine: Engine, night: date = NIGHT) -> int:
    return start_run(engine, command="nightly", night=night, model_version="m-1")


def report(source_id: str, night: date, outcome: Outcome = Outcome.OK, message: str = "") -> SourceReport:
    return SourceReport(source_id, night, outcome, 9, 7, 5, 1, message)


def test_a_run_has_no_end_until_it_ends(engine: Engine) -> None:
    with engine.begin() as conn:
        assert last_run(conn) is None
    before = datetime.now(UTC)
    run_id = begin(engine)
    with engine.begin() as conn:
        run = last_run(conn)
    assert run is not None
    assert (run.run_id, run.command, run.night, run.code_version) == (run_id, "nightly", NIGHT, "0.1.0")
    assert (run.ended_at, run.exit_code) == (None, None)
    assert before <= run.started_at <= datetime.now(UTC)
    finish_run(engine, run_id, exit_code=1)
    with engine.begin() as conn:
        ended = last_run(conn)
    assert ended is not None
    assert ended.exit_code == 1
    assert ended.ended_at is not None
    assert ended.ended_at >= ended.started_at
    assert begin(engine) > run_id


def test_a_run_that_was_not_started_has_no_end_and_no_sources(engine: Engine) -> None:
    with pytest.raises(StoppedError, match="run 7 is not in the ledger"):
        finish_run(engine, 7, exit_code=0)
    with pytest.raises(IntegrityError):
        note_source(engine, 7, report("a", NIGHT))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_comes_back_as_it_was(engine: Engine, outcome: Outcome) -> None:
    noted = report("kabar-lontara", NIGHT, outcome, "3 artikel gagal 🙂")
    note_source(engine, begin(engine), noted)
    with engine.begin() as conn:
        (back,) = source_history(conn)
    assert back == noted
    assert isinstance(back.outcome, Outcome)


def test_the_history_has_the_last_word_of_each_night(engine: Engine) -> None:
    first, second = begin(engine), begin(engine)
    note_source(engine, first, report("b", NIGHT))
    note_source(engine, first, report("a", NIGHT, Outcome.BLOCKED))
    note_source(engine, second, report("a", NIGHT, Outcome.UNCHANGED))
    note_source(engine, second, report("a", NIGHT + DAY, Outcome.TIMEOUT))
    note_source(engine, second, report("a", NIGHT + DAY, Outcome.OK))
    with engine.begin() as conn:
        assert source_history(conn) == [
            report("a", NIGHT, Outcome.UNCHANGED),
            report("a", NIGHT + DAY, Outcome.OK),
            report("b", NIGHT),
        ]


def test_the_history_goes_back_a_number_of_nights_that_ran(engine: Engine) -> None:
    run_id = begin(engine)
    for number in range(0, 40, 2):
        note_source(engine, run_id, report("a", NIGHT + number * DAY))
    with engine.begin() as conn:
        assert len(source_history(conn)) == 14
        assert [row.night for row in source_history(conn, nights=2)] == [NIGHT + 36 * DAY, NIGHT + 38 * DAY]


def test_a_stage_is_noted_once_per_run(engine: Engine) -> None:
    run_id = begin(engine)
    note_stage(engine, run_id, StageReport("extract", 9, 8, 1, 0.25))
    note_stage(engine, run_id, StageReport("extract", 9, 9, 0, 0.5))
    with engine.begin() as conn:
        rows = conn.execute(select(run_stages)).all()
    assert [tuple(row) for row in rows] == [(run_id, "extract", 9, 9, 0, 0.5)]


def test_states_are_counted_per_table(engine: Engine) -> None:
    put_grouped(engine, 1, 2)
    put_extracted(engine, 3)
    with engine.begin() as conn:
        assert count_states(conn) == {
            "pages extracted": 3,
            "documents extracted": 1,
            "documents grouped": 2,
            "incidents grouped": 2,
        }


def counted(source_id: str, night: date, items: int, outcome: Outcome = Outcome.OK) -> SourceReport:
    return replace(report(source_id, night, outcome), items=items, looked_at=items, median_items=2.5)


def test_a_report_keeps_what_extraction_found(engine: Engine) -> None:
    noted = replace(
        counted("a", NIGHT, 5), revisions=2, still_queued=3, with_title=5, with_body=4, with_time=0
    )
    note_source(engine, begin(engine), noted)
    with engine.begin() as conn:
        assert source_history(conn) == [noted]


def test_the_trailing_nights_are_the_last_good_ones_before_a_night(engine: Engine) -> None:
    first, second = begin(engine), begin(engine)
    for number in range(20):
        note_source(engine, first, counted("a", NIGHT + number * DAY, number))
        note_source(engine, first, counted("b", NIGHT + number * DAY, 99))
    note_source(engine, first, counted("a", NIGHT + 18 * DAY, 0, Outcome.BLOCKED))
    # The last word on a night counts.
    note_source(engine, second, counted("a", NIGHT + 17 * DAY, 50))
    with engine.begin() as conn:
        assert trailing_items(conn, "a", before=NIGHT + 20 * DAY, nights=4) == [19, 50, 16, 15]
        assert trailing_items(conn, "a", before=NIGHT + 2 * DAY, nights=14) == [1, 0]
        assert trailing_items(conn, "c", before=NIGHT, nights=14) == []


def test_a_night_is_counted_by_what_became_of_its_pages(engine: Engine) -> None:
    put_extracted(engine, 1, 2, text="x" * 200, title="")
    put_extracted(engine, 3, text="x" * 199, published_precision="day")
    with engine.begin() as conn:
        for number in (4, 5):
            put_page(conn, make_page(number))
        # A gallery; 5 waits for extraction.
        drop_page(conn, make_page(4).page_id, reason="no article in it", version="1")
        put_page(conn, make_page(6, night=NIGHT + DAY))
        put_page(conn, make_page(1, source_id="b"))
        # What another source had brought first is nobody's fault.
        save_document(
            conn, make_page(1, source_id="b").page_id, make_document(make_page(1, source_id="b")), version="1"
        )
        assert count_night(conn, SOURCE, NIGHT, body_chars=200) == NightCounts(5, 4, 1, 2, 2)
        assert count_night(conn, "b", NIGHT, body_chars=200) == NightCounts(1, 0, 0, 0, 0)
        assert count_night(conn, SOURCE, NIGHT + DAY, body_chars=200) == NightCounts(1, 0, 0, 0, 0)


def test_a_streak_begins_after_the_last_good_night(engine: Engine) -> None:
    """Letters are nights: g good, b bad, - not run; a later word on a night replaces the earlier one."""
    stories = {"well": "bbg", "ill": "gbb", "always": "bbb", "gaps": "gb-b", "again": "bgb", "old": "gb--"}
    run_id = begin(engine)
    for name, nights in stories.items():
        for number, letter in enumerate(nights):
            if letter != "-":
                outcome = Outcome.UNCHANGED if letter == "g" else Outcome.TIMEOUT
                note_source(engine, run_id, report(name, NIGHT + number * DAY, outcome))
    note_source(engine, run_id, report("mended", NIGHT, Outcome.LAYOUT_CHANGED))
    note_source(engine, begin(engine), report("mended", NIGHT, Outcome.OK))
    with engine.begin() as conn:
        found = failing_streaks(conn)
    assert found == {
        "ill": Streak(NIGHT + DAY, 2),
        "always": Streak(NIGHT, 3),
        "gaps": Streak(NIGHT + DAY, 2),
        "again": Streak(NIGHT + 2 * DAY, 1),
        "old": Streak(NIGHT + DAY, 1),
    }


def test_what_looking_back_has_brought_is_counted_apart(engine: Engine) -> None:
    with engine.begin() as conn:
        for number, origin in enumerate(("night", "import", "import", "walk")):
            put_page(conn, make_page(number, origin=origin))
        put_page(conn, make_page(1, source_id="b", origin="import"))
        page = make_page(1, origin="import")
        save_document(conn, page.page_id, make_document(page), version="1")
        assert count_night(conn, SOURCE, NIGHT, body_chars=200) == NightCounts(1, 0, 0, 0, 0)
        assert count_night(conn, "b", NIGHT, body_chars=200) == NightCounts(0, 0, 0, 0, 0)
        assert count_looked_back(conn) == {"import": {"b": 1, SOURCE: 2}, "walk": {SOURCE: 1}}
        assert count_looked_back(conn, waiting=True)["import"] == {"b": 1, SOURCE: 1}


def test_the_night_before_is_that_of_the_last_finished_run(engine: Engine) -> None:
    nights = [NIGHT + step * DAY for step in range(4)]
    first, second, killed, now = (begin(engine, night) for night in nights)
    for run in (first, second):
        finish_run(engine, run, exit_code=1)
    finish_run(engine, start_run(engine, command="crawl", night=NIGHT + 9 * DAY), exit_code=0)
    with engine.begin() as conn:
        assert previous_night(conn, now, command="nightly") == nights[1]
        assert previous_night(conn, killed, command="nightly") == nights[1]
        assert previous_night(conn, first, command="nightly") is None


def test_marks_of_masked_data_are_counted_by_kind_over_the_asked_nights(engine: Engine) -> None:
    """In title, text and author; another night's are not counted, and no night gives zeros."""
    fields: list[dict[str, str]] = [
        {"title": "[surel] beredar", "text": "Hubungi [surel], NIK [NIK].", "author": "[surel]"},
        {"text": "Tidak ada."},
        {"text": "[NIK] [NIK]"},
    ]
    nights = [NIGHT, NIGHT, NIGHT - timedelta(days=1)]
    with engine.begin() as conn:
        for number, (changes, night) in enumerate(zip(fields, nights, strict=True)):
            page = make_page(number, night=night)
            put_page(conn, page)
            save_document(conn, page.page_id, make_document(page, **changes), version="1")
    marks = {"nik": "[NIK]", "mail": "[surel]", "phone": "[nomor telepon]"}
    with engine.connect() as conn:
        assert count_marks(conn, marks, [NIGHT]) == {"nik": 1, "mail": 3, "phone": 0}
        assert count_marks(conn, marks, nights)["nik"] == 3
        assert count_marks(conn, marks, []) == {"nik": 0, "mail": 0, "phone": 0}
