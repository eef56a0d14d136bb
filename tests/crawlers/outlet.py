"""A small outlet on the loopback interface, and the means to crawl it in a process of its own.

The reactor starts once per process, therefore each crawl of a test is a child:

    python -m tests.crawlers.outlet DB SOURCES WARC_DIR NIGHT RUN_ID [REPLAY]
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from crawlers import settings
from crawlers.limits import SOURCES_AT_ONCE
from crawlers.manifest import load_sources
from crawlers.run import crawl
from store.db import connect, migrate
from store.records import NetraError

NIGHT = date(2024, 9, 17)
#: Environment variable with the seconds that a crawl of the tests waits for an answer.
PATIENCE = "NETRA_TEST_PATIENCE_S"
#: Environment variable with the number of outlets that it crawls at once.
AT_ONCE = "NETRA_TEST_AT_ONCE"


@dataclass(frozen=True)
class Reply:
    """What the server says; a list of replies is given one after the other, the last for ever."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Seconds before the answer begins.
    after_s: float = 0.0


@dataclass
class Outlet:
    """A running server: its address, what it answers, and what it was asked."""

    base: str
    routes: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    #: When each was asked for (time.monotonic).
    asked_at: list[float] = field(default_factory=list)
    sent_headers: list[dict[str, str]] = field(default_factory=list)

    def say(self, path: str, body: str | bytes = b"", status: int = 200, **headers: str) -> None:
        """Add a reply to a path; header names are written with _ for -."""
        raw = body.encode() if isinstance(body, str) else body
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes.setdefault(path, []).append(Reply(raw, status, fields))

    def article(self, path: str, text: str = "Isi berita.") -> str:
        """Add an article page and give its full address."""
        page = f"<html><head><title>Judul</title></head><body><p>{text}</p></body></html>"
        self.say(path, page, Content_Type="text/html; charset=utf-8")
        return self.base + path

    def feed(self, path: str, links: Sequence[str]) -> None:
        """Add an RSS feed."""
        self.say(path, rss(links), Content_Type="application/rss+xml; charset=utf-8")


def rss(links: Sequence[str]) -> str:
    """Write an RSS feed of links, all published in the evening before NIGHT."""
    items = "".join(
        f"<item><title>Berita {n}</title><link>{link.replace('&', '&amp;')}</link>"
        "<pubDate>Mon, 16 Sep 2024 12:00:00 +0000</pubDate></item>"
        for n, link in enumerate(links)
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{items}</channel></rss>'


@contextmanager
def outlet(address: str = "127.0.0.1") -> Iterator[Outlet]:
    """Run a server on a free port until the block ends. What it does not know is 404."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.asked_at.append(time.monotonic())
            site.sent_headers.append(dict(self.headers.items()))
            replies = site.routes.get(self.path, [Reply(b"tidak ada", 404)])
            reply = replies[min(site.asked.count(self.path), len(replies)) - 1]
            time.sleep(reply.after_s)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.status != 304:
                # Who lost patience has hung up.
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Outlet(f"http://{address}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def manifest(
    folder: Path,
    name: str,
    entries: str,
    *,
    hosts: Sequence[str] = ("127.0.0.1",),
    private_hosts: Sequence[str] | None = None,
    more: str = "",
) -> Path:
    """Write a manifest. `entries` and `more` are TOML; keys of the top table go first in `entries`.

    `private_hosts` are those of the hosts that stand for the loopback interface, unless given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    kind = "post" if "[export]" in more else "news"
    if private_hosts is None:
        private_hosts = [host for host in hosts if host in ("127.0.0.1", "localhost")]
    path.write_text(
        f'id = "{name}"\npublisher = "Warta {name}"\nhosts = {json.dumps(list(hosts))}\n'
        f"private_hosts = {json.dumps(list(private_hosts))}\n"
        f'platform = "generic"\nkind = "{kind}"\ndelay_s = 0.0\n{entries}\n{more}\n'
        '[legal]\nbasis = "uji"\npurpose = "uji"\nretention_days = 1\n',
        encoding="utf-8",
    )
    return path


def entry(kind: str, url: str) -> str:
    """Write one entry table."""
    return f'[[entries]]\nkind = "{kind}"\nurl = "{url}"\n'


def arguments(
    folder: Path, *, night: date = NIGHT, run: str = "1", replay: Path | None = None, db: str = "netra.db"
) -> list[str]:
    """Build the command line of one crawl: everything lies below `folder`, sources in `folder/sources`."""
    words = [sys.executable, "-W", "error", "-m", "tests.crawlers.outlet", f"sqlite:///{folder / db}"]
    words += [str(folder / "sources"), str(folder / "warc"), night.isoformat(), run]
    return words + ([str(replay)] if replay else [])


def crawl_once(
    folder: Path, *, night: date = NIGHT, run: str = "1", replay: Path | None = None, db: str = "netra.db"
) -> dict[tuple[str, str], dict[str, Any]]:
    """Crawl in a child process; gives its reports by (source id, night)."""
    done = subprocess.run(
        arguments(folder, night=night, run=run, replay=replay, db=db),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "NETRA_CONTACT": "uji@netra.test", "NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    return {(report["source_id"], report["night"]): report for report in reports}


def main(words: Sequence[str]) -> int:
    """Crawl once and print one report a line; the log goes to stderr, as that of the command line does."""
    logging.basicConfig(level=logging.INFO)
    settings.TIMEOUT_S = int(os.environ.get(PATIENCE, settings.TIMEOUT_S))
    engine = connect(words[0])
    migrate(engine)
    try:
        reports = crawl(
            engine,
            load_sources(Path(words[1])),
            warc_dir=Path(words[2]),
            night=date.fromisoformat(words[3]),
            run_id=words[4],
            replay=Path(words[5]) if len(words) > 5 else None,
            max_sources=int(os.environ.get(AT_ONCE, SOURCES_AT_ONCE)),
        )
    except NetraError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command
        return error.exit_code
    for report in reports:
        print(json.dumps(asdict(report), default=str))  # noqa: T201 - this is a command
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
