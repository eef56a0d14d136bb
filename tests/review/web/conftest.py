"""A page that is really served on loopback, over a database of its own with three reviewers."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine

from nlp.timeline import timeline
from review.passwords import hash_password
from review.web.app import create_app
from store.db import connect, migrate
from store.national import Atlas
from store.reviewers import add_reviewer

PASSWORD = "rahasia yang cukup panjang"  # noqa: S105 - of invented reviewers
PUBLISHERS = {"kabar-lontara": "Kabar Lontara"}
#: The samples' one outlet, its province and town.
ATLAS = Atlas(
    regions=("Sulawesi Selatan", "Kota Makassar, Sulawesi Selatan", "Riau"),
    outlets={"kabar-lontara": "Kota Makassar, Sulawesi Selatan"},
)
REVIEWERS = {"sekar": "reviewer", "bagas": "reviewer", "tamu": "reader"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    hashed = hash_password(PASSWORD)
    with engine.begin() as conn:
        for name, role in REVIEWERS.items():
            add_reviewer(conn, name=name, role=role, password_hash=hashed, at=datetime.now(UTC))
    yield engine
    engine.dispose()


@dataclass(frozen=True)
class Page:
    """The address of a served page, and what a visitor does there."""

    url: str
    _clients: list[httpx.Client] = field(default_factory=list)

    def visit(self) -> httpx.Client:
        self._clients.append(httpx.Client(base_url=self.url, follow_redirects=False))
        return self._clients[-1]

    def leave(self) -> None:
        for client in self._clients:
            client.close()

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Client:
        client = self.visit()
        client.post("/login", data={"name": name, "password": password})
        return client


def csrf_of(text: str) -> str:
    """The token that the forms of a page carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found, text[:500]
    return found.group(1)


def fields_of(text: str, action: str) -> dict[str, str]:
    """The hidden fields of the form of a page that goes to an action."""
    form = re.search(rf'<form method="post" action="[^"]*{action}[^"]*">(.*?)</form>', text, re.S)
    assert form, text[:2000]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group(1)))


@pytest.fixture
def serve() -> Iterator[Callable[..., Page]]:
    """Serves a page over a database until the test ends; `publishers` as the manifests name them."""
    running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def start(
        engine: Engine, *, publishers: Mapping[str, str] = PUBLISHERS, atlas: Atlas | None = ATLAS
    ) -> Page:
        app = create_app(
            engine,
            publishers=publishers,
            allowed_hosts=["127.0.0.1"],
            timeline=timeline,
            second_share=1.0,
            secure=False,
            atlas=atlas,
        )
        sock = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        running.append((server, thread, sock))
        while not server.started:
            time.sleep(0.01)
        return Page(f"http://127.0.0.1:{sock.getsockname()[1]}")

    yield start
    for server, thread, sock in running:
        server.should_exit = True
        thread.join(10)
        # uvicorn closes only what it opened itself.
        sock.close()


@pytest.fixture
def page(engine: Engine, serve: Callable[..., Page]) -> Iterator[Page]:
    page = serve(engine)
    yield page
    page.leave()
