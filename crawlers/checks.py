"""What is to be mended in the manifests: single files, and what only shows when all are read together.

Promises: every fault names its source, file and line, what is wrong and what to do; all faults of all files
are found in one go. Never does: request, or change a file.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crawlers.manifest import Source, check_sources, load_source
from crawlers.tls_manifest import pin_fault
from store.records import UsageError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that somebody has to mend."""

    source_id: str
    #: File name and line.
    place: str
    text: str


def find_faults(
    folder: Path, *, provinces: Mapping[str, str], today: date, only: Sequence[str] = ()
) -> list[Fault]:
    """Read all manifests of a folder and list what is wrong, by source id; empty means: all good.

    `provinces`: name -> IANA zone of those that `region` may name. `only`: report these ids alone; what
    they share with others is seen all the same. Raises UsageError for a folder without manifests and for
    an unknown id.
    """
    faults = [_fault_of_line(line) for line in check_sources(folder)]
    paths = sorted(folder.glob("*.toml"))
    if unknown := sorted({*only} - {path.stem for path in paths}):
        near = difflib.get_close_matches(unknown[0], [path.stem for path in paths], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"no source {unknown[0]!r} in {folder}{hint}")
    loaded: list[tuple[Source, str]] = []
    for path in paths:
        try:
            loaded.append((load_source(path), path.read_text(encoding="utf-8")))
        except UsageError:
            continue  # check_sources has named it
    owners: dict[str, list[str]] = defaultdict(list)
    for source, _ in loaded:
        for host in source.hosts:
            owners[host].append(source.id)
    for source, text in loaded:
        found = [*_shared_hosts(source, owners), *_own_faults(source, provinces, today)]
        faults.extend(Fault(source.id, f"{source.id}.toml:{_line(text, at)}", what) for at, what in found)
    return sorted(
        (fault for fault in faults if not only or fault.source_id in only), key=lambda fault: fault.source_id
    )


def _fault_of_line(line: str) -> Fault:
    """Split a line of `check_sources`: path:line: what."""
    parts = re.match(r"(?P<path>.+?\.toml):(?:(?P<line>\d+):)? (?P<text>.*)", line)
    if not parts:
        return Fault("", "", line)
    path = Path(parts["path"])
    return Fault(path.stem, f"{path.name}:{parts['line'] or 1}", parts["text"])


def _shared_hosts(source: Source, owners: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for host in source.hosts:
        others = [name for name in owners[host] if name != source.id]
        if others:
            yield f'"{host}"', f"host {host} also belongs to {', '.join(others)}; leave it to one of them"


def _own_faults(source: Source, provinces: Mapping[str, str], today: date) -> Iterator[tuple[str, str]]:
    """Give (where in the text, what) for one source that loads."""
    zone = provinces.get(source.region)
    if source.region and zone is None:
        near = difflib.get_close_matches(source.region, list(provinces), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        yield "region", f'region {source.region!r} is no province{hint} ("" = national)'
    elif zone and zone != source.timezone:
        yield "timezone", f"timezone is {source.timezone}, but {source.region} lies in {zone}"
    for twin, host in source.articles.same_host.items():
        for name in (twin, host):
            if name not in source.hosts:
                yield "same_host", f"same_host names {name}, which is not among hosts; add it there"
    asked = [(entry.url or entry.path, entry.query) for entry in source.all_entries()]
    for url, query in dict.fromkeys(place for place in asked if asked.count(place) > 1):
        yield url, f"entry {url} stands there {asked.count((url, query))} times; once is enough"
    if not re.fullmatch(r"[a-z]{2,3}", source.language):
        yield "language", f"language {source.language!r} is no code such as id, jv or en"
    if source.verified and source.verified_on is None:
        yield "verified", "verified without verified_on; run: sources check --live --write " + source.id
    if source.verified_on and not source.verified:
        yield "verified_on", "verified_on with verified = false; drop one of them"
    if source.verified_on and source.verified_on > today:
        yield "verified_on", f"verified_on {source.verified_on} is in the future"
    for pin in source.tls:
        if fault := pin_fault(pin, today):
            yield f"until = {pin.until}", fault


def _line(text: str, mark: str) -> int:
    """Give the line on which a key or a quoted word first stands; 1 when it does not."""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.split("#", 1)[0] if line.lstrip().startswith("#") else line
        if mark in stripped:
            return number
    return 1
