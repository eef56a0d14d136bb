"""Charts are well-formed SVG that says its figures in words, whatever a label holds."""

import pytest
from lxml import etree
from markupsafe import escape

from review.charts import (
    BAR,
    FONT,
    INK,
    LABEL_SPACE,
    MAX_LABEL,
    Chart,
    bar_chart,
    column_chart,
    describe,
    top_bars,
)
from review.words import word
from store.records import POSITIONS, TYPES
from tests.review.contrast import contrast

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ("</svg><script>alert(1)</script>", '" onload="x', "a&b<c", "\u202eabc\x00\x1b[31m", "x" * 100_000)


@pytest.mark.parametrize("draw", [bar_chart, column_chart])
def test_any_label_is_text_and_every_figure_is_told_in_words(draw):
    chart = Chart("c", HOSTILE[0], tuple((label, n) for n, label in enumerate(HOSTILE)), 2.5, "median")
    drawing = draw(chart)
    root = etree.fromstring(str(drawing))
    assert {element.tag for element in root.iter()} <= {
        SVG + tag for tag in ("svg", "title", "desc", "rect", "text", "line")
    }
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert title.text == HOSTILE[0]
    assert desc.text == describe(chart)
    assert "a&b<c: 2" in desc.text
    assert len(drawing) < 5_000
    assert str(draw(chart)) == str(drawing)


def test_the_longest_bar_fills_the_room_and_nothing_is_drawn_for_nothing():
    root = etree.fromstring(str(bar_chart(Chart("c", "t", (("a", 10), ("b", 5), ("c", 0))))))
    widths = [int(bar.get("width")) for bar in root.iter(f"{SVG}rect")]
    assert widths[0] == 2 * widths[1]
    assert widths[2] == 0
    for draw in (bar_chart, column_chart):
        for bars in ((), (("a", 0),)):
            etree.fromstring(str(draw(Chart("c", "t", bars))))


def test_a_column_as_high_as_the_level_meets_its_line():
    root = etree.fromstring(str(column_chart(Chart("c", "t", (("1", 4), ("2", 8)), 4.0, "m"))))
    columns, (line,) = list(root.iter(f"{SVG}rect")), list(root.iter(f"{SVG}line"))
    assert columns[0].get("y") == line.get("y1") == line.get("y2")


def test_every_word_of_the_codebook_is_shown_whole():
    for lang in ("id", "en"):
        words = {word(value, lang) for value in (*TYPES, *POSITIONS)}
        assert [w for w in words if f">{escape(w)}<" not in bar_chart(Chart("c", "t", ((w, 1),)))] == []
    assert MAX_LABEL * 0.58 * FONT <= LABEL_SPACE - 8


def test_what_does_not_fit_is_one_last_bar():
    counts = [("b", 2), ("a", 2), ("c", 9), ("d", 1), ("e", 1)]
    assert top_bars(counts, most=5, rest="r") == (("c", 9), ("a", 2), ("b", 2), ("d", 1), ("e", 1))
    assert top_bars(counts, most=3, rest="r") == (("c", 9), ("a", 2), ("r", 4))


def test_colours_stand_out():
    assert contrast(INK, "#ffffff") >= 4.5
    assert contrast(BAR, "#ffffff") >= 3
