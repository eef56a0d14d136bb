"""The digest: self-contained, accessible, the same bytes for the same rows, and unbroken by any text."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from lxml import html

from review.digest import MAX_IN_TEXT, render_html, render_text, subject_of, summarise, write_digest
from review.digest_words import DIGEST
from store.records import Outcome
from store.tally import NightChanges
from tests.review.contrast import contrast
from tests.review.facts import NAME, NIGHT, make_change, make_facts, make_source

PUBLISHERS = {"kabar-lontara": "Kabar Lontara", "b": "Warta B"}
HOSTILE = (
    "<script>alert(1)</script>",
    "</bdi></main></body></html><h1>Anda melanggar</h1>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "\u202eterbalik\u2066\u200b",
    "\x00\x07\x1b[2J\x9b31m\x7f",
    "baris\r\nSubject: lain\r\n\r\n.\r\n",
    "</style><style>*{display:none}",
    "A" * 100_000,
    "\u0647\u0630\u0627 " * 25_000,
)


def page(*changes, lang="id", **fields):
    return render_html(make_facts(*changes, **fields), publishers=PUBLISHERS, lang=lang)


def text(*changes, quotes=False, lang="id", **fields):
    return render_text(make_facts(*changes, **fields), publishers=PUBLISHERS, lang=lang, quotes=quotes)


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_page_needs_nothing_but_itself_and_lets_nothing_in(lang):
    made = page(make_change(), lang=lang)
    root = html.fromstring(made)
    assert root.get("lang") == lang
    assert not list(root.iter("script", "link", "img", "iframe", "object", "form"))
    assert [e.tag for e in root.iter() if e.get("style") or e.get("src")] == []
    (style,) = root.iter("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_the_page_has_headings_in_order_table_headers_and_enough_contrast():
    made = page(make_change(), make_change(2, is_new=False))
    root = html.fromstring(made)
    levels = [int(e.tag[1]) for e in root.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(cell.get("scope") in ("col", "row") for cell in root.iter("th"))
    for svg in root.iter("svg"):
        assert svg.get("role") == "img"
        assert all(root.get_element_by_id(name).text for name in svg.get("aria-labelledby").split())
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    css = next(root.iter("style")).text
    colours = set(re.findall(r"(?<!-)\bcolor: (#\w{6})", css))
    assert len(colours) >= 3
    assert all(contrast(colour, "#ffffff") >= 4.5 for colour in colours)
    assert contrast("#1a1a1a", re.findall(r"background: (#\w{6})", css)[1]) >= 4.5


def test_the_page_tells_an_incident_with_everything_and_says_dugaan():
    made = page(make_change(), make_change(2, is_new=False, is_reviewed=True, added=3))
    for told in (
        "dugaan: hadir dan aktif dalam deklarasi/kampanye",
        "camat/lurah",
        "Kota Makassar, Sulawesi Selatan",
        f"{NAME} berdiri di panggung.",
        'href="https://www.kabarlontara.test/2024/09/camat-surti"',
        "Kabar Lontara",
        "88%",
        "model-1",
        "2024-09-18 10:00 WIB",
        "3 artikel baru",
        "2 (1 salinan)",
        "sudah diputuskan analis",
        "proses menurut artikel baru: rekomendasi",
        "Warta B",
        "diblokir",
        "surati penerbit; jangan menyamar",
    ):
        assert told in made, told
    assert 'rel="noreferrer noopener nofollow"' in made


@pytest.mark.parametrize("bad", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_breaks_the_page_or_the_mail(bad):
    calm = html.fromstring(page(make_change()))
    change = make_change(title=bad, url=f"https://x.test/{bad}")
    change = replace(
        change,
        row=replace(change.row, prediction=replace(change.row.prediction, evidence=(bad,), model=bad)),
    )
    history = (make_source("a"), make_source("b", Outcome.ERROR, message=bad, items=0))
    made = render_html(make_facts(change, history=history), publishers={"b": bad}, lang="id")
    root = html.fromstring(made)
    assert not list(root.iter("script", "img"))
    assert len(list(root.iter("h1"))) == 1
    assert len(list(root.iter("style"))) == 1
    assert [e.tag for e in root.iter("h2", "h3", "svg", "table")] == [
        e.tag for e in calm.iter("h2", "h3", "svg", "table")
    ]
    assert len(made) < 60_000
    mail = text(change, history=history, quotes=True)
    assert len(mail) < 10_000
    for written in (made, mail):
        assert all(c.isprintable() or c == "\n" for c in written)
    assert len(mail.splitlines()) == len(text(make_change(), quotes=True).splitlines())


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//x.test/", "file:///etc/passwd", "https://", "http://["],
)
def test_only_web_addresses_become_links(url):
    assert not list(html.fromstring(page(make_change(url=url))).iter("a"))


def test_the_mail_names_no_person_unless_asked_to():
    kept = text(make_change())
    for private in (NAME, "surti", "https://", "panggung"):
        assert private not in kept
    for told in (
        "dugaan",
        "camat/lurah",
        "Kota Makassar",
        "I-0001",
        "Kabar Lontara",
        "ringkasan-2024-09-19.html",
    ):
        assert told in kept
    told = text(make_change(), quotes=True)
    assert NAME in told
    assert "https://www.kabarlontara.test/2024/09/camat-surti" in told
    plain = summarise(make_facts(make_change()), publishers={}, lang="id", quotes=False)
    assert NAME not in str(plain)
    assert "https" not in str(plain)
    assert plain["alleged_incidents"][0]["alleged_types"] == ["attend_active"]
    assert NAME in str(summarise(make_facts(make_change()), publishers={}, lang="id", quotes=True))
    assert NAME not in subject_of(make_facts(make_change()), "id")


def test_what_is_beyond_the_limits_is_counted():
    changes = tuple(make_change(n) for n in range(MAX_IN_TEXT + 5))
    facts = replace(make_facts(*changes), changes=NightChanges(1_000, 7, changes))
    mail = render_text(facts, publishers={}, lang="id", quotes=False)
    assert mail.count("I-00") == MAX_IN_TEXT
    assert f"Masih ada {1_000 - MAX_IN_TEXT} lagi" in mail
    assert "Masih ada 7 lagi" in mail
    made = render_html(facts, publishers={}, lang="id")
    assert f"Masih ada {1_000 - len(changes)} lagi" in made


def test_volume_stands_beside_its_median_and_the_lowest_source_comes_first():
    day = timedelta(days=1)
    history = tuple(
        make_source(name, night=NIGHT - n * day, items=items, median_items=10.0)
        for name, items_by_night in (("a", (2, 10, 30)), ("b", (9, 20, 20)))
        for n, items in enumerate(items_by_night)
    )
    facts = make_facts(history=history)
    assert facts.volumes == [(NIGHT - 2 * day, 50), (NIGHT - day, 30), (NIGHT, 11)]
    assert facts.usual_volume == 40
    mail = render_text(facts, publishers=PUBLISHERS, lang="id", quotes=False)
    assert "artikel dan unggahan baru: 11 (median 2 malam sebelumnya: 40)" in mail
    assert mail.index("- a: 2 / 10 (20 %)") < mail.index("- Warta B: 9 / 10 (90 %)")


def test_a_source_that_fails_night_after_night_says_so():
    day = timedelta(days=1)
    history = (
        *(make_source("b", Outcome.TIMEOUT, night=NIGHT - n * day) for n in range(3)),
        make_source("b", night=NIGHT - 3 * day),
    )
    assert "- Warta B: tidak menjawab (3 malam)" in text(history=history)


def test_missed_nights_are_told():
    assert "4 malam terlewat" in text(after=date(2024, 9, 14))
    assert "Mencakup malam 2024-09-15 sampai 2024-09-19." in text(after=date(2024, 9, 14))
    assert "terlewat" not in text()
    assert "Mencakup semua malam" in text(after=None)


def test_an_empty_night_is_a_whole_digest():
    facts = make_facts(history=(), after=None, failures={"extract": 2})
    made = render_html(facts, publishers={}, lang="id")
    assert made.count("Tidak ada.") >= 4
    assert "extract 2" in made
    assert "belum ada malam sebelumnya" in render_text(facts, publishers={}, lang="id", quotes=False)


def test_same_facts_same_bytes_and_files_appear_whole(tmp_path):
    facts = make_facts(make_change(), make_change(2, is_new=False))
    written = []
    for folder in ("a", "b"):
        paths = write_digest(tmp_path / folder, facts, publishers=PUBLISHERS, lang="id", quotes=False)
        assert [p.name for p in paths] == ["ringkasan-2024-09-19.html", "ringkasan-2024-09-19.txt"]
        assert len(list((tmp_path / folder).iterdir())) == 2
        written.append([p.read_bytes() for p in paths])
    assert written[0] == written[1]
    english = write_digest(tmp_path, facts, publishers=PUBLISHERS, lang="en", quotes=False)
    assert english[0].name == "digest-2024-09-19.html"
    assert "alleged: active at a declaration or campaign" in english[1].read_text()


def test_both_languages_have_the_same_sentences_with_the_same_places_to_fill():
    assert DIGEST["id"].keys() == DIGEST["en"].keys()
    for key, sentence in DIGEST["id"].items():
        assert re.findall(r"{\w+}", sentence) == re.findall(r"{\w+}", DIGEST["en"][key]), key
