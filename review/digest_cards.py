"""The parts of a digest in the reader's words: incidents, failed sources, figures; for page and mail alike.

Promises: every text is one printable line of bounded length; everything flagged is called *dugaan*.
Never does: lay out a page, or escape (the template and the mail do).
"""

from collections.abc import Mapping
from datetime import timedelta
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from review.digest_facts import NightFacts
from review.digest_words import DIGEST
from review.sheet import flatten, format_time
from review.words import ALLEGED, NEXT_STEPS, OUTCOMES, Language, word
from store.records import GOOD_OUTCOMES
from store.tally import ChangedIncident

#: Characters of an address that is still a link: what sitemaps allow, and all that mail programs take.
MAX_URL = 2_048
MAX_TITLE, MAX_QUOTE, MAX_MESSAGE = 200, 500, 300


def notes_of(facts: NightFacts, words: Mapping[str, str]) -> list[str]:
    """Which nights are covered, which were missed, and which requests for correction are overdue."""
    late = [
        words["correction_late"].format(number=one.number, incident=one.incident_id) for one in facts.overdue
    ]
    if facts.after is None:
        return [words["span_all"].format(night=facts.night), *late]
    if not facts.missed:
        return late
    first = facts.after + timedelta(days=1)
    return [
        *late,
        words["span"].format(first=first, night=facts.night),
        words["missed"].format(count=facts.missed),
    ]


def numbers_of(facts: NightFacts, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """The figures at the top: (what, how many)."""
    usual, before = facts.usual_volume, len([night for night, _ in facts.volumes if night < facts.night])
    told = words["no_median"] if usual is None else f"{words['median'].format(count=before)}: {usual:g}"
    return [
        (words["new"], str(facts.changes.new)),
        (words["changed"], str(facts.changes.changed)),
        (words["open"], str(facts.open)),
        (words["items"], f"{dict(facts.volumes).get(facts.night, 0)} ({told})"),
        (words["failed"], words["of"].format(part=len(facts.failed), whole=len(facts.tonight))),
    ]


def more_line(facts: NightFacts, words: Mapping[str, str], count: int) -> str:
    return words["more"].format(count=count, night=facts.night) if count > 0 else ""


def incident_cards(
    facts: NightFacts, is_new: bool, publishers: Mapping[str, str], lang: Language
) -> list[dict[str, Any]]:
    return [_card(c, publishers, lang) for c in facts.changes.shown if c.is_new == is_new]


def _card(found: ChangedIncident, publishers: Mapping[str, str], lang: Language) -> dict[str, Any]:
    """One incident in the reader's words, every text one printable line of bounded length."""
    words, row = DIGEST[lang], found.row
    incident, document, prediction = row.incident, row.document, row.prediction
    types = "; ".join(word(t, lang) for t in incident.types)
    heading = (
        f"{ALLEGED[lang]}: {types}",
        word(incident.position, lang),
        flatten(incident.region) or words["no_region"],
    )
    changes = [] if found.is_new else [words["added"].format(count=found.added)] * bool(found.added)
    changes += [words["revised"].format(count=found.revised)] * bool(found.revised)
    process = word(incident.process, lang)
    if found.processes and not found.is_new:
        process = f"{process}; {words['process_now']}: {', '.join(word(p, lang) for p in found.processes)}"
    articles = str(row.n_documents)
    if incident.n_copies:
        articles = words["of_copies"].format(n=articles, copies=incident.n_copies)
    return {
        "id": incident.incident_id,
        "heading": " · ".join(heading),
        "badges": [
            words["is_new" if found.is_new else "is_changed"],
            *changes,
            *([words["reviewed"]] if found.is_reviewed else []),
        ],
        "title": cut(document.title or document.text, MAX_TITLE),
        "evidence": [cut(sentence, MAX_QUOTE) for sentence in prediction.evidence],
        "url": document.url if is_link(document.url) else "",
        "shown_url": cut(document.url, MAX_TITLE),
        "facts": [
            (words["score"], f"{incident.score:.0%}"),
            (words["process"], process),
            (words["stage"], word(prediction.stage, lang)),
            (words["articles"], articles),
            (words["sources"], ", ".join(flatten(publishers.get(s, s)) for s in row.source_ids)),
            (words["first_night"], str(incident.first_night)),
            (words["published"], format_time(document) or "–"),
            (words["model"], flatten(prediction.model)),
        ],
    }


def failed_sources(facts: NightFacts, publishers: Mapping[str, str], lang: Language) -> list[dict[str, str]]:
    """The failed sources in the operator's words, with how long each has failed by this night."""
    rows = []
    for report in facts.failed:
        nights = sorted(
            (r for r in facts.history if r.source_id == report.source_id), key=lambda r: r.night, reverse=True
        )
        # As of that night: `status` tells how it stands today.
        streak = len(list(takewhile(lambda r: r.outcome not in GOOD_OUTCOMES, nights)))
        rows.append(
            {
                "name": flatten(publishers.get(report.source_id, report.source_id)),
                "outcome": OUTCOMES[lang][report.outcome],
                "nights": DIGEST[lang]["night_count"].format(count=streak),
                "why": cut(report.message, MAX_MESSAGE),
                "step": NEXT_STEPS[lang][report.outcome],
            }
        )
    return rows


def failures_line(facts: NightFacts, words: Mapping[str, str]) -> str:
    told = ", ".join(f"{stage} {count}" for stage, count in facts.failures.items())
    return words["failures"].format(list=told) if told else ""


def volume_rows(facts: NightFacts, publishers: Mapping[str, str]) -> list[tuple[str, int, str, int]]:
    """(publisher, items, median, percent of it) of each source with a median, lowest share first."""
    known = [
        (report, round(100 * report.items / report.median_items))
        for report in facts.tonight
        if report.median_items
    ]
    known.sort(key=lambda pair: (pair[1], pair[0].source_id))
    return [
        (
            flatten(publishers.get(report.source_id, report.source_id)),
            report.items,
            f"{report.median_items:g}",
            share,
        )
        for report, share in known
    ]


def is_link(url: str) -> bool:
    """Whether an address may be followed: http or https with a host, printable, not endless."""
    if len(url) > MAX_URL:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()


def cut(text: str, length: int) -> str:
    line = flatten(text)
    return line if len(line) <= length else line[: length - 1] + "…"
