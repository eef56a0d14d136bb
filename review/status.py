"""The state of all sources at a glance: one line each, failing ones first.

Promises: every source that failed in its last night is named with the reason and the next step; the same
words as everywhere. Never does: decide what fails (the crawl and crawlers.watch do).
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from rich.table import Table
from rich.text import Text

from review.sheet import flatten
from review.words import NEXT_STEPS, OUTCOMES, Language
from store.records import GOOD_OUTCOMES, Origin, SourceReport

_TITLE: dict[Language, str] = {"id": "Keadaan sumber", "en": "State of the sources"}
_COLUMNS: dict[Language, str] = {
    "id": "sumber|malam terakhir|hasil|gagal beruntun|baru/biasa|judul/isi/jam|keterangan|langkah",
    "en": "source|last night|outcome|failing in a row|new/usual|title/body/hour|why|next step",
}
_COUNTED: dict[Language, str] = {"id": "gagal: {0} dari {1}", "en": "failing: {0} of {1}"}
_LOOKED_BACK: dict[Language, dict[Origin, str]] = {
    "id": {
        "night": "",
        "import": "diimpor dari arsip, tidak dihitung di atas: {0} halaman ({1})",
        "walk": "dari daftar hari lampau, tidak dihitung di atas: {0} halaman ({1})",
    },
    "en": {
        "night": "",
        "import": "imported from archives, not counted above: {0} pages ({1})",
        "walk": "from lists of past days, not counted above: {0} pages ({1})",
    },
}
#: Sources that such a line names; the rest is a number.
NAMED_SOURCES = 5
#: What stands for a figure that is not known.
UNKNOWN = "–"


def status_table(history: Sequence[SourceReport], lang: Language) -> Table:
    """One line per source: last outcome, nights failing in a row, items against their median, fill rates."""
    nights: dict[str, list[SourceReport]] = {}
    for report in sorted(history, key=lambda r: r.night, reverse=True):
        nights.setdefault(report.source_id, []).append(report)
    failing = {source_id: count_failing(reports) for source_id, reports in nights.items()}
    counted = _COUNTED[lang].format(sum(map(bool, failing.values())), len(nights))
    table = Table(title=f"{_TITLE[lang]} ({counted})", title_justify="left")
    for name in _COLUMNS[lang].split("|"):
        table.add_column(name)
    for source_id in sorted(nights, key=lambda name: (-failing[name], name)):
        last = nights[source_id][0]
        table.add_row(
            Text(source_id),
            str(last.night),
            OUTCOMES[lang][last.outcome],
            str(failing[source_id] or ""),
            f"{last.items}/{UNKNOWN if last.median_items is None else format(last.median_items, 'g')}",
            _fill(nights[source_id]),
            # What a site wrote may hold control sequences for the terminal.
            Text(flatten(last.message)),
            Text(NEXT_STEPS[lang][last.outcome]),
            style="red" if failing[source_id] else "",
        )
    return table


def looked_back_lines(counts: Mapping[Origin, Mapping[str, int]], lang: Language) -> list[str]:
    """Say how many stored pages came by looking back, and from which sources most; nothing where none did."""
    lines = []
    for origin, by_source in counts.items():
        most = sorted(by_source.items(), key=lambda pair: (-pair[1], pair[0]))
        named = ", ".join(f"{source_id} {count}" for source_id, count in most[:NAMED_SOURCES])
        if most:
            rest = f", +{len(most) - NAMED_SOURCES}" if len(most) > NAMED_SOURCES else ""
            lines.append(_LOOKED_BACK[lang][origin].format(sum(by_source.values()), named + rest))
    return lines


def count_failing(reports: Sequence[SourceReport]) -> int:
    """How many nights, the last one first, a source has failed without a good one between."""
    return len(list(takewhile(lambda report: report.outcome not in GOOD_OUTCOMES, reports)))


def _fill(reports: Sequence[SourceReport]) -> str:
    """Shares of the last night that brought articles, in percent."""
    for report in reports:
        if report.looked_at:
            found = (report.with_title, report.with_body, report.with_time)
            return "/".join(f"{(count or 0) / report.looked_at:.0%}" for count in found)
    return UNKNOWN
