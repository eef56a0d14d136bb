"""Groups flagged documents that tell of one act into one incident: the row that an analyst decides on.

A document joins an incident when with one of its members
  1. its text is a near-duplicate (syndicated copies, copied posts: `nlp.copies`), or
  2. it tells of the same act at about the same time: at most SAME_ACT_DAYS apart, a shared type, one region,
     shared rare names or initials (`nlp.names`); where the region is not surely one, or fewer names are
     shared, both must also be alike in words (`nlp.likeness`); and accounts of one kabupaten that are very
     much alike belong together whatever type and position were read from them;
  3. else, it reports a later step of the act up to LATER_STEP_DAYS on (forwarded ... sanction, cleared)
     with the names shared, where the incident had not come further before. Of several, the one most alike.

Promises: an incident keeps its id and its members for good; a new one is named after the document that opened
it; documents are taken by (night, time, id), so that nights grouped one by one or all at once give the same
incidents; a document is compared with a bounded number of others. Never does: merge two incidents, or link on
a region, a date or a type alone.
"""

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from nlp.copies import CopyIndex, Sketch, find_copies, sketch_of
from nlp.likeness import WordVector, likeness, make_vector
from nlp.names import MIN_SHARED_NAMES, find_names, is_initials, name_others, share_names
from store.records import PROCESSES, TYPES, Document, Incident, Prediction

#: Version of the rules in this file and those it names; raise it when they change.
GROUP_VERSION = "2"
SAME_ACT_DAYS = 14
#: From the act to a reported sanction; the anchor years' longest case that was told took ten months.
LATER_STEP_DAYS = 365
#: Likeness in words that two accounts need besides: by how their regions compare, when they share names; when
#: they share one name alone; when one of them names nobody; and of a later step whose type differs. Tuned on
#: half of our test set (python -m tests.nlp.incidents).
LIKE_NAMED = {"same": 0.0, "open": 0.2, "near": 0.4}
LIKE_ONE_NAME = 0.35
LIKE_UNNAMED = 0.35
LIKE_OTHER_TYPE = 0.4
#: From here on two accounts of one kabupaten are of one act, whatever their types and positions: different
#: acts of our tuning half reach 0.3 within SAME_ACT_DAYS, those of one person 0.5 at any distance.
LIKE_SURE = 0.55
#: Others that a document is compared with under one name or place, the nearest in time: keeps a flood of
#: accounts about one name from costing the square of its size.
MAX_COMPARED = 100
#: Steps that news tells of long after the act.
LATER_STEPS = frozenset({"forwarded", "recommendation", "sanction", "verdict", "cleared"})
#: How far a case has come: the codebook's order, with "unknown" before all.
PROGRESS = {process: i for i, process in enumerate(("unknown", *(p for p in PROCESSES if p != "unknown")))}

_UNKNOWN_POSITIONS = frozenset({"", "unspecified"})
#: Entry of a list that is kept in order of time.
_Entry = tuple[datetime, str]


@dataclass(slots=True)
class _Member:
    document: Document
    prediction: Prediction
    at: datetime
    sketch: Sketch
    names: frozenset[str]
    vector: WordVector | None = None


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
    joins the oldest (first night, then id), by a later step the one most alike.
    """
    clusters = _Clusters()
    for cluster, member in sorted(_read_known(known), key=lambda pair: _order_of(pair[1].document)):
        clusters.put(cluster, member)
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


def time_of(document: Document) -> datetime:
    """When it was published, else fetched, else the start of its night."""
    return document.published_at or document.fetched_at or datetime.combine(document.night, time(), UTC)


class _Clusters:
    """All incidents of one call, and the ways to find those that a document may belong to."""

    def __init__(self) -> None:
        self._by_doc: dict[str, _Cluster] = {}
        self._copies = CopyIndex()
        self._by_key: dict[tuple[str, str], list[_Entry]] = {}

    def put(self, cluster: _Cluster, member: _Member) -> None:
        doc_id = member.document.doc_id
        if doc_id in self._by_doc:
            for key, entry in _entries_of(self._member(doc_id)):
                self._by_key[key].remove(entry)
        self._by_doc[doc_id] = cluster
        cluster.members[doc_id] = member
        self._copies.add(doc_id, member.sketch)
        for key, entry in _entries_of(member):
            insort(self._by_key.setdefault(key, []), entry)

    def all(self) -> Iterable[_Cluster]:
        return {cluster.incident_id: cluster for cluster in self._by_doc.values()}.values()

    def home_of(self, member: _Member) -> _Cluster | None:
        """The cluster that holds the document, a copy of it, another account or another step of its act."""
        if own := self._by_doc.get(member.document.doc_id):
            return own
        matches = set(self._copies.find(member.sketch))
        others = [self._member(doc_id) for doc_id in self._candidates(member)]
        matches |= {other.document.doc_id for other in others if _tells_same_act(member, other)}
        if matches:
            homes = [self._by_doc[doc_id] for doc_id in matches]
            return min(homes, key=lambda cluster: cluster.seniority)
        linked = [
            (
                _share_types(member.prediction, other.prediction),
                _likeness(member, other),
                other.document.doc_id,
            )
            for other in others
            if _is_later_step(member, other) and self._fits_in(member, other)
        ]
        return self._by_doc[max(linked)[2]] if linked else None

    def _candidates(self, member: _Member) -> set[str]:
        """Documents that share names with it, where the region lets them, and those of its place and time."""
        region = member.prediction.region
        labels = {region, _province_of(region), ""} if region else {_ANY}
        found: set[str] = set()
        shared: Counter[str] = Counter()
        for name in member.names:
            listed = {i for label in labels for i in self._nearest((label, name), member.at, LATER_STEP_DAYS)}
            shared.update(dict.fromkeys(listed, MIN_SHARED_NAMES if is_initials(name) else 1))
        found.update(doc_id for doc_id, count in shared.items() if count >= MIN_SHARED_NAMES)
        if _is_local(region):
            found.update(self._nearest((region, ""), member.at, SAME_ACT_DAYS))
            found.update(*(self._nearest((region, name), member.at, SAME_ACT_DAYS) for name in member.names))
        return found

    def _nearest(self, key: tuple[str, str], at: datetime, days: int) -> list[str]:
        entries = self._by_key.get(key, [])
        span = timedelta(days=days)
        start, end = bisect_left(entries, (at - span, "")), bisect_right(entries, (at + span, _LAST))
        middle = bisect_left(entries, (at, ""))
        half = MAX_COMPARED // 2
        return [doc_id for _, doc_id in entries[max(start, middle - half) : min(end, middle + half)]]

    def _fits_in(self, member: _Member, other: _Member) -> bool:
        """Whether no member told before of a step that lies beyond this one: a process does not go back."""
        earlier, later = sorted((member, other), key=lambda m: m.at)
        steps = [
            m.prediction.process
            for m in self._by_doc[other.document.doc_id].members.values()
            if m.at < later.at
        ]
        reached = max((PROGRESS.get(step, 0) for step in steps), default=0)
        return earlier is member or PROGRESS.get(later.prediction.process, 0) >= reached

    def _member(self, doc_id: str) -> _Member:
        return self._by_doc[doc_id].members[doc_id]


#: Label under which every document is listed, for those that do not know their region.
_ANY = "*"
#: After every id.
_LAST = "\U0010ffff"


def _entries_of(member: _Member) -> Iterator[tuple[tuple[str, str], _Entry]]:
    """Where it is listed: under its region, and under each name by region, by province and overall."""
    entry = (member.at, member.document.doc_id)
    region = member.prediction.region
    for label in {region, _province_of(region), _ANY}:
        for name in member.names:
            yield (label, name), entry
    if _is_local(region):
        yield (region, ""), entry


def _read_known(
    known: Iterable[tuple[Incident, list[Document], list[Prediction]]],
) -> Iterator[tuple[_Cluster, _Member]]:
    for incident, documents, predictions in known:
        cluster = _Cluster(incident.incident_id, before=incident)
        for document, prediction in zip(documents, predictions, strict=True):
            yield cluster, _read_member(document, prediction)


def _order_of(document: Document) -> tuple[date, datetime, str]:
    """The order in which documents are taken; the night comes first: no night changes an earlier one."""
    return document.night, time_of(document), document.doc_id


def _read_member(document: Document, prediction: Prediction) -> _Member:
    names = find_names(document, prediction)
    return _Member(document, prediction, time_of(document), sketch_of(document), names)


def _vector(member: _Member) -> WordVector:
    if member.vector is None:
        member.vector = make_vector(f"{member.document.title} {member.document.text}")
    return member.vector


def _province_of(region: str) -> str:
    return region.rpartition(", ")[2]


def _is_local(region: str) -> bool:
    return region.startswith(("Kabupaten ", "Kota "))


def _compare_regions(one: str, other: str) -> Literal["same", "open", "near", "apart"]:
    """ "same" kabupaten or kota; "open": one is part of the other or not known; "near": in one province."""
    if one == other:
        return "same" if _is_local(one) else "open"
    if not one or not other or one.endswith(f", {other}") or other.endswith(f", {one}"):
        return "open"
    return "near" if _province_of(one) == _province_of(other) else "apart"


def _share_types(one: Prediction, other: Prediction) -> bool:
    """Whether the alleged acts may be the same; "other" alone says nothing about the act."""
    return not set(one.types).isdisjoint(other.types) or ("other",) in (one.types, other.types)


def _are_about_one_person(one: _Member, other: _Member) -> bool:
    """Whether names, region and position speak for one civil servant, and words where these leave it open."""
    regions = _compare_regions(one.prediction.region, other.prediction.region)
    positions = {one.prediction.position, other.prediction.position} - _UNKNOWN_POSITIONS
    if regions == "apart" or name_others(one.names, other.names):
        return False
    shared = one.names & other.names
    if share_names(shared):
        needed = LIKE_NAMED[regions] if len(positions) < 2 or regions == "same" else LIKE_NAMED["near"]
    elif regions != "same" or len(positions) > 1:
        return False
    else:
        needed = LIKE_ONE_NAME if shared else LIKE_UNNAMED
    return needed == 0 or _likeness(one, other) >= needed


def _tells_same_act(one: _Member, other: _Member) -> bool:
    if abs(one.at - other.at) > timedelta(days=SAME_ACT_DAYS):
        return False
    if _share_types(one.prediction, other.prediction) and _are_about_one_person(one, other):
        return True
    # So much alike that a type or position was misread in one of them.
    regions = _compare_regions(one.prediction.region, other.prediction.region)
    return (
        regions == "same" and not name_others(one.names, other.names) and _likeness(one, other) >= LIKE_SURE
    )


def _is_later_step(one: _Member, other: _Member) -> bool:
    """Whether the one that was published later reports a later step of the act that the earlier one tells."""
    earlier, later = sorted((one, other), key=lambda member: member.at)
    before, after = earlier.prediction, later.prediction
    return (
        after.process in LATER_STEPS
        and PROGRESS[after.process] >= PROGRESS.get(before.process, 0)
        and later.at - earlier.at <= timedelta(days=LATER_STEP_DAYS)
        and share_names(one.names & other.names)
        and _are_about_one_person(one, other)
        and (_share_types(before, after) or _likeness(one, other) >= LIKE_OTHER_TYPE)
    )


def _likeness(one: _Member, other: _Member) -> float:
    return likeness(_vector(one), _vector(other))


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
        process=max((p.process for p in predictions), key=lambda process: PROGRESS.get(process, 0)),
        score=max(prediction.score for prediction in predictions),
        n_copies=len(find_copies([member.document for member in members])),
    )


def _first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")
