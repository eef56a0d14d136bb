"""Finding the article by its prose: what surrounds it, what stands in it, and what a hostile tree costs."""

import time

import pytest

from nlp.generic import find_article
from nlp.markup import parse_html, render_lines

SENTENCE = (
    "Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan pada Selasa siang."
)
OTHER = SENTENCE.replace("Camat", "Lurah")
PROSE = "".join(f"<p>Laporan {number}. {SENTENCE}</p>" for number in range(6))
LINES = tuple(f"Laporan {number}. {SENTENCE}" for number in range(6))
TEASER = "<div class={}><a href=/{}><h3>Nelayan Keluhkan Pendangkalan Muara</h3></a><p>{}</p></div>"
TEASERS = "".join(TEASER.format("kartu", number, SENTENCE) for number in range(12))


def read(html: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    page = parse_html(f"<html><body>{html}</body></html>")
    assert page is not None
    found = find_article(page.root)
    if found is None:
        return (), ()
    rendered = render_lines(found.element, boxes=found.boxes)
    return rendered.lines, rendered.removed


@pytest.mark.parametrize(
    "html",
    [
        f"<div>{PROSE}</div>",
        f"<article><div>{PROSE}</div></article>",
        f"<div class=entry-content><div><div>{PROSE}</div></div></div>",
        # More words around the article than in it: teasers under headlines that link away.
        f"<main><div>{PROSE}</div><div>{TEASERS}</div></main>",
        f"<main><div>{PROSE}</div><div class=sidebar><p>{OTHER * 12}</p></div></main>",
        f"<main><div>{PROSE}</div><section><h3>Berita Terkait</h3><p>{OTHER * 6}</p></section></main>",
        f"<main><div>{PROSE}</div><footer>{SENTENCE * 9}</footer><nav>{SENTENCE * 9}</nav></main>",
        f"<main><div>{PROSE}</div><ol class=commentlist><li>{SENTENCE * 9}</li></ol></main>",
        # A name of the whole that only looks like that of a box.
        f"<div class='content with-sidebar'><div class='entry-content no-share'>{PROSE}</div></div>",
    ],
)
def test_the_article_is_told_from_what_surrounds_it(html: str) -> None:
    assert read(html)[0] == LINES


@pytest.mark.parametrize(
    ("box", "line"),
    [
        ("<div class=baca-juga><a href=/x>Lurah Lama Diperiksa</a></div>", "Lurah Lama Diperiksa"),
        ("<div><b>Baca Juga</b><p><a href=/x>Lurah Lama Diperiksa</a></p></div>", "Lurah Lama Diperiksa"),
        ("<ul><li><a href=/x>Nelayan Keluhkan Pendangkalan</a></li><li><a href=/y>Harga Cabai Rawit Naik</a>"
         "</li></ul>", "Harga Cabai Rawit Naik"),
        ("<div class=share-box>Bagikan ke WhatsApp</div>", "Bagikan ke WhatsApp"),
        ("<p class=tags>Netralitas, ASN</p>", "Netralitas, ASN"),
        ("<div class=iklan>Promo akhir pekan</div>", "Promo akhir pekan"),
    ],
)  # fmt: skip
def test_a_box_inside_the_article_is_taken_out_and_noted(box: str, line: str) -> None:
    lines, removed = read(f"<div><p>{SENTENCE}</p>{box}{PROSE}</div>")
    assert lines == (SENTENCE, *LINES)
    assert line in removed


@pytest.mark.parametrize(
    "box",
    [
        "<h2>Larangan Lain</h2>",
        "<blockquote>Netral.</blockquote>",
        "<ul><li>Tidak memasang spanduk</li><li>Tidak mengunggah foto</li></ul>",
        "<p>Aturan itu dimuat <a href=/x>di laman badan kepegawaian negara</a> sejak Senin.</p>",
        "<div class=highlight>Camat itu membantah.</div>",
        "<div><p>Camat.</p></div>",
    ],
)
def test_what_belongs_to_the_article_stays(box: str) -> None:
    lines, removed = read(f"<div>{PROSE}{box}<p>{SENTENCE}</p></div>")
    assert len(lines) > 7
    assert removed == ()


@pytest.mark.parametrize(
    "html", ["", "<p>Teks.</p>", "<script>var x = 1;</script>", "<nav>" + SENTENCE + "</nav>"]
)
def test_without_prose_there_is_no_article(html: str) -> None:
    assert read(html)[0] == ()


def test_time_grows_with_the_size_of_the_page_only() -> None:
    started = time.perf_counter()
    read("<div>" * 20_000 + SENTENCE)
    read("<div><a href=/x>Nelayan Keluhkan Pendangkalan Muara</a></div>" * 20_000)
    # Both took 0.6 s together on two busy cores.
    assert time.perf_counter() - started < 10
