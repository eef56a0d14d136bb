"""Screening: which documents may tell of a civil servant who takes sides, and in which sentences.

    who (a civil servant, an office)  x  act (what is done)  x  object (candidate, party, election)

The rule, over the lists of `data/lexicon/` and their strong and weak words, "near" being NEAR_WORDS words:

    post        a strong who (in posts also a sign that the author is a civil servant), for whom posts take
                sides in words that no list holds; or a weak who, and an act or an object
    headline    a who, and an act or an object; or a strong act and object: headlines often hide who it was
    short news  (up to SHORT_WORDS words) a who, and an act or an object, one of the two strong
    news        a strong who near a strong object
                a strong who near a strong act, and a strong object anywhere or a weak one near
                a weak who near a strong object and any act

Promises: made for recall; the same document and lists always give the same candidate; time grows with the
length of the text only. Never does: judge. A pledge, a rule explainer or an opinion is a candidate too.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nlp.lexicon import Group, Lexicon, find_hits, load_lexicon, read_words
from nlp.sentences import split_sentences
from store.records import Candidate, Document, Kind

#: Version of the rule in this file; raise it when the rule changes, so that the night screens anew.
RULE_VERSION = 1
#: About three sentences of Indonesian news; wider windows added candidates on unrelated news and no case.
NEAR_WORDS = 75
#: Headlines and short leads tell who and what, often not for whom.
SHORT_WORDS = 40
#: Matched sentences that a candidate carries at most; enough to fill the classifier's window.
MAX_SENTENCES = 8


def screen_version() -> str:
    """What a candidate depends on: the rule of this file and the digest of the lists, "1-0a1b2c3d4e5f"."""
    return f"{RULE_VERSION}-{load_lexicon().digest}"


class _Find(NamedTuple):
    """One match of the lists in a document of a given kind."""

    key: str
    group: Group
    start: int
    strong: bool


def screen(doc: Document) -> Candidate:
    """Screen one document. No text, however long or odd, makes it raise.

    `reasons` names the entries that matched in title and text, each once, in text order. `sentences` holds up
    to MAX_SENTENCES sentences of the text in which two of who, act and object meet, the strongest ones, in
    text order; a document that is no candidate has none.
    """
    lexicon = load_lexicon()
    words = read_words(lexicon, f"{doc.title}\n{doc.text}")
    finds = _find(lexicon, words, doc.kind)
    if doc.kind == "post":
        candidate = _has_pair(finds) or "who" in _strong_groups(finds)
    elif not doc.text.strip():
        candidate = _has_pair(finds) or {"act", "object"} <= _strong_groups(finds)
    elif len(words) <= SHORT_WORDS:
        candidate = _has_pair(finds) and bool(_strong_groups(finds))
    else:
        candidate = _is_news_candidate(finds)
    return Candidate(
        doc_id=doc.doc_id,
        candidate=candidate,
        reasons=tuple(dict.fromkeys(find.key for find in finds)),
        sentences=_pick_sentences(lexicon, doc.text, doc.kind) if candidate else (),
        screen_version=screen_version(),
    )


def screen_many(docs: Iterable[Document]) -> Iterator[Candidate]:
    """Screen documents one by one, in their order."""
    return map(screen, docs)


def _find(lexicon: Lexicon, words: Sequence[str], kind: Kind) -> list[_Find]:
    return [
        _Find(hit.entry.key, hit.entry.group, hit.start, kind not in hit.entry.weak)
        for hit in find_hits(lexicon, words)
        if kind in hit.entry.kinds
    ]


def _strong_groups(finds: Iterable[_Find]) -> set[str]:
    return {find.group for find in finds if find.strong}


def _has_pair(finds: Iterable[_Find]) -> bool:
    groups = {find.group for find in finds}
    return "who" in groups and len(groups) > 1


def _is_news_candidate(finds: Sequence[_Find]) -> bool:
    acts, strong_acts = _starts(finds, "act")
    objects, strong_objects = _starts(finds, "object")
    for who in (find for find in finds if find.group == "who"):
        near_object = _is_near(strong_objects, who.start)
        if who.strong:
            has_object = bool(strong_objects) or _is_near(objects, who.start)
            is_case_like = near_object or (has_object and _is_near(strong_acts, who.start))
        else:
            is_case_like = near_object and _is_near(acts, who.start)
        if is_case_like:
            return True
    return False


def _starts(finds: Iterable[_Find], group: Group) -> tuple[list[int], list[int]]:
    """Word positions of a group's finds, in order: of all of them, and of the strong ones."""
    chosen = [find for find in finds if find.group == group]
    return [find.start for find in chosen], [find.start for find in chosen if find.strong]


def _is_near(positions: Sequence[int], position: int) -> bool:
    index = bisect_left(positions, position - NEAR_WORDS)
    return index < len(positions) and positions[index] <= position + NEAR_WORDS


def _pick_sentences(lexicon: Lexicon, text: str, kind: Kind) -> tuple[str, ...]:
    """The strongest sentences, in text order; of equally strong ones the earlier."""
    sentences = split_sentences(text)
    scores = [_score(_find(lexicon, read_words(lexicon, sentence), kind)) for sentence in sentences]
    matched = (i for i, score in enumerate(scores) if score)
    best = sorted(matched, key=lambda i: (-scores[i], i))[:MAX_SENTENCES]
    return tuple(sentences[i] for i in sorted(best))


def _score(finds: Iterable[_Find]) -> int:
    """2 for each group with a strong word, 1 for each with weak ones only; 0 unless two groups meet."""
    points: dict[str, int] = {}
    for find in finds:
        points[find.group] = max(points.get(find.group, 0), 2 if find.strong else 1)
    return sum(points.values()) if len(points) > 1 else 0
