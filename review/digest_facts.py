"""What is told of a night in its digest: the store's facts, and the figures made of them.

Promises: a past night is told as far as it went, whatever came later. Never does: format, or choose words.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median

from sqlalchemy import Connection

from review.report import worst_first
from store.corrections import CorrectionRequest, overdue_requests
from store.ledger import source_history
from store.records import GOOD_OUTCOMES, SourceReport
from store.revisions import NIGHT_ZONE
from store.tally import (
    FlagFact,
    NightChanges,
    count_failures,
    count_open,
    flag_facts,
    night_changes,
    previous_night,
)

#: Nights before this one that the median of the volume is taken over: two weeks, as for the single sources.
TRAILING_NIGHTS = 14
#: Weeks that the charts look back on: about the length of a campaign.
WEEKS = 12
#: Incidents told one by one: what a person can read in a morning.
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class NightFacts:
    """What the store knows of a night."""

    night: date
    #: The night whose digest came before; None where this is the first.
    after: date | None
    changes: NightChanges
    open: int
    #: Of this night and TRAILING_NIGHTS before it, by source and night.
    history: tuple[SourceReport, ...]
    flags: tuple[FlagFact, ...]
    failures: Mapping[str, int]
    #: Requests for correction that were due by the end of this night's day and undecided then.
    overdue: tuple[CorrectionRequest, ...] = ()

    @property
    def tonight(self) -> list[SourceReport]:
        """The reports of this very night, failed sources first."""
        return worst_first([report for report in self.history if report.night == self.night])

    @property
    def failed(self) -> list[SourceReport]:
        """The sources that failed in this night."""
        return [report for report in self.tonight if report.outcome not in GOOD_OUTCOMES]

    @property
    def volumes(self) -> list[tuple[date, int]]:
        """How many articles and posts all sources together brought in each night, oldest first."""
        counts: Counter[date] = Counter()
        for report in self.history:
            counts[report.night] += report.items
        return sorted(counts.items())

    @property
    def usual_volume(self) -> float | None:
        """Median of the nights before this one; None for the first."""
        before = [count for night, count in self.volumes if night < self.night]
        return float(median(before)) if before else None

    @property
    def missed(self) -> int:
        """Nights between the digest before and this one."""
        return 0 if self.after is None else (self.night - self.after).days - 1


def gather(conn: Connection, night: date) -> NightFacts:
    """Read what is told of a night; a night without any run gives empty facts."""
    after = previous_night(conn, night)
    return NightFacts(
        night=night,
        after=after,
        changes=night_changes(conn, after=after, night=night, limit=MAX_SHOWN),
        open=count_open(conn, until=night),
        history=tuple(source_history(conn, nights=TRAILING_NIGHTS + 1, until=night)),
        flags=tuple(flag_facts(conn, since=first_week(night), until=night)),
        failures=count_failures(conn),
        overdue=tuple(overdue_requests(conn, now=end_of(night))),
    )


def end_of(night: date) -> datetime:
    """The clock of a digest: midnight in Jakarta after its night, so that it says the same whenever made."""
    return datetime.combine(night + timedelta(days=1), time(), tzinfo=NIGHT_ZONE)


def first_week(night: date) -> date:
    """The Monday on which the weeks of the charts begin."""
    return night - timedelta(days=night.weekday(), weeks=WEEKS - 1)
