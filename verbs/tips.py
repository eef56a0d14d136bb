"""`import tips FILE`: the list of a reporting desk or a hotline becomes pages of the source "tips".

Promises and exit codes are those of `pipeline.py`. The text is masked, and its reporter taken out of it,
before anything is written, the archive included. Never does: judge a row, store, keep the file.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from crawlers.tips import Entry, end_tips, judge_tips, store_tips
from nlp.masking import mask_fields
from review.terminal import say, shown
from review.tips import Tip, TipsFile, hide_reporter, read_tips, told_tips
from review.tips_words import LINES, Outcome
from review.words import Language
from store.frontier import night_of
from store.ledger import finish_run, note_source, start_run
from store.records import Outcome as SourceOutcome
from store.records import SourceReport
from store.session import opened
from store.tips import SOURCE_ID
from verbs.places import VAR
from verbs.recording import note

#: What `import` takes for its first word when a list of tips follows.
WORD: Final = "tips"
ARCHIVE: Final = VAR / "warc"
#: Before the place, in a line of its own at the end of the text: there the region is found.
PLACE: Final = "Tempat: "


def import_tips(file: Path, *, db: str, dry_run: bool, all_or_nothing: bool, lang: Language) -> int:
    """Take in a list of tips; gives the exit code. Rows that are wrong are named, the others are taken."""
    at = datetime.now(UTC)
    told = read_tips(file, now=at)
    refused_whole = all_or_nothing and bool(told.faults)
    entries = [_entry(tip) for tip in told.tips]
    with opened(db, exclusive=not dry_run) as engine:
        what = "tips compared" if dry_run or refused_whole else "tips imported"
        note(engine, what, subject=file.name, sha256=told.sha256)
        if dry_run or refused_whole:
            counts: Counter[Outcome] = Counter(judge_tips(engine, entries, at=at))
            counts["withdrawn"] = end_tips(engine, _ended(told, at), at=at, dry_run=True)
        else:
            counts = _store(engine, told, entries, at)
    counts["same"] += told.repeated
    counts["no_consent"] = len(told.refused)
    counts["error"] = len(told.faults)
    line, problems = told_tips(told, counts, lang)
    say(line)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if dry_run:
        say(LINES[lang]["would"])
    elif refused_whole:
        say(LINES[lang]["nothing"])
    return int(bool(told.faults))


def _store(engine: Engine, told: TipsFile, entries: Sequence[Entry], at: datetime) -> Counter[Outcome]:
    """Store the tips as a run of its own, so that `status` shows it."""
    run_id = start_run(engine, command=f"import {WORD}", night=night_of(at))
    counts: Counter[Outcome] = Counter()
    # First: who takes consent back does not wait for the others.
    counts["withdrawn"] = end_tips(engine, _ended(told, at), at=at)
    with shown(f"import {WORD}", len(entries)) as update:
        counts.update(
            store_tips(engine, entries, run_id=str(run_id), at=at, warc_dir=ARCHIVE, progress=update)
        )
    stored = counts["new"] + counts["revised"]
    report = SourceReport(
        source_id=SOURCE_ID,
        night=night_of(at),
        outcome=SourceOutcome.OK if stored else SourceOutcome.UNCHANGED,
        requests=0,
        pages=stored,
        new_pages=counts["new"],
        failed=len(told.faults),
        message="",
        revisions=counts["revised"],
        items=counts["new"],
    )
    note_source(engine, run_id, report)
    finish_run(engine, run_id, exit_code=int(bool(told.faults)))
    return counts


def _ended(told: TipsFile, at: datetime) -> list[str]:
    """Numbers of tips that may no longer be kept: refused by now, or past the date that the list names."""
    past = [tip.tip_id for tip in told.tips if tip.terms.keep_until < night_of(at)]
    return [*filter(None, told.refused), *past]


def _entry(tip: Tip) -> Entry:
    text, place = (hide_reporter(field, tip.reporter) for field in (tip.text, tip.place))
    (text, place), _ = mask_fields(text, place)
    whole = f"{text}\n{PLACE}{place}" if place else text
    return Entry(tip.tip_id, tip.link, whole, tip.received, tip.terms)
