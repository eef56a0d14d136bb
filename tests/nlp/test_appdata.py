"""Articles in the data of a page's scripts: forms of text, which article, and hostile data."""

import json
from typing import Any

import pytest

from nlp.appdata import read_app_data
from nlp.extract import extract_page
from nlp.markup import parse_html
from nlp.structured import Described
from store.records import ExtractionRules
from tests.nlp.test_extract import raw

LINE = (
    "Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan pada Selasa siang itu."
)
LINES = f"{LINE}\n{LINE.replace('Camat', 'Lurah')}"
PARAGRAPHS = "".join(f"<p>{line}</p>" for line in LINES.split("\n"))
BLOCKS = [{"type": "paragraph", "nodes": [{"object": "text", "text": line}]} for line in LINES.split("\n")]


def next_data(value: Any) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(value)}</script>'


def read(html: str, title: str = "") -> Described:
    page = parse_html(f"<html><body>{html}</body></html>")
    assert page is not None
    return read_app_data(page, title=title)


@pytest.mark.parametrize(
    "body",
    [
        PARAGRAPHS,
        LINES,
        json.dumps({"document": {"nodes": BLOCKS}}),
        {"blocks": BLOCKS},
        [{"type": "image", "text": "Foto"}, *BLOCKS],
        [{"type": "paragraph", "data": {"text": line}} for line in LINES.split("\n")],
    ],
)
@pytest.mark.parametrize("key", ["content", "body", "article_body"])
def test_a_text_is_read_in_every_form(body: Any, key: str) -> None:
    found = read(next_data({"props": {"pageProps": {"article": {"title": "Camat Hadir", key: body}}}}))
    assert (found.title, found.body) == ("Camat Hadir", LINES)


def test_reporter_and_time_come_along() -> None:
    article = {
        "headline": "Camat Hadir",
        "content": PARAGRAPHS,
        "authors": [{"name": "Rani Paembonan"}, {"name": "Bayu Sempati"}],
        "publishedAt": "2024-09-17T09:11:00+07:00",
    }
    found = read(f"<script>window.__APOLLO_STATE__ = {json.dumps({'Story:1': article})};</script>")
    assert found.author == "Rani Paembonan, Bayu Sempati"
    assert found.published == ("2024-09-17T09:11:00+07:00",)


def test_of_several_articles_the_one_that_the_page_shows_is_taken() -> None:
    articles = [{"title": "Lain", "content": PARAGRAPHS * 3}, {"title": "Camat Hadir", "content": PARAGRAPHS}]
    assert read(next_data(articles), title="Camat hadir").title == "Camat Hadir"
    assert read(next_data(articles)).title == "Lain"


@pytest.mark.parametrize(
    "html",
    [
        next_data({"title": "Camat", "content": "Ringkasan."}),
        next_data({"title": "Camat", "content": None}),
        next_data({"menus": [{"title": "Beranda", "slug": "a"}]}),
        '<script id="__NEXT_DATA__" type="application/json">{"title":</script>',
        '<script id="x" type="application/json">' + "[" * 50_000 + "</script>",
        "<script>window.__APOLLO_STATE__ = (function(){return 1})()</script>",
        "<script>var x = {};</script>",
        next_data({"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": {"j": {"k": {"l": {"m": {
            "title": "Terlalu dalam", "content": PARAGRAPHS}}}}}}}}}}}}}}),
    ],
)  # fmt: skip
def test_what_is_no_article_is_nothing(html: str) -> None:
    assert read(html) == Described()


def test_a_page_that_scripts_fill_is_read_from_their_data() -> None:
    data = next_data({"article": {"title": "Camat Hadir", "content": PARAGRAPHS * 2, "date": "2024-09-17"}})
    page = raw(f"<html><body><h1>Camat Hadir</h1><div id=__next></div>{data}</body></html>")
    document = extract_page(page, ExtractionRules("contoh"))
    assert (document.title, document.extractor) == ("Camat Hadir", "json")
    assert document.text.startswith(LINE)
    assert document.published_precision == "day"
