"""The verb `national`: the national picture as CSV, and what the page needs to draw it.

Promises: every file is on record before it is in its place. Never does: count or format by itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from crawlers.manifest import Source, load_sources
from review import options
from review.national import number, tables_of, write_table
from review.national_words import NATIONAL
from review.terminal import say
from review.words import Language
from store.db import reading
from store.frontier import night_of
from store.national import MIN_ITEMS, Atlas, Picture, read_picture
from store.records import UsageError
from store.session import opened
from verbs.places import DEFAULT_DB, DEFAULT_OUT, SOURCES
from verbs.recording import taken_out

DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A night, included.")]


def read_atlas(sources: Sequence[Source]) -> Atlas:
    """The regions of data/regions.csv, the outlets of the manifests, and the rule that places a dateline."""
    from nlp.regions import find_region, load_regions

    def place(dateline: str, outlet_region: str) -> str:
        found = find_region("", "", [], dateline, outlet_region) if dateline else ""
        return found or outlet_region

    return Atlas(
        regions=tuple(region.label for region in load_regions()),
        outlets={source.id: source.region for source in sources},
        place_of=place,
    )


def national(
    db: options.DbOption = DEFAULT_DB,
    out: options.OutOption = DEFAULT_OUT,
    since: DayOption = None,
    until: DayOption = None,
    sources: options.FolderOption = None,
    lang: options.LangOption = "id",
    separator: options.SeparatorOption = ",",
) -> int:
    """Tell the national picture: CSV by province, kabupaten and kota, and month, and the gaps in coverage."""
    first, last = since.date() if since else None, until.date() if until else night_of(datetime.now(UTC))
    if first and first > last:
        raise UsageError(f"--since {first} is after --until {last}; swap them")
    atlas = read_atlas(load_sources(sources or SOURCES, ()))
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            picture = read_picture(conn, atlas, since=first, until=last)
        for table in tables_of(picture, lang):
            path = out / f"{table.name}.csv"
            with taken_out(engine, path, "national picture exported", shown=len(table.rows)) as staged:
                write_table(staged, table, separator=separator)
            say(f"{path} ({len(table.rows)})")
    say(summary(picture, lang))
    return 0


def summary(picture: Picture, lang: Language) -> str:
    """The whole in a few lines, with what its figures cannot say."""
    n, whole = NATIONAL[lang], picture.whole
    rate = whole.rate
    told = (
        f"{number(rate.value, lang)} ({number(rate.low, lang)}–{number(rate.high, lang)})"
        if rate
        else n["few_text"].format(MIN_ITEMS)
    )
    gaps = [sum(bool(r.gap and r.region) for r in part) for part in (picture.provinces, picture.regencies)]
    return "\n".join(
        (
            n["period"].format(picture.since, picture.until),
            f"{n['items']}: {whole.items}; {n['flagged']}: {whole.flagged}; {n['rate']}: {told}",
            f"{n['incidents']}: {whole.incidents}; {n['sanctions']}: {whole.sanctions}",
            f"{n['gaps']}: {n['gaps_count'].format(*gaps)}",
            n["reading"],
        )
    )
