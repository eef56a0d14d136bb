"""robots.txt in 32 forms: not one disallowed fetch; and the pace, measured where requests arrive (R9)."""

import gzip
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.crawlers.outlet import NIGHT, Outlet, Reply, crawl_once, entry, manifest, outlet

PATHS = ("/a/1", "/a/2", "/A/1", "/b/1", "/b/x.php", "/b/x.php?id=1", "/b/rahasia/1", "/%62/2")
ALL = frozenset({*PATHS, "/feed"})
HTML = "<html><body>Disallow: /</body></html>"


def text(body: str) -> list[Reply]:
    """One robots.txt that is there."""
    return [Reply(body.encode(), 200, {"Content-Type": "text/plain"})]


#: name -> (what robots.txt answers, what may not be fetched)
CASES: dict[str, tuple[list[Reply], frozenset[str]]] = {
    "empty": (text(""), frozenset()),
    "disallow-nothing": (text("User-agent: *\nDisallow:\n"), frozenset()),
    "disallow-all": (text("User-agent: *\nDisallow: /\n"), ALL),
    "by-name": (text("User-agent: Netra\nDisallow: /\n"), ALL),
    "by-name-lower": (text("user-agent: netra\ndisallow: /a/\n"), frozenset({"/a/1", "/a/2"})),
    "by-name-upper": (text("USER-AGENT: NETRA\nDISALLOW: /a/\n"), frozenset({"/a/1", "/a/2"})),
    "others-only": (text("User-agent: Googlebot\nDisallow: /\n"), frozenset()),
    "own-group-opens": (text("User-agent: *\nDisallow: /\n\nUser-agent: Netra\nAllow: /\n"), frozenset()),
    "own-group-only": (
        text("User-agent: *\nDisallow: /a/\n\nUser-agent: Netra\nDisallow: /b/x\n"),
        frozenset({"/b/x.php", "/b/x.php?id=1"}),
    ),
    "longest-wins": (text("User-agent: *\nDisallow: /a/\nAllow: /a/1\n"), frozenset({"/a/2"})),
    "longest-wins-late": (text("User-agent: *\nAllow: /a/1\nDisallow: /a/\n"), frozenset({"/a/2"})),
    "wildcard": (text("User-agent: *\nDisallow: /*.php\n"), frozenset({"/b/x.php", "/b/x.php?id=1"})),
    "wildcard-end": (text("User-agent: *\nDisallow: /*.php$\n"), frozenset({"/b/x.php"})),
    "wildcard-inside": (text("User-agent: *\nDisallow: /*/rahasia/\n"), frozenset({"/b/rahasia/1"})),
    "query": (text("User-agent: *\nDisallow: /*?id=\n"), frozenset({"/b/x.php?id=1"})),
    "case": (text("User-agent: *\nDisallow: /A/\n"), frozenset({"/A/1"})),
    "escaped-rule": (text("User-agent: *\nDisallow: /%61/\n"), frozenset({"/a/1", "/a/2"})),
    "escaped-path": (
        text("User-agent: *\nDisallow: /b/\n"),
        frozenset({"/b/1", "/b/x.php", "/b/x.php?id=1", "/b/rahasia/1", "/%62/2"}),
    ),
    "mark": (text("\ufeffUser-agent: *\nDisallow: /a/\n"), frozenset({"/a/1", "/a/2"})),
    "line-ends": (text("User-agent: *\r\nDisallow: /a/1\rDisallow: /a/2\n"), frozenset({"/a/1", "/a/2"})),
    "comments": (text("# ya\nUser-agent: * # semua\nDisallow: /a/ # rahasia\n"), frozenset({"/a/1", "/a/2"})),
    "shared-group": (
        text("User-agent: Lain\nUser-agent: Netra\nDisallow: /a/\n\nUser-agent: *\nDisallow:\n"),
        frozenset({"/a/1", "/a/2"}),
    ),
    "split-group": (
        text(
            "User-agent: Netra\nDisallow: /a/1\n\nUser-agent: x\nDisallow: /\n\n"
            "User-agent: Netra\nDisallow: /a/2\n"
        ),
        frozenset({"/a/1", "/a/2"}),
    ),
    "sitemap-lines": (
        text("Sitemap: https://w.test/s.xml\nUser-agent: *\nHost: w.test\nDisallow: /a/\n"),
        frozenset({"/a/1", "/a/2"}),
    ),
    "packed": (
        [Reply(gzip.compress(b"User-agent: *\nDisallow: /a/\n"), 200, {"Content-Encoding": "gzip"})],
        frozenset({"/a/1", "/a/2"}),
    ),
    "long": (text("User-agent: *\nDisallow: /a/\n" + "# isi\n" * 200_000), frozenset({"/a/1", "/a/2"})),
    "page-instead": ([Reply(HTML.encode(), 200, {"Content-Type": "text/html"})], frozenset()),
    "not-found": ([Reply(b"User-agent: *\nDisallow: /\n", 404)], frozenset()),
    "forbidden": ([Reply(b"User-agent: *\nDisallow: /\n", 403)], frozenset()),
    "moved": ([Reply(b"", 301, {"Location": "/robots-2.txt"})], frozenset({"/a/1", "/a/2"})),
    "moved-for-ever": ([Reply(b"", 301, {"Location": "/robots.txt"})], ALL),
    "down": ([Reply(b"", 500)], ALL),
    "down-503": ([Reply(b"", 503)], ALL),
    "down-once": ([Reply(b"", 502), *text("User-agent: *\nDisallow: /a/\n")], frozenset({"/a/1", "/a/2"})),
    "wait": (
        [Reply(b"", 429, {"Retry-After": "0"}), *text("User-agent: *\nDisallow: /a/\n")],
        frozenset({"/a/1", "/a/2"}),
    ),
    "too-slow": (text("User-agent: *\nCrawl-delay: 1000\n"), ALL),
    "bad-packing": ([Reply(b"bukan gzip", 200, {"Content-Encoding": "gzip"})], ALL),
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Outlet, dict[str, Any]]]]:
    """One night with an outlet per case; each lists the same articles."""
    folder = tmp_path_factory.mktemp("robots")
    with ExitStack() as stack:
        sites = {name: stack.enter_context(outlet()) for name in CASES}
        for name, site in sites.items():
            site.routes["/robots.txt"] = CASES[name][0]
            site.say("/robots-2.txt", "User-agent: *\nDisallow: /a/\n")
            site.feed("/feed", [site.article(path) for path in PATHS])
            manifest(folder / "sources", name, entry("feed", f"{site.base}/feed"))
        # Nobody answers at all.
        with outlet() as gone:
            manifest(folder / "sources", "gone", entry("feed", f"{gone.base}/feed"))
        reports = crawl_once(folder)
        found = {name: (site, reports[name, NIGHT.isoformat()]) for name, site in sites.items()}
        found["gone"] = (gone, reports["gone", NIGHT.isoformat()])
        yield found


@pytest.mark.parametrize("name", CASES)
def test_what_is_disallowed_is_not_fetched(
    night: dict[str, tuple[Outlet, dict[str, Any]]], name: str
) -> None:
    site, _ = night[name]
    closed = CASES[name][1]
    asked = {path for path in site.asked if not path.startswith("/robots")}
    assert asked & closed == set()
    # And what is open is: the test would not pass by fetching nothing.
    assert asked == set() if closed == ALL else asked == ALL - closed


def test_unreadable_rules_are_told_from_strict_ones(
    night: dict[str, tuple[Outlet, dict[str, Any]]],
) -> None:
    assert night["disallow-all"][1]["outcome"] == "robots"
    assert night["down"][1]["outcome"] == night["moved-for-ever"][1]["outcome"] == "error"
    assert "robots.txt answered 500: nothing may be fetched" in night["down"][1]["message"]
    assert "nothing may be fetched" in night["gone"][1]["message"]
    assert night["too-slow"][1]["outcome"] == "rate_limited"
    assert [site.asked.count("/robots.txt") for site, _ in (night["down"], night["down-503"])] == [3, 3]


def gaps(site: Outlet) -> list[float]:
    return [after - before for before, after in itertools.pairwise(site.asked_at)]


def test_sources_that_share_a_host_share_its_pace(tmp_path: Path) -> None:
    delays = {"utama": 0.02, "daerah": 0.08, "olahraga": 0.0}
    with outlet() as shared, outlet() as strict:
        strict.say("/robots.txt", "User-agent: *\nCrawl-delay: 0.15\n")
        for site, names in ((shared, list(delays)), (strict, ["ketat"])):
            for name in names:
                count = 15 if site is shared else 6
                site.feed(f"/{name}.xml", [site.article(f"/{name}/{n}") for n in range(count)])
                path = manifest(tmp_path / "sources", name, entry("feed", f"{site.base}/{name}.xml"))
                path.write_text(
                    path.read_text().replace("delay_s = 0.0", f"delay_s = {delays.get(name, 0.01)}")
                )
        reports = crawl_once(tmp_path)
        assert {report["outcome"] for report in reports.values()} == {"ok"}
    assert len(shared.asked) == 3 + 3 + 45
    # Before the strictest source has come, the others may go at their own pace: the first few.
    assert min(gaps(shared)[len(delays) :]) >= max(delays.values())
    assert min(gaps(strict)[1:]) >= 0.15
    # The sources took turns instead of waiting for each other to end.
    order = [path.split("/")[1] for path in shared.asked if path.count("/") == 2]
    assert order != sorted(order)
