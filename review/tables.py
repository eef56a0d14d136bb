"""Tables for the terminal: what a person reads after a night, at a glance.

Promises: the same words as the sheet; what failed comes first. Never does: format for machines.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from review.report import worst_first
from review.sheet import flatten, format_time
from review.words import ALLEGED, OUTCOMES, Language, word
from store.records import GOOD_OUTCOMES, QueueRow, SourceReport

_TITLES: dict[Language, dict[str, str]] = {
    "id": {
        "flagged": "Dugaan yang menunggu keputusan analis",
        "columns": "skor|malam|wilayah|jabatan|jenis|artikel|judul",
        "sources": "Sumber",
        "source_columns": "sumber|malam|hasil|halaman|baru|gagal|keterangan",
    },
    "en": {
        "flagged": "Allegations that wait for an analyst",
        "columns": "score|night|region|position|types|articles|title",
        "sources": "Sources",
        "source_columns": "source|night|outcome|pages|new|failed|message",
    },
}


def flagged_table(rows: Sequence[QueueRow], *, publishers: Mapping[str, str], lang: Language) -> Table:
    """The sheet, shortened to what fits a terminal."""
    table = Table(title=f"{_TITLES[lang]['flagged']} ({len(rows)})", title_justify="left")
    for name in _TITLES[lang]["columns"].split("|"):
        table.add_column(name)
    for row in rows:
        incident, document = row.incident, row.document
        first = publishers.get(row.source_ids[0], row.source_ids[0])
        table.add_row(
            f"{incident.score:.0%}",
            str(incident.first_night),
            Text(incident.region),
            word(incident.position, lang),
            f"{ALLEGED[lang]}: " + "; ".join(word(t, lang) for t in incident.types),
            str(row.n_documents),
            Text(f"{flatten(document.title or document.text)[:90]} ({first}, {format_time(document)})"),
        )
    return table


def sources_table(reports: Sequence[SourceReport], publishers: Mapping[str, str], lang: Language) -> Table:
    """One line per source over its nights, failed ones first; the message is that of the last night."""
    table = Table(title=_TITLES[lang]["sources"], title_justify="left")
    for name in _TITLES[lang]["source_columns"].split("|"):
        table.add_column(name)
    by_source: dict[str, list[SourceReport]] = {}
    for report in worst_first(reports):
        by_source.setdefault(report.source_id, []).append(report)
    for source_id, nights in by_source.items():
        nights.sort(key=lambda r: r.night)
        outcomes = Counter(OUTCOMES[lang][r.outcome] for r in nights)
        table.add_row(
            Text(publishers.get(source_id, source_id)),
            f"{nights[0].night} – {nights[-1].night:%m-%d}" if len(nights) > 1 else str(nights[0].night),
            ", ".join(f"{word} ×{n}" if n > 1 else word for word, n in outcomes.items()),
            str(sum(r.pages for r in nights)),
            str(sum(r.new_pages for r in nights)),
            str(sum(r.failed for r in nights)),
            # What a site wrote may hold control sequences for the terminal.
            Text(flatten(nights[-1].message)),
            style="" if all(r.outcome in GOOD_OUTCOMES for r in nights) else "red",
        )
    return table


def states_table(states: Mapping[str, int]) -> Table:
    """How much waits in which state."""
    table = Table("what", "how many")
    for name, count in states.items():
        table.add_row(name, str(count))
    return table


def metrics_table(metrics: Mapping[str, Any]) -> Table:
    """The headline numbers of an evaluation with their intervals."""
    table = Table("metric", "value", "95% interval", title=f"{metrics['n']} texts, {metrics['n_case']} cases")
    for name, found in metrics["case"].items():
        if found["value"] is not None:
            table.add_row(name, f"{found['value']:.3f}", f"{found['low']:.3f} to {found['high']:.3f}")
    table.add_row("calibration error", f"{metrics['calibration_error']:.3f}", "")
    for name in ("stage", "process", "position", "evidence"):
        table.add_row(
            name, str(metrics[name]["share"]), f"{metrics[name]['part']} of {metrics[name]['whole']}"
        )
    table.add_row("types, micro F1", str(metrics["types"]["micro_f1"]), "")
    return table
