"""From bytes to tree to lines: blocks, links elsewhere, captions, deep nesting."""

import time

import pytest

from nlp.markup import decode_page, parse_html, remove_captions, remove_elements, render_lines


def lines(html: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    page = parse_html(html)
    assert page is not None
    rendered = render_lines(page.root)
    return rendered.lines, rendered.removed


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Satu</p><p>Dua</p>", ("Satu", "Dua")),
        ("Satu<br>Dua<br/><br/>Tiga", ("Satu", "Dua", "Tiga")),
        ("<div>Satu<p>Dua</p>Tiga</div>", ("Satu", "Dua", "Tiga")),
        ("<p>Ca<b>mat</b> <i>ha</i>dir</p>", ("Camat hadir",)),
        ("<p>Satu\n  baris</p>", ("Satu baris",)),
        ("<p>Satu<!-- iklan --> dua</p>", ("Satu dua",)),
        ("<p>Satu<script>x()</script> dua<style>p{}</style></p>", ("Satu dua",)),
        ("<p>Satu</p><aside><p>Lain</p></aside><nav>Menu</nav>ekor", ("Satu", "ekor")),
        (
            "<table><tr><td>Desa</td><td>Suara</td></tr><tr><td>A</td><td>1</td></tr></table>",
            ("Desa Suara", "A 1"),
        ),
        ("<ul><li>Satu</li><li>Dua</li></ul>", ("Satu", "Dua")),
        ("<?xml version='1.0' encoding='latin-1'?><p>Satu</p>", ("Satu",)),
        ("<p>a&nbsp;&amp;&nbsp;b</p>", ("a & b",)),
    ],
)
def test_every_block_is_a_line(html: str, expected: tuple[str, ...]) -> None:
    assert lines(html) == (expected, ())


@pytest.mark.parametrize(
    "html",
    [
        '<p>Baca juga: <a href="/x">Camat Hadir</a></p>',
        '<p><strong>Baca Juga <a href="/x">Camat Hadir</a></strong></p>',
        '<p><a href="/x">Baca juga:<br>Camat Hadir</a></p>',
        '<table><tr><td><div>Lihat juga : <a href="/x">Camat Hadir</a>.</div></td></tr></table>',
        '<p>Pilihan Editor: <a href="/x">Camat Hadir</a></p>',
        "<figure><img><figcaption>Camat Hadir</figcaption></figure>",
        '<p class="wp-caption-text">Camat Hadir</p>',
        '<span class="detail__media-caption">Camat Hadir</span>',
    ],
)
def test_links_elsewhere_and_captions_are_told_apart(html: str) -> None:
    kept, removed = lines(f"<p>Satu</p>{html}<p>Dua</p>")
    assert kept == ("Satu", "Dua")
    assert len(removed) == 1
    assert "Camat Hadir" in removed[0]


@pytest.mark.parametrize(
    "html",
    [
        '<p>Baca juga <a href="/uu">undang-undangnya</a>, kata camat.</p>',
        "<p>Baca juga buku ini</p>",
        '<p><a href="/x">Camat Hadir</a></p>',
    ],
)
def test_a_sentence_with_a_link_is_text(html: str) -> None:
    kept, removed = lines(html)
    assert (len(kept), removed) == (1, ())


def test_elements_are_cut_out_and_the_text_behind_them_stays() -> None:
    page = parse_html("<div><p>Satu <b class='x'>iklan</b>dua</p><i class='x'>iklan</i>tiga</div>")
    assert page is not None
    remove_elements(page, (".x", ".x b", "div::text", "html"))
    assert render_lines(page.root).lines == ("Satu dua", "tiga")


def test_a_caption_within_a_caption_is_cut_once() -> None:
    page = parse_html(
        "<div><p>Satu</p><figure class='wp-caption'><figcaption>Foto</figcaption></figure></div>"
    )
    assert page is not None
    assert remove_captions(page.root) == ("Foto",)
    assert render_lines(page.root).lines == ("Satu",)


@pytest.mark.parametrize("empty", ["", " ", "\x00", "\ufeff", "<!-- -->"])
def test_a_page_without_elements_is_none_or_empty(empty: str) -> None:
    page = parse_html(empty)
    assert page is None or render_lines(page.root).lines in ((), ("\ufeff",))


@pytest.mark.parametrize(
    ("body", "declared", "expected"),
    [
        ("“é”".encode(), "iso-8859-1", "“é”"),
        ("“é”".encode("windows-1252"), "utf-8", "“é”"),
        ("“é”".encode("windows-1252"), "iso-8859-1", "“é”"),
        ("é".encode("utf-16"), "", "é"),
        ("\ufeffé".encode(), "", "é"),
        (b"<meta charset=iso-8859-2>\xb3", "", "<meta charset=iso-8859-2>ł"),
        (b"<meta charset=iso-8859-2>\xb3", "windows-1250", "<meta charset=iso-8859-2>ł"),
        (b"<meta charset=ngawur>\x93", "base64", "<meta charset=ngawur>“"),
        ("ééééé".encode() + b"\xff", "utf-8", "ééééé\ufffd"),
    ],
)
def test_bytes_are_read_in_the_encoding_that_they_are_in(body: bytes, declared: str, expected: str) -> None:
    assert decode_page(body, declared) == expected


@pytest.mark.parametrize("tag", ["div", "b", "table", "a href=x", "p"])
def test_deep_nesting_is_read_in_linear_time(tag: str) -> None:
    started = time.perf_counter()
    page = parse_html(f"<{tag}>" * 50_000 + "Teks")
    assert page is not None
    render_lines(page.root)
    assert time.perf_counter() - started < 8
