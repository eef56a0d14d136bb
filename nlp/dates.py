"""Reads the time of publication from what Indonesian pages write.

Promises: day before month; WIB, WITA and WIT are +7, +8 and +9; a time that names no zone is in the outlet's
zone; a date without a time has precision "day"; a date that cannot be right is refused, not corrected.
Never does: look at the clock or the network (`now` is the time of fetching, given by the caller), or raise on
any text.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed_zone
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import dateparser

Precision = Literal["minute", "day"]
DateSource = Literal["json-ld", "meta", "selector", "text", "url"]

#: Indonesian news on the web begins here; earlier dates are template rests such as 1970-01-01.
EARLIEST_YEAR = 1995
#: A clock may be wrong or ahead by a zone, and pages are announced a day early; more is a wrong date.
LATEST_AHEAD = timedelta(days=2)
#: What a page writes about its date is short; longer text is cut before it is searched.
LONGEST_STAMP = 300
#: "Kemarin" also begins sentences, and dateparser is slow and imaginative on them: both forms are only looked
#: for in a stamp of up to this length. Full dates are found in longer ones.
_LONGEST_LOOSE_STAMP = 60

#: Which source of a date is believed first.
SOURCE_ORDER: tuple[DateSource, ...] = ("json-ld", "meta", "selector", "text", "url")

_MONTH_NAMES = (
    "januari january jan",
    "februari pebruari february feb peb",
    "maret march mar mrt",
    "april apr",
    "mei may",
    "juni june jun",
    "juli july jul",
    "agustus august agust agu agt ags aug",
    "september sept sep",
    "oktober october okt oct",
    "november nopember nov nop",
    "desember december des dec",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_DAY_NAMES = (
    "senin sen monday mon",
    "selasa sel tuesday tue tues",
    "rabu rab wednesday wed",
    "kamis kam thursday thu thur thurs",
    "jumat jum'at jum friday fri",
    "sabtu sab saturday sat",
    "minggu ahad min sunday sun",
)
_WEEKDAYS = {name: number for number, names in enumerate(_DAY_NAMES) for name in names.split()}
_ZONE_HOURS = {"wib": 7, "wita": 8, "wit": 9, "z": 0, "utc": 0, "gmt": 0}

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ZONE = r"(?:gmt|utc)?\s?[+-]\d{1,2}(?::?\d{2})?|wib|wita|wit|gmt|utc|z"
_CLOCK = (
    r"(?P<hour>\d{1,2})\s?[.:]\s?(?P<minute>\d{2})(?:[.:](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    rf"\s?(?P<half>[ap]\.?m\b\.?)?\s?\(?(?P<zone>(?:{_ZONE})(?![a-z0-9]))?"
)
#: The forms of a calendar date, all searched case-folded. Group names: y, m, d, name (month in words).
_DATES = (
    re.compile(r"(?<![\d.])(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?!\d)"),
    re.compile(
        r"(?<![\d.])(?P<d>\d{1,2})\s?(?P<sep>[-/.])\s?(?P<m>\d{1,2})\s?(?P=sep)\s?(?P<y>\d{4}|\d{2})(?!\d)"
    ),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})[\s./-]{{0,2}}(?P<name>{_MONTH})[\s.,/'-]{{0,3}}(?P<y>\d{{4}}|\d{{2}})(?![\d:])"
    ),
    re.compile(rf"\b(?P<name>{_MONTH})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})(?!\d)"),
)
_CLOCK_AFTER = re.compile(
    rf"[\s,|()·•t@–—-]{{0,6}}(?:(?:(?P<ahead>wib|wita|wit)|pukul|pkl\.?|jam|at)[\s:]{{0,2}})?{_CLOCK}"
)
_CLOCK_BEFORE = re.compile(rf"(?<![\d.:]){_CLOCK}[\s,|()·•–—-]{{1,4}}(?:[a-z']{{3,9}},?\s)?\Z")
_CLOCK_ONLY = re.compile(rf"(?<![\d.:]){_CLOCK}(?![\d.:])")
#: A full date in figures or with a month's name has two numbers at least, day and year.
_TWO_NUMBERS = re.compile(r"\d\D+\d")
_UNIX = re.compile(r"(\d{10})(?:\d{3}|\.\d{1,6})?\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(?:\d{2})?)?\Z")
_PUBLISHED_LABEL = re.compile(r"diterbitkan|terbit|published|tayang|dipublikasikan|diposting|posted|dibuat")
_DATE_IN_URL = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(?:/(\d{1,2})/(\d{1,2})(?=[/?#-]|\Z)|-(\d{2})-(\d{2})(?!\d)|(\d{2})(\d{2})(?=[/_-]|\Z))"
)

_APOSTROPHES = str.maketrans("’‘`´", "''''")
#: Direction marks and zero-width characters, which some templates put around month names.
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_AMOUNTS = {"se": 1, "satu": 1, "a": 1, "an": 1, "one": 1, "dua": 2, "tiga": 3}
_UNITS = {
    "detik": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "menit": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "jam": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "hari": timedelta(days=1),
    "day": timedelta(days=1),
    "minggu": timedelta(days=7),
    "pekan": timedelta(days=7),
    "week": timedelta(days=7),
    "bulan": timedelta(days=30),
    "month": timedelta(days=30),
    "tahun": timedelta(days=365),
    "year": timedelta(days=365),
}
_AGO = re.compile(
    rf"\b(?P<amount>\d{{1,4}}|satu|dua|tiga|an|a|one|se)\s?(?P<unit>{'|'.join(_UNITS)})s?\s(?:yang\s)?(?:lalu|ago)\b"
)
_NAMED_DAYS = {"hari ini": 0, "today": 0, "kemarin": 1, "yesterday": 1}
_JUST_NOW = re.compile(r"\b(?:baru saja|baru-baru ini|just now)\b")


@dataclass(frozen=True, slots=True)
class Published:
    """A time of publication. `at` is aware; with precision "day" it is midnight in the outlet's zone."""

    at: datetime
    precision: Precision


@dataclass(frozen=True, slots=True)
class DateCandidate:
    """One thing on a page that may be its date, and where it stood."""

    source: DateSource
    text: str


class _Day(NamedTuple):
    day: date
    start: int
    end: int


def parse_published(text: str, *, timezone: str, now: datetime | None = None) -> Published | None:
    """Return the time that `text` states, or None when it states none that can be right.

    `timezone`: IANA name of the outlet's zone, for times that name none. `now`: when the page was fetched
    (aware); without it, relative forms ("2 jam lalu") are not read and future dates are not refused.
    Raises zoneinfo.ZoneInfoNotFoundError for an unknown `timezone`, and nothing for any `text`.
    """
    zone = ZoneInfo(timezone)
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text[:LONGEST_STAMP]))
    stamp = " ".join(visible.translate(_APOSTROPHES).split())
    folded = stamp.lower()
    if not folded:
        return None
    found = _read_machine_number(folded, zone) or _read_written_date(folded, zone, now)
    if found is None and len(stamp) <= _LONGEST_LOOSE_STAMP:
        found = (_read_relative(folded, zone, now) if now else None) or _read_foreign(stamp, zone, timezone)
    return found if found is not None and _is_plausible(found.at, now) else None


def find_published(
    candidates: Iterable[DateCandidate], *, timezone: str, now: datetime | None = None
) -> Published | None:
    """Return the date of a page from everything on it that may be its date.

    JSON-LD is believed before meta, then selector, text near the title, and the URL (always precision "day");
    within one source the first that can be read. A better source that knows only the day takes the time from
    a weaker one that names the same day in the outlet's zone. A time in UTC gives way to the same figures in
    the outlet's zone: many a CMS puts a "Z" behind its local time.
    """
    ranked = sorted(candidates, key=lambda candidate: SOURCE_ORDER.index(candidate.source))
    best: Published | None = None
    for candidate in ranked:
        found = parse_published(candidate.text, timezone=timezone, now=now)
        if found is None:
            continue
        if candidate.source == "url":
            found = Published(found.at, "day")
        if best is None or _corrects(found, best, zone=ZoneInfo(timezone)):
            best = found
        if best.precision == "minute" and not in_utc(best):
            break
    return best


def in_utc(published: Published) -> bool:
    """Say whether a time was given in UTC, and so may be a local time with a wrong label."""
    return published.precision == "minute" and not published.at.utcoffset()


def _corrects(found: Published, best: Published, *, zone: tzinfo) -> bool:
    """Say whether a time of a weaker source tells more than `best`, which has only a day or is in UTC."""
    if found.precision == "day":
        return False
    if best.precision == "day":
        return found.at.astimezone(zone).date() == best.at.astimezone(zone).date()
    figures, told = (at.replace(second=0, tzinfo=None) for at in (found.at, best.at))
    return figures == told and bool(found.at.utcoffset())


def date_in_url(url: str) -> str:
    """Return the date in an address (".../2024/09/17/...", "...-20240917-...") as "2024-09-17", or ""."""
    for match in _DATE_IN_URL.finditer(url[:LONGEST_STAMP]):
        year, *rest = match.groups()
        month, day = (part for part in rest if part is not None)
        if _calendar_date(int(year), int(month), int(day)) is not None:
            return f"{year}-{int(month):02}-{int(day):02}"
    return ""


def _is_plausible(at: datetime, now: datetime | None) -> bool:
    return at.year >= EARLIEST_YEAR and (now is None or at <= now + LATEST_AHEAD)


def _calendar_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _read_machine_number(stamp: str, zone: tzinfo) -> Published | None:
    """Unix seconds or milliseconds, and dates without separators (20240917, 20240917T091100)."""
    unix = _UNIX.match(stamp)
    if unix:
        return Published(datetime.fromtimestamp(int(unix[1]), UTC), "minute")
    compact = _COMPACT.match(stamp)
    if not compact:
        return None
    year, month, day, hour, minute = (int(part) if part else None for part in compact.groups())
    found = _calendar_date(year or 0, month or 0, day or 0)
    if found is None or (hour or 0) > 23 or (minute or 0) > 59:
        return None
    clock = time(hour or 0, minute or 0)
    return Published(datetime.combine(found, clock, zone), "day" if hour is None else "minute")


def _read_written_date(stamp: str, zone: tzinfo, now: datetime | None) -> Published | None:
    """The first date in words or digits, or the one that stands behind "diterbitkan"."""
    label = _PUBLISHED_LABEL.search(stamp)
    for offset in ([label.end()] if label else []) + [0]:
        days = sorted(_find_days(stamp[offset:]), key=lambda found: (found.start, -found.end))
        for found in days:
            read = _with_clock(stamp[offset:], found, zone)
            if _is_plausible(read.at, now):
                return read
    return None


def _find_days(stamp: str) -> Iterator[_Day]:
    for pattern in _DATES:
        for match in pattern.finditer(stamp):
            parts = match.groupdict()
            year, day = int(parts["y"]), int(parts["d"])
            if year < 100:
                year += 2000
            month = _MONTHS[parts["name"]] if parts.get("name") else int(parts["m"])
            found = _calendar_date(year, month, day)
            if "name" not in parts and len(parts["y"]) and match.start("d") < match.start("y"):
                found = _settle_order(stamp[: match.start()], found, _calendar_date(year, day, month))
            if found is not None:
                yield _Day(found, match.start(), match.end())


def _settle_order(before: str, day_first: date | None, month_first: date | None) -> date | None:
    """Day first, unless only the other order exists or only the other order fits the day of the week."""
    if day_first is None or month_first is None:
        return day_first or month_first
    words = re.findall(r"[a-z']{3,9}", before[-20:])
    weekday = _WEEKDAYS.get(words[-1]) if words else None
    if weekday is not None and day_first.weekday() != weekday == month_first.weekday():
        return month_first
    return day_first


def _with_clock(stamp: str, found: _Day, zone: tzinfo) -> Published:
    clock = _CLOCK_AFTER.match(stamp, found.end) or _CLOCK_BEFORE.search(stamp[: found.start])
    read = _read_clock(clock) if clock else None
    if read is None:
        return Published(datetime.combine(found.day, time(), zone), "day")
    at, named_zone = read
    return Published(datetime.combine(found.day, at, named_zone or zone), "minute")


def _read_clock(match: re.Match[str]) -> tuple[time, tzinfo | None] | None:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if match["half"].startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second), _read_zone(match["zone"] or match.groupdict().get("ahead") or "")


def _read_zone(name: str) -> tzinfo | None:
    if name in _ZONE_HOURS:
        return fixed_zone(timedelta(hours=_ZONE_HOURS[name]))
    offset = re.search(r"([+-])(\d{1,2}):?(\d{2})?\Z", name)
    if not offset:
        return None
    delta = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    if delta > timedelta(hours=14):
        return None
    return fixed_zone(delta if offset[1] == "+" else -delta)


def _read_relative(stamp: str, zone: tzinfo, now: datetime) -> Published | None:
    local = now.astimezone(zone)
    ago = _AGO.search(stamp)
    if ago:
        amount = _AMOUNTS.get(ago["amount"]) or int(ago["amount"])
        unit = _UNITS[ago["unit"]]
        if amount * unit > timedelta(days=365 * (local.year - EARLIEST_YEAR)):
            return None
        if unit < timedelta(days=1):
            return Published((local - amount * unit).replace(second=0, microsecond=0), "minute")
        return Published(datetime.combine((local - amount * unit).date(), time(), zone), "day")
    if _JUST_NOW.search(stamp):
        return Published(local.replace(second=0, microsecond=0), "minute")
    for name, days in _NAMED_DAYS.items():
        if re.search(rf"\b{name}\b", stamp):
            day = (local - timedelta(days=days)).date()
            clock = _CLOCK_ONLY.search(stamp)
            return _with_clock(clock[0] if clock else "", _Day(day, 0, 0), zone)
    return None


def _read_foreign(stamp: str, zone: tzinfo, timezone: str) -> Published | None:
    """Whatever else dateparser makes of a short stamp with a full date in it."""
    # Counts of comments and readers stand near headlines; dateparser took milliseconds to refuse each.
    if not _TWO_NUMBERS.search(stamp):
        return None
    settings = {
        "DATE_ORDER": "DMY",
        "TIMEZONE": timezone,
        "RETURN_AS_TIMEZONE_AWARE": True,
        "STRICT_PARSING": True,
        "PARSERS": ["absolute-time"],
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            at = dateparser.parse(stamp, languages=["id", "en"], settings=settings)
    except (ValueError, OverflowError, TypeError, AttributeError, IndexError, re.error):
        # dateparser promises None for text that it cannot read, but some text breaks it.
        return None
    if at is None:
        return None
    at = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    return Published(at, "minute" if _CLOCK_ONLY.search(stamp.lower()) else "day")
