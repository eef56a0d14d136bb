"""Structured data: JSON-LD as it is on the web, meta names, the site's name behind the title."""

import pytest
from parsel import Selector

from nlp.structured import Described, cut_site_name, read_json_ld, read_meta

URL = "https://www.kabar.test/camat"


def json_ld(*scripts: str) -> Described:
    html = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
    return read_json_ld(Selector(f"<html><head>{html}</head></html>"), url=URL)


def meta(*attributes: str) -> Described:
    return read_meta(Selector("".join(f"<meta {attribute}>" for attribute in attributes)))


@pytest.mark.parametrize(
    "script",
    [
        '{"@type":"NewsArticle","headline":"Camat Hadir"}',
        '{"@type":["Thing","NewsArticle"],"headline":"Camat Hadir"}',
        '{"@type":"https://schema.org/NewsArticle","headline":"Camat Hadir"}',
        '[{"@type":"WebSite","name":"Kabar"},{"@type":"NewsArticle","headline":"Camat Hadir"}]',
        '{"@graph":[{"@type":"WebPage","name":"Kabar"},{"@type":"BlogPosting","headline":"Camat Hadir"}]}',
        '{"@type":"WebPage","mainEntity":{"@type":"Article","headline":"Camat Hadir"}}',
        '<!-- {"@type":"NewsArticle","headline":"Camat Hadir"} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"Camat Hadir"}\n//]]>',
        '{"@type":"NewsArticle","headline":"Camat Hadir",}',
        '{"@type":"NewsArticle","headline":"Camat\nHadir"};',
        '{"@type":"NewsArticle","headline":"Camat\tHadir"}',
        '{"@type":"WebSite"}{"@type":"NewsArticle","headline":"Camat Hadir"}',
        "{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;Camat Hadir&quot;}",
        '{"@type":"NewsArticle","headline":"<b>Camat</b> Hadir"}',
        '\ufeff {"@type":"NewsArticle","headline":"Camat Hadir"}',
    ],
)
def test_json_ld_is_read_as_tolerantly_as_the_web_needs(script: str) -> None:
    assert json_ld(script).title == "Camat Hadir"


@pytest.mark.parametrize(
    "script",
    [
        "",
        "bukan json",
        '{"@type":"NewsArticle","headline":',
        '{"@type":"WebSite","headline":"Kabar"}',
        '{"@type":"ItemList","itemListElement":[{"@type":"NewsArticle","headline":"Berita Lain"}]}',
        '{"@type":null,"headline":"Kabar"}',
        "[" * 50_000,
        '{"a":' * 50_000,
        '{"mainEntity":' * 20 + '{"@type":"NewsArticle","headline":"Terlalu Dalam"}' + "}" * 20,
        '"NewsArticle"',
        "12",
    ],
)
def test_what_is_no_article_is_not_believed(script: str) -> None:
    assert json_ld(script) == Described()


def test_of_several_articles_the_one_with_the_address_of_the_page_is_taken() -> None:
    other = '{"@type":"NewsArticle","headline":"Berita Lain","url":"https://www.kabar.test/lain"}'
    own = (
        '{"@type":"NewsArticle","headline":"Camat Hadir",'
        '"mainEntityOfPage":{"@type":"WebPage","@id":"http://kabar.test/camat/?utm=1"}}'
    )
    assert json_ld(other, own).title == "Camat Hadir"
    assert json_ld(f"[{other},{own}]").title == "Camat Hadir"
    assert json_ld(other).title == "Berita Lain"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ('"Rani Paembonan"', "Rani Paembonan"),
        ('{"@type":"Person","name":"Rani Paembonan"}', "Rani Paembonan"),
        ('[{"name":"Rani Paembonan"},{"name":"Bayu Sempati"}]', "Rani Paembonan, Bayu Sempati"),
        ('{"name":["Rani Paembonan","Bayu Sempati"]}', "Rani Paembonan, Bayu Sempati"),
        ('[{"name":"Rani Paembonan"},{"name":"Rani Paembonan"}]', "Rani Paembonan"),
        ('{"@type":"Organization","name":"Kabar"}', ""),
        ('"https://kabar.test/penulis/rani"', ""),
        ("null", ""),
        ("[7]", "7"),
    ],
)
def test_authors_are_names_of_people(author: str, expected: str) -> None:
    script = f'{{"@type":"NewsArticle","publisher":{{"name":"Kabar"}},"author":{author}}}'
    assert json_ld(script).author == expected


def test_body_and_dates_are_plain_text() -> None:
    described = json_ld(
        '{"@type":"NewsArticle","datePublished":"2024-09-17","dateCreated":"2024-09-16",'
        '"articleBody":"&lt;p&gt;Camat &quot;hadir&quot;.&lt;/p&gt;\n\nIa pulang.<br>Selesai."}'
    )
    assert described.published == ("2024-09-17", "2024-09-16")
    assert described.body == 'Camat "hadir".\nIa pulang.\nSelesai.'


def test_meta_names_of_the_outlets_are_known() -> None:
    described = meta(
        'name="dtk:publishdate" content="2024/09/17 09:11:00"',
        'property="article:published_time" content="2024-09-17T09:11:00+07:00"',
        'property="article:modified_time" content="2024-09-18T09:11:00+07:00"',
        'property="og:title" content="Camat &amp;quot;Hadir&amp;quot; - Kabar Kita"',
        'property="og:site_name" content="KabarKita"',
        'property="article:author" content="https://kabar.test/rani"',
        'name="content_author" content="Rani Paembonan"',
        'name="author" content=""',
    )
    assert described.published == ("2024-09-17T09:11:00+07:00", "2024/09/17 09:11:00")
    assert described.title == 'Camat "Hadir"'
    assert described.author == "Rani Paembonan"


def test_a_page_without_meta_describes_nothing() -> None:
    assert meta() == Described()


@pytest.mark.parametrize(
    ("title", "site", "expected"),
    [
        ("Camat Hadir - Kabar.test", "Kabar Test", "Camat Hadir"),
        ("Camat Hadir | Kabar", "Kabar", "Camat Hadir"),
        ("Camat - Lurah Hadir", "Kabar", "Camat - Lurah Hadir"),
        ("Camat Hadir - Kabar", "", "Camat Hadir - Kabar"),
        ("Kabar", "Kabar", "Kabar"),
    ],
)
def test_only_the_name_of_the_site_is_cut_off_a_title(title: str, site: str, expected: str) -> None:
    assert cut_site_name(title, site) == expected
