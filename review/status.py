"""The state of all sources at a glance: what fails first, in sentences; then one short line for each source.

Promises: every source that failed in its last night is named with the outcome word, since when, the reason
and the next step, none of them cut; what only warns is named apart; the same words as everywhere. Never
does: decide what fails (the crawl and crawlers.watch do).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from rich.table import Table
from rich.text import Text

from review.sheet import flatten
from review.words import NEXT_STEPS, OUTCOMES, Language
from store.ledger import Streak
from store.records import GOOD_OUTCOMES, Origin, SourceReport

_TITLE: dict[Language, str] = {"id": "Keadaan sumber", "en": "State of the sources"}
_COLUMNS: dict[Language, str] = {
    "id": "sumber|malam terakhir|hasil|gagal sejak|malam demi malam|baru/biasa|judul/isi/jam",
    "en": "source|last night|outcome|failing since|night by night|new/usual|title/body/hour",
}
_LEGEND: dict[Language, str] = {
    "id": "{good} baik  {bad} gagal  {idle} tidak dijalankan; malam terakhir di kanan",
    "en": "{good} good  {bad} failed  {idle} did not run; the last night is on the right",
}
_FAILING: dict[Language, tuple[str, str]] = {
    "id": ("Gagal: {0} dari {1} sumber", "Tidak ada yang gagal dari {1} sumber"),
    "en": ("Failing: {0} of {1} sources", "None of {1} sources is failing"),
}
_SINCE: dict[Language, str] = {
    "id": "{0}: {1}, gagal sejak {2} ({3} malam)",
    "en": "{0}: {1}, failing since {2} (nights: {3})",
}
_WARNED: dict[Language, str] = {"id": "Perlu dilihat: {0}", "en": "Worth a look: {0}"}
_WHY: dict[Language, tuple[str, str]] = {"id": ("sebab:   ", "langkah: "), "en": ("why:  ", "next: ")}
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
#: One sign for each night of a source.
GOOD, BAD, IDLE = ".", "X", "-"
#: Nights that the table draws at most; more would push the other columns off a terminal.
DRAWN_NIGHTS = 14


def status_lines(
    history: Sequence[SourceReport],
    streaks: Mapping[str, Streak],
    warnings: Mapping[str, str],
    lang: Language,
) -> list[str]:
    """Write what fails and what is worth a look, as plain lines that can be searched and mailed.

    `streaks`: since when each failing source has failed; `warnings`: what is odd about sources that do not
    fail. Both by source id; the longest failure comes first.
    """
    last = {report.source_id: report for report in sorted(history, key=lambda r: r.night)}
    failing = sorted((name for name in last if name in streaks), key=lambda name: _order(name, streaks))
    lines = [_FAILING[lang][not failing].format(len(failing), len(last))]
    why, step = _WHY[lang]
    for name in failing:
        outcome, streak = last[name].outcome, streaks[name]
        # The code is what docs, reports and logs call it.
        word = OUTCOMES[lang][outcome]
        called = word if word == outcome else f"{word} ({outcome})"
        lines.append(_SINCE[lang].format(name, called, streak.since, streak.nights))
        # What a site wrote may hold control sequences for the terminal.
        lines.append(f"    {why}{flatten(last[name].message) or UNKNOWN}")
        lines.append(f"    {step}{NEXT_STEPS[lang][outcome]}")
    warned = {name: text for name, text in sorted(warnings.items()) if name in last and name not in streaks}
    if warned:
        lines.append(_WARNED[lang].format(len(warned)))
        lines.extend(f"{name}: {flatten(text)}" for name, text in warned.items())
    return lines


def status_table(history: Sequence[SourceReport], streaks: Mapping[str, Streak], lang: Language) -> Table:
    """One line per source, failing ones first: outcome, since when, nights, figures of the last one."""
    nights: dict[str, list[SourceReport]] = {}
    for report in sorted(history, key=lambda r: r.night, reverse=True):
        nights.setdefault(report.source_id, []).append(report)
    drawn = sorted({report.night for report in history})[-DRAWN_NIGHTS:]
    table = Table(title=_TITLE[lang], title_justify="left", caption_justify="left")
    table.caption = _LEGEND[lang].format(good=GOOD, bad=BAD, idle=IDLE)
    for name in _COLUMNS[lang].split("|"):
        # Ids are what a person searches for and copies.
        table.add_column(name, no_wrap=name == _COLUMNS[lang].partition("|")[0])
    for source_id in sorted(nights, key=lambda name: _order(name, streaks)):
        last, streak = nights[source_id][0], streaks.get(source_id)
        table.add_row(
            Text(source_id),
            str(last.night),
            OUTCOMES[lang][last.outcome],
            str(streak.since) if streak else "",
            _strip(nights[source_id], drawn),
            f"{last.items}/{UNKNOWN if last.median_items is None else format(last.median_items, 'g')}",
            _fill(nights[source_id]),
            style="red" if streak else "",
        )
    return table


def _order(name: str, streaks: Mapping[str, Streak]) -> tuple[date, str]:
    """Sort the longest failure first, sources that do not fail last."""
    return (streaks[name].since if name in streaks else date.max, name)


def _strip(reports: Sequence[SourceReport], drawn: Sequence[date]) -> str:
    """One sign per night, the last one on the right."""
    good = {report.night: report.outcome in GOOD_OUTCOMES for report in reports}
    signs = {True: GOOD, False: BAD, None: IDLE}
    return "".join(signs[good.get(night)] for night in drawn)


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


def _fill(reports: Sequence[SourceReport]) -> str:
    """Shares of the last night that brought articles, in percent."""
    for report in reports:
        if report.looked_at:
            found = (report.with_title, report.with_body, report.with_time)
            return "/".join(f"{(count or 0) / report.looked_at:.0%}" for count in found)
    return UNKNOWN
