"""Canonical addresses: what folds, what must not, and that folding twice changes nothing."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.urls import UrlRules, absolute, canonicalize, host_of, strip_tracking, with_query, with_suffix

RULES = UrlRules(
    same_host={"amp.warta.test": "www.warta.test", "m.warta.test": "www.warta.test"},
    same_path={"/mobile/artikel/": "/artikel/"},
    page_param="page",
    page_suffix="/all",
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://WWW.Warta.TEST/a/B", "https://www.warta.test/a/B"),
        ("https://www.warta.test:443/a", "https://www.warta.test/a"),
        ("http://www.warta.test:8080/a", "http://www.warta.test:8080/a"),
        ("https://www.warta.test/a/#komentar", "https://www.warta.test/a"),
        ("https://www.warta.test/a?utm_source=x&id=7&fbclid=q", "https://www.warta.test/a?id=7"),
        ("https://www.warta.test/a?b=2&a=1", "https://www.warta.test/a?a=1&b=2"),
        ("https://www.warta.test/2024/09/a/amp/", "https://www.warta.test/2024/09/a"),
        ("https://www.warta.test/amp/news/1", "https://www.warta.test/news/1"),
        ("https://www.warta.test/a?amp=1", "https://www.warta.test/a"),
        ("https://www.warta.test/a?single=1", "https://www.warta.test/a"),
        ("https://www.warta.test/a?outputType=amp", "https://www.warta.test/a"),
        ("https://warta.blog.test/2024/09/a.html?m=1", "https://warta.blog.test/2024/09/a.html"),
        ("https://warta.blog.test/2024/09/a.html?m=0&utm_medium=x", "https://warta.blog.test/2024/09/a.html"),
        ("https://www.warta.test/a?page=all", "https://www.warta.test/a"),
        ("https://www.warta.test", "https://www.warta.test/"),
        ("https://www.warta.test/a%7eb/%c3%a9", "https://www.warta.test/a~b/%C3%A9"),
        ("https://www.warta.test/é", "https://www.warta.test/%C3%A9"),
        (" https://www.warta.test/a\n", "https://www.warta.test/a"),
    ],
)
def test_spellings_of_one_article_fold(url: str, expected: str) -> None:
    assert canonicalize(url) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://m.warta.test/a", "https://www.warta.test/a"),
        ("https://news.warta.test/a", "https://www.warta.test/a"),
        ("https://www.warta.test/?p=1", "https://www.warta.test/?p=2"),
        ("https://www.warta.test/index.php?page=12", "https://www.warta.test/index.php?page=13"),
        ("https://www.warta.test/berita/all", "https://www.warta.test/berita"),
        ("https://www.warta.test/a%2Fb", "https://www.warta.test/a/b"),
        ("https://www.warta.test/A", "https://www.warta.test/a"),
        ("https://www.warta.test/amp", "https://www.warta.test/"),
        # WordPress: posts of a month; elsewhere a module.
        ("https://www.warta.test/?m=1", "https://www.warta.test/"),
        ("https://www.warta.test/mobile/artikel/7", "https://www.warta.test/artikel/7"),
    ],
)
def test_different_articles_stay_different(one: str, other: str) -> None:
    assert canonicalize(one) != canonicalize(other)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://amp.warta.test/a", "https://www.warta.test/a"),
        ("https://www.warta.test/a?page=2", "https://www.warta.test/a"),
        ("https://m.warta.test/mobile/artikel/7/judul/", "https://www.warta.test/artikel/7/judul"),
        ("https://amp.warta.test/amp/berita/a/all?utm_source=x#top", "https://www.warta.test/berita/a"),
        ("https://www.warta.test/berita/a/all", "https://www.warta.test/berita/a"),
    ],
)
def test_rules_of_the_manifest_fold_more(url: str, expected: str) -> None:
    assert canonicalize(url, RULES) == expected


@pytest.mark.parametrize(
    "url", ["", "a/b", "javascript:void(0)", "mailto:a@b.test", "http://", "https://a:x/"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|port|Port"):
        canonicalize(url)


_TEXT = st.text(st.sampled_from(string.ascii_letters + string.digits + "/%-_.~&=?+ é水#;:@amp"), max_size=40)


@given(path=_TEXT, query=_TEXT)
def test_canonicalize_is_idempotent(path: str, query: str) -> None:
    once = canonicalize(f"https://WWW.warta.test/{path}?{query}", RULES)
    assert canonicalize(once, RULES) == once


@given(path=_TEXT, query=_TEXT)
def test_strip_tracking_keeps_the_canonical_form(path: str, query: str) -> None:
    url = f"https://www.warta.test/{path}?{query}"
    assert strip_tracking(strip_tracking(url)) == strip_tracking(url)
    assert canonicalize(strip_tracking(url), RULES) == canonicalize(url, RULES)


def test_links_resolve_against_their_page() -> None:
    assert absolute("https://w.test/a/", "../b#c") == "https://w.test/b"
    assert absolute("https://w.test/a/", "javascript:x()") == ""
    assert absolute("https://w.test/a/", " ") == ""
    assert absolute("https://w.test/a/", "b\ud800") == ""
    assert absolute("https://w.test/a/", "http://[::1/") == ""
    assert absolute("https://w.test/a/", "b" * 9000) == ""
    assert host_of("https://W.test:81/") == "w.test"
    assert host_of("nothing") == ""


def test_page_modes_build_addresses() -> None:
    assert with_query("https://w.test/a?x=1", "page", "all") == "https://w.test/a?x=1&page=all"
    assert with_query("https://w.test/a?page=2", "page", "all") == "https://w.test/a?page=all"
    assert with_suffix("https://w.test/a/", "/all") == "https://w.test/a/all"
    assert with_suffix("https://w.test/a/all", "/all") == "https://w.test/a/all"
