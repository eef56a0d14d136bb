"""Reads a reporting desk's list of tips: CSV, XLSX or ODS, as the sheet that comes back is read.

Promises: a row is a tip, one without consent, or wrong with line, column and what is accepted; of a row
without consent nothing but its number is read; what the list says of a reporter goes no further than
`hide_reporter`, which takes it out of the text. Never does: store, keep the file, guess a word.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from review.cells import Value, show_value
from review.sheet import READER_ZONE, flatten
from review.sheet_read import MAX_LINES, Grid, open_grid
from review.tips_words import ACCEPTED, HEADERS, LINES, OUTCOME_WORDS, PROBLEMS, Column, Outcome, Problem
from review.words import Language
from store.persons import name_pattern
from store.records import UsageError
from store.tips import Terms

NEEDED: Final[tuple[Column, ...]] = (
    *("tip_id", "received", "text"),
    *("consent_keep", "consent_contact", "keep_until"),
)
#: Headers under which desks keep who has told them; their cells are looked at only to find them in the text.
REPORTER: Final = frozenset(
    word
    for row in (
        "nama_pelapor pelapor nama identitas_pelapor reporter reporter_name name",
        "telepon nomor_telepon no_telepon telepon_pelapor hp no_hp nomor_hp whatsapp no_wa wa",
        "phone phone_number",
        "surel surel_pelapor email e-mail email_pelapor mail",
    )
    for word in row.split()
)
#: What desks write where nobody gave a name.
NOBODY: Final = frozenset(
    word
    for row in (
        "anonim anonymous rahasia warga masyarakat pelapor",
        "hamba allah nn tidak tanpa nama unknown",
    )
    for word in row.split()
)
#: It holds no word that screening looks for, as "pelapor" would be.
REPORTER_MARK: Final = "[identitas disamarkan]"
#: Fewer digits or letters than these are found in many a text that has nothing to do with a reporter.
MIN_DIGITS: Final = 7
MIN_MAIL: Final = 6
MAX_PLACE: Final = 200
#: As long as browsers and servers take addresses.
MAX_LINK: Final = 2_000

_YES_NO: Final = {"ya": True, "yes": True, "tidak": False, "no": False}
_TIP_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/\-]{0,63}")
_DAY: Final = (
    r"(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})[/.\-](?P<m2>\d{1,2})[/.\-](?P<y2>\d{4}))"
)
_MOMENT: Final = re.compile(
    rf"{_DAY}(?:[ T]+(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.]\d{{2}}(?:[.,]\d{{1,9}})?)?"
    r" ?(?P<zone>WIB|WITA|WIT|Z|[+\-]\d{2}:\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_ZONES: Final = {"WIB": 7, "WITA": 8, "WIT": 9, "Z": 0}
_NAMES: Final[Mapping[str, Column]] = {
    header: column for headers in HEADERS.values() for column, header in headers.items()
}


@dataclass(frozen=True, slots=True)
class Tip:
    """One row whose text may be kept. `received` is ISO: a day, or a minute with its zone."""

    line: int
    tip_id: str
    received: str
    text: str
    place: str
    link: str
    terms: Terms
    #: What the list says of its reporter: for `hide_reporter` alone.
    reporter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: the column, its value, and the row that it clashes with (0: none)."""

    line: int
    problem: Problem
    column: Column
    value: str = ""
    other: int = 0


@dataclass(frozen=True, slots=True)
class TipsFile:
    """A list that was read; `told` says how ("CSV, ';', utf-8-sig")."""

    sha256: str
    told: str
    tips: tuple[Tip, ...]
    #: Numbers of the rows without consent ("" where a row has none that can be read).
    refused: tuple[str, ...]
    #: How many rows say the same as an earlier one.
    repeated: int
    faults: tuple[Fault, ...]
    reporter_columns: tuple[str, ...]
    extra: tuple[str, ...]


class _WrongError(Exception):
    def __init__(self, problem: Problem, column: Column, value: str = "") -> None:
        super().__init__(problem)
        self.problem: Problem = problem
        self.column: Column = column
        self.value = value


@dataclass(frozen=True, slots=True)
class _Header:
    #: Column, header of the reporter's, or "" by place.
    columns: tuple[str, ...]
    reporter: tuple[str, ...]
    extra: tuple[str, ...]


def read_tips(path: Path, *, now: datetime) -> TipsFile:
    """Read a list of at most MAX_FILE bytes and MAX_LINES rows; `now`: nothing is received later.

    Raises UsageError with the next step for a file that cannot be read as a whole.
    """
    grid = open_grid(path, known=_count_known, wanted="the list of tips")
    tips: list[Tip] = []
    refused: list[tuple[int, str]] = []
    faults: list[Fault] = []
    header: _Header | None = None
    rows = 0
    for line, cells, formulas in grid.rows:
        if not formulas and not any(str(cell).strip() for cell in cells if cell is not None):
            continue
        if header is None:
            header = _read_header(cells, line, grid)
            continue
        rows += 1
        if rows > MAX_LINES:
            raise UsageError(
                f"{grid.name} has more than {MAX_LINES:,} rows; split it, with the header in each part"
            )
        try:
            read = _read_row(line, cells, formulas, header, now)
        except _WrongError as wrong:
            faults.append(Fault(line, wrong.problem, wrong.column, wrong.value))
            continue
        if isinstance(read, Tip):
            tips.append(read)
        else:
            refused.append((line, read))
    if header is None:
        raise UsageError(f"{grid.name} is empty")
    once, clashing = _without_repeats(tips, refused)
    return TipsFile(
        sha256=hashlib.sha256(grid.raw).hexdigest(),
        told=grid.told,
        tips=tuple(once),
        refused=tuple(tip_id for _, tip_id in refused),
        repeated=len(tips) - len(once) - len(clashing),
        faults=tuple(sorted([*faults, *clashing], key=lambda fault: fault.line)),
        reporter_columns=header.reporter,
        extra=header.extra,
    )


def hide_reporter(text: str, reporter: Iterable[str]) -> str:
    """The text with REPORTER_MARK in place of what the list says of its reporter: name, number, mail."""
    for told in reporter:
        digits = re.sub(r"\D", "", told)
        if "@" in told:
            if len(told) >= MIN_MAIL:
                text = re.sub(re.escape(told), REPORTER_MARK, text, flags=re.IGNORECASE)
        elif len(digits) >= MIN_DIGITS:
            core = re.sub(r"^(?:62|0)", "", digits)
            spelled = r"[ .\-]{0,2}".join(core)
            text = re.sub(rf"(?<!\d)(?:\+?62|0)?[ .\-]{{0,2}}{spelled}(?!\d)", REPORTER_MARK, text)
        elif any(map(str.isalpha, told)) and NOBODY.isdisjoint(told.casefold().split()):
            try:
                text = name_pattern([told]).sub(REPORTER_MARK, text)
            except UsageError:
                # Too short to be told from other words.
                continue
    return text


def told_tips(told: TipsFile, counts: Mapping[Outcome, int], lang: Language) -> tuple[str, list[str]]:
    """The line of counts for stdout, and what was not taken, row by row, for stderr."""
    named = ", ".join(f"{word}: {counts.get(outcome, 0)}" for outcome, word in OUTCOME_WORDS[lang].items())
    words = LINES[lang]
    problems = [_show(fault, lang) for fault in told.faults]
    if told.reporter_columns:
        problems.append(words["reporter"].format(", ".join(told.reporter_columns)))
    if told.extra:
        problems.append(words["extra"].format(", ".join(told.extra)))
    return f"{named} ({told.told})", problems


def _show(fault: Fault, lang: Language) -> str:
    words = LINES[lang]
    value = repr(flatten(fault.value)[:80]) if fault.value.strip() else words["empty"]
    accepted = str(fault.other) if fault.problem == "twice" else ACCEPTED[lang][fault.column]
    said = PROBLEMS[lang][fault.problem].format(accepted)
    return words["row"].format(fault.line, HEADERS[lang][fault.column], value, said)


def _key(cell: object) -> str:
    return "_".join(str(cell or "").lstrip("\ufeff").casefold().split())


def _count_known(header: Sequence[object]) -> int:
    return sum(_key(cell) in _NAMES for cell in header)


def _read_header(cells: Sequence[Value], line: int, grid: Grid) -> _Header:
    columns: list[str] = []
    reporter: list[str] = []
    extra: list[str] = []
    for cell in cells:
        key = _key(cell)
        column = _NAMES.get(key, "")
        if column and column in columns:
            raise UsageError(
                f"{grid.name}, line {line}: the column {flatten(str(cell))!r} stands there twice; "
                "remove one of them"
            )
        if key in REPORTER:
            reporter.append(flatten(str(cell)))
            column = key
        elif not column and key:
            extra.append(flatten(str(cell)))
        columns.append(column)
    missing = [HEADERS["id"][name] for name in NEEDED if name not in columns]
    if missing:
        raise UsageError(
            f"{grid.name}, line {line}: no list of tips, or without the columns {', '.join(missing)}. "
            f"The first row must be the header: {', '.join(HEADERS['id'].values())}"
        )
    return _Header(tuple(columns), tuple(reporter), tuple(extra))


def _read_row(
    line: int, cells: Sequence[Value], formulas: frozenset[int], header: _Header, now: datetime
) -> Tip | str:
    """The tip of a row, or the number of one without consent; raises _WrongError."""
    shown = [show_value(cell, "id").strip() for cell in cells]
    by_name = dict(zip(header.columns, shown, strict=False))
    typed = {header.columns[place] for place in formulas if place < len(header.columns)}
    formula = next((column for column in HEADERS["id"] if column in typed), None)
    if formula:
        raise _WrongError("formula", formula)
    if any(shown[len(header.columns) :]):
        raise _WrongError("too_long", "tip_id", by_name.get("tip_id", ""))
    tip_id = by_name.get("tip_id", "")
    if not _yes(by_name, "consent_keep"):
        return tip_id if _TIP_ID.fullmatch(tip_id) else ""
    if not _TIP_ID.fullmatch(tip_id):
        raise _WrongError("value", "tip_id", tip_id)
    received, on = _read_received(by_name.get("received", ""), now)
    text = by_name.get("text", "").replace("\0", "").strip()
    if not text:
        raise _WrongError("value", "text")
    place = flatten(by_name.get("place", ""))
    if len(place) > MAX_PLACE:
        raise _WrongError("value", "place", place)
    link = by_name.get("link", "")
    if link and not _is_link(link):
        raise _WrongError("value", "link", link)
    until = _read_day(by_name.get("keep_until", ""))
    if until is None or until < on:
        raise _WrongError("value", "keep_until", by_name.get("keep_until", ""))
    terms = Terms(may_contact=_yes(by_name, "consent_contact"), keep_until=until)
    reporter = tuple(by_name[name] for name in header.columns if name in REPORTER and by_name.get(name))
    return Tip(line, tip_id, received, text, place, link, terms, reporter)


def _yes(cells: Mapping[str, str], column: Column) -> bool:
    said = cells.get(column, "")
    if said.casefold() not in _YES_NO:
        raise _WrongError("value", column, said)
    return _YES_NO[said.casefold()]


def _read_received(cell: str, now: datetime) -> tuple[str, date]:
    """The time of a cell as ISO, and its day in Jakarta; raises _WrongError, also for a time in future."""
    match = _MOMENT.fullmatch(cell)
    day = _day_of(match)
    if match is None or day is None:
        raise _WrongError("value", "received", cell)
    if match["hour"] is None:
        if day > now.astimezone(READER_ZONE).date():
            raise _WrongError("value", "received", cell)
        return day.isoformat(), day
    try:
        clock = time(int(match["hour"]), int(match["minute"]), tzinfo=_zone(match["zone"] or "WIB"))
        at = datetime.combine(day, clock)
        # Years at the edge of what a date can be have no time in another zone.
        here = at.astimezone(UTC).astimezone(READER_ZONE)
    except (ValueError, OverflowError):
        raise _WrongError("value", "received", cell) from None
    if at > now:
        raise _WrongError("value", "received", cell)
    return at.isoformat(), here.date()


def _zone(name: str) -> timezone:
    if name.upper() in _ZONES:
        return timezone(timedelta(hours=_ZONES[name.upper()]))
    offset = timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
    return timezone(-offset if name[0] == "-" else offset)


def _read_day(cell: str) -> date | None:
    return _day_of(_MOMENT.fullmatch(cell))


def _day_of(match: re.Match[str] | None) -> date | None:
    if match is None:
        return None
    year, month, day = (match[name] or match[f"{name}2"] for name in ("y", "m", "d"))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _is_link(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return (
        len(link) <= MAX_LINK
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and link.isprintable()
        and " " not in link
    )


def _without_repeats(
    tips: Sequence[Tip], refused: Iterable[tuple[int, str]]
) -> tuple[list[Tip], list[Fault]]:
    """Each tip once, and a fault for every row whose number stands elsewhere with another content.

    A number that is also refused is refused: whoever takes consent back is heard.
    """
    told_no = {tip_id: line for line, tip_id in refused if tip_id}
    by_id: dict[str, list[Tip]] = {}
    for tip in tips:
        by_id.setdefault(tip.tip_id, []).append(tip)
    once: list[Tip] = []
    faults: list[Fault] = []
    for tip_id, rows in by_id.items():
        first = rows[0]
        contents = {(t.received, t.text, t.place, t.link, t.terms) for t in rows}
        if len(contents) == 1 and tip_id not in told_no:
            once.append(first)
            continue
        for tip in rows:
            other = told_no.get(tip_id) or next(t.line for t in rows if t.line != tip.line)
            faults.append(Fault(tip.line, "twice", "tip_id", tip_id, other))
    return once, faults
