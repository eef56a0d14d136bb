"""Manifests: what loads, and that every mistake is named with file, line, key and what is allowed."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from crawlers.manifest import check_sources, load_source, load_sources
from store.records import Parser, UsageError

GOOD = """\
id = "warta"
publisher = "Warta"
hosts = ["www.warta.test", "amp.warta.test"]
platform = "tribun"
kind = "news"
timezone = "Asia/Makassar"

[[entries]]
kind = "wordpress"
url = "https://www.warta.test/wp-json/wp/v2/posts"
[entries.fallback]
kind = "feed"
url = "https://www.warta.test/feed/"

[[entries]]
kind = "sitemap"
url = "https://www.warta.test/sitemap.xml"

[articles]
include = "/berita/"
same_host = { "amp.warta.test" = "www.warta.test" }

[pages]
mode = "merge"
next = "a.next::attr(href)"
total = "span.total"

[selectors]
body = ["div.isi", "article"]

[items]
min = 1
max = 50

[legal]
basis = "kepentingan umum"
purpose = "pemantauan"
retention_days = 180
"""


def write(folder: Path, text: str, name: str = "warta") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_manifest_becomes_rules(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, GOOD))
    assert [entry.kind for entry in source.all_entries()] == ["wordpress", "feed", "sitemap"]
    assert source.rules().body == ("div.isi", "article")
    assert source.rules().timezone == "Asia/Makassar"
    assert source.url_rules().same_host == {"amp.warta.test": "www.warta.test"}
    assert not source.verified
    assert source.delay_s == 1.0


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("timezone", "timezon", 6, "timezon: unknown key; did you mean 'timezone'?"),
        ('include = "/berita/"', 'inklude = "/berita/"', 20, "did you mean 'include'?"),
        ('kind = "sitemap"', 'kind = "sitemaps"', 16, "entries.1.kind: Input should be 'feed'"),
        ('kind = "sitemap"', 'kind = "sitemaps"', 16, "did you mean 'sitemap'?"),
        ('kind = "news"', "", 1, "kind: this key is missing"),
        ('purpose = "pemantauan"', "", 35, "legal.purpose: this key is missing"),
        ("Asia/Makassar", "Asia/Makasar", 6, "did you mean 'Asia/Makassar'?"),
        ('"/berita/"', '"("', 20, "not a regular expression"),
        ('"div.isi"', '"div["', 29, "not a CSS selector"),
        ('"https://www.warta.test/sitemap.xml"', '"https://lain.test/s.xml"', 17, "on one of the hosts"),
        ('"https://www.warta.test/sitemap.xml"', '"file:///etc/passwd"', 17, "on one of the hosts"),
        ('"www.warta.test", ', '"https://www.warta.test", ', 3, "not a bare host name"),
        ('"www.warta.test", ', '"www.warta.test", "10.0.0.1", ', 1, "'10.0.0.1' is an address, not a name"),
        ('"www.warta.test", ', '"www.warta.test", "0x7f000001", ', 1, "is an address, not a name"),
        (
            'kind = "news"',
            'kind = "news"\nprivate_hosts = ["lain.test"]',
            1,
            "'lain.test' is not one of the hosts",
        ),
        ('"div.isi"', f'"{"b " * 3000}"', 29, "not a CSS selector"),
        ("min = 1", "min = 90", 31, "`min` (90) is above `max` (50)"),
        ("min = 1", 'min = "1"', 32, "items.min: Input should be a valid integer"),
        ('next = "a.next::attr(href)"', "", 23, "needs `next`"),
        ('id = "warta"', 'id = "wartaa"', 1, "must equal the file name"),
        ("[articles]", "[articles", 19, "not TOML"),
        ("[items]", "[item]", 31, "did you mean 'items'?"),
        ("[entries.fallback]", "[entries.falback]", 11, "did you mean 'fallback'?"),
    ],
)
def test_a_mistake_names_file_line_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(UsageError) as caught:
        load_source(path)
    assert words in str(caught.value)
    assert f"{path}:{line}: " in str(caught.value)
    assert "\n".join(check_sources(tmp_path)) == str(caught.value)


PARSERS = """\
[[parsers]]
until = 2021-06-30
title = ["h1.judul"]
body = ["#isi"]

[[parsers]]
until = 2018-12-31
body = [".lama"]

[items]"""


def test_earlier_markups_become_rules_oldest_first(tmp_path: Path) -> None:
    rules = load_source(write(tmp_path, GOOD.replace("[items]", PARSERS))).rules()
    assert [parser.until for parser in rules.parsers] == [date(2018, 12, 31), date(2021, 6, 30)]
    assert rules.parsers[1] == Parser(date(2021, 6, 30), title=("h1.judul",), body=("#isi",))
    assert rules.body == ("div.isi", "article")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("until = 2018-12-31", "", 36, "parsers.1.until: this key is missing"),
        ("2018-12-31", "2021-06-30", 1, "two [[parsers]] end on one day"),
        ("2018-12-31", '"2018"', 37, "parsers.1.until: Input should be a valid date"),
        ('".lama"', '".lama["', 38, "not a CSS selector"),
        ('body = ["#isi"]', "bodi = []", 34, "did you mean 'body'?"),
    ],
)
def test_a_mistake_in_an_earlier_markup_is_named(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in PARSERS
    path = write(tmp_path, GOOD.replace("[items]", PARSERS.replace(old, new)))
    with pytest.raises(UsageError) as caught:
        load_source(path)
    assert words in str(caught.value)
    assert f"{path}:{line}: " in str(caught.value)


def test_several_mistakes_are_all_named(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("platform", "plattform").replace("min = 1", "min = -1"))
    assert len(check_sources(tmp_path)) == 3
    with pytest.raises(UsageError, match="known: ") as caught:
        load_source(path)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("name", ["Warta", "warta_1", "warta.x"])
def test_ids_are_lower_case_words(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, GOOD.replace('id = "warta"', f'id = "{name}"'), name)
    with pytest.raises(UsageError, match="consist of a-z"):
        load_source(path)


def test_exports_need_their_table_and_one_place(tmp_path: Path) -> None:
    entry = '[[entries]]\nkind = "export"\npath = "inbox/*.csv"\n'
    head = 'id = "x"\npublisher = "X"\nhosts = []\nplatform = "social"\nkind = "post"\n'
    legal = '[legal]\nbasis = "a"\npurpose = "b"\nretention_days = 1\n'
    table = '[export]\nformat = "csv"\nplatform = "x"\n[export.columns]\nid = "i"\nurl = "u"\ntext = "t"\n'
    good = head + entry + table + 'published = "p"\n' + legal
    assert load_source(write(tmp_path, good, "x")).entries[0].path == "inbox/*.csv"
    for bad, words in [
        (head + entry + legal, "needs a table"),
        (good.replace("path =", "url = 'https://x.test/'\npath ="), "give `url`"),
        (good.replace('kind = "export"', 'kind = "feed"'), "is for kind = export"),
        (good.replace('kind = "post"', 'kind = "news"'), "needs a table"),
        (good.replace('text = "t"', 'text = ""'), "export.columns.text"),
    ]:
        with pytest.raises(UsageError, match=words):
            load_source(write(tmp_path, bad, "x"))


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no source manifest"):
        load_sources(tmp_path / "none")
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace('"warta"', '"kabar"'), "kabar")
    assert [source.id for source in load_sources(tmp_path)] == ["kabar", "warta"]
    assert [source.id for source in load_sources(tmp_path, ["warta"])] == ["warta"]
    with pytest.raises(UsageError, match="did you mean 'warta'"):
        load_sources(tmp_path, ["wartaa"])


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "warta.toml"
    path.write_bytes(b'id = "\xff"')
    with pytest.raises(UsageError, match=r"warta\.toml: cannot be read as UTF-8"):
        load_source(path)


def test_the_shipped_manifests_are_good() -> None:
    folder = Path(__file__).parents[2] / "data" / "sources"
    assert check_sources(folder) == []
    assert not any(source.verified for source in load_sources(folder))


def test_shipped_manifests_share_no_host_and_name_known_provinces() -> None:
    data = Path(__file__).parents[2] / "data"
    sources = load_sources(data / "sources")
    hosts = [host for source in sources for host in source.hosts]
    assert sorted({host for host in hosts if hosts.count(host) > 1}) == []
    rows = csv.DictReader((data / "regions.csv").read_text(encoding="utf-8").splitlines())
    zones = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
    provinces = {row["name"]: zones[row["zone"]] for row in rows if row["kind"] == "provinsi"}
    named = [source for source in sources if source.region]
    assert [s.id for s in named if provinces.get(s.region) != s.timezone] == []


NETWORK = """\
id = "warta"
publisher = "Warta"
hosts = ["api.test"]
platform = "social"
kind = "post"

[[entries]]
kind = "x"
url = "https://api.test/2/tweets/search/recent"
query = "netralitas"

[credentials]
token = "NETRA_X_TOKEN"

[privacy]
keep_handles = ["lembaga_ri"]

[legal]
basis = "a"
purpose = "b"
retention_days = 1
"""


def test_a_network_loads(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, NETWORK))
    assert source.credentials is not None
    assert (source.credentials.token, source.privacy.keep_handles) == ("NETRA_X_TOKEN", ("lembaga_ri",))
    assert (source.entries[0].max_pages, source.entries[0].back_days) == (10, 7)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"NETRA_X_TOKEN"', '"AAAArahasia"', "never the token"),
        ('token = "NETRA_X_TOKEN"', 'tokn = "NETRA_X_TOKEN"', "did you mean 'token'"),
        ('[credentials]\ntoken = "NETRA_X_TOKEN"\n', "", "x needs a table [credentials]"),
        ('query = "netralitas"\n', "", "needs `query`"),
        ('"netralitas"', f'"{"a" * 513}"', "X takes 512"),
        ("https://api", "http://api", "over https only"),
        ("search/recent", "search/all", "must be of the form"),
        ('kind = "post"', 'kind = "news"', "a manifest of its own"),
        ('kind = "x"', 'kind = "feed"', "`query` is for social networks"),
        (
            "[legal]",
            '[entries.fallback]\nkind = "feed"\nurl = "https://api.test/f"\n[legal]',
            "[credentials]",
        ),
    ],
)
def test_mistakes_of_networks_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = NETWORK.replace(old, new, 1)
    with pytest.raises(UsageError, match=r"warta\.toml:\d+: ") as caught:
        load_source(write(tmp_path, text))
    if said != "[credentials]":
        assert said in str(caught.value)
    assert "rahasia" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "query", "said"),
    [
        ("https://api.test/youtube/v3/commentThreads", "", "exactly one of"),
        ("https://api.test/youtube/v3/commentThreads?id=1&videoId=2", "", "exactly one of"),
        ("https://api.test/r/rekaan/new", "netralitas", "go together"),
        ("https://api.test/r/rekaan/search", "", "go together"),
    ],
)
def test_addresses_and_queries_fit_together(tmp_path: Path, url: str, query: str, said: str) -> None:
    kind = "youtube" if "youtube" in url else "reddit"
    text = NETWORK.replace('kind = "x"', f'kind = "{kind}"').replace(
        "https://api.test/2/tweets/search/recent", url
    )
    with pytest.raises(UsageError, match=said):
        load_source(write(tmp_path, text.replace('"netralitas"', f'"{query}"')))


def test_bounds_and_fill_have_the_defaults_of_news_and_of_posts(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, GOOD))
    assert (source.bounds.articles, source.bounds.minutes, source.conditional) == (1_000, 60.0, True)
    assert source.fill.minima("news") == {"title": 0.9, "body": 0.9, "time": 0.5}
    assert source.fill.minima("post") == {"title": 0.0, "body": 0.0, "time": 0.0}


def test_a_manifest_may_set_its_own_bounds_and_fill(tmp_path: Path) -> None:
    more = "conditional = false\n\n[bounds]\narticles = 50\nminutes = 5\n\n[fill]\ntitle = 0.5\n\n[[entries]]"
    source = load_source(write(tmp_path, GOOD.replace("[[entries]]", more, 1)))
    assert (source.bounds.articles, source.bounds.minutes, source.conditional) == (50, 5.0, False)
    assert source.fill.minima("news") == {"title": 0.5, "body": 0.9, "time": 0.5}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[bounds]\narticles = 0", "bounds.articles: Input should be greater than or equal to 1"),
        ("[bounds]\nminute = 5", "bounds.minute: unknown key; did you mean 'minutes'?"),
        ("[fill]\nbody = 90", "fill.body: Input should be less than or equal to 1"),
        ("[fill]\ntitel = 0.5", "fill.titel: unknown key; did you mean 'title'?"),
    ],
)
def test_wrong_bounds_and_fill_are_named(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"warta\.toml:\d+: ") as caught:
        load_source(write(tmp_path, f"{GOOD}\n{table}\n"))
    assert words in str(caught.value)


INDEX = 'kind = "index"\nurl = "https://www.warta.test/indeks/%Y-%m-%d?p={page}"\nnext = "a.next"\n'


def with_entry(text: str) -> str:
    return GOOD.replace("[articles]", f"[[entries]]\n{text}\n[articles]")


def test_an_index_is_for_looking_back_alone(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, with_entry(INDEX)))
    assert [entry.kind for entry in source.entries] == ["wordpress", "sitemap", "index"]
    assert [entry.kind for entry in source.nightly_entries()] == ["wordpress", "sitemap"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_entry(INDEX.replace("%d", "17")), "names its day by %Y, %m and %d"),
        (with_entry(INDEX.replace("a.next", "a[")), "is not a CSS selector"),
        (with_entry(INDEX).replace('include = "/berita/"', ""), "give `articles.include`"),
        (
            with_entry(INDEX + '[entries.fallback]\nkind = "feed"\nurl = "https://www.warta.test/f"'),
            "no fallback",
        ),
        (
            GOOD.replace('kind = "feed"\nurl = "https://www.warta.test/feed/"', INDEX),
            "no fallback and is none",
        ),
    ],
)
def test_an_index_that_cannot_be_walked_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        load_source(write(tmp_path, text))
