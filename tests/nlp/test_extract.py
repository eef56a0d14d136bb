"""From saved page to document: golden files, names and hashes, encodings, pages without an article."""

import contextlib
import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.extract import EXTRACTOR_VERSION, NothingExtracted, extract_file, extract_page
from store.records import ExtractionRules, NetraError, RawPage, UsageError
from tests.pages import FOLDER, differences, load_page, page_names
from tests.pages.__main__ import main

PROSE = "<p>Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan.</p>"
ARTICLE = (
    f"<h1>Camat Hadir</h1><article>{PROSE}<p>Bawaslu “menelusuri” kehadiran itu sejak Selasa.</p></article>"
)
RULES = ExtractionRules("contoh", body=("article",))


def raw(
    *bodies: str | bytes,
    form: Literal["html", "blogger", "wordpress", "feed", "social"] = "html",
    encoding: str = "utf-8",
) -> RawPage:
    fetched_at = datetime(2024, 9, 18, 2, 0, tzinfo=UTC)
    return RawPage(
        page_id="G-1",
        source_id="contoh",
        url="https://kabar.test/a?page=all",
        canonical_url="https://kabar.test/a",
        night=fetched_at.date(),
        fetched_at=fetched_at,
        status=200,
        format=form,
        part="",
        encoding=encoding,
        refs=(),
        body_sha256="",
        pages_expected=len(bodies),
        bodies=tuple(body.encode() if isinstance(body, str) else body for body in bodies),
    )


@pytest.mark.parametrize("name", page_names())
def test_a_saved_page_gives_its_golden_document(name: str) -> None:
    assert differences(name) == []


def test_there_is_a_saved_page_for_every_platform() -> None:
    platforms = "detik kompas tribun liputan6 antara jurnas bawaslu blogger wordpress cnn jpnn generic"
    assert set(platforms.split()) <= set(page_names())


def test_a_document_is_named_and_hashed_after_its_address_and_text() -> None:
    document = extract_page(raw(ARTICLE), RULES)
    assert document.doc_id == "N-" + hashlib.sha256(b"https://kabar.test/a").hexdigest()[:12]
    assert document.text_sha256 == hashlib.sha256(document.text.encode()).hexdigest()
    assert (document.page_id, document.source_id, document.kind) == ("G-1", "contoh", "news")
    assert (document.extractor, document.extractor_version) == ("selectors", EXTRACTOR_VERSION)
    assert document.fetched_at == datetime(2024, 9, 18, 2, 0, tzinfo=UTC)


def test_a_post_is_named_so_and_keeps_every_word() -> None:
    text = "Baca juga: aturan netralitas\nKENDARI - pilih siapa? (abc/def)"
    row = json.dumps({"id": "1", "url": "https://x.test/1", "text": text, "published": "", "platform": "x"})
    document = extract_page(raw(row, form="social"), ExtractionRules("ekspor", kind="post"))
    assert document.doc_id.startswith("P-")
    assert (document.text, document.removed, document.title) == (text, (), "")
    assert (document.published_at, document.published_precision) == (None, "none")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (raw(b""), "empty response"),
        (raw(b" \n "), "empty response"),
        (raw(b"\x00"), "no HTML"),
        (raw("<html><body></body></html>"), "no text"),
        (raw("<article><p>Foto.</p></article>"), "only 5 characters"),
        (raw("<article><p>Baca juga: Camat Hadir</p></article>"), "no text"),
        (raw("bukan json", form="feed"), "not JSON"),
        (raw("[1]", form="wordpress"), "not a JSON object"),
        (raw('{"title": {"$t": "Judul"}}', form="blogger"), "no content"),
        (raw('{"text": " "}', form="social"), "no text"),
        (raw("[" * 100_000, form="social"), "not JSON"),
    ],
)
def test_a_page_without_an_article_is_refused_with_a_reason(page: RawPage, reason: str) -> None:
    with pytest.raises(NothingExtracted, match=reason) as refusal:
        extract_page(page, RULES)
    assert isinstance(refusal.value, NetraError)


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "windows-1252", "tidak-ada", ""])
@pytest.mark.parametrize("real", ["utf-8", "windows-1252"])
@pytest.mark.parametrize("meta", ['<meta charset="utf-8">', '<meta charset="windows-1252">', ""])
def test_a_wrongly_declared_encoding_does_not_garble_the_text(declared: str, real: str, meta: str) -> None:
    document = extract_page(raw(f"{meta}{ARTICLE}".encode(real), encoding=declared), RULES)
    assert "Bawaslu “menelusuri” kehadiran" in document.text


def test_one_broken_byte_does_not_garble_a_utf8_page() -> None:
    document = extract_page(raw(ARTICLE.encode() * 2 + b"\xff"), RULES)
    assert "Bawaslu “menelusuri” kehadiran" in document.text


def test_pages_are_joined_in_order_and_a_repeated_paragraph_comes_once() -> None:
    second = f"<article>{PROSE}<p>Ia membantah.</p></article>"
    document = extract_page(raw(ARTICLE, second), RULES)
    assert document.text.count("Camat Bontolu") == 1
    assert document.text.endswith("Ia membantah.")
    assert (document.pages_expected, document.pages_fetched) == (2, 2)


def test_a_page_that_came_empty_is_not_counted_as_fetched() -> None:
    document = extract_page(raw(ARTICLE, b""), RULES)
    assert (document.pages_expected, document.pages_fetched) == (2, 1)


@pytest.mark.parametrize(
    ("head", "rules", "title"),
    [
        ("", RULES, "Camat Hadir"),
        ('<meta property="og:title" content="Camat Hadir di Lapangan">', RULES, "Camat Hadir di Lapangan"),
        (
            '<meta property="og:title" content="Camat Hadir | Kabar">'
            '<meta property="og:site_name" content="Kabar">',
            RULES,
            "Camat Hadir",
        ),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Camat Ha..."}</script>',
            RULES,
            "Camat Hadir",
        ),
        ('<meta property="og:title" content="Lain">', replace(RULES, title=("h2", "h1")), "Camat Hadir"),
    ],
)
def test_where_the_headline_comes_from(head: str, rules: ExtractionRules, title: str) -> None:
    assert extract_page(raw(head + ARTICLE), rules).title == title


def test_without_any_heading_the_title_of_the_page_is_taken() -> None:
    page = f"<title>Camat Hadir</title><article>{PROSE * 2}</article>"
    assert extract_page(raw(page), RULES).title == "Camat Hadir"


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (
            '<meta property="article:published_time" content="2024-09-17T08:00:00+07:00"> <i>16/9/2024</i>',
            "01:00",
        ),
        ("<p>Selasa, 17 September 2024 08.00 WIB</p>", "01:00"),
        ("<a><time datetime='2024-09-17T08:00:00+07:00'>kemarin</time></a>", "01:00"),
        ("<p>Rapat digelar 17 September 2024 pukul 08.00 WIB.</p>", None),
        ("<aside>17 September 2024 08.00 WIB</aside>", None),
    ],
)
def test_where_the_time_of_publication_comes_from(stamps: str, expected: str | None) -> None:
    page = ARTICLE.replace("</h1>", f"</h1>{stamps}")
    published = extract_page(raw(page), RULES).published_at
    assert (published.strftime("%H:%M") if published else None) == expected


def test_the_address_gives_the_day_when_the_page_says_nothing() -> None:
    page = replace(raw(ARTICLE), canonical_url="https://kabar.test/read/2024/09/17/camat")
    document = extract_page(page, RULES)
    assert document.published_at == datetime(2024, 9, 16, 17, 0, tzinfo=UTC)
    assert document.published_precision == "day"


@pytest.mark.parametrize(("attribute", "language"), [('lang="en-US"', "en"), ('lang="in"', "id"), ("", "id")])
def test_the_language_is_that_of_the_page(attribute: str, language: str) -> None:
    assert extract_page(raw(f"<html {attribute}><body>{ARTICLE}</body></html>"), RULES).language == language


def test_the_same_bytes_give_the_same_document_whatever_was_read_before() -> None:
    page, rules = load_page("wordpress")
    first = extract_page(page, rules)
    for name in page_names():
        extract_page(*load_page(name))
    assert all(extract_page(page, rules) == first for _ in range(3))


def test_a_saved_file_is_read_as_if_it_had_been_fetched(tmp_path: Path) -> None:
    file = tmp_path / "camat.html"
    file.write_text(ARTICLE, encoding="utf-8")
    document = extract_file(file, url="https://kabar.test/a", rules=RULES)
    assert document.title == "Camat Hadir"
    assert document.doc_id == extract_page(raw(ARTICLE), RULES).doc_id
    assert extract_file(file, url="https://kabar.test/a").source_id == ""


def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"tidak-ada\.html"):
        extract_file(tmp_path / "tidak-ada.html", url="https://kabar.test/a")


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_give_a_document_or_a_reason(body: bytes) -> None:
    for page in (raw(body), raw(body, form="feed"), raw(body, form="social")):
        with contextlib.suppress(NothingExtracted):
            assert extract_page(page, ExtractionRules("contoh")).text


def test_golden_files_are_rewritten_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "kompas.json").unlink()
    monkeypatch.setattr("tests.pages.FOLDER", tmp_path)
    assert main(["regenerate", "kompas"]) == 0
    assert (tmp_path / "kompas.json").read_bytes() == (FOLDER / "kompas.json").read_bytes()
    assert main(["regenerate", "tidak-ada"]) == main(["regenerate"]) == main([]) == 2
    assert "tidak-ada" in capsys.readouterr().err
