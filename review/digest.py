"""The digest of a night, for the morning: what is new, what has changed, what failed, how much came in.

    with reading(engine) as conn:
        facts = gather(conn, night)
    page, text = write_digest(out, facts, publishers=..., lang="id", quotes=False)

Promises: the same rows give the same bytes; whatever a title or a message holds stays text; everything
flagged is called *dugaan*. The plain text, made for mail, names position and region, and quotes nothing that
could name a person (title, evidence, address) unless asked to. Never does: decide, or send (deliver does).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from review.digest_cards import (
    MAX_QUOTE,
    MAX_TITLE,
    cut,
    failed_sources,
    failures_line,
    incident_cards,
    more_line,
    notes_of,
    numbers_of,
    volume_rows,
)
from review.digest_facts import NightFacts, gather
from review.digest_page import render_html
from review.digest_words import DIGEST
from review.words import Language
from store.records import CODE_VERSION
from store.tally import ChangedIncident

__all__ = ["file_name", "gather", "render_html", "render_text", "subject_of", "summarise", "write_digest"]

#: Incidents and sources with their volume in the plain text: a mail is read on a telephone.
MAX_IN_TEXT, MAX_VOLUMES_IN_TEXT = 50, 10
_NAMES: dict[Language, str] = {"id": "ringkasan", "en": "digest"}


def file_name(night: date, lang: Language, suffix: str) -> str:
    """Name of a digest's file: "ringkasan-2024-09-19.html"."""
    return f"{_NAMES[lang]}-{night}{suffix}"


def subject_of(facts: NightFacts, lang: Language) -> str:
    """One line that tells the night's counts, and nothing of a person."""
    return DIGEST[lang]["subject"].format(
        night=facts.night,
        new=facts.changes.new,
        changed=facts.changes.changed,
        failed=len(facts.failed),
    )


def render_text(facts: NightFacts, *, publishers: Mapping[str, str], lang: Language, quotes: bool) -> str:
    """The twin for mail: plain lines, no title, link or evidence unless `quotes`."""
    words = DIGEST[lang]
    lines = [words["title"].format(night=facts.night), "", words["caution"], *notes_of(facts, words), ""]
    lines += [f"{label}: {figure}" for label, figure in numbers_of(facts, words)]
    left = MAX_IN_TEXT
    for kind, count in (("new", facts.changes.new), ("changed", facts.changes.changed)):
        cards = incident_cards(facts, kind == "new", publishers, lang)[:left]
        left -= len(cards)
        lines += ["", words[f"{kind}_section"].upper(), ""]
        for place, card in enumerate(cards, 1):
            lines += _text_card(place, card, words, quotes=quotes)
        if not count:
            lines.append(words["none"])
        if count > len(cards):
            lines.append(more_line(facts, words, count - len(cards)))
    lines += ["", words["failed_section"].upper(), ""]
    for source in failed_sources(facts, publishers, lang):
        lines.append(f"- {source['name']}: {source['outcome']} ({source['nights']})")
        lines += [f"  {words[key]}: {source[key]}" for key in ("why", "step") if source[key]]
    lines += [] if facts.failed else [words["none"]]
    lines += [failures] if (failures := failures_line(facts, words)) else []
    lines += ["", words["volume_section"].upper(), ""]
    lines += [f"- {night}: {count}" for night, count in facts.volumes[-7:]] or [words["none"]]
    if volumes := volume_rows(facts, publishers)[:MAX_VOLUMES_IN_TEXT]:
        lines += ["", f"{words['volume_sources']}:"]
        lines += [f"- {name}: {items} / {usual} ({share} %)" for name, items, usual, share in volumes]
    if not quotes:
        lines += ["", words["full"].format(file=file_name(facts.night, lang, ".html"))]
    return "\n".join([*lines, "", words["footer"].format(version=CODE_VERSION)]) + "\n"


def summarise(
    facts: NightFacts, *, publishers: Mapping[str, str], lang: Language, quotes: bool
) -> dict[str, Any]:
    """The digest as plain data, for a webhook, in codebook values; it quotes where the mail does."""
    return {
        "event": "netra.digest",
        "night": facts.night.isoformat(),
        "after": facts.after.isoformat() if facts.after else None,
        "subject": subject_of(facts, lang),
        "new": facts.changes.new,
        "changed": facts.changes.changed,
        "open": facts.open,
        "items": dict(facts.volumes).get(facts.night, 0),
        "median_items": facts.usual_volume,
        "failed_sources": [
            {"source_id": report.source_id, "outcome": report.outcome.value} for report in facts.failed
        ],
        "alleged_incidents": [
            _plain(found, publishers, quotes=quotes) for found in facts.changes.shown[:MAX_IN_TEXT]
        ],
    }


def write_digest(
    out: Path, facts: NightFacts, *, publishers: Mapping[str, str], lang: Language, quotes: bool
) -> tuple[Path, Path]:
    """Write the page and its plain twin, each whole or not at all; gives both paths."""
    out.mkdir(parents=True, exist_ok=True)
    texts = (
        (".html", render_html(facts, publishers=publishers, lang=lang)),
        (".txt", render_text(facts, publishers=publishers, lang=lang, quotes=quotes)),
    )
    paths = []
    for suffix, text in texts:
        path = out / file_name(facts.night, lang, suffix)
        partial = path.with_suffix(suffix + ".partial")
        partial.write_bytes(text.encode("utf-8"))
        partial.replace(path)
        paths.append(path)
    return paths[0], paths[1]


def _text_card(place: int, card: Mapping[str, Any], words: Mapping[str, str], *, quotes: bool) -> list[str]:
    facts = [f"{label}: {value}" for label, value in card["facts"][:5]]
    lines = [
        f"{place}. {card['heading']}",
        f"   {words['id']}: {card['id']} ({', '.join(card['badges'])})",
        f"   {'; '.join(facts)}",
    ]
    if quotes:
        lines += [f"   {card['title']}", f"   {words['link']}: {card['shown_url']}"]
        lines += [f"   {words['evidence']}: “{sentence}”" for sentence in card["evidence"]]
    return [*lines, ""]


def _plain(found: ChangedIncident, publishers: Mapping[str, str], *, quotes: bool) -> dict[str, Any]:
    row = found.row
    incident, document = row.incident, row.document
    told = {
        "incident_id": incident.incident_id,
        "is_new": found.is_new,
        "is_reviewed": found.is_reviewed,
        "first_night": incident.first_night.isoformat(),
        "alleged_types": list(incident.types),
        "alleged_position": incident.position,
        "region": incident.region,
        "process": incident.process,
        "score": incident.score,
        "articles": row.n_documents,
        "copies": incident.n_copies,
        "added": found.added,
        "sources": [publishers.get(source, source) for source in row.source_ids],
        "model": row.prediction.model,
    }
    if quotes:
        told |= {
            "title": cut(document.title or document.text, MAX_TITLE),
            "link": document.url,
            "evidence": [cut(sentence, MAX_QUOTE) for sentence in row.prediction.evidence],
        }
    return told
