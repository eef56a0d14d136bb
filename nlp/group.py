"""Groups flagged documents that tell of one act into one incident: the row that an analyst decides on.

Two documents belong together when their texts are near-duplicates (syndicated copies, copied posts), or when
they tell of the same act: same kabupaten or kota, same known position, a shared type, at most SAME_ACT_DAYS
apart, and at least MIN_SHARED_NAMES rare names, or the same initials ("berinisial AM"), shared by what their
titles and evidence say.

Promises: an incident keeps its id and its members for good; a new one is named after the document that opened
it; documents are taken by (night, time, id), so that nights grouped one by one or all at once give the same
incidents. Never does: merge two incidents, or link on a region, a date or a type alone.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from datasketch import MinHash, MinHashLSH

from nlp.lexicon import list_words
from nlp.regions import list_region_words
from store.records import POSITIONS, PROCESSES, TYPES, Document, Incident, Prediction

#: Version of the rules in this file; raise it when they change.
GROUP_VERSION = "1"
#: Words per shingle, permutations and seed of the MinHash; the seed makes every run give the same hashes.
SHINGLE_WORDS = 5
PERMUTATIONS = 128
SEED = 20240917
#: Bands and rows of the LSH: finds 99.99 % of the pairs of similarity 0.4; each is then compared in full.
LSH_BANDS, LSH_ROWS = 64, 2
#: Jaccard of shingles from which two texts are copies. Tuned on 418 of our labelled news texts: it finds all
#: copies with another head or a lost third, 99 % of those cut to half, 98 % of those with one word in twenty
#: changed; unlike texts stay below 0.05.
SIMILARITY = 0.4
#: Texts of up to this many words (posts, headlines) share phrases by chance: they must be closer.
SHORT_WORDS = 40
SHORT_SIMILARITY = 0.8
#: Shorter texts than this ("mantap, lanjutkan!") say nothing about being the same.
MIN_WORDS = 5
SAME_ACT_DAYS = 14
MIN_SHARED_NAMES = 2
MIN_NAME_LETTERS = 3
#: Mark of initials among the names of a document: they stand for a person's whole name.
INITIALS = "inisial:"

_WORD = re.compile(r"\w+")
_INITIALS = re.compile(r"\b(?:ber)?inisial\s+([A-Z]{1,5})\b")
_SENTENCE_GAP = re.compile(r"[.!?:;\n\"“”'‘’(\[]")


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


#: How far a case has come: the codebook's order, with "unknown" before all.
_PROGRESS = {process: i for i, process in enumerate(("unknown", *(p for p in PROCESSES if p != "unknown")))}
#: A name after one of these is a candidate's or a spokesman's, not that of the civil servant.
_OTHERS = _words("""
    calon paslon pasangan bakal cabup cagub cawabup cawagub cawalkot cawali caleg capres cawapres kandidat
    petahana bupati gubernur wali walikota wakil presiden ketua anggota komisioner koordinator divisi partai
    relawan kata ujar jelas tutur menurut nomor urut bawaslu panwaslu kpu tim kubu mendukung dukung memilih
    pilih
""")
_ACTING_HEADS = _words("pj penjabat pjs")
_AND = _words("dan serta bersama")
#: Capitalised words that are no names, or names of half the country, and stand in no list of ours.
_COMMON = _words("""
    januari februari maret april mei juni juli agustus september oktober november desember senin selasa rabu
    kamis jumat sabtu minggu ahad wib wita wit haji hajah drs dra pasal ayat undang tahun surat keputusan
    peraturan pemerintah republik indonesia komisi aparatur sipil badan sentra penegakan hukum terpadu
    provinsi desa jalan twitter smp sma smk sdn universitas senior junior bapak ibu sdr sdri saudara pak
    muhammad mohammad muh ahmad abdul siti nur andi com wartawan reporter laporan editor penulis tribun
    tribunnews kompas detik antara liputan cnn republika okezone jpnn tempo sindonews covid
""")


@dataclass(slots=True)
class _Member:
    document: Document
    prediction: Prediction
    at: datetime
    n_words: int
    digest: str
    minhash: MinHash
    names: frozenset[str]


@dataclass(slots=True)
class _Cluster:
    incident_id: str
    members: dict[str, _Member] = field(default_factory=dict)
    before: Incident | None = None
    touched: bool = False

    @property
    def seniority(self) -> tuple[date, str]:
        return min(member.document.night for member in self.members.values()), self.incident_id


def group(
    new: list[tuple[Document, Prediction]],
    known: list[tuple[Incident, list[Document], list[Prediction]]],
) -> list[Incident]:
    """All incidents that are new or changed, by (first night, id).

    `known` holds incidents with their member documents and predictions, in step. A document of `new` that is
    a member already stays where it is and its incident is worked out anew. One that fits several incidents
    joins the oldest (first night, then id).
    """
    clusters = _Clusters()
    for incident, documents, predictions in known:
        cluster = _Cluster(incident.incident_id, before=incident)
        for document, prediction in zip(documents, predictions, strict=True):
            clusters.put(cluster, _read_member(document, prediction))
    for document, prediction in sorted(new, key=lambda pair: _order_of(pair[0])):
        member = _read_member(document, prediction)
        cluster = clusters.home_of(member) or _Cluster(name_incident(document.doc_id))
        cluster.touched = True
        clusters.put(cluster, member)
    rebuilt = [(_build_incident(cluster), cluster.before) for cluster in clusters.all() if cluster.touched]
    changed = [incident for incident, before in rebuilt if incident != before]
    return sorted(changed, key=lambda incident: (incident.first_night, incident.incident_id))


def name_incident(doc_id: str) -> str:
    """The id of the incident that a document opens: "I-" and 12 hex digits."""
    return "I-" + hashlib.sha256(doc_id.encode()).hexdigest()[:12]


class _Clusters:
    """All incidents of one call, and the three ways to find those that a document may belong to."""

    def __init__(self) -> None:
        self._by_doc: dict[str, _Cluster] = {}
        self._by_digest: dict[str, list[str]] = {}
        self._by_act: dict[tuple[str, str], list[str]] = {}
        self._lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(LSH_BANDS, LSH_ROWS))

    def put(self, cluster: _Cluster, member: _Member) -> None:
        doc_id = member.document.doc_id
        if doc_id in self._by_doc:
            self._lsh.remove(doc_id)
        self._by_doc[doc_id] = cluster
        cluster.members[doc_id] = member
        self._lsh.insert(doc_id, member.minhash)
        self._by_digest.setdefault(member.digest, []).append(doc_id)
        if key := _act_key(member):
            self._by_act.setdefault(key, []).append(doc_id)

    def all(self) -> Iterable[_Cluster]:
        return {cluster.incident_id: cluster for cluster in self._by_doc.values()}.values()

    def home_of(self, member: _Member) -> _Cluster | None:
        """The oldest cluster that holds the document, a copy of it, or another account of its act."""
        if own := self._by_doc.get(member.document.doc_id):
            return own
        candidates: set[str] = set()
        if member.n_words >= MIN_WORDS:
            candidates.update(self._lsh.query(member.minhash), self._by_digest.get(member.digest, ()))
        matches = [doc_id for doc_id in candidates if _is_copy(member, self._member(doc_id))]
        if key := _act_key(member):
            same_key = (i for i in self._by_act.get(key, ()) if _act_key(self._member(i)) == key)
            matches += [i for i in same_key if _tells_same_act(member, self._member(i))]
        homes = [self._by_doc[doc_id] for doc_id in matches]
        return min(homes, key=lambda cluster: cluster.seniority, default=None)

    def _member(self, doc_id: str) -> _Member:
        return self._by_doc[doc_id].members[doc_id]


def _time_of(document: Document) -> datetime:
    """When it was published, else fetched, else the start of its night."""
    return document.published_at or document.fetched_at or datetime.combine(document.night, time(), UTC)


def _order_of(document: Document) -> tuple[date, datetime, str]:
    """The order in which documents are taken; the night comes first: no night changes an earlier one."""
    return document.night, _time_of(document), document.doc_id


def _read_member(document: Document, prediction: Prediction) -> _Member:
    words = [word.lower() for word in _WORD.findall(document.text or document.title)]
    shingles = {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))}
    minhash = MinHash(num_perm=PERMUTATIONS, seed=SEED)
    minhash.update_batch([shingle.encode("utf-8", "replace") for shingle in sorted(shingles)])
    return _Member(
        document=document,
        prediction=prediction,
        at=_time_of(document),
        n_words=len(words),
        digest=hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest(),
        minhash=minhash,
        names=find_names(document, prediction),
    )


def _is_copy(one: _Member, other: _Member) -> bool:
    if one.digest == other.digest:
        return True
    is_short = min(one.n_words, other.n_words) <= SHORT_WORDS
    similarity: float = one.minhash.jaccard(other.minhash)
    return similarity >= (SHORT_SIMILARITY if is_short else SIMILARITY)


def _act_key(member: _Member) -> tuple[str, str] | None:
    """Region and position, when both are known closely enough to compare."""
    region, position = member.prediction.region, member.prediction.position
    if (
        not region.startswith(("Kabupaten ", "Kota "))
        or position not in POSITIONS
        or position == "unspecified"
    ):
        return None
    return region, position


def _tells_same_act(one: _Member, other: _Member) -> bool:
    return (
        not set(one.prediction.types).isdisjoint(other.prediction.types)
        and abs(one.at - other.at) <= timedelta(days=SAME_ACT_DAYS)
        and _share_names(one.names & other.names)
    )


def _share_names(shared: Set[str]) -> bool:
    return len(shared) >= MIN_SHARED_NAMES or any(name.startswith(INITIALS) for name in shared)


def find_names(document: Document, prediction: Prediction) -> frozenset[str]:
    """Lower-cased words of title and evidence that are part of a rare proper name, and "inisial:am".

    A word is a name when it stands with a capital inside a sentence of text or evidence and nowhere in small
    letters. Left out: words of our lists and regions, months, titles, and names that follow a word such as
    "calon" or "Ketua" (candidates and spokesmen, who turn up in many incidents).
    """
    told = " \n".join(prediction.evidence)
    inside, others, small = _read_capitals(f"{told}\n{document.text}")
    spoken = {word.lower() for word in _WORD.findall(f"{document.title} {told}") if word[0].isupper()}
    names = (inside - others - small) & spoken
    initials = {INITIALS + found.lower() for found in _INITIALS.findall(f"{document.title} {told}")}
    return frozenset((names - _COMMON - _known_words()) | initials)


def _read_capitals(text: str) -> tuple[set[str], set[str], set[str]]:
    """Words with a capital inside a sentence, those of them that name others, and words in small letters."""
    inside: set[str] = set()
    others: set[str] = set()
    small: set[str] = set()
    before: list[str] = []
    end, of_other = 0, False
    for match in _WORD.finditer(text):
        word, lower = match.group(), match.group().lower()
        starts_sentence = end == 0 or bool(_SENTENCE_GAP.search(text[end : match.start()]))
        end = match.end()
        if starts_sentence:
            before, of_other = [], False
        if not word[0].isupper():
            small.add(lower)
            of_other = of_other and lower in _AND
            before = [*before[-2:], lower]
            continue
        of_other = (of_other or not _OTHERS.isdisjoint(before)) and _ACTING_HEADS.isdisjoint(before)
        if of_other and lower not in _OTHERS:
            others.add(lower)
        if not starts_sentence and len(lower) >= MIN_NAME_LETTERS and lower.isalpha():
            inside.add(lower)
        before = [*before[-2:], lower] if lower in _OTHERS | _ACTING_HEADS else before
    return inside, others, small


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    return list_words() | list_region_words()


def _build_incident(cluster: _Cluster) -> Incident:
    members = sorted(cluster.members.values(), key=lambda member: (member.at, member.document.doc_id))
    ranked = sorted(members, key=lambda member: -member.prediction.score)
    predictions = [member.prediction for member in ranked]
    counts = Counter(name for prediction in predictions for name in prediction.types)
    return Incident(
        incident_id=cluster.incident_id,
        doc_ids=tuple(member.document.doc_id for member in members),
        first_night=min(member.document.night for member in members),
        region=_first(prediction.region for prediction in predictions),
        position=_first(p.position for p in predictions if p.position != "unspecified") or "unspecified",
        types=tuple(sorted(counts, key=lambda name: (-counts[name], TYPES.index(name)))),
        process=max((p.process for p in predictions), key=lambda process: _PROGRESS.get(process, 0)),
        score=max(prediction.score for prediction in predictions),
    )


def _first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")
