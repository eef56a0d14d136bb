"""The digest as one HTML page with its charts, to be opened from a folder or out of a mail.

Promises: the page needs nothing but itself, and its content policy lets nothing else in: no script, no other
file, no style but its own. Never does: send anything, also not the address of the page to a linked one.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from review.charts import Chart, bar_chart, column_chart, top_bars
from review.digest_cards import (
    failed_sources,
    failures_line,
    incident_cards,
    more_line,
    notes_of,
    numbers_of,
    volume_rows,
)
from review.digest_facts import WEEKS, NightFacts, first_week
from review.digest_words import DIGEST
from review.words import OUTCOMES, Language, word
from store.records import CODE_VERSION
from store.tally import FlagFact

#: Bars of a chart; what is beyond is one bar.
MAX_BARS = 15


def render_html(facts: NightFacts, *, publishers: Mapping[str, str], lang: Language) -> str:
    """The page, self-contained, with every quote and link."""
    words = DIGEST[lang]
    template, style_hash = _page()
    return template.render(
        lang=lang,
        w=words,
        style_hash=style_hash,
        title=words["title"].format(night=facts.night),
        notes=notes_of(facts, words),
        numbers=numbers_of(facts, words),
        sections=[
            (words[f"{kind}_section"], cards, more_line(facts, words, count - len(cards)))
            for kind, count, cards in (
                ("new", facts.changes.new, incident_cards(facts, True, publishers, lang)),
                ("changed", facts.changes.changed, incident_cards(facts, False, publishers, lang)),
            )
        ],
        failed=failed_sources(facts, publishers, lang),
        failures=failures_line(facts, words),
        volumes=volume_rows(facts, publishers),
        charts=_charts(facts, lang),
        footer=words["footer"].format(version=CODE_VERSION),
    )


@cache
def _page() -> tuple[Template, str]:
    """The template, and the hash by which its content policy knows its own style."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("digest.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return environment.get_template("digest.html.j2"), f"sha256-{digest}"


def _charts(facts: NightFacts, lang: Language) -> list[tuple[str, str]]:
    """(title, drawing) of each chart, in the order in which they are read."""
    words = {key: text.replace("{weeks}", str(WEEKS)) for key, text in DIGEST[lang].items()}
    weeks = [first_week(facts.night) + timedelta(weeks=n) for n in range(WEEKS)]
    per_week = Counter(f.first_night - timedelta(days=f.first_night.weekday()) for f in facts.flags)
    outcomes = Counter(OUTCOMES[lang][report.outcome] for report in facts.tonight)

    def counted(of: Callable[[FlagFact], Sequence[str]]) -> tuple[tuple[str, int], ...]:
        counts = Counter(label for flag in facts.flags for label in of(flag))
        return top_bars(list(counts.items()), most=MAX_BARS, rest=words["rest"])

    columns = (
        Chart("weeks", words["chart_weeks"], tuple((f"{week:%d/%m}", per_week[week]) for week in weeks)),
        Chart(
            "volume",
            words["chart_volume"],
            tuple((f"{night:%d/%m}", count) for night, count in facts.volumes),
            level=facts.usual_volume,
            level_label=words["legend"],
        ),
    )
    bars = (
        Chart(
            "regions", words["chart_regions"], counted(lambda f: [_province(f.region) or words["no_region"]])
        ),
        Chart("types", words["chart_types"], counted(lambda f: [word(t, lang) for t in f.types])),
        Chart("positions", words["chart_positions"], counted(lambda f: [word(f.position, lang)])),
        Chart("outcomes", words["chart_outcomes"], tuple(outcomes.most_common())),
    )
    drawn = [(chart, column_chart(chart)) for chart in columns] + [
        (chart, bar_chart(chart)) for chart in bars
    ]
    return [(chart.title, drawing if chart.bars else "") for chart, drawing in drawn]


def _province(region: str) -> str:
    """The province of "Kota Makassar, Sulawesi Selatan": what stands last."""
    return region.rpartition(",")[2].strip()
