"""What a page tells about its outlet: system, feeds, language, zone, selectors, page mode, addresses.

Promises: pure functions from a page or from addresses to a guess with its reason; the same page gives the
same guess; text of a page comes back as one printable line, so that it can stand in a comment or on a
terminal. Never does: request, or decide (a person confirms what is guessed here).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from parsel import Selector
from scrapy.http import TextResponse

from crawlers.urls import absolute, host_of

#: What platforms of the large portals are known by: all of these selectors match on an article page.
PLATFORM_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("detik", ("div.detail__body-text", "h1.detail__title")),
    ("kompas", ("h1.read__title", ".read__time", ".read__content")),
    ("tribun", ("h1#arttitle", "div.side-article.txt-article")),
    ("liputan6", ("div.article-content-body__item-content",)),
    ("antara", (".wrap__article-detail-content",)),
    ("bawaslu", ("meta[name='Generator'][content*='Drupal']", ".field--name-body")),
)
#: Hosts that say the platform by themselves; the other sites with the same system are `generic`.
PLATFORM_HOSTS: Mapping[str, str] = {"bawaslu.go.id": "bawaslu", "jurnas.com": "jurnas"}
#: Publicly known markup of Indonesian outlets, best first; the first that holds text on a page is proposed.
TITLES: tuple[str, ...] = (
    "h1.detail__title",
    "h1.read__title",
    "h1#arttitle",
    "h1.read-page--header--title",
    ".wrap__article-detail-title",
    "h1.judul",
    ".title-article h1",
    "h1.main-content-title",
    "h1.entry-title",
    "h1.post-title",
    "h3.post-title",
    "h1",
)
BODIES: tuple[str, ...] = (
    "div.detail__body-text",
    "div.side-article.txt-article",
    "div.article-content-body__item-content[data-component-name*=':section:text']",
    ".wrap__article-detail-content",
    ".c-detail.read",
    "div.main-content-detail",
    "div.read__article",
    ".read__content",
    ".detail-text",
    ".detail-desc",
    ".news-text",
    ".post_details_inner",
    ".field--name-body",
    ".the-content",
    "div[itemprop='articleBody']",
    "div.td-post-content",
    ".entry-content",
    "div.post-body",
    "div.article-content",
    ".detail-content",
)
STAMPS: tuple[str, ...] = (
    "meta[property='article:published_time']::attr(content)",
    "meta[name='dtk:publishdate']::attr(content)",
    "meta[name='content_PublishedDate']::attr(content)",
    "meta[name='jpnncom_news_pubdate']::attr(content)",
    "div.detail__date",
    ".read__time",
    ".read__info__date",
    ".list-inline-item.mr-2",
    "div.main-content-date",
    ".detail-date-artikel",
    "span.date-publish",
    "abbr.published::attr(title)",
    "article time::attr(datetime)",
    "time::attr(datetime)",
)
AUTHORS: tuple[str, ...] = (
    "meta[name='content_author']::attr(content)",
    "meta[name='dtk:author']::attr(content)",
    "meta[name='jpnncom_news_author']::attr(content)",
    "div.detail__author",
    ".credit-title-name",
    "meta[name='author']::attr(content)",
)
JUNK: tuple[str, ...] = (
    "table.linksisip",
    ".linksisip",
    ".lihatjg",
    ".lihat-juga",
    ".parallaxindetail",
    ".para_caption",
    ".detail__body-tag",
    ".paradetail",
    "p.baca",
    ".baca-juga",
    "span.baca-juga",
    "#bacajuga",
    ".baca-juga-collections",
    ".inner-link-baca-juga",
    ".ads-placeholder",
    ".ads-on-body",
    ".advertisement-placeholder",
    ".article-ad",
    ".read__paging",
    ".pagination",
    ".paging",
    ".jp-relatedposts",
    ".sharedaddy",
)
#: A block with less is a caption or a teaser (the shortest articles of the sample pages have more).
LEAST_BODY_CHARS = 200
#: The three zones of the country, by the word that outlets put behind a clock time.
ZONES: Mapping[str, str] = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
_OFFSETS: Mapping[str, str] = {"7": "WIB", "8": "WITA", "9": "WIT"}
DEFAULT_ZONE = "Asia/Jakarta"
#: So few addresses say nothing about the form that addresses of articles have.
LEAST_LINKS = 3

_CLOCK = re.compile(r"\b\d{1,2}[.:]\d{2}(?:[.:]\d{2})?\s{0,2}\(?(WITA|WIT|WIB)\b")
_OFFSET = re.compile(r"\d{2}:\d{2}(?:\.\d+)?\s?\+0?([789]):?00\b")
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
_ANY_STEP = "[^/]+"
_YEAR = re.compile(r"(?:19|20)\d{2}")


@dataclass(frozen=True, slots=True)
class Guess:
    """A value and why we think so; `certain` where the site itself says it in so many words."""

    value: str
    reason: str
    certain: bool = False


def one_line(text: str, *, limit: int = 120) -> str:
    """Give text of a site as one printable line of at most `limit` characters."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:limit].strip()


def find_system(page: TextResponse) -> str:
    """Say by the page's own marks whether it is "wordpress" or "blogger"; "" for neither."""
    generators = " ".join(page.css("meta[name='generator' i]::attr(content)").getall()).lower()
    if "wordpress" in generators or page.css(
        "link[rel='https://api.w.org/'], [href*='/wp-content/'], [src*='/wp-content/']"
    ):
        return "wordpress"
    host = host_of(page.url)
    if (
        "blogger" in generators
        or host.endswith(".blogspot.com")
        or page.css("link[href*='blogger.com/feeds/']")
    ):
        return "blogger"
    return ""


def find_platform(page: TextResponse) -> Guess:
    """Name the platform of an article page by host or markup; `generic` where nothing is known."""
    host = host_of(page.url)
    for domain, platform in PLATFORM_HOSTS.items():
        if host == domain or host.endswith("." + domain):
            return Guess(platform, f"host di bawah {domain}", certain=True)
    for platform, marks in PLATFORM_MARKS:
        if all(page.css(mark) for mark in marks):
            return Guess(platform, f"markup {marks[0]}")
    return Guess("generic", "tidak ada tanda sistem yang dikenal")


def rest_address(page: TextResponse) -> str:
    """Give the address of the WordPress REST interface that a page links to, else the usual one."""
    linked = page.css("link[rel='https://api.w.org/']::attr(href)").get() or ""
    return absolute(page.url, linked or "/wp-json/").rstrip("/") + "/"


def find_feeds(page: TextResponse) -> list[str]:
    """List the feeds that a page names, that of the whole site first; comment feeds are left out."""
    found: list[str] = []
    for link in page.css("link[rel~='alternate'][href]"):
        if link.attrib.get("type", "").strip().lower() not in _FEED_TYPES:
            continue
        url = absolute(page.url, link.attrib["href"])
        words = (url + " " + link.attrib.get("title", "")).lower()
        if url and url not in found and not re.search(r"comment|komentar|wp-json|oembed", words):
            found.append(url)
    # Stable: of equally short addresses the page's own order decides.
    return sorted(found, key=lambda url: urlsplit(url).path.rstrip("/").count("/"))


def find_sitemaps(robots: str, base: str) -> list[str]:
    """List the sitemaps that a robots.txt names, those for news first."""
    named = re.findall(r"^\s*sitemap\s*:\s*(\S+)", robots, re.IGNORECASE | re.MULTILINE)
    urls = list(dict.fromkeys(url for name in named if (url := absolute(base, name))))
    return sorted(urls, key=lambda url: not is_news_sitemap(url))


def is_news_sitemap(url: str) -> bool:
    """Say whether the name of a sitemap tells that it holds the news of the last two days."""
    return "news" in urlsplit(url).path.rsplit("/", 1)[-1].lower()


def find_name(page: TextResponse) -> str:
    """Give the outlet's name as its page gives it; "" when it gives none."""
    for css in (
        "meta[property='og:site_name']::attr(content)",
        "meta[name='application-name']::attr(content)",
    ):
        if name := one_line(page.css(css).get() or "", limit=80):
            return name
    title = one_line(" ".join(page.css("title::text").getall()[:1]), limit=200)
    return one_line(re.split(r"\s[-–—|:]\s", title)[0], limit=80)


def guess_language(page: TextResponse) -> Guess:
    """Read the language from the page's `lang`; "in" is what old pages call Indonesian."""
    tag = (page.xpath("/html/@lang").get() or "").strip().lower()
    main = re.split(r"[-_]", tag)[0]
    if re.fullmatch(r"[a-z]{2,3}", main):
        return Guess("id" if main == "in" else main, f'atribut lang="{one_line(tag, limit=20)}"')
    return Guess("id", "halaman tidak menyebut bahasa")


def guess_zone(page: TextResponse) -> Guess:
    """Read the zone from clock times with WIB, WITA or WIT, else from offsets of machine-written times."""
    words = _CLOCK.findall(" ".join(page.xpath("//body//text()[not(ancestor::script)]").getall()))
    if words:
        word = max(ZONES, key=words.count)
        return Guess(ZONES[word], f"jam dengan {word} pada halaman artikel")
    hours = _OFFSET.findall(page.text)
    if hours:
        hour = max(_OFFSETS, key=hours.count)
        return Guess(ZONES[_OFFSETS[hour]], f"waktu dengan +0{hour}:00 pada halaman artikel")
    return Guess(DEFAULT_ZONE, "halaman tidak menyebut zona")


def named_zone(name: str, offset: str) -> Guess | None:
    """Read the zone that WordPress names; None when it is none of the country's."""
    known = {"Asia/Pontianak": DEFAULT_ZONE, "Asia/Ujung_Pandang": "Asia/Makassar"}
    zone = known.get(name, name)
    if zone in ZONES.values():
        return Guess(zone, "pengaturan WordPress", certain=True)
    hour = re.fullmatch(r"\+?([789])(?:\.0+)?", offset)
    return Guess(ZONES[_OFFSETS[hour[1]]], f"selisih UTC+{hour[1]} di WordPress") if hour else None


def guess_selectors(page: TextResponse) -> dict[str, list[str]]:
    """Propose the known selectors that hold text on an article page, by key of [selectors]."""
    found: dict[str, list[str]] = {}
    for key, candidates, least in (
        ("title", TITLES, 1),
        ("body", BODIES, LEAST_BODY_CHARS),
        ("published", STAMPS, 4),
        ("author", AUTHORS, 2),
    ):
        hit = next((css for css in candidates if len(_text_of(page.selector, css)) >= least), "")
        if hit:
            found[key] = [hit]
    junk = [css for css in JUNK if page.css(css)]
    if junk:
        found["remove"] = junk
    return found


def _text_of(page: Selector, css: str) -> str:
    if "::" in css:
        return " ".join(page.css(css).get(default="").split())
    return " ".join(" ".join(page.css(css).xpath(".//text()[not(ancestor::script)]").getall()).split())


def guess_page_mode(page: TextResponse) -> tuple[dict[str, str | int], str]:
    """Propose the keys of [pages] for an article page, and the sign that was seen; ({}, "") for one page."""
    own = urlsplit(page.url)
    links = [urlsplit(absolute(page.url, href)) for href in page.css("a::attr(href)").getall()]
    same = [link for link in links if link.netloc == own.netloc]
    here = [dict(parse_qsl(link.query)) for link in same if link.path.rstrip("/") == own.path.rstrip("/")]
    paths = {link.path.rstrip("/") for link in same}
    if any(query.get("page") == "all" for query in here) or page.css(
        "span.total-page, .read__paging a.paging__link"
    ):
        return {"mode": "query", "param": "page", "value": "all"}, "halaman artikel terbagi, ada ?page=all"
    if any(query.get("single") == "1" for query in here) or page.css("div.detail__body-text"):
        return {"mode": "query", "param": "single", "value": "1"}, "halaman artikel terbagi, ada ?single=1"
    if own.path.rstrip("/") + "/all" in paths:
        return {"mode": "path", "suffix": "/all"}, "tautan ke alamat artikel + /all"
    if any(query.get("page", "").isdigit() for query in here):
        merge: dict[str, str | int] = {
            "mode": "merge",
            "param": "page",
            "next": "a[href*='?page=']",
            "max": 10,
        }
        return merge, "tautan ?page=2 pada halaman artikel"
    if own.path.rstrip("/") + "/2" in paths:
        return {"mode": "merge", "next": "a[href$='/2'], a[href$='/3'], a[rel='next']", "max": 10}, (
            "tautan ke alamat artikel + /2"
        )
    return {}, ""


def find_twins(page: TextResponse) -> dict[str, str]:
    """Map the AMP host that an article page names to the page's own; empty when there is no such host."""
    host, amp = host_of(page.url), host_of(page.css("link[rel='amphtml']::attr(href)").get() or "")
    return {amp: host} if amp and amp != host and _domain(amp) == _domain(host) else {}


def _domain(host: str) -> str:
    return re.sub(r"^(?:www|m|amp|mobile)\.", "", host)


def include_pattern(urls: Iterable[str]) -> str:
    """Derive a pattern that all given article addresses match; "" when they have nothing in common.

    `/berita/123/judul-a`, `/berita/98/judul-b`, ... give `/berita/\\d+/`: words that all share stay,
    numbers become digits, the rest is left open.
    """
    paths = [urlsplit(url).path.strip("/").split("/") for url in dict.fromkeys(urls)]
    if len(paths) < LEAST_LINKS:
        return ""
    steps: list[str] = []
    for column in zip(*paths, strict=False):
        steps.append(_common_step(column))
        if steps[-1] == _ANY_STEP and set(steps) != {_ANY_STEP}:
            # From here on the parts are the articles' own names.
            steps.pop()
            break
    if set(steps) <= {_ANY_STEP}:
        return _slug_pattern([path[-1] for path in paths])
    return "/" + "/".join(steps) + ("/" if len(steps) < min(map(len, paths)) else "")


def _common_step(column: Sequence[str]) -> str:
    # Digits before words: what all articles of a feed share today may be the month.
    if all(part.isascii() and part.isdigit() for part in column):
        lengths = {len(part) for part in column}
        if lengths == {4} and all(_YEAR.fullmatch(part) for part in column):
            return r"\d{4}"
        return r"\d{2}" if lengths == {2} else r"\d+"
    return re.escape(column[0]) if all(part == column[0] for part in column) else _ANY_STEP


def _slug_pattern(slugs: Sequence[str]) -> str:
    """Patterns of slugs that carry the number of the article: `d-123-judul`, `judul-123`, `123-judul`."""
    for shape in (r"/[a-z]{1,3}-\d{4,}", r"/\d{3,}-", r"-\d{4,}(?:\.html?)?$"):
        if all(re.search(shape, "/" + slug) for slug in slugs):
            return shape
    return ".html?$".replace(".", r"\.", 1) if all(re.search(r"\.html?$", slug) for slug in slugs) else ""
