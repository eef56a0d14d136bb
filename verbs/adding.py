"""The verbs that make a source out of an address: visit it and write its files, confirm its saved page.

Promises and exit codes are those of `pipeline.py`; `verbs.sources` registers these two. All files of a source
are written or none; no file that is there is overwritten, but for the line `confirmed` of a saved page.
Never does: say that a page is read well (a person does).
"""

import json
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from crawlers.manifest import Source, load_sources
from crawlers.urls import canonicalize, host_of
from review.sheet import flatten
from review.terminal import say
from store.records import Document, ExtractionRules, NetraError, RawPage, UsageError
from verbs.places import ROOT, SOURCES

if TYPE_CHECKING:  # Scrapy takes a second to load; `confirm` and a refused address send no request
    from crawlers.probe_found import Findings, SavedPage

PAGES = ROOT / "tests" / "pages"

#: The pause that our own manifests keep between two requests to one host.
DELAY_S = 2.0

RootOption = Annotated[
    Path | None,
    typer.Option("--out", help="Folder that gets sources/ID.toml and pages/ID.* (default: this repository)."),
]
IdOption = Annotated[str | None, typer.Option("--id", help="Id of the source (default: after the host).")]


def today() -> date:
    """Return the date in Jakarta, by which nights are named."""
    return datetime.now(ZoneInfo("Asia/Jakarta")).date()


def replace_file(path: Path, text: str, *, read: Callable[[Path], object]) -> None:
    """Put a new text in the place of a TOML file in one step, after `read` has taken it without raising."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".netra-") as folder:
        new = Path(folder) / path.name
        new.write_bytes(text.encode("utf-8"))
        read(new)
        new.replace(path)


def sources_add(
    url: Annotated[str, typer.Argument(help="Address of the site, or of a feed of it.")],
    name: Annotated[
        str | None, typer.Option("--id", help="Id of the source (default: after the host).")
    ] = None,
    out: RootOption = None,
    delay_s: Annotated[
        float, typer.Option("--delay", min=0.0, help="Seconds between two requests.")
    ] = DELAY_S,
) -> int:
    """Visit a site (at most 15 requests); write its manifest, a saved page, a draft of its golden file."""
    from crawlers.probe import Task, run_visits
    from crawlers.probe_site import explore, probe_source
    from crawlers.probe_write import check_id, id_of, refuse_existing

    url = url if "://" in url else f"https://{url}"
    if not host_of(url):
        raise UsageError(f"{url!r} is no http(s) address of a site")
    name = name or id_of(url)
    check_id(name)
    manifest, pages = places(out, name)
    refuse_existing(
        [manifest, *(pages / f"{name}{end}" for end in (".toml", ".html", ".body.json", ".json"))]
    )
    refuse_known_host(url, manifest.parent)
    say(f"visiting {url} as {name}, at most 15 requests with {delay_s} s between them")
    task = Task(probe_source(url, delay_s=delay_s), partial(explore, url))
    (findings,) = run_visits([task])
    if isinstance(findings, NetraError):
        raise findings
    written = write_source(name, findings, manifest=manifest, pages=pages, delay_s=delay_s)
    for line in findings.found:
        say(flatten(f"found: {line}"))
    for line in findings.guessed:
        say(flatten(f"guessed: {line}"))
    for line in findings.unused:
        say(flatten(f"not used: {line}"))
    for path in written:
        say(f"wrote {path}")
    where = f" --out {out}" if out else ""
    say(f"next: look at the manifest, then run: python pipeline.py sources confirm {name}{where}")
    return 0


def places(out: Path | None, name: str) -> tuple[Path, Path]:
    """Return the path of a manifest and the folder of saved pages."""
    if out is None:
        return SOURCES / f"{name}.toml", PAGES
    return out / "sources" / f"{name}.toml", out / "pages"


def refuse_known_host(url: str, folder: Path) -> None:
    """Raise UsageError when a manifest beside the new one, or one of ours, has this host already."""
    from crawlers.probe_site import twins_of

    host = host_of(url)
    for place in {folder, SOURCES}:
        if not any(place.glob("*.toml")):
            continue
        for source in load_sources(place):
            if {host, *twins_of(host)} & {*source.hosts}:
                raise UsageError(
                    f"{host} belongs to the source {source.id} already: {place / source.id}.toml"
                )


def write_source(
    name: str, findings: "Findings", *, manifest: Path, pages: Path, delay_s: float
) -> list[Path]:
    """Write all files of a new source, or none; gives their paths."""
    from crawlers.probe_write import (
        check_manifest,
        manifest_text,
        page_file,
        page_text,
        refuse_existing,
        write_new,
    )
    from nlp.golden import golden_of, golden_text

    saved, document, rules = read_article(name, findings, delay_s=delay_s)
    text = manifest_text(name, findings, delay_s=delay_s, today=today())
    source = check_manifest(name, text)
    files = {
        pages / page_file(name, saved): saved.body,
        pages / f"{name}.json": golden_text(golden_of(document)).encode(),
        pages / f"{name}.toml": page_text(name, saved, source, rules).encode(),
        manifest: text.encode(),
    }
    refuse_existing(list(files))
    write_new(files)
    return list(files)


def read_article(
    name: str, findings: "Findings", *, delay_s: float
) -> tuple["SavedPage", Document, ExtractionRules]:
    """Read the article of a visit: by the guessed selectors, else without, else as the interface gives it.

    Selectors that yield nothing are dropped from `findings`. Raises ProbeFailedError when nothing is read.
    """
    from crawlers.probe import ProbeFailedError
    from crawlers.probe_write import check_manifest, manifest_text
    from nlp.extract import NothingExtracted

    problems = []
    for saved in findings.article:
        for selectors in (findings.selectors, {}) if findings.selectors else ({},):
            tried = replace(findings, selectors=selectors)
            source = check_manifest(name, manifest_text(name, tried, delay_s=delay_s, today=today()))
            rules = source.rules()
            try:
                document = read_saved(saved, source, rules)
            except NothingExtracted as nothing:
                problems.append(f"{saved.url}: {nothing}")
                continue
            if not selectors and findings.selectors:
                findings.guessed.append("selectors tidak menghasilkan teks dan dibuang")
            findings.selectors = selectors
            return saved, document, rules
    tried_all = "; ".join(dict.fromkeys(problems)) or "no article could be fetched"
    raise ProbeFailedError(f"{findings.host}: no article can be read ({tried_all}); nothing was written")


def read_saved(saved: "SavedPage", source: Source, rules: ExtractionRules) -> Document:
    """Extract a page of a visit as the nightly run would."""
    from nlp.extract import extract_page

    page = RawPage(
        page_id="G-0123456789abcdef",
        source_id=source.id,
        url=saved.url,
        canonical_url=canonicalize(saved.url, source.url_rules()),
        night=saved.fetched_at.astimezone(ZoneInfo("Asia/Jakarta")).date(),
        fetched_at=saved.fetched_at,
        status=200,
        format=saved.format,
        part=saved.part,
        encoding=saved.encoding,
        refs=(),
        body_sha256="",
        pages_expected=1,
        bodies=(saved.body,),
    )
    return extract_page(page, rules)


def sources_confirm(
    name: Annotated[str, typer.Argument(metavar="ID", help="The source whose saved page is looked at.")],
    out: RootOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: somebody has compared the files.")] = False,
) -> int:
    """Show what should come out of a saved page; when a person says it is right, the page's test counts."""
    from crawlers.probe_write import set_keys

    _, pages = places(out, name)
    stamp = pages / f"{name}.toml"
    for path in (stamp, pages / f"{name}.json"):
        if not path.is_file():
            raise UsageError(f"{path}: no such saved page; write one with: sources add URL --id {name}")
    differs = show_golden(pages, name)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody can be asked here; run it on a terminal, or give --yes after comparing")
        if not typer.confirm("Does the saved page say exactly this?", default=False):
            say(f"not confirmed; mend {pages / name}.json or the selectors, then run it again")
            return 1
    text = stamp.read_bytes().decode("utf-8")
    changed = set_keys(text, {"confirmed": "true"}, after="confirmed")
    replace_file(stamp, changed, read=lambda path: tomllib.loads(path.read_text(encoding="utf-8")))
    say(f"confirmed: {stamp}")
    return int(differs)


def show_golden(pages: Path, name: str) -> bool:
    """Print a golden file for a person; says so, and gives True, when the extractor reads something else."""
    from nlp.extract import NothingExtracted, extract_page
    from nlp.golden import golden_of, load_saved

    page, rules = load_saved(pages, name)
    golden: dict[str, Any] = json.loads((pages / f"{name}.json").read_text(encoding="utf-8"))
    say(f"page: {flatten(page.url)}, fetched {page.fetched_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    for key, value in golden.items():
        lines = value if isinstance(value, list) else [str(value)]
        say(f"{key}: " + flatten(lines[0] if lines else "-"))
        for line in lines[1:]:
            say(" " * (len(key) + 2) + flatten(line))
    try:
        read = golden_of(extract_page(page, rules))
    except NothingExtracted as nothing:
        say(f"the extractor reads nothing: {nothing}; mend the rules in {pages / name}.toml")
        return True
    different = [key for key in golden if golden[key] != read.get(key)]
    if different:
        say(f"the extractor reads another {', '.join(different)}: mend [rules] in {pages / name}.toml")
    return bool(different)
