"""Bar charts as SVG text, for pages and mails that may load nothing and run nothing.

Promises: the same figures give the same bytes; any text can be a label, it is escaped and cut; every chart
has a title and, for those who cannot see it, all its figures in words. Never does: script, load, style inline
(colours are attributes, so that a strict content policy lets them through).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from review.sheet import flatten

#: Blue bars and dark grey text on white: contrast 6.9 and 12.6 (WCAG 2.2 asks 3 of graphics, 4.5 of text).
BAR, INK, LINE = "#1f5f8b", "#333333", "#8a4b00"
WIDTH, ROW, GAP = 820, 24, 6
#: Room for labels left of the bars and for figures right of them, in units of the drawing.
LABEL_SPACE, FIGURE_SPACE = 410, 60
#: The longest word of the codebook; at FONT a letter of a wide face takes 7.5 units.
MAX_LABEL, FONT = 52, 13
COLUMNS_HEIGHT, TOP, BOTTOM = 160, 24, 26
#: Columns beyond which only every second, third ... one keeps its label.
MAX_COLUMN_LABELS = 12


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: `bars` are (label, figure), none below 0; `level` is a line across columns."""

    name: str
    title: str
    bars: tuple[tuple[str, int], ...]
    level: float | None = None
    level_label: str = ""


def bar_chart(chart: Chart) -> Markup:
    """Lying bars, one under the other, each with its label and figure."""
    highest = max((figure for _, figure in chart.bars), default=0)
    room = WIDTH - LABEL_SPACE - FIGURE_SPACE
    marks = []
    for place, (label, figure) in enumerate(chart.bars):
        y = place * (ROW + GAP)
        length = _scale(figure, highest, room)
        marks.append(_text(LABEL_SPACE - 8, y + 17, _cut(label), anchor="end"))
        marks.append(_rect(LABEL_SPACE, y, length, ROW))
        marks.append(_text(LABEL_SPACE + length + 6, y + 17, str(figure)))
    return _drawing(chart, Markup("").join(marks), height=max(1, len(chart.bars)) * (ROW + GAP))


def column_chart(chart: Chart) -> Markup:
    """Standing columns from left to right, for what goes over time; a dashed line at `level`."""
    highest = max([*(figure for _, figure in chart.bars), chart.level or 0], default=0)
    step = WIDTH / max(1, len(chart.bars))
    skip = -(-len(chart.bars) // MAX_COLUMN_LABELS)
    bottom = TOP + COLUMNS_HEIGHT
    marks = []
    for place, (label, figure) in enumerate(chart.bars):
        height = _scale(figure, highest, COLUMNS_HEIGHT)
        middle = round((place + 0.5) * step, 1)
        marks.append(_rect(round(place * step + 3, 1), bottom - height, round(step - 6, 1), height))
        marks.append(_text(middle, bottom - height - 6, str(figure), anchor="middle"))
        # Counted from the right: the newest column always has its label.
        if (len(chart.bars) - 1 - place) % max(1, skip) == 0:
            marks.append(_text(middle, bottom + 18, _cut(label), anchor="middle"))
    if chart.level is not None:
        y = bottom - _scale(chart.level, highest, COLUMNS_HEIGHT)
        marks.append(
            Markup('<line x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="{2}" stroke-dasharray="6 4"/>').format(
                y, WIDTH, LINE
            )
        )
    return _drawing(chart, Markup("").join(marks), height=bottom + BOTTOM)


def describe(chart: Chart) -> str:
    """All figures of a chart in words: "Riau: 3; Bali: 2; median: 2.5"."""
    parts = [f"{_cut(label)}: {figure}" for label, figure in chart.bars]
    if chart.level is not None:
        parts.append(f"{chart.level_label}: {chart.level:g}")
    return "; ".join(parts)


def top_bars(counts: Sequence[tuple[str, int]], *, most: int, rest: str) -> tuple[tuple[str, int], ...]:
    """The largest counts, ties by label; what goes beyond `most` bars is one last bar called `rest`."""
    ordered = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
    if len(ordered) <= most:
        return tuple(ordered)
    return (*ordered[: most - 1], (rest, sum(count for _, count in ordered[most - 1 :])))


def _drawing(chart: Chart, marks: Markup, *, height: int) -> Markup:
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{0}-t {0}-d"'
        ' viewBox="0 0 {1} {2}" font-family="sans-serif" font-size="{6}">'
        '<title id="{0}-t">{3}</title><desc id="{0}-d">{4}</desc>{5}</svg>'
    ).format(chart.name, WIDTH, height, chart.title, describe(chart), marks, FONT)


def _rect(x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(x, y, width, height, BAR)


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> Markup:
    return Markup('<text x="{}" y="{}" fill="{}" text-anchor="{}">{}</text>').format(
        x, y, INK, anchor, escape(text)
    )


def _scale(figure: float, highest: float, room: int) -> int:
    return round(room * figure / highest) if highest else 0


def _cut(label: str) -> str:
    line = flatten(label)
    return line if len(line) <= MAX_LABEL else line[: MAX_LABEL - 1] + "…"
