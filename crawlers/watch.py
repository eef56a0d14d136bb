"""Says whether what a source brought in a night is what it usually brings, once its pages have been read.

    crawl ─ SourceReport ─▶ judge (counts of the extract stage, trailing nights) ─▶ SourceReport

Promises: the same verdict for the same counts, however often it is asked for; a source that fails for another
reason keeps that reason. Never does: fetch, read the database, or fail a source for one odd page.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from statistics import median

from crawlers.job import worst
from crawlers.manifest import Source
from store.ledger import NightCounts
from store.records import GOOD_OUTCOMES, Outcome, SourceReport

#: Characters of a body that is one: shorter ones are captions and teasers. Media Cloud's extractor cascade
#: takes an extraction for failed below the same length.
BODY_CHARS = 200
#: Articles that must lack a title, body or time before their source is blamed: one odd page is no layout.
FEWEST_MISSES = 2
#: Nights that the median is taken of: two weeks hold each day of the week twice.
TRAILING_NIGHTS = 14
#: Nights below which a median says nothing.
FEWEST_NIGHTS = 3
#: Share of the median below which a night is worth a look; a Sunday of a daily paper stays above half.
LOW_SHARE = 0.3
#: Where our remarks begin in the message of a report.
MARK = "watch: "
#: Where each remark begins that fails nothing.
WARNING = "warning: "

#: Key of `[fill]` -> field of the counts, and how the message calls it.
_FILLED = {
    "title": ("with_title", "a title"),
    "body": ("with_body", f"a body of {BODY_CHARS} characters"),
    "time": ("with_time", "a time of day"),
}


def judge(report: SourceReport, source: Source, counts: NightCounts, earlier: Sequence[int]) -> SourceReport:
    """Complete a report by what became of its pages; `earlier` are the items of the trailing nights.

    Below `fill.title` or `fill.body` a source that was good is `layout_changed`; below `fill.time`, above
    `items.max`, and below LOW_SHARE of the trailing median, the message warns of it.
    """
    usual = float(median(earlier)) if len(earlier) >= FEWEST_NIGHTS else None
    crawled = report.message.partition(MARK)[0].removesuffix("; ")
    outcome = report.outcome
    if outcome is Outcome.LAYOUT_CHANGED:
        # Judged before; a mended parser may have read the pages since.
        outcome = Outcome.OK if report.new_pages or report.revisions else Outcome.UNCHANGED
    changed, warnings = _missing(source, counts)
    if changed and outcome in GOOD_OUTCOMES:
        outcome = worst([outcome, Outcome.LAYOUT_CHANGED])
    if counts.items > source.items.max:
        warnings.append(f"{counts.items} new articles, more than items.max = {source.items.max}")
    if usual is not None and counts.items < LOW_SHARE * usual and outcome in GOOD_OUTCOMES:
        warnings.append(
            f"{counts.items} new articles, the median of the last {len(earlier)} good nights is {usual:g}"
        )
    remarks = [*changed, *(WARNING + warning for warning in warnings)]
    message = "; ".join(filter(None, [crawled, MARK + "; ".join(remarks) if remarks else ""]))
    return replace(report, outcome=outcome, message=message, median_items=usual, **asdict(counts))


def warnings_of(report: SourceReport) -> str:
    """Give what a judged report warns of, in one line; "" when it warns of nothing."""
    remarks = report.message.partition(MARK)[2].split("; ")
    return "; ".join(remark.removeprefix(WARNING) for remark in remarks if remark.startswith(WARNING))


def _missing(source: Source, counts: NightCounts) -> tuple[list[str], list[str]]:
    """Name what too many articles lack: what fails the source, and what is a warning."""
    changed: list[str] = []
    warnings: list[str] = []
    for key, least in source.fill.minima(source.kind).items():
        name, called = _FILLED[key]
        found, asked = getattr(counts, name), counts.looked_at
        if asked - found >= FEWEST_MISSES and found < least * asked:
            text = f"{found} of {asked} articles have {called} (fill.{key} = {least:g})"
            (warnings if key == "time" else changed).append(text)
    return changed, warnings
