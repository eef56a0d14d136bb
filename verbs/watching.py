"""What the verbs do to watch the sources: judge a night after its pages were read, and show the state.

Promises: every source that a run crawled is in the ledger with its verdict. Never does: judge by itself.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Engine

from crawlers.manifest import Source
from crawlers.watch import BODY_CHARS, MARK, TRAILING_NIGHTS, judge, warnings_of
from nlp.masking import MARKS
from review.corrections import overdue_lines
from review.status import looked_back_lines, status_lines, status_table
from review.tables import states_table
from review.terminal import console, say
from review.words import Language
from store.corrections import overdue_requests
from store.db import reading
from store.ledger import (
    count_looked_back,
    count_marks,
    count_night,
    count_states,
    failing_streaks,
    last_run,
    note_source,
    previous_night,
    source_history,
    trailing_items,
)
from store.records import Origin, Outcome, SourceReport
from store.revisions import ChangedText, changed_after_decision

log = logging.getLogger(__name__)


def judge_sources(
    engine: Engine, run_id: int, reports: Iterable[SourceReport], sources: Sequence[Source]
) -> list[SourceReport]:
    """Complete the reports by what became of their pages, night after night, and enter them for the run.

    Before extraction this gives the counts alone. A report whose manifest is gone is entered as it is.
    """
    known = {source.id: source for source in sources}
    judged = []
    for report in sorted(reports, key=lambda r: (r.night, r.source_id)):
        made = report
        if source := known.get(report.source_id):
            with reading(engine) as conn:
                counts = count_night(conn, source.id, report.night, body_chars=BODY_CHARS)
                earlier = trailing_items(conn, source.id, before=report.night, nights=TRAILING_NIGHTS)
            made = judge(report, source, counts, earlier)
        if MARK in made.message and made.message != report.message:
            log.warning("%s (%s): %s", made.source_id, made.night, made.message)
        # At once: the next night of this source looks back on it.
        note_source(engine, run_id, made)
        judged.append(made)
    return judged


def judge_extracted(engine: Engine, run_id: int, sources: Sequence[Source]) -> int:
    """Judge the trailing nights anew after a stage `extract` of its own; how many sources changed layout."""
    with reading(engine) as conn:
        waiting = [r for r in source_history(conn, nights=TRAILING_NIGHTS) if r.looked_at != r.items]
    judged = judge_sources(engine, run_id, waiting, sources)
    changed = [report for report in judged if report.outcome is Outcome.LAYOUT_CHANGED]
    for report in changed:
        say(f"{report.source_id} ({report.night}): {report.message}")
    return len(changed)


def waiting_pages(engine: Engine) -> dict[Origin, dict[str, int]]:
    """Count the pages of past days that wait for extraction, by what brought them and by source."""
    with reading(engine) as conn:
        return count_looked_back(conn, waiting=True)


def changed_texts(engine: Engine, run_id: int, nights: Collection[date]) -> tuple[ChangedText, ...]:
    """Give the decided texts that changed in the nights of this run, or since the night of the one before.

    So a change that came in between, by `crawl` alone or after midnight, is told in the next report.
    """
    with reading(engine) as conn:
        before = previous_night(conn, run_id, command="nightly") or date.min
        return tuple(changed_after_decision(conn, since=min(before, *nights)))


def masked_items(engine: Engine, nights: Collection[date]) -> dict[str, int]:
    """Count the personal data that was masked in the documents of these nights, by kind."""
    with reading(engine) as conn:
        return count_marks(conn, MARKS, nights)


def print_status(engine: Engine, *, nights: int, lang: Language, now: datetime) -> int:
    """Print the last run, what fails and why, the sources over the last `nights` nights, and what waits.

    Before all that, requests for correction that nobody has decided within 3 x 24 hours of `now`. Gives the
    exit code: 1 while there is one, or a source fails.
    """
    with reading(engine) as conn:
        last, history, states = last_run(conn), source_history(conn, nights=nights), count_states(conn)
        streaks = failing_streaks(conn)
        back = count_looked_back(conn)
        late = overdue_requests(conn, now=now)
    for line in overdue_lines(late, lang):
        say(line)
    if last is None:
        say("no run yet; start one with: python pipeline.py nightly")
        return int(bool(late))
    say(f"last run: {last.command} of night {last.night}, exit code {last.exit_code}")
    newest = {report.source_id: report for report in sorted(history, key=lambda r: r.night)}
    streaks = {name: streak for name, streak in streaks.items() if name in newest}
    warnings = {name: text for name, report in newest.items() if (text := warnings_of(report))}
    for line in status_lines(history, streaks, warnings, lang):
        say(line)
    console.print(status_table(history, streaks, lang))
    for line in looked_back_lines(back, lang):
        say(line)
    console.print(states_table(states))
    return int(bool(streaks or late))
