"""Where an act took place: names of kabupaten, kota and provinces in text, and which of them is meant.

Promises: answers only with a region that the document names, in one of three shapes ("Kabupaten Wajo,
Sulawesi Selatan", "Sulawesi Selatan", ""); the same texts always give the same answer; linear time.
Never does: guess from an outlet alone, know kecamatan or villages, use the network.

`data/regions.csv` holds the 38 provinces and 514 kabupaten/kota (Kemendagri's list as of 2024), one row each:
name, kind, province, seat (its main town, as datelines name it), aliases, zone, islands, and `cue`: "ya" for
a name that is also an everyday word or a person's name (Pati, Bima) and counts only after a word such as
"Kabupaten", "Bawaslu" or "di"; "kecil" when that holds for its lower-case spelling only. An alias with * is
such a name as well.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from store.records import UsageError

RegionKind = Literal["provinsi", "kabupaten", "kota"]

REGIONS_FILE = Path(__file__).resolve().parent.parent / "data" / "regions.csv"


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


#: What one mention counts, by where it stands. Tuned on the 400 cases of data/labels: a title names the place
#: of the act; evidence may also name the town where a report was filed; the body only settles what is level.
WEIGHTS: Mapping[str, float] = {"evidence": 8.0, "title": 12.0, "dateline": 4.0, "lead": 2.0, "body": 0.5}
#: A kabupaten or kota that only the body names, once and without a cue, is no answer.
MIN_WEIGHT = 1.0
#: Towns that a bare name means; elsewhere a bare name (Bima, Serang, Tegal) mostly is the kabupaten, and
#: news says "Kota Bima" for the town. Origin: usage in news.
BARE_IS_KOTA = _words("Bandung Bekasi Bogor Cirebon Jayapura Kupang Madiun Malang Semarang Sorong Tangerang")
#: A name right after "Kabupaten", "Pemkot" ... is surely the region, not a firm or a person.
CUED_FACTOR = 2.0
#: Characters of the body that count as its lead: about three sentences.
LEAD_CHARS = 600
#: National newsrooms sit here: their dateline says nothing about where an act took place.
NEWSROOM_PROVINCE = "DKI Jakarta"

_TOKEN = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"[\s'’.-]{0,3}")
_NOT_PLACES = _words("universitas univ jalan jl hotel sungai gunung selat laut stasiun bandara sate nasi")
_KIND_CUES: Mapping[str, RegionKind] = {
    **dict.fromkeys(
        _words("kabupaten kab pemkab bupati wabup pilbup cabup cawabup bacabup sekdakab"), "kabupaten"
    ),
    **dict.fromkeys(
        _words("kota pemkot pemko walikota walkot wako wawali pilwalkot pilwali pilwako cawali cawalkot"),
        "kota",
    ),
    **dict.fromkeys(
        _words("provinsi prov pemprov gubernur wagub pilgub cagub polda kapolda sekdaprov kejati"), "provinsi"
    ),
}
#: Villages lie in kabupaten; a kota has kelurahan (with few exceptions).
_VILLAGE_WORDS = frozenset({"desa", "kades", "pemdes", "bpd", "nagari", "kampung"})
#: Words after which a name is a place even if it is an everyday word too.
_PLACE_CUES = _words("""
    di ke dari se psu asn pns pppk warga masyarakat bawaslu panwaslu panwas panwaslih kpu kip dprd sekda
    setda pemda polres polresta kejari kodim kemenag dinas disdik disdikbud dinkes dishub dinsos rsud
    puskesmas pilkada pemilu satpol pp kesbangpol bkpsdm bkd bkpp inspektorat wilayah daerah asal kecamatan
    camat lurah kadis kepsek guru kelurahan raya pengadilan gakkumdu pdip golkar nasdem gerindra pkb pks pan
    ppp hanura perindo demokrat
""")


@dataclass(frozen=True, slots=True)
class Region:
    """One row of the table."""

    name: str
    kind: RegionKind
    province: str
    zone: Literal["WIB", "WITA", "WIT"]
    islands: str

    @property
    def label(self) -> str:
        """As every column and filter shows it: "Kota Bima, Nusa Tenggara Barat"."""
        if self.kind == "provinsi":
            return self.name
        return f"{self.kind.capitalize()} {self.name}, {self.province}"


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling of a region; `cue` as in the table."""

    words: tuple[str, ...]
    region: Region
    cue: Literal["", "kecil", "ya"]


@dataclass(frozen=True, slots=True)
class _Mention:
    """A spelling found in a text, with all regions that are written so and the kind that a cue names."""

    regions: tuple[Region, ...]
    kind: RegionKind | None


def find_region(
    title: str, text: str, evidence: Iterable[str], dateline: str, outlet_region: str = ""
) -> str:
    """The region of the act: "Kabupaten X, Provinsi", "Kota X, Provinsi", "Provinsi", or "" if none is told.

    Every mention in evidence, title, dateline, lead and body counts by WEIGHTS; the kabupaten or kota with
    the highest sum wins, before any province; of equals the one named first. A name that several regions
    share (Bandung, Bima, Banjar) is settled by the word before it, then by a province that the document
    names, then by `outlet_region` (a province name), then by whether the document speaks of a bupati or of a
    wali kota, then by usage (BARE_IS_KOTA).
    """
    evidence = list(evidence)
    parts = {
        "evidence": "\n".join(evidence),
        "title": title,
        "dateline": dateline,
        "lead": text[:LEAD_CHARS],
        "body": text[LEAD_CHARS:],
    }
    found = {part: _find_mentions(content, is_dateline=part == "dateline") for part, content in parts.items()}
    everything = [mention for mentions in found.values() for mention in mentions]
    context = _read_context(everything, " ".join((title, *evidence, text)), outlet_region)
    local: dict[Region, float] = {}
    provinces: dict[Region, float] = {}
    for part, mentions in found.items():
        for mention in mentions:
            region = _resolve(mention, context)
            if region is None or (part == "dateline" and region.province == NEWSROOM_PROVINCE):
                continue
            weight = WEIGHTS[part] * (CUED_FACTOR if mention.kind else 1.0)
            sums = provinces if region.kind == "provinsi" else local
            sums[region] = sums.get(region, 0.0) + weight
    for sums in (local, provinces):
        best = max(sums, key=lambda region: sums[region], default=None)
        if best is not None and sums[best] >= MIN_WEIGHT:
            return best.label
    return ""


@lru_cache(maxsize=1)
def load_regions(path: Path = REGIONS_FILE) -> tuple[Region, ...]:
    """All rows of the table, in its order. Raises UsageError when the file is missing or a row is wrong."""
    return tuple(dict.fromkeys(name.region for name in _read_names(path)))


def islands_of(region: str) -> str:
    """The island group of a region, named as in a label or by hand: "Kota X, Provinsi Y" and "NTB", too.

    What stands behind the last comma decides, as a province; else the name before it, if one group alone has
    regions of that name. "" where neither is known.
    """
    place, _, province = region.rpartition(",")
    for part, kinds in ((province, ("provinsi",)), (place or province, ("kabupaten", "kota"))):
        words = tuple(w for w in _TOKEN.findall(part.lower()) if w not in ("provinsi", "kabupaten", "kota"))
        found = {
            name.region.islands
            for names in _index().get(words[0] if words else "", ())
            for name in names
            if name.words == words and name.region.kind in kinds
        }
        if len(found) == 1:
            return found.pop()
    return ""


def list_region_words() -> frozenset[str]:
    """Every word of every region name and alias, lower-cased."""
    return frozenset(word for name in _read_names(REGIONS_FILE) for word in name.words)


def names_region(text: str) -> bool:
    """Whether `text` is, in full, the name, the seat or an alias of a region, in any case of letters."""
    words = tuple(_TOKEN.findall(text.lower()))
    return bool(words) and any(names[0].words == words for names in _index().get(words[0], ()))


def _read_names(path: Path) -> list[_Name]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error}); restore the file from the repository") from error
    names: list[_Name] = []
    for line, row in enumerate(rows, start=2):
        try:
            region = Region(
                name=row["name"],
                kind=cast("RegionKind", row["kind"]),
                province=row["province"],
                zone=cast('Literal["WIB", "WITA", "WIT"]', row["zone"]),
                islands=row["islands"],
            )
            spellings = [row["name"], row["seat"], *row["aliases"].split(";")]
            cue = cast('Literal["", "kecil", "ya"]', row["cue"])
        except (KeyError, AttributeError) as error:
            raise UsageError(
                f"{path}:{line}: a column is missing ({error}); compare with the line above"
            ) from error
        if region.kind not in ("provinsi", "kabupaten", "kota") or region.zone not in ("WIB", "WITA", "WIT"):
            raise UsageError(f"{path}:{line}: kind {region.kind!r} or zone {region.zone!r} is not known")
        for spelling in filter(None, spellings):
            words = tuple(_TOKEN.findall(spelling.lower()))
            names.append(_Name(words, region, "ya" if spelling.endswith("*") else cue))
    return names


@lru_cache(maxsize=1)
def _index() -> Mapping[str, Sequence[Sequence[_Name]]]:
    """First word -> names that begin with it, longest first; names spelled alike stand together."""
    by_words: dict[tuple[str, ...], list[_Name]] = {}
    for name in _read_names(REGIONS_FILE):
        by_words.setdefault(name.words, []).append(name)
    index: dict[str, list[list[_Name]]] = {}
    for words in sorted(by_words, key=lambda words: (-len(words), words)):
        index.setdefault(words[0], []).append(by_words[words])
    return index


def _find_mentions(text: str, *, is_dateline: bool) -> list[_Mention]:
    tokens = list(_TOKEN.finditer(text))
    words = [token.group().lower() for token in tokens]
    mentions: list[_Mention] = []
    position = 0
    while position < len(tokens):
        names = _match_names(text, tokens, words, position)
        end = position + (len(names[0].words) if names else 1)
        mention = _judge(names, words, tokens, position, end, is_dateline=is_dateline) if names else None
        if mention is not None:
            mentions.append(mention)
        position = end
    return mentions


def _match_names(
    text: str, tokens: Sequence[re.Match[str]], words: Sequence[str], start: int
) -> Sequence[_Name]:
    """The longest name that begins at `start`, its words joined by no more than a blank or a hyphen."""
    for names in _index().get(words[start], ()):
        end = start + len(names[0].words)
        if tuple(words[start:end]) != names[0].words:
            continue
        gaps = (text[tokens[i].end() : tokens[i + 1].start()] for i in range(start, end - 1))
        if all(_JOINT.fullmatch(gap) for gap in gaps):
            return names
    return ()


def _judge(
    names: Sequence[_Name],
    words: Sequence[str],
    tokens: Sequence[re.Match[str]],
    start: int,
    end: int,
    *,
    is_dateline: bool,
) -> _Mention | None:
    """The mention at [start, end), or None when the name is probably an everyday word or a person's name."""
    before = words[max(0, start - 2) : start]
    if not _NOT_PLACES.isdisjoint(before):
        return None
    kind = _KIND_CUES.get(before[-1]) if before else None
    is_upper = tokens[start].group()[0].isupper() or words[start].isdigit()
    has_cue = is_dateline or bool(before and before[-1] in _PLACE_CUES) or _precedes_province(words, end)

    def is_place(cue: str) -> bool:
        if kind is not None:
            return True
        return has_cue and (is_upper or not cue) if cue == "ya" or not is_upper else True

    regions = tuple(dict.fromkeys(name.region for name in names if is_place(name.cue)))
    return _Mention(regions, kind) if regions else None


def _precedes_province(words: Sequence[str], end: int) -> bool:
    """Whether a province follows, as in "Pati, Jawa Tengah"."""
    following = _index().get(words[end], ()) if end < len(words) else ()
    return any(
        names[0].words == tuple(words[end : end + len(names[0].words)])
        and any(name.region.kind == "provinsi" for name in names)
        for names in following
    )


@dataclass(frozen=True, slots=True)
class _Context:
    provinces: frozenset[str]
    outlet_region: str
    named_kinds: Mapping[str, RegionKind]
    kind: RegionKind | None


def _read_context(mentions: Iterable[_Mention], text: str, outlet_region: str) -> _Context:
    """What the whole document says about provinces and about kabupaten or kota."""
    provinces: set[str] = set()
    kinds: dict[str, Counter[RegionKind]] = {}
    for mention in mentions:
        owners = {region.province for region in mention.regions}
        if len(owners) == 1:
            provinces |= owners
        if mention.kind and len(mention.regions) > 1:
            kinds.setdefault(mention.regions[0].name, Counter())[mention.kind] += 1
    words = [token.lower() for token in _TOKEN.findall(text)]
    cues = Counter(_KIND_CUES[word] for word in words if word in _KIND_CUES)
    kind: RegionKind | None = None
    if cues["kabupaten"] != cues["kota"]:
        kind = "kabupaten" if cues["kabupaten"] > cues["kota"] else "kota"
    elif not _VILLAGE_WORDS.isdisjoint(words):
        kind = "kabupaten"
    return _Context(
        provinces=frozenset(provinces),
        outlet_region=outlet_region,
        named_kinds={name: counter.most_common(1)[0][0] for name, counter in kinds.items()},
        kind=kind,
    )


def _resolve(mention: _Mention, context: _Context) -> Region | None:
    """The one region that a mention means, or None when the document does not tell."""
    choice = list(mention.regions)
    if mention.kind:
        choice = [region for region in choice if region.kind == mention.kind] or choice
    elif any(region.kind == "provinsi" for region in choice):
        return next(region for region in choice if region.kind == "provinsi")
    if len({region.province for region in choice}) > 1:
        in_text = [region for region in choice if region.province in context.provinces]
        by_outlet = [region for region in choice if region.province == context.outlet_region]
        choice = in_text or by_outlet or choice
    if len(choice) > 1:
        bare: RegionKind = "kota" if choice[0].name in BARE_IS_KOTA else "kabupaten"
        wanted = context.named_kinds.get(choice[0].name, context.kind) or bare
        choice = [region for region in choice if region.kind == wanted]
    return choice[0] if len(choice) == 1 else None
