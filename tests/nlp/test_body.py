"""The text of an article in a tree: which way is taken, and what a hostile tree costs."""

import time

import pytest

from nlp.body import Body, first_text, join_bodies, read_body
from nlp.markup import parse_html
from store.records import ExtractionRules

SENTENCE = (
    "Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan pada Selasa siang. "
)
DESCRIBED = "\n".join([SENTENCE.strip()] * 8)


def read(html: str, *, described: str = "", **rules: tuple[str, ...]) -> Body:
    page = parse_html(html)
    assert page is not None
    return read_body(page, ExtractionRules("contoh", **rules), described=described)  # type: ignore[arg-type]  # kwargs


def test_the_manifest_comes_first() -> None:
    body = read(f"<main>{SENTENCE}</main>", described=DESCRIBED, body=(".tidak-ada", "main"))
    assert body == Body((SENTENCE.strip(),), (), "selectors")


def test_several_sections_are_read_in_order_and_a_nested_match_counts_once() -> None:
    html = "<div class=s>Satu<div class=s>Dua</div></div><div class=s>Tiga</div>"
    assert read(html, body=(".s",)).lines == ("Satu", "Dua", "Tiga")


def test_removed_elements_are_gone_whatever_way_is_taken() -> None:
    html = f"<main><p>{SENTENCE * 2}</p><p class=x>Iklan besar sekali di tengah berita ini.</p></main>"
    for body in (("main",), ()):
        assert "Iklan" not in " ".join(read(html, body=body, remove=(".x",)).lines)


def test_json_ld_needs_a_long_body_with_paragraphs_or_a_page_that_yields_little() -> None:
    html = "".join(f"<p>Laporan {number}. {SENTENCE}</p>" for number in range(2))
    assert read(html, described=DESCRIBED).extractor == "json-ld"
    assert read(html, described=SENTENCE).extractor == "generic"
    assert read(html, described=DESCRIBED.replace("\n", " ")).extractor == "json-ld"
    longer = "".join(f"<p>Laporan {number}. {SENTENCE}</p>" for number in range(8))
    assert read(longer, described=DESCRIBED.replace("\n", " ")).extractor == "generic"


def test_rows_of_layout_tables_are_prose_and_menus_are_told_apart() -> None:
    html = (
        "<html><body><table><tr><td>Depan</td><td>Papua</td></tr></table>"
        f"<table><tr><td>{SENTENCE * 3}</td></tr></table><p>{SENTENCE}</p></body></html>"
    )
    body = read(html)
    assert not any("|" in line for line in (*body.lines, *body.removed))
    assert "Depan Papua" not in body.lines


def test_a_page_without_prose_of_its_own_is_left_to_trafilatura() -> None:
    # Every paragraph is inside a link: to our own finder a list of articles.
    html = "".join(f"<p><a href=/{number}>Laporan {number}. {SENTENCE}</a></p>" for number in range(8))
    body = read(f"<html><body><article>{html}</article></body></html>")
    assert body.extractor == "trafilatura"
    assert "Laporan 7." in body.lines[-1]


def test_crossheads_between_the_sections_of_an_article_are_kept() -> None:
    html = (
        f"<div><h2>Lain</h2><section>{SENTENCE}</section></div>"
        f"<div><h2>Penelusuran</h2><figure>Foto</figure><section>{SENTENCE}</section></div>"
        f"<div><section>{SENTENCE}</section><h3>Berita Terkait</h3></div>"
    )
    assert read(html, body=("section",)).lines == (
        *[SENTENCE.strip()],
        "Penelusuran",
        *[SENTENCE.strip()] * 2,
    )


def test_a_tree_that_nests_deeply_is_not_given_to_trafilatura() -> None:
    started = time.perf_counter()
    body = read("<article>" + "<table><tr><td>" * 600 + SENTENCE * 3)
    assert body.extractor == "generic"
    assert time.perf_counter() - started < 8


@pytest.mark.parametrize(
    ("selector", "text"),
    [("meta::attr(content)", "Rani"), ("b::text", "Bayu"), ("b", "Bayu"), ("i", ""), ("i, b", "Bayu")],
)
def test_a_selector_may_name_an_attribute_or_a_text(selector: str, text: str) -> None:
    page = parse_html("<meta content=' Rani '><i> </i><b>Bayu</b>")
    assert page is not None
    assert first_text(page, (selector,)) == text


def test_short_lines_may_repeat_across_pages() -> None:
    first = Body((SENTENCE, "Netral."), (), "selectors")
    second = Body((SENTENCE, "Netral.", "Selesai."), ("Foto",), "selectors")
    assert join_bodies([first, second]) == Body(
        (SENTENCE, "Netral.", "Netral.", "Selesai."), ("Foto",), "selectors"
    )
