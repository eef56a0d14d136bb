"""The record of access as a person reads it: on a terminal, and as the two CSV files of a breach report.

Promises: a name stands beside an id as long as the account has one, so that an erased name stays erased;
cells that a spreadsheet would run are guarded. Never does: leave an act out of the report.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text

from review.register import ZONE
from review.sheet import flatten, guard, replace_whole
from review.words import Language
from store.access import Act

#: Newest acts that the terminal shows: some screens; the report holds all.
SHOWN_ACTS: Final = 200
#: Incidents of an act that the terminal names.
SHOWN_INCIDENTS: Final = 3

_WORDS: Final[dict[Language, dict[str, str]]] = {
    "id": {
        "title": "Catatan akses",
        "acts": "waktu (WIB)|akun|nama|tindakan|perihal|sha256|baris|jumlah kejadian|kejadian",
        "table": "waktu (WIB)|siapa|tindakan|perihal|baris|kejadian",
        "incidents": "kejadian|berapa kali|berapa akun|pertama (WIB)|terakhir (WIB)|akun",
    },
    "en": {
        "title": "Record of access",
        "acts": "time (WIB)|account|name|act|about|sha256|rows|number of incidents|incidents",
        "table": "time (WIB)|who|act|about|rows|incidents",
        "incidents": "incident|times|accounts|first (WIB)|last (WIB)|account",
    },
}


@dataclass(frozen=True, slots=True)
class AccessSummary:
    """What a breach report counts."""

    acts: int
    incidents: int
    #: Acts by what was done, and by account; most first.
    by_what: tuple[tuple[str, int], ...]
    by_who: tuple[tuple[str, int], ...]


def acts_table(acts: Sequence[Act], *, names: Mapping[str, str], lang: Language) -> Table:
    """The newest SHOWN_ACTS acts, oldest first; the title counts all."""
    table = Table(title=f"{_WORDS[lang]['title']} ({len(acts)})", title_justify="left")
    for name in _WORDS[lang]["table"].split("|"):
        table.add_column(name)
    for act in acts[-SHOWN_ACTS:]:
        more = len(act.incidents) - SHOWN_INCIDENTS
        told = " ".join(act.incidents[:SHOWN_INCIDENTS]) + (f" … (+{more})" if more > 0 else "")
        cells = (_local(act.at), names.get(act.who, act.who), act.what, act.subject, str(act.shown), told)
        table.add_row(*(Text(flatten(cell)) for cell in cells))
    if len(acts) > SHOWN_ACTS:
        table.caption = "…"
    return table


def write_acts(path: Path, acts: Iterable[Act], *, names: Mapping[str, str], lang: Language) -> None:
    """Write every act as one line of CSV."""
    rows = (
        (
            *(_local(act.at), act.who, names.get(act.who, ""), act.what, act.subject, act.sha256),
            *(str(act.shown), str(len(act.incidents)), " ".join(act.incidents)),
        )
        for act in acts
    )
    _write(path, _WORDS[lang]["acts"], rows)


def write_incidents(path: Path, acts: Iterable[Act], *, lang: Language) -> None:
    """Write one line of CSV for each incident: how often it was seen or taken out, when, by whom."""
    seen: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        for incident_id in act.incidents:
            seen[incident_id].append(act)
    rows = []
    for incident_id, found in sorted(seen.items()):
        who = sorted({act.who for act in found})
        times = [act.at for act in found]
        counts = (str(len(found)), str(len(who)), _local(min(times)), _local(max(times)))
        rows.append((incident_id, *counts, " ".join(who)))
    _write(path, _WORDS[lang]["incidents"], rows)


def summarise_acts(acts: Sequence[Act]) -> AccessSummary:
    """Count acts."""
    return AccessSummary(
        acts=len(acts),
        incidents=len({incident_id for act in acts for incident_id in act.incidents}),
        by_what=tuple(Counter(act.what for act in acts).most_common()),
        by_who=tuple(Counter(act.who for act in acts).most_common()),
    )


def _write(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    text = StringIO()
    out = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    out.writerow(header.split("|"))
    out.writerows([guard(flatten(cell)) for cell in row] for row in rows)
    replace_whole(path, text.getvalue().encode("utf-8-sig"))


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
