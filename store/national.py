"""The national picture: counts by province and by kabupaten or kota, from prevention to sanction.

    documents  ─▶ placed by dateline, else by their outlet ─▶ collected, flagged, normative
    incidents  ─▶ placed by the region of the act ─▶ without outcome after 30, 60, 90 days; what was reported
    manifests x nights ─▶ sources that work, regions without one

Promises: what is divided is placed by one rule, flagged or not, so that a region with a dense press does not
look like one with more acts; no rate below MIN_ITEMS; what came after the last night is left out; the same
rows give the same picture. Never does: write; count an incident that a reviewer decided to be none or that
a request for correction pauses, or an audit; say that an act took place or that somebody was punished: texts
report it.

What it cannot do: copies of one agency report count as often as they were collected, so the interval is too
narrow; a text without a dateline from a national outlet has no place.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from store.corrections import paused_ids
from store.intervals import wilson
from store.labels import current_labels
from store.ledger import source_history
from store.listing import province_of
from store.records import GOOD_OUTCOMES
from store.revisions import NIGHT_ZONE
from store.schema import candidates, documents, incidents, predictions
from store.schema import incident_documents as members

#: Fewer collected items than this carry no rate: one flag more or less would move it by 10 in 1,000.
MIN_ITEMS: Final = 100
#: Rates are per so many collected items.
PER: Final = 1_000
#: After so many days it is asked whether an outcome was reported (issue 6, item 5).
WAITS: Final = (30, 60, 90)
#: Values of `process` that end a case; "recommendation" does not, for the head of the agency still decides.
ENDINGS: Final = ("sanction", "verdict", "cleared")
#: Nights over which a source has to have worked once (issue 6, item 5).
COVERAGE_NIGHTS: Final = 14
#: A normative text names neutrality and one of these words in its title or its first NORMATIVE_CHARS
#: characters. On data/labels, written to be hard, 71% of what the rule finds outside of cases is a pledge, an
#: exhortation or an explanation of rules, and it finds 13% of those (48 of 106 pledges): a lower bound.
NORMATIVE_WORDS: Final = (
    *("imbau", "ikrar", "sosialisasi", "pakta integritas", "ingatkan", "bimtek", "bimbingan teknis"),
    *("deklarasi netral", "komitmen", "jaga netral", "menjaga netral", "tetap netral", "bersikap netral"),
)
NORMATIVE_CHARS: Final = 400
#: Stands for the whole country where a region is named.
WHOLE: Final = "*"
#: What the day of a text is read from.
_TIMES: Final = (documents.c.published_at, documents.c.fetched_at, documents.c.night)

#: (dateline, region of the outlet) -> label of the region, "" for none.
PlaceOf = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Atlas:
    """What the store does not know by itself: the regions there are, and which one an outlet covers."""

    #: Labels as nlp.regions writes them: "Aceh", "Kota Bima, Nusa Tenggara Barat".
    regions: tuple[str, ...] = ()
    #: Source id -> label of the region, "" for a national one.
    outlets: Mapping[str, str] = field(default_factory=dict)
    place_of: PlaceOf = lambda _dateline, outlet_region: outlet_region


@dataclass(frozen=True, slots=True)
class Rate:
    """Flags per PER collected items, with the ends of the 95% interval (Wilson)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of `old` incidents first told `days` days ago or earlier, `open` had no outcome `days` days later."""

    days: int
    old: int
    open: int


@dataclass(frozen=True, slots=True)
class RegionCounts:
    """One region; "" is what has no place."""

    region: str
    #: Collected and screened; the other two are parts of it.
    items: int
    flagged: int
    normative: int
    #: None below MIN_ITEMS.
    rate: Rate | None
    incidents: int
    waiting: tuple[Waiting, ...]
    #: Incidents of which a text reports a sanction, a verdict, or that they were cleared or stopped.
    sanctions: int
    verdicts: int
    cleared: int
    #: Sources that cover it (its own and its province's), and those that worked in COVERAGE_NIGHTS nights.
    sources: int
    working: int

    @property
    def gap(self) -> str:
        """Why nothing may be seen of it: "no_source", "none_working" or "no_items"; "" without a gap."""
        if not self.sources:
            return "no_source"
        if not self.working:
            return "none_working"
        return "" if self.items else "no_items"


@dataclass(frozen=True, slots=True)
class MonthCounts:
    """One month of publication ("2024-09"), Jakarta time."""

    month: str
    incidents: int
    normative: int
    #: Alleged position and types -> incidents; an incident has several types.
    positions: Mapping[str, int]
    types: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, over the nights `since` to `until`, both included."""

    since: date
    until: date
    whole: RegionCounts
    #: All of the atlas and any other that was found, by name; last, if there is any, what has no place ("").
    provinces: tuple[RegionCounts, ...]
    #: Kabupaten and kota in the same way, by province and name.
    regencies: tuple[RegionCounts, ...]
    months: tuple[MonthCounts, ...]


@dataclass(slots=True)
class _Tally:
    """What is summed up for one region."""

    items: int = 0
    flagged: int = 0
    normative: int = 0
    incidents: int = 0
    old: Counter[int] = field(default_factory=Counter)
    open: Counter[int] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Told:
    """One incident with what its texts tell, until the last night."""

    region: str
    position: str
    types: tuple[str, ...]
    first: date
    #: Process value of ENDINGS -> when a text first told it.
    ended: Mapping[str, date]


def read_picture(conn: Connection, atlas: Atlas, *, since: date | None, until: date) -> Picture:
    """The national picture as it stood after the night `until`; `since` None begins with the first night."""
    begin = since or conn.scalar(select(func.min(documents.c.night))) or until
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    months: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    _count_items(conn, tallies, months, atlas, begin, until)
    for told in _read_incidents(conn, begin, until):
        month = months[f"{told.first:%Y-%m}"]
        month["incidents", ""] += 1
        month["position", told.position] += 1
        month.update(("type", name) for name in told.types)
        for region in _levels(told.region):
            _add_incident(tallies[region], told, until)
    history = source_history(conn, nights=COVERAGE_NIGHTS, until=until)
    working = {report.source_id for report in history if report.outcome in GOOD_OUTCOMES}

    def told_of(region: str) -> RegionCounts:
        ids = [i for i, covered in atlas.outlets.items() if _covers(covered, region)]
        return _region(region, tallies[region], len(ids), sum(i in working for i in ids))

    known = {*atlas.regions, *tallies} - {WHOLE}
    provinces = {province_of(region) for region in known if region}
    nowhere = ("",) if "" in known else ()
    return Picture(
        since=begin,
        until=until,
        whole=told_of(WHOLE),
        provinces=tuple(map(told_of, (*sorted(provinces), *nowhere))),
        regencies=tuple(
            map(told_of, sorted(known - provinces - {""}, key=lambda name: (province_of(name), name)))
        ),
        months=tuple(_month(name, counts) for name, counts in sorted(months.items())),
    )


def _count_items(
    conn: Connection,
    tallies: Mapping[str, _Tally],
    months: Mapping[str, Counter[tuple[str, str]]],
    atlas: Atlas,
    since: date,
    until: date,
) -> None:
    """Add what was collected, flagged and normative to its regions, and normative texts to their months."""
    places: dict[tuple[str, str], str] = {}

    def place(source_id: str, dateline: str) -> str:
        key = dateline, atlas.outlets.get(source_id, "")
        if key not in places:
            places[key] = atlas.place_of(*key)
        return places[key]

    # Counted by the database: a year is a million texts. What waits for screening could not be flagged yet.
    told = documents.join(candidates, candidates.c.doc_id == documents.c.doc_id)
    judged = told.outerjoin(predictions, predictions.c.doc_id == documents.c.doc_id)
    by = documents.c.source_id, documents.c.dateline
    flagged = func.sum(case((predictions.c.flagged, 1), else_=0))
    for source_id, dateline, items, flags in conn.execute(
        select(*by, func.count(), flagged)
        .select_from(judged)
        .where(documents.c.night.between(since, until))
        .group_by(*by)
    ):
        for region in _levels(place(source_id, dateline)):
            tallies[region].items += items
            tallies[region].flagged += flags
    for source_id, dateline, published_at, fetched_at, night in conn.execute(
        select(*by, *_TIMES)
        .select_from(documents.join(predictions, predictions.c.doc_id == documents.c.doc_id))
        .where(documents.c.night.between(since, until), ~predictions.c.flagged, _is_normative())
    ):
        months[f"{_day(published_at, fetched_at, night):%Y-%m}"]["normative", ""] += 1
        for region in _levels(place(source_id, dateline)):
            tallies[region].normative += 1


def _is_normative() -> ColumnElement[bool]:
    head = func.lower(documents.c.title + " " + func.substr(documents.c.text, 1, NORMATIVE_CHARS))
    return and_(head.contains("netral"), or_(*(head.contains(word) for word in NORMATIVE_WORDS)))


def _read_incidents(conn: Connection, since: date, until: date) -> Iterable[_Told]:
    """The flagged incidents of these nights that nobody has decided to be none and that are not paused."""
    refused = {
        incident_id
        for incident_id, event in current_labels(conn, review="final").items()
        if event.new is not None and event.new.decision == "none"
    }
    found = conn.execute(
        select(
            incidents.c.incident_id,
            incidents.c.region,
            incidents.c.position,
            incidents.c.types,
            predictions.c.process,
            *_TIMES,
        )
        .join(members, members.c.incident_id == incidents.c.incident_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(predictions, predictions.c.doc_id == documents.c.doc_id)
        .where(
            incidents.c.kind == "flagged",
            incidents.c.first_night.between(since, until),
            incidents.c.incident_id.not_in(paused_ids()),
            documents.c.night <= until,
        )
        .order_by(incidents.c.incident_id, members.c.place)
    )
    for incident_id, rows in groupby(found, key=lambda row: str(row.incident_id)):
        if incident_id in refused:
            continue
        days = [(row, _day(row.published_at, row.fetched_at, row.night)) for row in rows]
        lead = days[0][0]
        ended: dict[str, date] = {}
        for row, day in days:
            if row.process in ENDINGS:
                ended[row.process] = min(day, ended.get(row.process, day))
        yield _Told(lead.region, lead.position, lead.types, min(day for _, day in days), ended)


def _day(published_at: datetime | None, fetched_at: datetime | None, night: date) -> date:
    """The day of a text in Jakarta: published, else fetched, else its night."""
    at = published_at or fetched_at
    return at.astimezone(NIGHT_ZONE).date() if at else night


def _add_incident(tally: _Tally, told: _Told, until: date) -> None:
    tally.incidents += 1
    tally.reported.update(told.ended.keys())
    end = min(told.ended.values(), default=None)
    for days in WAITS:
        if (until - told.first).days >= days:
            tally.old[days] += 1
            tally.open[days] += end is None or (end - told.first).days > days


def _levels(region: str) -> tuple[str, ...]:
    """All that a region is counted for: the whole country, its province, itself."""
    return tuple(dict.fromkeys((WHOLE, province_of(region), region)))


def _covers(outlet_region: str, region: str) -> bool:
    """Whether an outlet of a region is a source for another: a province's is one for its parts."""
    if region in (WHOLE, ""):
        return region == WHOLE or not outlet_region
    return outlet_region in (region, province_of(region)) or province_of(outlet_region) == region


def _region(region: str, tally: _Tally, sources: int, working: int) -> RegionCounts:
    rate = None
    if tally.items >= MIN_ITEMS:
        ends = wilson(tally.flagged, tally.items)
        rate = Rate(*(PER * share for share in (tally.flagged / tally.items, *ends)))
    return RegionCounts(
        region="" if region == WHOLE else region,
        items=tally.items,
        flagged=tally.flagged,
        normative=tally.normative,
        rate=rate,
        incidents=tally.incidents,
        waiting=tuple(Waiting(days, tally.old[days], tally.open[days]) for days in WAITS),
        sanctions=tally.reported["sanction"],
        verdicts=tally.reported["verdict"],
        cleared=tally.reported["cleared"],
        sources=sources,
        working=working,
    )


def _month(name: str, counts: Counter[tuple[str, str]]) -> MonthCounts:
    def of(what: str) -> dict[str, int]:
        return {value: n for (kind, value), n in counts.items() if kind == what}

    return MonthCounts(
        name, counts["incidents", ""], counts["normative", ""], positions=of("position"), types=of("type")
    )
