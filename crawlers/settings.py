"""Scrapy settings of every crawl, as one dict: polite, closed, bounded, quiet.

Promises: each key is a deviation from Scrapy's default and says why. Never does: read a file; the one
thing taken from the environment is the operator's contact (NETRA_CONTACT).
"""

import logging
import os
from typing import Any

import scrapy

log = logging.getLogger(__name__)

#: The name that robots.txt files may address.
ROBOT_NAME = "Netra"
#: Environment variable with the operator's mail address or web page.
CONTACT_VARIABLE = "NETRA_CONTACT"

#: One article page with its scripts stays below 1 MiB, an export of a day below 10.
MAX_RESPONSE_BYTES = 10 * 1024 * 1024
#: For one answer in all, from the look-up of the name to the last byte: who sends a byte a second is cut.
TIMEOUT_S = 30
#: First try and two more, the limit of 3 that the project sets itself.
RETRIES = 2


def crawl_settings(*, replay: bool) -> dict[str, Any]:
    """Give the settings for one source, live or on replay."""
    handler = "crawlers.replay.ReplayHandler" if replay else "crawlers.connect.GuardedHandler"
    return {
        # Who we are, and that we obey.
        "USER_AGENT": user_agent(),  # default names Scrapy, not the operator
        "ROBOTSTXT_OBEY": True,  # default False
        "ROBOTSTXT_USER_AGENT": ROBOT_NAME,  # default: the whole header, which no robots.txt names
        "COOKIES_ENABLED": False,  # default True; we have no session and want no profile
        "REFERRER_POLICY": "no-referrer",  # default tells the outlet by which path we came
        "HTTPAUTH_USER": "",  # no credentials, ever
        # How fast.
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,  # default 8
        # Default 16 and 5 MB: what is fetched but not yet stored is fetched again after kill -9.
        "CONCURRENT_REQUESTS": 2,
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 1,
        "DOWNLOAD_DELAY": 0.0,  # same as the default: `crawlers.pace` holds the pace, across sources
        "DOWNLOAD_TIMEOUT": TIMEOUT_S,  # default 180
        "RETRY_TIMES": RETRIES,  # same as the default, stated because the tests count on it
        # 429 is missing: PolitenessMiddleware waits first, Scrapy's retry would come at once. 503 comes
        # here for robots.txt only, which is waited for when it says how long.
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],
        "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",  # default ERROR; the report names what failed
        "REDIRECT_MAX_TIMES": 5,  # default 20; more is a trap
        "METAREFRESH_ENABLED": False,  # default True; challenge pages refresh for ever
        # Default 100: so many tasks for each response to take up its items, and there are none here.
        "CONCURRENT_ITEMS": 1,
        # How much.
        "DOWNLOAD_MAXSIZE": MAX_RESPONSE_BYTES,  # default 1 GiB, also after decompression
        "DOWNLOAD_WARNSIZE": 0,  # default 32 MiB, above our limit
        # No `br` and `zstd`: the archive undoes these two only, and BodyMiddleware refuses the others.
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "id,en;q=0.5",
            "Accept-Encoding": "gzip, deflate",
        },
        # What may be reached: http and https, nothing else; on replay the archive and nothing else.
        "DOWNLOAD_HANDLERS": {
            "http": handler,
            "https": handler,
            "file": None,
            "data": None,
            "ftp": None,
            "s3": None,
        },
        "DOWNLOAD_VERIFY_CERTIFICATES": True,  # default False
        "HTTPPROXY_ENABLED": False,  # default True: HTTP_PROXY would choose the address that we check
        "DOWNLOADER_MIDDLEWARES": {
            # Ours refuses every foreign host; Scrapy's lets the first redirect of a start address pass.
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "crawlers.guard.GuardMiddleware": 50,
            # Same rules, but a refusal has a name and a broken robots.txt does not mean yes.
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "crawlers.politeness.RobotsMiddleware": 100,
            # Nearer to the wire than Scrapy's retry (550), so that it sees a 429 or 503 first.
            "crawlers.politeness.PolitenessMiddleware": 560,
            # Undoes encodings within our limit; Scrapy's own would unpack a bomb first.
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
            "crawlers.bodies.BodyMiddleware": 590,
            # Tells the politeness above how long a social network wants to be left alone.
            "crawlers.ratelimit.RateLimitMiddleware": 600,
            # What came is stored before anything reads it.
            **({} if replay else {"crawlers.recorder.RecorderMiddleware": 950}),
            # Nearest to the wire: even the archive sees no token.
            **({} if replay else {"crawlers.credentials.CredentialsMiddleware": 960}),
        },
        # No doors.
        "TELNETCONSOLE_ENABLED": False,  # default on: a Python prompt on a port
        "REMOTE_CONTROL_ENABLED": False,  # default on: runs code that is posted to a port
        # No second memory: the frontier is the only one.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",  # default drops silently what it knows
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",  # default Lifo; we lease newest first
        "HTTPERROR_ALLOW_ALL": True,  # default drops 4xx and 5xx; each of them has an outcome here
        # Quiet: the report says what happened.
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOGSTATS_INTERVAL": 0,
        "STATS_DUMP": False,
    }


def user_agent() -> str:
    """Give the User-Agent header: what we are, and how to reach the operator."""
    contact = os.environ.get(CONTACT_VARIABLE, "").strip()
    # A line break in a header would be a second header.
    contact = "".join(char for char in contact if char.isprintable() and char.isascii())
    return f"{ROBOT_NAME}/0.1 (election neutrality monitor; {contact or 'no contact given'})"


def warn_without_contact() -> None:
    """Remind the operator that outlets cannot reach anybody."""
    if not os.environ.get(CONTACT_VARIABLE, "").strip():
        log.warning(
            "outlets cannot reach you: set %s to a mail address or web page (Scrapy %s sends it along)",
            CONTACT_VARIABLE,
            scrapy.__version__,
        )
