"""Stores every response of a live crawl in the archive, before anything else reads it.

Promises: a response that reaches a spider has its place in the WARC in `request.meta[REF]` and the time
of its arrival, to the second, in `request.meta[FETCHED_AT]`; retries and redirects are stored too.
Never does: change a response.
"""

import hashlib
from datetime import UTC, datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.archive import Archive
from crawlers.job import job_of
from crawlers.urls import with_query

#: Keys of `request.meta`; the replay handler sets the same two.
REF = "netra_ref"
FETCHED_AT = "netra_fetched_at"
#: Key of `request.meta`: what a posted request asks for (bytes), when its body says more than that.
ASKED = "netra_asked"
#: Query parameter of archived addresses that no server has seen.
POST_PARAMETER = "__netra_post"


def archived_address(request: Request, url: str) -> str:
    """Give the address under which the answer to a request is archived.

    What was posted is part of the question; a WARC knows addresses alone, so its hash becomes a parameter:
    of `request.meta[ASKED]`, where the body also holds what a replay cannot know, else of the body.
    """
    if not request.body:
        return url
    asked = request.meta.get(ASKED) or request.body
    return with_query(url, POST_PARAMETER, hashlib.sha256(asked).hexdigest()[:16])


class RecorderMiddleware:
    """Last downloader middleware before the wire: sees the body as it came, still content-encoded."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        archive = job_of(crawler).archive
        if archive is None:
            raise TypeError("a live crawl needs an archive")
        return cls(archive)

    def process_response(self, request: Request, response: Response) -> Response:
        moment = datetime.now(UTC).replace(microsecond=0)
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ]
        request.meta[REF] = self._archive.write(
            archived_address(request, response.url),
            status=response.status,
            headers=headers,
            body=response.body,
            fetched_at=moment,
        )
        request.meta[FETCHED_AT] = moment
        return response
