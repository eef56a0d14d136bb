"""Writes what a visit found: the manifest as text, new files all or none, single lines of existing TOML.

Promises: a manifest that is written loads and is not verified; no existing file is overwritten; when one
file cannot be written none of them stays; an edited TOML file keeps every other byte. Never does: request,
or take text of a site into TOML unescaped.
"""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date
from pathlib import Path

from crawlers.manifest import ID_PATTERN, Source, load_source
from crawlers.probe_found import Findings, FoundEntry, SavedPage
from crawlers.probe_marks import one_line
from crawlers.probe_site import private_of
from crawlers.urls import canonicalize, host_of
from store.records import ExtractionRules, UsageError

#: Endings of host names that say nothing about the outlet.
_ENDINGS = frozenset(
    {"ac", "biz", "blogspot", "co", "com", "desa", "go", "id", "info", "media", "my", "net", "news"}
    | {"online", "or", "org", "sch", "site", "tv", "web", "wordpress", "xyz"}
)
#: The legal ground that our own manifests state; the operator answers for it and changes it where needed.
LEGAL: Mapping[str, str | int] = {
    "basis": "Kepentingan yang sah dan kepentingan umum: pengawasan netralitas ASN dalam pemilihan "
    "(UU 27/2022 Pasal 20 ayat 2 huruf e dan f); ditetapkan operator",
    "purpose": "Menemukan berita tentang dugaan pelanggaran netralitas ASN untuk ditelaah analis",
    "retention_days": 365,
}
#: Characters of a comment, which may hold an address.
COMMENT = 240
#: What a saved page keeps of the manifest's [selectors].
RULE_KEYS = ("title", "body", "published", "author", "remove")


def id_of(url: str) -> str:
    """Propose the id of a source after its host: `www.kabar-lontara.co.id` gives `kabar-lontara`."""
    labels = [label for label in host_of(url).split(".") if label]
    while len(labels) > 1 and labels[-1] in _ENDINGS:
        labels.pop()
    if len(labels) > 1 and labels[0] in ("www", "m", "amp"):
        labels.pop(0)
    return re.sub(r"[^a-z0-9]+", "-", "-".join(labels)).strip("-")


def check_id(name: str) -> None:
    """Raise UsageError when a name cannot be the id of a source."""
    if not ID_PATTERN.fullmatch(name):
        raise UsageError(f"id {name!r}: an id consists of a-z, 0-9 and -; give one with --id")


def manifest_text(name: str, findings: Findings, *, delay_s: float, today: date) -> str:
    """Write the manifest of a site that was visited; not verified, with what was found and what guessed."""
    main, *others = findings.entries
    lines = [
        f"# Belum diperiksa orang; dibuat {today} oleh `sources add`.",
        *(f"# Ditemukan: {one_line(text, limit=COMMENT)}." for text in findings.found),
        *(f"# Dugaan, periksa: {one_line(text, limit=COMMENT)}." for text in findings.guessed),
        "# Isi sendiri: region (provinsi; kosong = nasional), [items], [legal].",
        f"id = {_toml(name)}",
        f"publisher = {_toml(findings.publisher)}",
        f"hosts = {_toml(list(findings.hosts))}",
        *(f"private_hosts = {_toml([host])}" for host in private_of(findings.host)),
        f"platform = {_toml(findings.platform)}",
        'kind = "news"',
        f"language = {_toml(findings.language.value)}",
        f"timezone = {_toml(findings.zone.value)}",
        'region = ""',
        "verified = false",
        f"delay_s = {delay_s}",
        "",
        "[[entries]]",
        *_entry_lines(main),
        *(line for other in others[:1] for line in ("[entries.fallback]", *_entry_lines(other))),
        "",
    ]
    articles: dict[str, object] = {"include": findings.include, "same_host": findings.same_host}
    lines += _table("articles", {key: value for key, value in articles.items() if value})
    lines += _table("pages", findings.pages)
    lines += _table("selectors", findings.selectors)
    lines += _table("items", {"min": 0, "max": 200})
    lines += _table("legal", LEGAL)
    return "\n".join(lines).rstrip("\n") + "\n"


def page_text(name: str, saved: SavedPage, source: Source, rules: ExtractionRules) -> str:
    """Write the TOML beside a saved page: what was fetched when, by which rules it is read, not confirmed."""
    keys: dict[str, object] = {"url": saved.url}
    canonical = canonicalize(saved.url, source.url_rules())
    if canonical != saved.url:
        keys["canonical_url"] = canonical
    stamp = saved.fetched_at.astimezone(UTC)
    shown = {key: list(value) for key in RULE_KEYS if (value := getattr(rules, key))}
    lines = [
        f"# Disimpan oleh `sources add`; teks milik {one_line(source.publisher)}, jangan disiarkan ulang.",
        "# Bandingkan berkas JSON dengan halaman ini, perbaiki yang keliru, lalu: sources confirm " + name,
        "confirmed = false",
        *(f"{key} = {_toml(value)}" for key, value in keys.items()),
        f"fetched_at = {stamp:%Y-%m-%dT%H:%M:%S}Z",
        f"encoding = {_toml(saved.encoding)}",
    ]
    if saved.format != "html":
        lines += [f"format = {_toml(saved.format)}", f"part = {_toml(saved.part)}"]
        lines += [f"bodies = {_toml([page_file(name, saved)])}"]
    lines += ["", *_table("rules", {"timezone": rules.timezone, **shown})]
    return "\n".join(lines).rstrip("\n") + "\n"


def page_file(name: str, saved: SavedPage) -> str:
    """Name the file that holds a saved page itself."""
    return f"{name}.html" if saved.format == "html" else f"{name}.body.json"


def check_manifest(name: str, text: str) -> Source:
    """Read a manifest that is not written yet. Raises UsageError when it would not load."""
    with tempfile.TemporaryDirectory(prefix="netra-probe-") as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return load_source(path)


def refuse_existing(paths: Sequence[Path]) -> None:
    """Raise UsageError when one of the files that are to be written is there already."""
    for path in paths:
        if path.exists():
            raise UsageError(f"{path} exists and is not overwritten; choose another name with --id")


def write_new(files: Mapping[Path, bytes]) -> None:
    """Write new files, all or none. Raises UsageError when one exists or the disk refuses."""
    made: list[Path] = []
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                made.append(path)
                out.write(content)
    except BaseException as error:
        for path in made:
            with suppress(OSError):
                path.unlink()
        if isinstance(error, FileExistsError):
            raise UsageError(f"{error.filename} exists and is not overwritten; nothing was written") from None
        if isinstance(error, OSError):
            raise UsageError(f"{error.filename}: {error.strerror}; nothing was written") from None
        raise


def set_keys(text: str, values: Mapping[str, str], *, after: str) -> str:
    """Set keys of the top table of a TOML text to TOML values, line by line; all other bytes stay.

    A key that is there keeps its place and the comment behind it; a new one goes behind the line of the
    key `after`, else to the end of the top table.
    """
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    for key, value in values.items():
        top = next((n for n, line in enumerate(lines) if re.match(r"\s*\[", line)), len(lines))
        place = _line_of_key(lines[:top], key)
        if place is not None:
            rest = re.match(r"(\s*[\w\"-]+\s*=\s*)[^#\r\n]*?(\s*(?:#[^\r\n]*)?)(\r?\n?)$", lines[place])
            if rest:
                lines[place] = rest[1] + value + rest[2] + rest[3]
            continue
        behind = _line_of_key(lines[:top], after)
        at = top if behind is None else behind + 1
        if at and not lines[at - 1].endswith("\n"):
            lines[at - 1] += end
        lines.insert(at, f"{key} = {value}{end}")
    return "".join(lines)


def _line_of_key(lines: Sequence[str], key: str) -> int | None:
    pattern = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=")
    return next((number for number, line in enumerate(lines) if pattern.match(line)), None)


def _entry_lines(entry: FoundEntry) -> list[str]:
    return [f"kind = {_toml(entry.kind)}", f"url = {_toml(entry.url)}"]


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    if not values:
        return []
    return [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""]


def _toml(value: object) -> str:
    """Write a text, number, list or flat table as TOML; JSON's escapes are TOML's, but for DEL."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        if len(value) > 3:
            return "[\n" + "".join(f"    {_toml(item)},\n" for item in value) + "]"
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return str(value)
