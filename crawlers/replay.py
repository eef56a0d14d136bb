"""The network of a replayed night: a Scrapy download handler that answers from a WARC.

Promises: during night D an address is answered with its newest archived responses of a night <= D, in
the order in which they were fetched (a 429 and then a 200 come back so), the last one again and again;
an address that is not in the archive is an error of its own. Never does: open a connection, or write.
"""

from collections import Counter

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawlers.archive import read_answer
from crawlers.job import job_of
from crawlers.recorder import FETCHED_AT, REF, archived_address


class NotInArchive(IgnoreRequest):
    """The address has no archived response up to this night."""


class ReplayHandler(BaseDownloadHandler):
    """Answers http and https for one source in one night."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        job = job_of(crawler)
        if job.index is None:
            raise TypeError("a replay needs the index of an archive")
        self._index = job.index
        self._night = job.night
        self._asked: Counter[str] = Counter()

    async def download_request(self, request: Request) -> Response:
        """Give the archived response. Raises NotInArchive when there is none."""
        address = archived_address(request, request.url)
        answers = self._index.find(address, self._night)
        if not answers:
            raise NotInArchive(f"{request.url} is not in the archive")
        answer = answers[min(self._asked[address], len(answers) - 1)]
        self._asked[address] += 1
        status, fields, body = read_answer(answer.ref)
        headers = Headers()
        for name, value in fields:
            headers.appendlist(name, value)
        request.meta[REF] = answer.ref
        request.meta[FETCHED_AT] = answer.fetched_at
        url = answer.url or request.url
        kind = responsetypes.from_args(headers=headers, url=url, body=body)
        return kind(url=url, status=status, headers=headers, body=body)
