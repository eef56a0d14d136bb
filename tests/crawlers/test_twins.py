"""What a page says its own address is: tags in any order and spelling, AMP, names and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.twins import declared_address, is_amp, is_same_article


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<link rel="canonical" href="https://w.test/a?x=1&amp;y=2">', "https://w.test/a?x=1&y=2"),
        ("<LINK HREF='/a' REL='Canonical'/>", "/a"),
        ("<link rel=canonical href=/a>", "/a"),
        ('<link rel="alternate canonical"\n href=" /a ">', "/a"),
        ('<link rel="amphtml" href="/amp"><link rel="canonical" href="/a">', "/a"),
        ('<link rel="canonical">', ""),
        ('<a rel="canonical" href="/a">', ""),
        ("<!-- link -->", ""),
        ("x" * 200_001 + '<link rel="canonical" href="/a">', ""),
        ('<link rel="canonical" href="/a' + "a" * 3000 + '">', ""),
    ],
)
def test_the_declared_address_is_read_from_the_head(html: str, address: str) -> None:
    assert declared_address(html.encode()) == address


@pytest.mark.parametrize(
    ("html", "amp"),
    [
        ("<!doctype html><html amp lang=id>", True),
        ("<html ⚡>", True),
        ('<html lang="id" amp="">', True),
        ('<html lang="id" class="amp">', False),
        ("<html><body amp>", False),
    ],
)
def test_amp_pages_say_so(html: str, amp: bool) -> None:
    assert is_amp(html.encode()) is amp


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://w.test/a/camat-hadir", "https://w.test/b/Camat-Hadir.html", True),
        ("https://w.test/read/77881/a", "https://w.test/amp/read/77881/b", True),
        ("https://w.test/2024/09/17/a", "https://w.test/2024/09/17/b", False),
        ("https://w.test/a/index.html", "https://w.test/b/index.html", False),
        ("https://w.test/", "https://w.test/", False),
        # A date of eight digits, the number of another article, last year's heading: no.
        ("https://w.test/20240917/camat", "https://w.test/20240917/lurah", False),
        ("https://w.test/read/77881/camat-hadir", "https://w.test/read/77882/camat-hadir", False),
        ("https://w.test/read/77881/uang-150000", "https://w.test/read/77882/uang-150000", False),
        ("https://w.test/2023/09/jadwal-imsakiyah", "https://w.test/2024/09/jadwal-imsakiyah", False),
        ("https://w.test/jadwal-imsakiyah", "https://w.test/2024/09/jadwal-imsakiyah", True),
        ("https://w.test/tag/10001/artikel/55555", "https://w.test/artikel/55555", True),
    ],
)
def test_one_article_has_one_name_or_number(one: str, other: str, same: bool) -> None:
    assert is_same_article(one, other) is same
    assert is_same_article(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://w.test/camat-amp", "https://w.test/2024/09/camat", True),
        ("https://w.test/amp-camat.html", "https://w.test/camat", True),
        ("https://amp.w.test/bontolu/read/1", "https://w.test/read/1/camat", True),
        ("https://amp.w.test/bontolu/read/1", "https://w.test/read/2/camat", False),
        ("https://amp.w.test/p/17", "https://w.test/2024/09/17/camat", False),
        ("https://w.test/lurah-amp", "https://w.test/2024/09/camat", False),
        ("https://w.test/2024/09/17/lurah", "https://w.test/2024/09/17/camat", False),
    ],
)
def test_an_amp_page_is_a_twin_by_name_or_number_too(one: str, other: str, same: bool) -> None:
    assert is_same_article(one, other, amp=True) is same
    assert is_same_article(other, one, amp=True) is same


@given(st.binary(max_size=300))
def test_any_bytes_are_read(body: bytes) -> None:
    assert isinstance(declared_address(b"<link rel=canonical href=" + body), str)
    assert isinstance(is_amp(b"<html " + body), bool)
