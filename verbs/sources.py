"""The verbs about the sources: list them, check them, visit them; adding one is in `verbs.adding`.

Promises and exit codes are those of `pipeline.py`, which offers these verbs; here to keep it short. A file
of ours is never overwritten; of a manifest only the two `verified` lines are changed, and only when asked.
Never does: decide that a page is read well (a person does), or touch the database.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from crawlers.checks import find_faults
from crawlers.manifest import Source, load_source, load_sources
from review import options
from review.sheet import flatten
from review.terminal import console, say, shown
from store.records import UsageError
from verbs.adding import read_saved, replace_file, sources_add, sources_confirm, today
from verbs.places import SOURCES

if TYPE_CHECKING:  # Scrapy takes a second to load, and most of these verbs send no request
    from crawlers.probe_live import LiveResult

sources_app = typer.Typer(no_args_is_help=True, help="Look after the source manifests.")

REGIONS = SOURCES.parent / "regions.csv"

#: The word for `region = ""`, in the table and as a value of --region.
NATIONAL = "nasional"
#: Zones by the name that data/regions.csv has for them.
ZONES: Mapping[str, str] = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}

sources_app.command("add")(sources_add)
sources_app.command("confirm")(sources_confirm)

IdsArgument = Annotated[list[str] | None, typer.Argument(help="Only these source ids.")]


def provinces() -> dict[str, str]:
    """Return the IANA zone of every province that a manifest may name as its region."""
    with REGIONS.open(encoding="utf-8", newline="") as file:
        return {row["name"]: ZONES[row["zone"]] for row in csv.DictReader(file) if row["kind"] == "provinsi"}


@sources_app.command("list")
def sources_list(
    folder: options.FolderOption = None,
    region: Annotated[
        str | None, typer.Option("--region", help=f"A province, or {NATIONAL}; part of the name is enough.")
    ] = None,
    platform: Annotated[str | None, typer.Option("--platform", help="wordpress, blogger, tribun ...")] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Only those that nobody has seen work.")
    ] = False,
) -> int:
    """List the sources: who, where, by which system, through which entries, seen working when."""
    every = load_sources(folder or SOURCES)
    known = sorted({source.platform for source in every})
    if platform and platform not in known:
        raise UsageError(f"no source has the platform {platform!r}; known: {', '.join(known)}")
    places = sorted({source.region or NATIONAL for source in every})
    if region and not any(region.casefold() in place.casefold() for place in places):
        raise UsageError(f"no source has the region {region!r}; known: {', '.join(places)}")
    chosen = [
        source
        for source in every
        if (not platform or source.platform == platform)
        and (not region or region.casefold() in (source.region or NATIONAL).casefold())
        and not (unverified and source.verified)
    ]
    table = Table(title=f"Sumber ({len(chosen)} dari {len(every)})", title_justify="left")
    for name in ("id", "penerbit", "wilayah", "platform", "entri", "host", "zona", "diperiksa"):
        table.add_column(name)
    for source in sorted(chosen, key=lambda s: (s.region, s.id)):
        more = f" +{len(source.hosts) - 1}" if len(source.hosts) > 1 else ""
        zone = next((word for word, zone in ZONES.items() if zone == source.timezone), source.timezone)
        table.add_row(
            source.id,
            Text(source.publisher),
            source.region or NATIONAL,
            source.platform,
            ", ".join(dict.fromkeys(entry.kind for entry in source.all_entries())),
            (source.hosts[0] if source.hosts else "-") + more,
            zone,
            str(source.verified_on or "ya") if source.verified else "belum",
        )
    console.print(table)
    return 0


@sources_app.command("check")
def sources_check(
    ids: IdsArgument = None,
    folder: options.FolderOption = None,
    live: Annotated[
        bool, typer.Option("--live", help="Visit each source, politely: entries, one article.")
    ] = False,
    write: Annotated[
        bool,
        typer.Option("--write", help="With --live: note in the manifest of a good source that it works."),
    ] = False,
) -> int:
    """Check the manifests, each problem with file and line; with --live visit the sources as well."""
    chosen, only = folder or SOURCES, tuple(ids or ())
    if write and not live:
        raise UsageError("--write notes what a visit has shown; give --live with it")
    if live:
        return check_live(chosen, only, write=write)
    faults = find_faults(chosen, provinces=provinces(), today=today(), only=only)
    if faults:
        table = Table(title="Yang perlu diperbaiki", title_justify="left")
        table.add_column("sumber", no_wrap=True)
        table.add_column("tempat", no_wrap=True)
        table.add_column("apa")
        for fault in faults:
            table.add_row(fault.source_id, fault.place, Text(flatten(fault.text)))
        console.print(table)
    count = len(only) or len(list(chosen.glob("*.toml")))
    say(f"{chosen}: {count} manifests, {len(faults)} problems")
    return 1 if faults else 0


def check_live(folder: Path, only: Sequence[str], *, write: bool) -> int:
    """Visit sources and say one line about each; exit code 1 when one of them failed."""
    from crawlers.probe import Task, run_visits
    from crawlers.probe_live import LiveResult, live_limit, visit_source

    every = load_sources(folder, only)
    sources = [source for source in every if source.hosts]
    tasks = [Task(source, partial(visit_source, source), live_limit(source)) for source in sources]
    with shown("visit", len(tasks)) as update:
        results = run_visits(tasks, progress=update)
    good = 0
    for source in every:
        if source not in sources:
            say(f"skipped {source.id}: reads files of this machine")
    for source, result in zip(sources, results, strict=True):
        if not isinstance(result, LiveResult):
            result = LiveResult(source.id, (str(result),))
        faults, notes = judge_article(source, result)
        good += not faults
        line = f"FAILED {source.id}: {'; '.join(faults)}" if faults else f"ok {source.id}: {'; '.join(notes)}"
        say(flatten(line))
        if write and not faults:
            note_verified(folder / f"{source.id}.toml")
    say(f"{good} of {len(sources)} sources ok" + ("; noted in their manifests" if write and good else ""))
    return 0 if good == len(sources) else 1


def judge_article(source: Source, result: "LiveResult") -> tuple[list[str], list[str]]:
    """Read the article of a visit; gives what failed, and what is worth telling."""
    from nlp.extract import NothingExtracted

    faults, notes = list(result.faults), list(result.notes)
    if result.page is None:
        return faults or ["no article was fetched"], notes
    try:
        document = read_saved(result.page, source, source.rules())
    except NothingExtracted as nothing:
        return [*faults, f"article {result.page.url}: {nothing}"], notes
    if not document.title:
        faults.append(f"article {result.page.url}: no headline found; look at [selectors] title")
    time = (
        f"{document.published_precision} known" if document.published_at else "time of publication not found"
    )
    return faults, [*notes, f"article of {len(document.text)} characters, {time}"]


def note_verified(path: Path) -> None:
    """Set `verified` and `verified_on` in a manifest, nothing else."""
    from crawlers.probe_write import set_keys

    text = path.read_bytes().decode("utf-8")
    changed = set_keys(text, {"verified": "true", "verified_on": str(today())}, after="verified")
    replace_file(path, changed, read=load_source)
