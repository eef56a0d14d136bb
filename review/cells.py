"""What a spreadsheet makes of a cell, and how to tell that it is still what export wrote.

Promises: every way in which Excel and LibreOffice write a day, a time or a number under an Indonesian or an
English locale is known; where one text has two readings, both are given. Never does: choose between them.
"""

import re
from datetime import date, datetime, time, timedelta

from review.words import Language

#: A cell as a spreadsheet file types it.
Value = str | bool | int | float | datetime | date | time | timedelta | None

#: What Excel and LibreOffice show for a truth value under the two locales.
_TRUTH: dict[Language, tuple[str, str]] = {"id": ("SALAH", "BENAR"), "en": ("FALSE", "TRUE")}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_LOCAL = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})")
#: Seconds are there when a spreadsheet took the cell for a time; export never writes them.
_TIME = re.compile(r"(\d{1,2})[.:](\d{2})(?:[.:]\d{2}(?:[.,]\d+)?)?")
#: Two-digit years are of this century: the first sheet was written in 2024.
_CENTURY = 2000


def show_value(value: Value, lang: Language) -> str:
    """A typed cell as the text that a reader of that language sees: "BENAR", "1,5", "17/09/2024 09.11"."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _TRUTH[lang][value]
    if isinstance(value, int | float):
        text = format(value, ".15g")
        return text.replace(".", ",") if lang == "id" else text
    clock = "%H.%M" if lang == "id" else "%H:%M"
    day = "%d/%m/%Y" if lang == "id" else "%Y-%m-%d"
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.strftime(day if midnight else f"{day} {clock}")
    if isinstance(value, date):
        return value.strftime(day)
    if isinstance(value, time):
        return value.strftime(clock)
    return str(value)


def days_in(text: str) -> frozenset[date]:
    """Every day that a cell may mean: 2024-09-17, 17/09/2024, 17.09.24 and, in an English one, 9/17/2024."""
    iso = _ISO.match(text.strip())
    if iso:
        return _days([(int(iso[1]), int(iso[2]), int(iso[3]))])
    local = _LOCAL.match(text.strip())
    if not local:
        return frozenset()
    one, two, year = int(local[1]), int(local[3]), int(local[4])
    year += _CENTURY if len(local[4]) == len("24") else 0
    return _days([(year, two, one), (year, one, two)])


def moments_in(text: str) -> frozenset[tuple[date, time | None]]:
    """Every day with its time (None where it has none) that a cell may mean: "17/09/2024 09.11 WIB"."""
    day, _, rest = text.strip().partition(" ")
    clock = _TIME.match(rest.strip())
    at = None
    if clock:
        try:
            at = time(int(clock[1]), int(clock[2]))
        except ValueError:
            return frozenset()
    return frozenset((one, at) for one in days_in(day))


def numbers_in(text: str) -> frozenset[float]:
    """Every number that a cell may mean: "93", "93,0", "93.0", "93%", and "1.234" as 1234 or 1.234."""
    plain = text.strip().removesuffix("%").rstrip()
    found = set()
    for group, decimal in ((".", ","), (",", ".")):
        grouped = rf"-?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(decimal)}\d+)?"
        if re.fullmatch(rf"{grouped}|-?\d+(?:{re.escape(decimal)}\d+)?", plain, re.ASCII):
            found.add(float(plain.replace(group, "").replace(decimal, ".")))
    return frozenset(found)


def _days(parts: list[tuple[int, int, int]]) -> frozenset[date]:
    found = set()
    for year, month, day in parts:
        try:
            found.add(date(year, month, day))
        except ValueError:
            continue
    return frozenset(found)
