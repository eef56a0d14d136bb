import struct

import matplotlib
import pytest

from nlp.evaluate import evaluate
from nlp.reliability import draw_reliability, write_reliability
from store.records import UsageError
from tests.nlp.test_evaluate import PAIRS

METRICS = evaluate(PAIRS)


def chunks(png: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8])
        at += 12 + length
    return names


def test_the_plot_is_a_png_of_the_same_bytes_every_time(tmp_path):
    write_reliability(tmp_path / "one.png", METRICS, title="m on f")
    png = (tmp_path / "one.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png == draw_reliability(METRICS, title="m on f")
    assert [p.name for p in tmp_path.iterdir()] == ["one.png"]


def test_the_plot_holds_no_date_and_no_software_name():
    assert set(chunks(draw_reliability(METRICS, title="t"))) <= {b"IHDR", b"pHYs", b"IDAT", b"IEND"}


def test_a_style_of_ones_own_changes_neither_the_plot_nor_itself():
    plain = draw_reliability(METRICS, title="t")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert draw_reliability(METRICS, title="t") == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_texts_without_a_case_and_no_text_at_all_can_be_drawn():
    for pairs in ([PAIRS[3]], []):
        assert draw_reliability(evaluate(pairs), title="t").startswith(b"\x89PNG")


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"missing/plot\.png"):
        write_reliability(tmp_path / "missing" / "plot.png", METRICS, title="t")
