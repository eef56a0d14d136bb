"""Loopback sites of each kind that `sources add` meets: WordPress, Blogger, feeds, sitemaps, refusals."""

import json
from datetime import UTC, datetime, timedelta

from tests.crawlers.outlet import Outlet

SENTENCES = (
    "Camat Ujung Tanete membantah ikut menyebarkan undangan pertemuan relawan di rumah dinasnya.",
    "Ia mengatakan undangan itu dikirim seorang staf kelurahan tanpa sepengetahuannya pada Senin malam.",
    "Panitia pengawas kecamatan menjadwalkan klarifikasi terhadap tiga orang saksi pekan ini.",
    "Sekretaris kecamatan menyebut surat edaran netralitas sudah dibacakan dua kali dalam apel pagi.",
)
#: Fresh, so that no reader takes it for old.
YESTERDAY = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
API = "/wp-json/"
SETTINGS = f"{API}?_fields=name,timezone_string,gmt_offset"
POSTS = (
    f"{API}wp/v2/posts?page=1&per_page=50&orderby=date&order=desc"
    "&_fields=id,date_gmt,modified_gmt,link,title,content,excerpt"
)
BLOG = "/feeds/posts/default?alt=json&max-results=25&start-index=1&orderby=published"
HTML, XML = "text/html; charset=utf-8", "application/xml; charset=utf-8"


def body() -> str:
    """Paragraphs of an article."""
    return "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)


def home(site: Outlet, head: str = "", main: str = "") -> None:
    """Add a home page."""
    page = (
        f'<html lang="id-ID"><head><title>Kabar Tanete - Berita Barru</title>{head}</head>'
        f"<body><h1>Kabar Tanete</h1>{main}</body></html>"
    )
    site.say("/", page, Content_Type=HTML)


def article(site: Outlet, path: str, *, block: str = "entry-content", head: str = "", more: str = "") -> str:
    """Add an article page and give its address."""
    stamp = (YESTERDAY + timedelta(hours=8)).strftime("%d/%m/%Y %H:%M WITA")
    site.say(
        path,
        f'<html lang="id-ID"><head><title>Camat Bantah Undang Relawan - Kabar Tanete</title>'
        f'<meta property="og:site_name" content="Kabar Tanete">{head}</head><body>'
        f'<h1 class="entry-title">Camat Bantah Undang Relawan</h1><span class="tgl">{stamp}</span>'
        f'<div class="{block}">{body()}</div>{more}</body></html>',
        Content_Type=HTML,
    )
    return site.base + path


def feed(site: Outlet, path: str, links: list[str]) -> None:
    """Add a feed of yesterday's articles."""
    stamp = YESTERDAY.strftime("%a, %d %b %Y %H:%M:%S +0000")
    items = "".join(
        f"<item><title>Kabar {n}</title><link>{link}</link><pubDate>{stamp}</pubDate></item>"
        for n, link in enumerate(links)
    )
    site.say(path, f'<rss version="2.0"><channel>{items}</channel></rss>', Content_Type=XML)


def sitemap(site: Outlet, path: str, links: list[str]) -> None:
    """Add a sitemap of yesterday's articles."""
    urls = "".join(
        f"<url><loc>{link}</loc><lastmod>{YESTERDAY.isoformat()}</lastmod></url>" for link in links
    )
    name = "http://www.sitemaps.org/schemas/sitemap/0.9"
    site.say(path, f'<urlset xmlns="{name}">{urls}</urlset>', Content_Type=XML)


def wordpress(site: Outlet) -> None:
    """A WordPress site in the middle zone, with REST interface and feed."""
    rest = f'<link rel="https://api.w.org/" href="{site.base}{API}">'
    home(site, f'<meta name="generator" content="WordPress 6.6">{rest}')
    links = [article(site, f"/2024/10/kabar-{n}/") for n in range(3)]
    settings = {"name": "Kabar Tanete", "timezone_string": "Asia/Makassar", "gmt_offset": 8}
    site.say(SETTINGS, json.dumps(settings), Content_Type="application/json")
    posts = [
        {
            "id": 70 + n,
            "date_gmt": YESTERDAY.strftime("%Y-%m-%dT%H:%M:%S"),
            "link": link,
            "title": {"rendered": "Camat Bantah Undang Relawan"},
            "content": {"rendered": body()},
        }
        for n, link in enumerate(links)
    ]
    site.say(POSTS, json.dumps(posts), Content_Type="application/json")
    feed(site, "/feed/", links)


def blogger(site: Outlet) -> None:
    """A Blogger site; its article pages are gone, the feed carries them."""
    home(site, "<meta content='blogger' name='generator'>")
    entries = [
        {
            "id": {"$t": f"tag:blogger.com,1999:blog-1.post-{n}"},
            "published": {"$t": YESTERDAY.isoformat()},
            "title": {"$t": "Camat Bantah Undang Relawan"},
            "content": {"$t": body()},
            "link": [{"rel": "alternate", "href": f"{site.base}/2024/10/kabar-{n}.html"}],
        }
        for n in range(3)
    ]
    site.say(BLOG, json.dumps({"feed": {"entry": entries}}), Content_Type="application/json")


def plain_feed(site: Outlet) -> None:
    """A site of no known system with a feed that its home page names, and articles on two pages."""
    home(site, '<link rel="alternate" type="application/rss+xml" href="/umpan.xml">')
    more = '<a href="?page=all">Semua halaman</a>'
    links = [article(site, f"/berita/{n}/kabar-{n}", block="isi", more=more) for n in range(101, 105)]
    site.say(
        "/berita/101/kabar-101?page=all", site.routes["/berita/101/kabar-101"][0].body, Content_Type=HTML
    )
    feed(site, "/umpan.xml", links)


def only_sitemap(site: Outlet) -> None:
    """A site whose robots.txt names an index of sitemaps, and nothing else lists articles."""
    home(site)
    index = f"<sitemapindex><sitemap><loc>{site.base}/peta-news.xml</loc></sitemap></sitemapindex>"
    site.say("/robots.txt", f"User-agent: *\nDisallow: /admin\nSitemap: {site.base}/peta.xml\n")
    site.say("/peta.xml", index, Content_Type=XML)
    sitemap(site, "/peta-news.xml", [article(site, f"/read/{n}/kabar") for n in range(7, 11)])


def forbidden(site: Outlet) -> None:
    """A site whose robots.txt wants nobody."""
    plain_feed(site)
    site.say("/robots.txt", "User-agent: *\nDisallow: /\n")


def challenge(site: Outlet) -> None:
    """A site behind a page that wants a browser."""
    site.say("/", "<html><title>Just a moment...</title></html>", Content_Type=HTML)


def silent(site: Outlet) -> None:
    """A site that lists nothing, whatever it is asked."""
    home(site, main="<p>Segera hadir</p>")
