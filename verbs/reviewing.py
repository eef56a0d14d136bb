"""The verb `review`: serves the review page.

Promises: it listens on this machine alone unless TLS is set up; it refuses to start without a reviewer
account instead of making one. Never does: hold the run lock.
"""

import ipaddress
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from crawlers.manifest import load_sources
from review import options
from review.terminal import say
from review.web.app import create_app
from store.db import reading
from store.records import UsageError
from store.reviewers import list_reviewers
from store.second import SECOND_SHARE
from store.session import opened
from verbs.national import read_atlas
from verbs.places import DEFAULT_DB, SOURCES
from verbs.publishers import publishers_of

HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on; other than 127.0.0.1 needs TLS.")
]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
NameOption = Annotated[
    list[str] | None,
    typer.Option("--name", help="Host name under which browsers reach the page; repeatable."),
]
CertOption = Annotated[Path | None, typer.Option("--tls-cert", help="Certificate chain in PEM.")]
KeyOption = Annotated[Path | None, typer.Option("--tls-key", help="Private key in PEM.")]
ShareOption = Annotated[
    float, typer.Option("--share", min=0, max=1, help="Share of the incidents that are reviewed twice.")
]

#: Names of this machine for itself.
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def review(
    db: options.DbOption = DEFAULT_DB,
    sources: options.FolderOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8765,
    name: NameOption = None,
    tls_cert: CertOption = None,
    tls_key: KeyOption = None,
    share: ShareOption = SECOND_SHARE,
) -> int:
    """Review: serve the page on which reviewers decide, until it is stopped with Ctrl+C."""
    from nlp.timeline import timeline

    check_binding(host, tls_cert=tls_cert, tls_key=tls_key)
    secure = tls_cert is not None
    loaded = load_sources(sources or SOURCES)
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            if not list_reviewers(conn):
                raise UsageError(
                    "there is no reviewer account; make one: pipeline.py reviewers add NAME --role reviewer"
                )
        app = create_app(
            engine,
            publishers=publishers_of(loaded),
            allowed_hosts=[*LOOPBACK_NAMES, *(name or [])],
            timeline=timeline,
            second_share=share,
            secure=secure,
            atlas=read_atlas(loaded),
        )
        say(f"review page: {'https' if secure else 'http'}://{host}:{port}/ (stop with Ctrl+C)")
        uvicorn.run(
            app,
            host=host,
            port=port,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
            server_header=False,
            proxy_headers=False,
            log_level="warning",
            # The record of access (review.web.recording) keeps who saw what; no second one in a file.
            access_log=False,
        )
    return 0


def check_binding(host: str, *, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Raise UsageError where others could reach the page without TLS, or where half of TLS is given."""
    if (tls_cert is None) != (tls_key is None):
        raise UsageError("TLS needs both --tls-cert and --tls-key; give the other one, too.")
    for path in (tls_cert, tls_key):
        if path is not None and not path.is_file():
            raise UsageError(f"TLS file {path} does not exist. Check --tls-cert and --tls-key.")
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and tls_cert is None:
        raise UsageError(
            f"--host {host} would offer the page to other machines without encryption. Give --tls-cert and "
            "--tls-key (and --name for the host name), or stay on 127.0.0.1 behind an SSH tunnel."
        )
