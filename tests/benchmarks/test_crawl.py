"""The benchmark of the whole crawl, on a few pages: both ways bring all of them, and the table says so."""

import gzip
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.crawl import Round, is_good, measure, share_time, show
from benchmarks.outlets import HEAVIEST, LIGHTEST, make_answers, page_path, sitemap_path, write_pages


def test_pages_are_heavy_and_no_two_are_alike():
    pages = list(write_pages(16, outlets=8))
    assert all(LIGHTEST * 0.95 <= len(page) <= HEAVIEST * 1.05 for page in pages)
    assert len(set(pages)) == 16
    assert pages == list(write_pages(16, outlets=8))


def test_the_server_packs_what_it_says():
    answers = make_answers(2, outlets=2, port=8000, plain=False)
    head, _, body = answers[page_path(1, 2).encode()].partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert gzip.decompress(body).startswith(b"<!DOCTYPE html>")
    plain = make_answers(2, outlets=2, port=8000, plain=True)
    assert b"http://127.0.0.2:8000" + page_path(1, 2).encode() in plain[sitemap_path(2).encode()]


def test_both_ways_bring_every_page_and_the_time_is_shared_out():
    alone, rounds, shares = measure(16, outlets=2, rounds=0, plain=False, profile=True)
    assert alone > 0
    assert rounds == []
    assert sum(shares.values()) == pytest.approx(1)
    assert {"Scrapy and Twisted", "archive", "store", "extraction"} <= set(shares)


def test_time_of_the_standard_library_counts_for_those_who_call_it():
    ours, theirs, lib = ("/x/store/db.py", 1, "a"), ("/x/scrapy/b.py", 1, "b"), ("~", 0, "<sorted>")
    edges = {ours: (1, 1, 3.0, 3.0), theirs: (1, 1, 1.0, 1.0)}
    stats = {ours: (1, 1, 2.0, 5.0, {}), theirs: (1, 1, 2.0, 3.0, {}), lib: (2, 2, 4.0, 4.0, edges)}
    assert share_time(stats) == {"store": 5 / 8, "Scrapy and Twisted": 3 / 8}


def test_the_table_tells_the_ratio_and_the_verdict():
    rounds = [Round(100, 70, 0.5), Round(100, 50, 0.5), Round(100, 80, 0.5)]
    console = Console(width=110, record=True, file=StringIO())
    show(5000.0, rounds, {"store": 1.0}, console)
    text = console.export_text()
    assert "3 rounds: 0.70 (0.50 to 0.80; at least 0.6): good" in text
    assert is_good(rounds)
    assert not is_good(rounds[1:2])
