"""What a site offers a crawler: its interface, feeds and sitemaps, one article, and how it is to be read.

Promises: every entry that is proposed has answered and was read by the reader that a nightly crawl uses;
what the site says itself and what was guessed are kept apart. Never does: send a request (it is a visit of
`crawlers.probe`), write, or propose an entry that robots.txt forbids.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import urljoin, urlsplit

from scrapy.http import Response, TextResponse, XmlResponse

from crawlers import parts
from crawlers.addresses import is_numeric_host
from crawlers.manifest import Entry, EntryKind, Pages, Source
from crawlers.probe import Answer, ProbeFailedError, Trail
from crawlers.probe_found import Findings, FoundEntry, SavedPage
from crawlers.probe_marks import (
    Guess,
    find_feeds,
    find_name,
    find_platform,
    find_sitemaps,
    find_system,
    find_twins,
    guess_language,
    guess_page_mode,
    guess_selectors,
    guess_zone,
    include_pattern,
    is_news_sitemap,
    named_zone,
    one_line,
    rest_address,
)
from crawlers.recorder import FETCHED_AT
from crawlers.spiders import blogger, feed, sitemap, wordpress
from crawlers.spiders.listing import Listing, Reader
from crawlers.spiders.pages import fetched_page, request_address
from crawlers.urls import host_of
from store.records import Outcome

#: How each kind of entry that can be looked at without credentials begins and is read.
LISTS: Mapping[EntryKind, tuple[Callable[[Entry], str], Reader]] = {
    "wordpress": (wordpress.first_url, wordpress.read),
    "blogger": (blogger.first_url, blogger.read),
    "feed": (feed.first_url, feed.read),
    "sitemap": (sitemap.first_url, sitemap.read),
}
#: Readers drop what is older than a week before the night; on this night nothing is. An outlet that has
#: been silent for a month is an outlet all the same.
ANY_NIGHT = date(1991, 1, 8)
#: Where feeds and sitemaps lie when nothing names them, the usual systems first.
FEED_PATHS = ("/feed/", "/rss.xml", "/rss")
SITEMAP_PATHS = ("/sitemap-news.xml", "/news-sitemap.xml", "/sitemap_news.xml", "/sitemap.xml")
#: Addresses of one kind that are tried, so that the visit stays within its requests.
FEED_TRIES = 3
SITEMAP_TRIES = 4
#: Requests that are kept for the article page and one redirect of it.
KEPT_FOR_ARTICLE = 2


def explore(url: str, trail: Trail) -> Generator[str, Answer, Findings]:
    """Visit a site that `url` lies on. Raises ProbeFailedError, which says why it cannot become a source."""
    home, given = yield from _home(url)
    base = _root(home.url)
    system = find_system(home)
    notes: list[str] = []
    entries: list[FoundEntry] = []
    settled: Guess | None = None
    name = find_name(home)
    if system == "blogger":
        entry = yield from _try("blogger", urljoin(base, "/feeds/posts/default"), notes)
        entries.extend(_listed(entry))
    else:
        entry, settled, name = yield from _wordpress(home, name, notes)
        entries.extend(_listed(entry))
    feeds = _with_usual([*given, *find_feeds(home)], base, FEED_PATHS)
    if entries:
        more = yield from _feeds(feeds, notes, trail, tries=1)
    else:
        more = yield from _feeds(feeds, notes, trail)
        named = find_sitemaps(trail.robots.get(host_of(home.url), (0, ""))[1], base)
        maps = yield from _sitemaps(_with_usual(named, base, SITEMAP_PATHS), notes, trail, some=bool(more))
        # A news sitemap holds two days of articles, a feed often the last ten only.
        more = [*maps, *more] if maps and is_news_sitemap(maps[0].url) else [*more, *maps]
    entries.extend(more)
    own = [_on_host(entry, host_of(home.url)) for entry in entries]
    entries = [entry for entry in own if entry.urls]
    if not entries:
        raise ProbeFailedError(_nothing_listed(own, home.url, notes))
    article = yield from _article([link for entry in entries for link in entry.urls], notes)
    findings = _conclude(home, article, entries, system, settled, name)
    if article is not None:
        yield from _whole_article(findings, article, notes)
    findings.unused.extend(one_line(note, limit=200) for note in notes)
    return findings


def _root(url: str) -> str:
    parts_of_url = urlsplit(url)
    return f"{parts_of_url.scheme}://{parts_of_url.netloc}/"


def _home(url: str) -> Generator[str, Answer, tuple[TextResponse, list[str]]]:
    """Fetch the page that was named; where that is a feed, the home page, and give the feed beside it."""
    given = []
    answer = yield url
    if isinstance(answer.text(), XmlResponse):
        given, url = [url], _root(url)
        answer = yield url
    page = answer.text()
    if page is None:
        hint = {
            Outcome.ROBOTS: "; respect that, or ask the publisher for permission",
            Outcome.CHALLENGE: "; the site wants a browser: look for a feed of it elsewhere, or drop it",
            Outcome.BLOCKED: "; write to the publisher, do not disguise the crawler",
        }.get(answer.outcome or Outcome.OK, "")
        problem = answer.problem or "is no page of text"
        raise ProbeFailedError((problem if url in problem else f"{url}: {problem}") + hint)
    return page, given


def _wordpress(
    home: TextResponse, name: str, notes: list[str]
) -> Generator[str, Answer, tuple[FoundEntry | None, Guess | None, str]]:
    """Ask the WordPress interface for its settings and its posts; most sites that have none answer 404."""
    address = rest_address(home)
    answer = yield f"{address}?_fields=name,timezone_string,gmt_offset"
    page = answer.text()
    try:
        said = parts.load_json(page.body) if page else None
    except ValueError:
        said = None
    if not isinstance(said, dict) or "name" not in said:
        if find_system(home) == "wordpress":
            notes.append("WordPress, tetapi wp-json tidak menjawab")
        return None, None, name
    zone = named_zone(str(said.get("timezone_string", "")), str(said.get("gmt_offset", "")))
    entry = yield from _try("wordpress", f"{address}wp/v2/posts", notes)
    return entry, zone, one_line(str(said["name"]), limit=80) or name


def _try(kind: EntryKind, url: str, notes: list[str]) -> Generator[str, Answer, FoundEntry | None]:
    """Ask one entry; None, and a note, when it is not what it should be. Lists without items count."""
    listing, _ = yield from read_entry(Entry(kind=kind, url=url))
    if not isinstance(listing, Listing):
        notes.append(f"{kind} {listing.problem}")
        return None
    return FoundEntry(kind, url, listing.links, listing.parts)


def read_entry(entry: Entry) -> Generator[str, Answer, tuple[Listing | Answer, Response | None]]:
    """Read the first answer of an entry, or of an index of sitemaps its newest sitemap.

    Gives the listing and the response that it was read from; instead of a listing the answer that says
    what failed.
    """
    first_url, read = LISTS[entry.kind]
    answer = yield first_url(entry)
    listing = _read(read, entry, answer)
    if entry.kind == "sitemap" and isinstance(listing, Listing) and not listing.links and listing.more:
        newest = sorted(listing.more, key=lambda url: not is_news_sitemap(url))[0]
        answer = yield newest
        listing = _read(read, entry, answer)
    return listing, answer.response


def _read(read: Reader, entry: Entry, answer: Answer) -> Listing | Answer:
    if not answer.good or answer.response is None:
        return answer
    try:
        return read(entry, answer.response, probe_source(entry.url, delay_s=0.0), ANY_NIGHT)
    except ValueError as error:
        return Answer(answer.url, None, Outcome.MALFORMED, f"{answer.response.url}: {error}")


def probe_source(url: str, *, delay_s: float) -> Source:
    """Make the source that stands for a site until there is a manifest: its host, and the www twin of it."""
    host = host_of(url)
    return Source.model_validate(
        {
            "id": "probe",
            "publisher": host,
            "hosts": [host, *twins_of(host)],
            "private_hosts": private_of(host),
            "platform": "generic",
            "kind": "news",
            "delay_s": delay_s,
            "entries": [{"kind": "feed", "url": url}],
            "legal": {"basis": "probe", "purpose": "probe", "retention_days": 1},
        }
    )


def private_of(host: str) -> list[str]:
    """Give the host where its name says that it lies on this machine or its network: somebody typed it."""
    return [host] if host == "localhost" or is_numeric_host(host) else []


def twins_of(host: str) -> list[str]:
    """Give the host with or without `www.`; none for an IP address or a name without a dot."""
    if not host.rpartition(".")[0] or host.replace(".", "").isdigit() or ":" in host:
        return []
    return [host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"]


def _listed(entry: FoundEntry | None) -> list[FoundEntry]:
    return [entry] if entry else []


def _with_usual(named: Sequence[str], base: str, paths: Iterable[str]) -> list[str]:
    host = host_of(base)
    own = [url for url in named if host_of(url) in (host, *twins_of(host))]
    return list(dict.fromkeys([*own, *(urljoin(base, path) for path in paths)]))


def _feeds(
    urls: Sequence[str], notes: list[str], trail: Trail, *, tries: int = FEED_TRIES
) -> Generator[str, Answer, list[FoundEntry]]:
    """Find the first feed that lists something."""
    for url in urls[:tries]:
        if trail.left <= KEPT_FOR_ARTICLE:
            break
        entry = yield from _try("feed", url, notes)
        if entry and entry.links:
            return [entry]
    return []


def _sitemaps(
    urls: Sequence[str], notes: list[str], trail: Trail, *, some: bool
) -> Generator[str, Answer, list[FoundEntry]]:
    """Find the first sitemap that lists something; one for news only where a feed is there already."""
    for url in urls[:SITEMAP_TRIES]:
        if trail.left <= KEPT_FOR_ARTICLE:
            break
        if some and not is_news_sitemap(url):
            continue
        entry = yield from _try("sitemap", url, notes)
        if entry and entry.links:
            return [entry]
    return []


def _on_host(entry: FoundEntry, host: str) -> FoundEntry:
    """Keep what lies on the site itself: of other hosts nothing may be asked for yet."""
    own = (host, *twins_of(host))
    return FoundEntry(
        entry.kind,
        entry.url,
        tuple(link for link in entry.links if host_of(link.url) in own),
        tuple(part for part in entry.parts if host_of(part.url) in own),
    )


def _nothing_listed(entries: Sequence[FoundEntry], url: str, notes: Sequence[str]) -> str:
    tried = "; ".join(notes[-4:]) or "no interface, feed or sitemap answered"
    what = (
        "the entries that answer list no article on this host" if entries else "no entry that lists articles"
    )
    return f"{url}: {what} ({tried}); give the address of the site that the articles lie on"


def _article(urls: Sequence[str], notes: list[str]) -> Generator[str, Answer, TextResponse | None]:
    """Fetch one article, the newest of the first entry."""
    answer = yield urls[0]
    page = answer.text()
    if page is None:
        notes.append(f"artikel {answer.problem or urls[0] + ' bukan teks'}")
    return page


def _conclude(
    home: TextResponse,
    article: TextResponse | None,
    entries: list[FoundEntry],
    system: str,
    settled: Guess | None,
    name: str,
) -> Findings:
    """Put together what was seen."""
    host = host_of(home.url)
    main = entries[0]
    shown = article or home
    platform = Guess(main.kind, f"{main.kind} menjawab", certain=True)
    if main.kind not in ("wordpress", "blogger"):
        platform = find_platform(shown)
        if platform.value == "generic" and system:
            platform = Guess(system, "tanda pada halaman muka")
    zone = settled or guess_zone(shown)
    findings = Findings(
        host=host,
        hosts=(host, *twins_of(host)),
        publisher=name or host,
        platform=platform.value,
        language=guess_language(shown),
        zone=zone,
        entries=entries,
        same_host=dict.fromkeys(twins_of(host), host),
    )
    findings.found.extend(_describe(entry) for entry in entries)
    _sort_in(findings, f"platform {platform.value}", platform)
    _sort_in(findings, f"zona {zone.value}", zone)
    findings.guessed.append(f"bahasa {findings.language.value} ({findings.language.reason})")
    if main.kind in ("feed", "sitemap"):
        findings.include = include_pattern(main.urls)
        findings.guessed.append(
            f"pola artikel {findings.include}" if findings.include else "pola artikel: tidak ada yang sama"
        )
    if article is not None:
        _read_article(findings, article)
    saved = next((part for entry in entries for part in entry.parts), None)
    if saved:
        moment = (article or home).meta[FETCHED_AT]
        findings.article.append(SavedPage(saved.url, saved.body, "utf-8", moment, saved.format, saved.part))
    return findings


def _whole_article(findings: Findings, page: TextResponse, notes: list[str]) -> Generator[str, Answer, None]:
    """Ask once for the whole of an article that seems to be cut; what gives less is not believed."""
    modes = Pages.model_validate(findings.pages)
    if modes.mode not in ("query", "path"):
        return
    answer = yield request_address(page.url, modes)
    whole = answer.text()
    if whole is None or len(whole.body) < len(page.body) / 2:
        notes.append(f"[pages]: {answer.problem or 'halaman lengkap lebih pendek'}")
        findings.pages = {}
        return
    findings.article[0] = saved_page(whole)


def saved_page(page: TextResponse) -> SavedPage:
    """Keep an article page as it came."""
    fetched = fetched_page(page, Pages())
    return SavedPage(page.url, fetched.body, fetched.encoding, fetched.fetched_at)


def _read_article(findings: Findings, page: TextResponse) -> None:
    """Take selectors, page mode and AMP host from the article page, and keep it."""
    findings.selectors = guess_selectors(page)
    findings.pages, sign = guess_page_mode(page)
    if sign:
        findings.guessed.append(f"[pages] ({sign})")
    if twins := find_twins(page):
        findings.same_host |= twins
        findings.hosts = tuple(dict.fromkeys([*findings.hosts, *twins]))
        findings.guessed.append(f"host AMP {', '.join(twins)}")
    findings.article.append(saved_page(page))


def _describe(entry: FoundEntry) -> str:
    newest = f", terbaru {entry.newest:%Y-%m-%d}" if entry.newest else ""
    return f"{entry.kind} {one_line(entry.url, limit=160)} ({len(entry.urls)} artikel{newest})"


def _sort_in(findings: Findings, text: str, guess: Guess) -> None:
    (findings.found if guess.certain else findings.guessed).append(f"{text} ({guess.reason})")
