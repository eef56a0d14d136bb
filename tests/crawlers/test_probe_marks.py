"""What single pages and lists of addresses tell about their outlet."""

import pytest
from scrapy.http import HtmlResponse

from crawlers import probe_marks as marks


def page(html: str, url: str = "https://www.kabar.test/berita/12/judul") -> HtmlResponse:
    return HtmlResponse(url, body=html.encode(), encoding="utf-8")


@pytest.mark.parametrize(
    ("html", "url", "system"),
    [
        ('<meta name="generator" content="WordPress 6.6">', "https://a.test/", "wordpress"),
        ('<meta name="Generator" content="wordpress">', "https://a.test/", "wordpress"),
        ('<link href="/wp-content/themes/x.css">', "https://a.test/", "wordpress"),
        ("<meta content='blogger' name='generator'>", "https://a.test/", "blogger"),
        ("<p>halo</p>", "https://kabar.blogspot.com/", "blogger"),
        ('<meta name="generator" content="Hugo">', "https://a.test/", ""),
    ],
)
def test_the_system_is_read_from_its_own_marks(html: str, url: str, system: str) -> None:
    assert marks.find_system(page(html, url)) == system


@pytest.mark.parametrize(
    ("html", "url", "platform"),
    [
        ('<h1 class="detail__title">J</h1><div class="detail__body-text">I</div>', "", "detik"),
        ('<h1 class="read__title"></h1><p class="read__time"></p><p class="read__content">', "", "kompas"),
        # The same theme without the time of Kompas is another house.
        ('<h1 class="read__title"></h1><div class="read__content">', "", "generic"),
        ('<h1 id="arttitle"></h1><div class="side-article txt-article">', "", "tribun"),
        ('<div class="article-content-body__item-content">', "", "liputan6"),
        ('<div class="wrap__article-detail-content">', "", "antara"),
        ("<p>apa saja</p>", "https://barru.bawaslu.go.id/berita/x", "bawaslu"),
        ("<p>apa saja</p>", "https://bawaslu.go.id.lain.test/", "generic"),
        ("<p>apa saja</p>", "https://www.jurnas.com/artikel/1/x/", "jurnas"),
    ],
)
def test_platforms_are_known_by_host_or_markup(html: str, url: str, platform: str) -> None:
    assert marks.find_platform(page(html, url or "https://a.test/")).value == platform


def test_feeds_of_the_site_come_before_those_of_sections_and_comments_are_left_out() -> None:
    html = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{href}" title="{title}">'
        for href, title in [
            ("/politik/daerah/feed/", "Politik"),
            ("/comments/feed/", "Kabar » Comments Feed"),
            ("/feed/", "Kabar"),
            ("javascript:void(0)", ""),
        ]
    )
    assert marks.find_feeds(page(html)) == [
        "https://www.kabar.test/feed/",
        "https://www.kabar.test/politik/daerah/feed/",
    ]


def test_news_sitemaps_come_first() -> None:
    robots = (
        "User-agent: *\nSitemap: /peta.xml\nSITEMAP : https://a.test/sitemap-news.xml\nsitemap: mailto:x\n"
    )
    assert marks.find_sitemaps(robots, "https://a.test/") == [
        "https://a.test/sitemap-news.xml",
        "https://a.test/peta.xml",
    ]


@pytest.mark.parametrize(
    ("html", "zone"),
    [
        ("<body><p>Senin, 16/9/2024 09.11 WITA</p>", "Asia/Makassar"),
        ("<body><p>08:00 WIT</p><p>09:00 WIT</p><p>Jakarta 06:00 WIB</p>", "Asia/Jayapura"),
        ('<meta content="2024-09-16T09:11:00+08:00">', "Asia/Makassar"),
        # No clock before it: a word in the text, or of a script.
        ("<body><p>WITA adalah zona</p><script>var z='09:00 WIT'</script>", "Asia/Jakarta"),
        ("<body></body>", "Asia/Jakarta"),
    ],
)
def test_the_zone_is_read_from_clock_times_and_offsets(html: str, zone: str) -> None:
    assert marks.guess_zone(page(html)).value == zone


@pytest.mark.parametrize(
    ("name", "offset", "zone"),
    [
        ("Asia/Makassar", "8", "Asia/Makassar"),
        ("Asia/Pontianak", "7", "Asia/Jakarta"),
        ("", "9", "Asia/Jayapura"),
        ("", "7.0", "Asia/Jakarta"),
        ("UTC", "0", None),
    ],
)
def test_the_zone_of_wordpress_counts_when_it_is_one_of_the_country(
    name: str, offset: str, zone: str | None
) -> None:
    guess = marks.named_zone(name, offset)
    assert (guess.value if guess else None) == zone


@pytest.mark.parametrize(
    ("attribute", "language"), [('lang="in"', "id"), ('lang="jv-ID"', "jv"), ('lang="???"', "id"), ("", "id")]
)
def test_the_language_is_that_of_the_page(attribute: str, language: str) -> None:
    assert marks.guess_language(page(f"<html {attribute}><p>a</p></html>")).value == language


@pytest.mark.parametrize(
    ("html", "mode"),
    [
        ('<a href="?page=all">', {"mode": "query", "param": "page", "value": "all"}),
        ('<span class="total-page">Halaman 1/2</span>', {"mode": "query", "param": "page", "value": "all"}),
        ('<a href="/berita/12/judul?single=1">', {"mode": "query", "param": "single", "value": "1"}),
        ('<a href="/berita/12/judul/all">', {"mode": "path", "suffix": "/all"}),
        (
            '<a href="/berita/12/judul?page=2">',
            {"mode": "merge", "param": "page", "next": "a[href*='?page=']", "max": 10},
        ),
        (
            '<a href="/berita/12/judul/2">',
            {"mode": "merge", "next": "a[href$='/2'], a[href$='/3'], a[rel='next']", "max": 10},
        ),
        # Pages of another list, and of another host.
        ('<a href="/berita?page=2"><a href="https://lain.test/berita/12/judul?page=all">', {}),
        ("<p>satu halaman</p>", {}),
    ],
)
def test_signs_of_a_divided_article(html: str, mode: dict[str, object]) -> None:
    assert marks.guess_page_mode(page(html))[0] == mode


def test_selectors_are_those_that_hold_text() -> None:
    text = "Camat membantah tuduhan itu di hadapan panitia pengawas. " * 5
    html = (
        f'<h1 class="entry-title"> </h1><h1>Judul</h1><div class="entry-content">{text}'
        '<div class="baca-juga">x</div></div><div itemprop="articleBody">pendek</div>'
        '<meta property="article:published_time" content="2024-09-16">'
    )
    assert marks.guess_selectors(page(html)) == {
        "title": ["h1"],
        "body": [".entry-content"],
        "published": ["meta[property='article:published_time']::attr(content)"],
        "remove": [".baca-juga"],
    }


def test_an_amp_host_is_a_twin_only_under_the_same_domain() -> None:
    link = '<link rel="amphtml" href="https://{}/x">'
    assert marks.find_twins(page(link.format("amp.kabar.test"))) == {"amp.kabar.test": "www.kabar.test"}
    assert marks.find_twins(page(link.format("www.kabar.test"))) == {}
    assert marks.find_twins(page(link.format("cdn.ampproject.test"))) == {}


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (["berita/12/a", "berita/7/b", "berita/100/c"], r"/berita/\d+/"),
        # A month that all share today is a number all the same.
        (["2024/09/a", "2024/09/b", "2024/09/c"], r"/\d{4}/\d{2}/"),
        (["news/read/1/a", "bola/read/2/b", "news/read/3/c"], r"/[^/]+/read/\d+/"),
        (["d-7570011/a", "d-7570012/b", "d-7570013/c"], ""),
        (["camat-bantah-91234", "lurah-diam-91235", "sekda-hadir-91236"], r"-\d{4,}(?:\.html?)?$"),
        (["a.html", "b.html", "c.html"], r"\.html?$"),
        (["a/b", "c", "d/e/f"], ""),
        (["berita/1/a", "berita/2/b"], ""),
    ],
)
def test_a_pattern_is_what_all_articles_have_in_common(paths: list[str], pattern: str) -> None:
    assert marks.include_pattern(f"https://k.test/{path}" for path in paths) == pattern


def test_text_of_a_site_comes_as_one_printable_line() -> None:
    assert marks.one_line("a\n[x]\x1b[31m\u202e b\ud800", limit=20) == "a [x] [31m  b"
