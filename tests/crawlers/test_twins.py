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
    ],
)
def test_one_article_has_one_name_or_number(one: str, other: str, same: bool) -> None:
    assert is_same_article(one, other) is same


@given(st.binary(max_size=300))
def test_any_bytes_are_read(body: bytes) -> None:
    assert isinstance(declared_address(b"<link rel=canonical href=" + body), str)
    assert isinstance(is_amp(b"<html " + body), bool)
