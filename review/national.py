"""The national picture as tables for a spreadsheet.

Promises: the figures of `store.national`, each with the counts that it was made of; a rate that is not known
is an empty cell and says why; no cell can start a formula; the same picture gives the same bytes. Never does:
rank regions, or count.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from review.national_words import NATIONAL, gap_word
from review.sheet import Separator, flatten, guard, replace_whole
from review.words import Language, word
from store.intervals import wilson
from store.listing import province_of
from store.national import Picture, RegionCounts
from store.records import POSITIONS, TYPES


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a header, as they go into a file of this name (without suffix)."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(picture: Picture, lang: Language) -> tuple[Table, ...]:
    """The tables of a picture: provinces and the whole, kabupaten and kota, months, gaps."""
    span = f"{picture.since}-{picture.until}"
    n = NATIONAL[lang]
    whole = _cells(picture.whole, n["whole"], lang)
    places = (*picture.provinces, *picture.regencies)

    def rows(regions: Sequence[RegionCounts]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(_cells(r, name_of(r.region, lang), lang).values()) for r in regions)

    gaps = [(r.region, province_of(r.region), gap_word(r.gap, lang)) for r in places if r.region and r.gap]
    return (
        Table(f"nasional-provinsi-{span}", tuple(whole), (*rows(picture.provinces), tuple(whole.values()))),
        Table(f"nasional-kabupaten-{span}", tuple(whole), rows(picture.regencies)),
        Table(
            f"nasional-bulan-{span}",
            (n["month"], n["kind"], n["value"], n["count"]),
            tuple(_months(picture, lang)),
        ),
        Table(f"nasional-celah-{span}", (n["region"], n["province"], n["gap"]), tuple(gaps)),
    )


def write_table(path: Path, table: Table, *, separator: Separator) -> None:
    """Write a table as CSV: UTF-8 with BOM, CRLF, every field quoted, every cell guarded."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([guard(flatten(cell)) for cell in row] for row in (table.header, *table.rows))
    replace_whole(path, text.getvalue().encode("utf-8-sig"))


def number(value: float, lang: Language) -> str:
    """A figure with one digit behind the decimal sign of the language: "3,2"."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if lang == "id" else text


def name_of(region: str, lang: Language) -> str:
    """The label of a region, or the word for none."""
    return region or NATIONAL[lang]["nowhere"]


def _cells(region: RegionCounts, name: str, lang: Language) -> dict[str, str]:
    """One region as header -> cell."""
    n, rate = NATIONAL[lang], region.rate
    cells = {
        n["region"]: name,
        n["items"]: str(region.items),
        n["flagged"]: str(region.flagged),
        n["rate"]: number(rate.value, lang) if rate else n["few"],
        n["low"]: number(rate.low, lang) if rate else "",
        n["high"]: number(rate.high, lang) if rate else "",
        n["incidents"]: str(region.incidents),
    }
    for waiting in region.waiting:
        low, high = (number(100 * end, lang) for end in wilson(waiting.open, waiting.old))
        told = n["open"].format(waiting.days)
        cells |= {
            n["old"].format(waiting.days): str(waiting.old),
            told: str(waiting.open),
            f"{told}, %": number(100 * waiting.open / waiting.old, lang) if waiting.old else "",
            f"{told}, %, {n['low']}": low if waiting.old else "",
            f"{told}, %, {n['high']}": high if waiting.old else "",
        }
    return cells | {
        n["sanctions"]: str(region.sanctions),
        n["verdicts"]: str(region.verdicts),
        n["cleared"]: str(region.cleared),
        n["normative"]: str(region.normative),
        n["sources"]: str(region.sources),
        n["working"]: str(region.working),
        n["gap"]: gap_word(region.gap, lang),
    }


def _months(picture: Picture, lang: Language) -> Iterator[tuple[str, str, str, str]]:
    """(month, of what, value, how many), month after month; values in the order of the codebook."""
    n = NATIONAL[lang]
    for month in picture.months:
        yield month.month, n["incidents"], "", str(month.incidents)
        yield month.month, n["prevention"], n["normative"], str(month.normative)
        for kind, values, counts in (
            ("position", POSITIONS, month.positions),
            ("type", TYPES, month.types),
        ):
            for value in values:
                if counts.get(value):
                    yield month.month, n[kind], word(value, lang), str(counts[value])
