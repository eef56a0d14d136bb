"""The ways of `crawl` that look back: pages out of archives of others, and the lists of past days.

Promises: what was found, what was not and why is said line by line; exit codes are those of `pipeline.py`.
Never does: read an archive or ask an outlet by itself.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from crawlers.manifest import Source
from review.terminal import say, say_skipped, shown
from store.records import GOOD_OUTCOMES, UsageError
from verbs.recording import note_archive

WarcOption = Annotated[
    Path | None,
    typer.Option("--warc", help="Take the articles out of this WARC, WACZ or CC-NEWS file, or this folder."),
]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Walk the dated lists back to this day."),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        "--until", formats=["%Y-%m-%d"], help="From this day on (default: the night); with --since."
    ),
]
#: (engine, sources, number of the run, folder of our archives) -> exit code
Past = Callable[[Engine, Sequence[Source], int, Path], int]


def chosen(
    replay: Path | None, warc: Path | None, since: datetime | None, until: datetime | None, *, night: date
) -> Past | None:
    """Give the way of looking back that the options ask for, or None. Raises UsageError when they clash."""
    if sum(option is not None for option in (replay, warc, since)) > 1:
        raise UsageError("crawl: --replay, --warc and --since exclude each other; give one of them")
    if warc is not None:
        if not warc.exists():
            raise UsageError(f"--warc {warc}: no such file or folder; name an archive, or a folder with some")
        return partial(import_files, path=warc, night=night)
    if until is not None and since is None:
        raise UsageError("crawl: --until needs --since, the oldest day to walk to")
    if since is None:
        return None
    first, last = since.date(), until.date() if until else night
    if not first <= last <= night:
        raise UsageError(
            f"crawl: --since {first} --until {last}: give two days in their order, none in future"
        )
    return partial(walk_back, span=(first, last), night=night)


def import_files(
    engine: Engine, sources: Sequence[Source], run_id: int, warc_dir: Path, *, path: Path, night: date
) -> int:
    """Archives to stored pages; gives the exit code, 1 where something in them is broken."""
    from crawlers.backfill_files import archive_files
    from crawlers.backfill_import import KNOWN, STORED, import_archives

    for file in archive_files(path):
        note_archive(engine, file)
    with shown("crawl", None) as update:
        report = import_archives(
            engine, sources, path, run_id=str(run_id), night=night, warc_dir=warc_dir, progress=update
        )
    for source_id, pages in sorted(report.by_source.items()):
        say(f"{source_id}: {pages} new")
    others = [pair for pair in report.counts.most_common() if pair[0] not in (STORED, KNOWN)]
    reasons = "".join(f", {number} {reason}" for reason, number in others)
    say(f"{report.files} files: {report.counts[STORED]} new, {report.counts[KNOWN]} known{reasons}")
    return say_skipped(report.faults, report.counts[STORED])


def walk_back(
    engine: Engine,
    sources: Sequence[Source],
    run_id: int,
    warc_dir: Path,
    *,
    span: tuple[date, date],
    night: date,
) -> int:
    """Lists of past days to stored pages; one line for each source. Gives the exit code."""
    from crawlers.backfill import dated_entries
    from crawlers.run import crawl as crawl_sources

    dated = [source for source in sources if dated_entries(source)]
    rest = [source.id for source in sources if not dated_entries(source)]
    if not dated:
        raise UsageError(f"no dated list in {', '.join(rest)}: add an entry of kind index to the manifest")
    with shown("crawl", None) as update:
        finished: list[str] = []

        def tell(source_id: str) -> None:
            finished.append(source_id)
            update(len(finished))

        reports = crawl_sources(
            engine,
            dated,
            run_id=str(run_id),
            night=night,
            span=span,
            warc_dir=warc_dir,
            progress=lambda report: tell(report.source_id),
        )
    for report in reports:
        say(f"{report.source_id}: {report.outcome}: {report.message}")
    if rest:
        say(f"not walkable, no dated list: {', '.join(rest)}")
    return int(any(report.outcome not in GOOD_OUTCOMES for report in reports))
