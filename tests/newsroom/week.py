"""A week of invented outlets that begin to fail, one after the other: what `pipeline.py status` must tell.

    python -m tests.newsroom week FOLDER

writes FOLDER/week.warc.gz and FOLDER/sources, and prints the commands that replay and show the week.

Promises: the same input gives the same answers; every address that is asked for has one in every night.
Never does: read the clock, open a connection.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from crawlers.archive import Archive

DAY = timedelta(days=1)
#: Monday to Sunday.
WEEK: tuple[date, ...] = tuple(date(2024, 9, 16) + number * DAY for number in range(7))
#: New articles of an outlet in an ordinary night.
ARTICLES = 3
HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"
#: Above BODY_CHARS of crawlers.watch.
PARAGRAPH = (
    "Warga {place} menunggu perahu bantuan sejak pagi karena gelombang tinggi menutup jalur laut ke pulau. "
    "Camat setempat mengatakan beras dan air bersih cukup untuk tiga hari, dan dapur umum dibuka di balai. "
    "Nelayan diminta tidak melaut sampai cuaca mereda; sekolah tetap berjalan seperti biasa."
)
#: What stands at the top of a page that wants a browser.
CHALLENGE = "<html><head><title>Just a moment...</title></head><body>Tunggu sebentar.</body></html>"


@dataclass(frozen=True, slots=True)
class Story:
    """How one outlet fares: what goes wrong on which nights (1 = Monday), and what `status` says on Sunday.

    `outcome` is the word for Sunday, `since` the first night of the failure that lasts until then (0 = none),
    `why` a part of the reason.
    """

    trouble: str = ""
    nights: tuple[int, ...] = ()
    outcome: str = "ok"
    since: int = 0
    why: str = ""
    items: str = ""


#: Outlet -> its week. Two recover, one of them falls ill again; one only has too much to tell.
STORIES: dict[str, Story] = {
    "kabar-tanjung": Story(),
    "lembah-pagi": Story(),
    "muara-lama": Story("unchanged", (2, 3, 4, 5, 6, 7), "unchanged"),
    "ombak-besar": Story("many", (7,), why="7 new articles, more than items.max = 5", items="max = 5"),
    "pulih-kembali": Story("500", (2, 3, 4)),
    "teluk-lambat": Story("504", (2, 3, 4, 5, 6, 7), "timeout", 2, "answered 504"),
    "rawa-tertutup": Story("403", (3, 4, 5, 6, 7), "blocked", 3, "answered 403"),
    "sungai-larang": Story("robots", (4, 5, 6, 7), "robots", 4, "disallowed by robots.txt"),
    "bukit-tameng": Story("challenge", (5, 6, 7), "challenge", 5, "is a challenge page"),
    "ladang-sepi": Story("none", (5, 6, 7), "empty", 5, "nothing was listed"),
    "hutan-jarang": Story(
        "few", (6, 7), "empty", 6, "1 of them of this night or the day before (items.min = 2)", "min = 2"
    ),
    "dermaga-rupa": Story("layout", (6, 7), "layout_changed", 6, "0 of 3 articles have a body"),
    "kota-kambuh": Story("403", (2, 3, 6, 7), "blocked", 6, "answered 403"),
    "pasar-retak": Story("cut", (7,), "malformed", 7, "not well-formed"),
    "danau-galat": Story("500", (7,), "error", 7, "answered 500"),
}


def failing_on(number: int) -> dict[str, int]:
    """Give the outlets that fail on a night (1 to 7), and since which night they have."""
    found = {}
    for name, story in STORIES.items():
        first = number
        while first in story.nights and story.trouble not in ("unchanged", "many"):
            first -= 1
        if first < number:
            found[name] = first + 1
    return found


def write_week(folder: Path) -> Path:
    """Write the archive and the manifests below a folder; gives the path of the archive.

    Raises FileExistsError when there is one already.
    """
    archive = folder / "week.warc.gz"
    if archive.exists():
        raise FileExistsError(archive)
    sources = folder / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    for name, story in STORIES.items():
        (sources / f"{name}.toml").write_text(_manifest(name, story), encoding="utf-8")
    with Archive(folder, name="week", software="netra newsroom") as out:
        for number, night in enumerate(WEEK, start=1):
            # Two in the morning in Jakarta.
            moment = datetime(night.year, night.month, night.day, tzinfo=UTC) - timedelta(hours=5)
            for name, story in STORIES.items():
                trouble = story.trouble if number in story.nights else ""
                for path, status, kind, body in _answers(name, number, trouble):
                    out.write(
                        f"https://www.{name}.test{path}",
                        status=status,
                        headers=[("Content-Type", kind)],
                        body=body.encode(),
                        fetched_at=moment,
                    )
    return archive


def _answers(name: str, number: int, trouble: str) -> Iterator[tuple[str, int, str, str]]:
    """Give path, status, type and body of everything that an outlet answers in one night."""
    if trouble == "robots":
        yield "/robots.txt", 200, "text/plain; charset=utf-8", "User-agent: *\nDisallow: /\n"
    else:
        yield "/robots.txt", 404, HTML, "<h1>Tidak ada</h1>"
    counts = {"": ARTICLES, "layout": ARTICLES, "few": 1, "many": 7}
    new = [f"/{number}/{article}" for article in range(counts.get(trouble, 0))]
    if trouble.isdigit():
        yield "/feed", int(trouble), HTML, "<h1>Galat</h1>"
    elif trouble == "challenge":
        yield "/feed", 200, HTML, CHALLENGE
    elif trouble == "unchanged":
        yield "/feed", 200, RSS, _feed(name, [(f"/1/{article}", 1) for article in range(ARTICLES)])
    else:
        # What is older than two days stays listed for a while, as feeds do it.
        old = [(f"/1/{article}", 1) for article in range(ARTICLES)] if trouble == "few" else []
        feed = _feed(name, [*((path, number) for path in new), *old])
        yield "/feed", 200, RSS, feed.replace("</channel>", "") if trouble == "cut" else feed
    for path in new:
        page = "<html><body><div id=app></div></body></html>" if trouble == "layout" else _page(path, number)
        yield path, 200, HTML, page


def _published(number: int) -> datetime:
    """Give the time of everything that was published before one night's crawl: the evening before."""
    night = WEEK[number - 1]
    return datetime(night.year, night.month, night.day, 12, 30, tzinfo=UTC) - DAY


def _feed(name: str, items: Sequence[tuple[str, int]]) -> str:
    listed = "".join(
        f"<item><title>Berita {path}</title><link>https://www.{name}.test{path}</link>"
        f"<pubDate>{_published(number):%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for path, number in items
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{listed}</channel></rss>'


def _page(path: str, number: int) -> str:
    stamp = _published(number).isoformat()
    return (
        f'<html><head><title>Berita {path}</title><meta property="article:published_time" content="{stamp}">'
        f"</head><body><article><h1>Berita {path}</h1><p>{PARAGRAPH.format(place=f'Desa {path[1:]}')}</p>"
        "</article></body></html>"
    )


def _manifest(name: str, story: Story) -> str:
    items = f"[items]\n{story.items}\n" if story.items else ""
    return (
        f'id = "{name}"\npublisher = "{name.replace("-", " ").title()}"\nhosts = ["www.{name}.test"]\n'
        f'platform = "generic"\nkind = "news"\n\n[[entries]]\nkind = "feed"\n'
        f'url = "https://www.{name}.test/feed"\n\n{items}\n[legal]\nbasis = "Outlet rekaan."\n'
        'purpose = "Contoh: bagaimana sumber yang gagal disebut."\nretention_days = 30\n'
    )
