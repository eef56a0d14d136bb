"""XML without its DOCTYPE: what is cut, what stays, what is refused."""

import itertools

import pytest

from crawlers.safe_xml import (
    MAX_DOCTYPE_CHARS,
    MAX_TAGS,
    ParseLimitError,
    cpu_limit,
    declared_encoding,
    parse_feed,
    plain_xml,
)

DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("", 0),
        ("\ufeff", 0),
        ("<?xml version='1.0' encoding='latin-1'?>\n", 1),
        ("<!DOCTYPE r>", 0),
        ("<!-- <!DOCTYPE x> -->\n<!DOCTYPE r SYSTEM 'a]>b'>\n", 2),
        ("<!DOCTYPE r [\n<!ENTITY a ']>'>\n<!-- ' --><?p '?>\n]>\n", 4),
    ],
)
def test_what_stands_before_the_root_goes_and_lines_keep_their_numbers(head: str, lines: int) -> None:
    text = f"{head}<r>é\n</r>"
    assert plain_xml(text.encode(), "utf-8") == DECLARATION + b"\n" * lines + "<r>é\n</r>".encode()


def test_other_encodings_come_out_as_utf_8() -> None:
    assert plain_xml("<r>é</r>".encode("utf-16"), "utf-16") == DECLARATION + "<r>é</r>".encode()
    assert plain_xml("<r>é</r>".encode("latin-1"), "latin-1") == DECLARATION + "<r>é</r>".encode()
    assert plain_xml(b"<r>\xe9</r>", "punycode") == DECLARATION + "<r>\ufffd</r>".encode()
    assert declared_encoding(b'<?xml version="1.0" encoding="ISO-8859-1"?>') == "ISO-8859-1"
    assert declared_encoding(b"<rss/>") == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x<!DOCTYPE r [<!ENTITY a 'b'>]><r/>", "declares an entity"),
        ("<r/><!entity a 'b'>", "declares an entity"),
        ("<!DOCTYPE r [", "does not end"),
        ("<!DOCTYPE r [" + "<!ENTITY a 'b'>" * MAX_DOCTYPE_CHARS + "]><r/>", "does not end"),
        ("<" * (MAX_TAGS + 1), "tags"),
    ],
)
def test_what_remains_dangerous_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plain_xml(text.encode(), "utf-8")


def test_a_feed_with_the_entities_of_html_is_read() -> None:
    head = (
        '<!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1//EN" "https://w.test/l.ent">]>'
    )
    item = "<item><title>A&nbsp;B &amp; C</title><link>https://w.test/1</link></item>"
    feed = parse_feed(f'{head}<rss version="2.0"><channel>{item}</channel></rss>'.encode(), "utf-8")
    assert [entry["title"] for entry in feed.entries] == ["A\xa0B & C"]


def test_computing_is_limited_and_the_limit_ends_with_the_block() -> None:
    with pytest.raises(ParseLimitError), cpu_limit(0.05):
        sum(1 for _ in itertools.count())
    with cpu_limit(0.05):
        pass
    assert sum(range(3_000_000))
