"""A bare Scrapy spider that only saves pages: the measure of what a crawl costs besides fetching.

Promises: Scrapy alone, as it comes, but for the settings that make it comparable (one request to a host at a
time, no delay) and quiet; each body is written to a file of its own and nothing else is done with it.
Never does: read robots.txt, parse, extract, or keep a record of what it did.

    python benchmarks/bare.py FOLDER SITEMAP ...

Prints {"pages", "seconds", "cpu_seconds"}, from Scrapy's start to its end.
"""

import json
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import scrapy.core.downloader.handlers.http11  # noqa: F401 - here before the clock runs, as for Netra
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

_PLACE = re.compile(rb"<loc>([^<]+)</loc>")


class SavingSpider(Spider):
    """Fetches what sitemaps list and saves it."""

    name = "bare"

    def __init__(self, folder: Path, sitemaps: list[str]) -> None:
        super().__init__()
        self.folder = folder
        self.sitemaps = sitemaps
        self.saved = 0

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the sitemaps."""
        for url in self.sitemaps:
            yield Request(url, self.parse_sitemap)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Ask for every page of a sitemap."""
        for place in _PLACE.findall(response.body):
            yield Request(place.decode(), self.save)

    def save(self, response: Response) -> None:
        """Write a page to disk."""
        self.saved += 1
        (self.folder / f"{self.saved}.html").write_bytes(response.body)


def main(folder: Path, sitemaps: list[str]) -> None:
    """Crawl once and print how long it took."""
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "CONCURRENT_REQUESTS": len(sitemaps),
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,
        "LOG_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
    }
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(SavingSpider)
    began, cpu = time.perf_counter(), time.process_time()
    process.crawl(crawler, folder, sitemaps)
    process.start()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    spider = crawler.spider
    saved = spider.saved if isinstance(spider, SavingSpider) else 0
    print(json.dumps({"pages": saved, "seconds": seconds, "cpu_seconds": cpu}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
