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

#: Rows of the sheet that the terminal shows; drawing a table of 10,000 takes a minute.
SHOWN_ROWS = 50
#: Tags that the table of an evaluation shows; the rest is in --json.
WORST_TAGS = 5

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
    """The sheet, shortened to what fits a terminal: SHOWN_ROWS rows at most, the title counts them all."""
    table = Table(title=f"{_TITLES[lang]['flagged']} ({len(rows)})", title_justify="left")
    for name in _TITLES[lang]["columns"].split("|"):
        table.add_column(name)
    for row in rows[:SHOWN_ROWS]:
        incident, document = row.incident, row.document
        first = publishers.get(row.source_ids[0], row.source_ids[0])
        table.add_row(
            f"{incident.score:.0%}",
            str(incident.first_night),
            Text(flatten(incident.region)),
            word(incident.position, lang),
            f"{ALLEGED[lang]}: " + "; ".join(word(t, lang) for t in incident.types) if incident.types else "",
            str(row.n_documents),
            Text(f"{flatten(document.title or document.text)[:90]} ({first}, {format_time(document)})"),
        )
    if len(rows) > SHOWN_ROWS:
        table.caption = "…"
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
    """An evaluation at a glance: all texts and each kind side by side, then the tags flagged wrongly most."""
    kinds: Mapping[str, Any] = metrics.get("by_kind", {})
    table = Table("metric", "all", *kinds, title=f"{metrics['n']} texts, {metrics['n_case']} cases")
    columns = [metrics, *kinds.values()]
    table.add_row("texts, cases", *(f"{c['n']}, {c['n_case']}" for c in columns))
    for name in metrics["case"]:
        table.add_row(name, *(_spread(c["case"][name]) for c in columns))
    table.add_row("calibration error", *(_spread(_calibration(c)) for c in columns))
    table.add_section()
    table.add_row("types, micro F1", *(_spread(_types(c)) for c in columns))
    for name in ("stage", "process", "position", "evidence"):
        table.add_row(f"{name}, share right", *(_spread(c[name]) for c in columns))
    if "deep" in metrics["recall_deep"]:
        table.add_row("recall of deep cases", _spread(metrics["recall_deep"]["deep"]))
    table.add_section()
    for tag, found in _worst(metrics["false_flags_by_tag"]):
        table.add_row(Text(f"false flags: {tag}"), _spread(found))
    return table


def fairness_table(metrics: Mapping[str, Any]) -> Table:
    """Recall and wrong flags by group; one line that says so where an older model has none measured."""
    table = Table("by", "group", "recall", "wrong flags", title="fairness")
    if "fairness" not in metrics:
        table.add_row("not measured", "", "", "")
    for dimension, groups in metrics.get("fairness", {}).items():
        for group, shares in groups.items():
            table.add_row(dimension, Text(group), _spread(shares["recall"]), _spread(shares["wrong_flags"]))
        table.add_section()
    return table


def threshold_table(metrics: Mapping[str, Any]) -> Table:
    """What each threshold gives and, where a workload was counted, costs a day; the one in use is marked."""
    workload = metrics.get("workload")
    title = f"threshold in use: {metrics['threshold']}"
    if workload:
        skipped = f", {workload['skipped']} left out" if workload["skipped"] else ""
        title += f"; {workload['texts']} texts without labels{skipped}, {workload['per_day_collected']} a day"
    table = Table("threshold", "recall", "precision", title=title)
    for column in ("flags per 10,000", "flags a day") if workload else ():
        table.add_column(column)
    costs = workload["by_threshold"] if workload else [None] * len(metrics["thresholds"])
    for row, cost in zip(metrics["thresholds"], costs, strict=True):
        used = row["threshold"] == metrics["threshold"]
        cells = [
            f"{row['threshold']}{' *' if used else ''}",
            _spread(row["recall"]),
            _spread(row["precision"]),
        ]
        cells += [_spread(cost["per_10000"], digits=1), _spread(cost["per_day"], digits=1)] if cost else []
        table.add_row(*cells, style="bold" if used else "")
    return table


def models_table(models: Sequence[tuple[str, bool, str, Mapping[str, Any]]]) -> Table:
    """One line per model folder (name, active, problem, metrics); a damaged one shows what is wrong."""
    table = Table("model", "in use", "average precision", "F1", "problem")
    for name, active, problem, metrics in models:
        case = metrics.get("held_out", {}).get("case", {})
        table.add_row(
            Text(flatten(name)),
            "*" if active else "",
            *(_spread(case.get(metric, {})) for metric in ("average_precision", "f1")),
            Text(flatten(problem)),
            style="red" if problem else "",
        )
    return table


def _spread(found: Mapping[str, Any], *, digits: int = 2) -> str:
    """A value with its interval, "0.92 (0.81–0.98)", and for a share the counts that it was made of."""
    value = found.get("value", found.get("share"))
    if value is None:
        return "–"
    low, high = found.get("low"), found.get("high")
    interval = "" if low is None or high is None else f" ({low:.{digits}f}–{high:.{digits}f})"
    counts = f" {found['part']}/{found['whole']}" if "part" in found else ""
    return f"{value:.{digits}f}{interval}{counts}"


def _calibration(column: Mapping[str, Any]) -> Mapping[str, Any]:
    """The calibration error; models measured before the interval was have the number alone."""
    found: Mapping[str, Any] = (
        column.get("calibration") or {"error": {"value": column["calibration_error"]}}
    )["error"]
    return found


def _types(column: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = column["types"].get("interval") or {"value": column["types"]["micro_f1"]}
    return found


def _worst(tags: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The tags that are surely flagged most: by the low end of the interval, so that 1 of 1 does not lead."""
    flagged = [(tag, found) for tag, found in tags.items() if found["part"]]
    return sorted(flagged, key=lambda pair: (-pair[1].get("low", pair[1]["share"]), pair[0]))[:WORST_TAGS]
