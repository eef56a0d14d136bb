"""Starts Debian's WordPress on the loopback interface: MariaDB without a network, PHP's built-in server.

    with running(title="Kabar Selayang", author="Redaksi", timezone="Asia/Makassar") as site: ...

Promises: everything that it writes lies in a folder of its own and is gone at the end, as are its processes,
even where the tests are killed; works as root and as anybody. Never does: reach outside, or touch a WordPress
or MariaDB that the machine has.
"""

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PHP = Path(__file__).parent / "php"
#: Where Debian puts WordPress.
INSTALLED = Path("/usr/share/wordpress")
#: Debian package -> a program or, as a pattern below /, a file of it.
NEEDED = {
    "wordpress": "usr/share/wordpress/wp-load.php",
    "wordpress-l10n": "usr/share/wordpress/wp-content/languages/id_ID.mo",
    "wordpress-theme-twentytwentythree": "usr/share/wordpress/wp-content/themes/twentytwentythree",
    "php-cli": "php",
    "php-mysql": "usr/lib/php/*/mysqli.so",
    "php-xml": "usr/lib/php/*/simplexml.so",
    "mariadb-server-core": "mariadbd",
}
#: Servers lie where the search path of a user may not lead.
SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
#: Seconds until a server must answer; a third of a second on an idle machine.
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Asked:
    """One request that the server answered; php/router.php notes them."""

    status: int
    path: str
    agent: str
    #: Whether it named a version that the client has already.
    conditional: bool


@dataclass(frozen=True)
class Site:
    """A running WordPress."""

    base: str
    folder: Path
    log: Path
    environment: Mapping[str, str]

    def manage(self, do: str, **words: Any) -> Any:
        """Do what an editor would do; see php/manage.php."""
        done = subprocess.run(
            ["php", "-d", "display_errors=stderr", PHP / "manage.php"],
            input=json.dumps({"do": do, **words}),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def insert(self, posts: Sequence[Mapping[str, str]]) -> dict[str, str]:
        """Publish posts, given by WordPress's own names of fields; gives their addresses by name."""
        made: dict[str, str] = self.manage("insert", posts=list(posts))
        return made

    def edit(self, name: str, content: str) -> None:
        """Change the text of a post, a second after whatever was before: WordPress keeps whole seconds."""
        time.sleep(1.1)
        self.manage("edit", name=name, content=content)

    def asked(self) -> list[Asked]:
        """All requests so far, in the order of their answers."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [Asked(**json.loads(line)) for line in lines]


@contextmanager
def running(*, title: str, author: str, timezone: str) -> Iterator[Site]:
    """Install a WordPress of its own and serve it."""
    with ExitStack() as stack:
        # Not pytest's folder: the path of a socket may have 107 bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netra-wp-")))
        site = _prepare(folder)
        database = ["mariadbd", "--no-defaults", f"--datadir={folder / 'data'}", "--skip-networking"]
        database += [f"--socket={folder / 'db.sock'}", f"--pid-file={folder / 'db.pid'}"]
        # The only way in is the socket in our folder, so nobody needs an account, nor the tables of accounts,
        # which take longer to make than WordPress does.
        database += ["--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0"]
        if os.geteuid() == 0:
            database.append("--user=root")
        _start(stack, database, folder / "db.log", site.environment)
        _wait_for(socket.AF_UNIX, str(folder / "db.sock"), folder / "db.log")
        site.manage("install", title=title, author=author, timezone=timezone)
        place = site.base.removeprefix("http://")
        server = ["php", "-S", place, "-t", str(folder / "site"), str(PHP / "router.php")]
        _start(stack, server, folder / "php.log", site.environment)
        host, _, port = place.partition(":")
        _wait_for(socket.AF_INET, (host, int(port)), folder / "php.log")
        yield site


def _prepare(folder: Path) -> Site:
    """Link WordPress into a folder beside a configuration and contents of our own."""
    (folder / "data").mkdir()
    root = folder / "site"
    plugins = root / "wp-content" / "mu-plugins"
    plugins.mkdir(parents=True)
    for path in INSTALLED.iterdir():
        if path.name not in ("wp-config.php", "wp-content", ".htaccess"):
            (root / path.name).symlink_to(path)
    for name in ("themes", "languages"):
        (root / "wp-content" / name).symlink_to(INSTALLED / "wp-content" / name)
    (root / "wp-config.php").symlink_to(PHP / "wp-config.php")
    (plugins / "closed-rest.php").symlink_to(PHP / "closed-rest.php")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    log = folder / "asked.jsonl"
    own = {"BASE": base, "ROOT": root, "SOCKET": folder / "db.sock", "LOG": log}
    environment = {f"NETRA_WP_{name}": str(value) for name, value in own.items()}
    return Site(base, folder, log, {"PATH": SEARCHED, **environment})


def _start(stack: ExitStack, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
    """Start a server that ends with the block, and with this process in any case."""
    out = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *command], stdout=out, stderr=out, env=environment
    )

    def end() -> None:
        # Nothing of it is kept, so nothing needs to be written in order.
        process.kill()
        process.wait()

    stack.callback(end)


def _wait_for(family: socket.AddressFamily, place: Any, log: Path) -> None:
    """Wait until a server takes connections."""
    end = time.monotonic() + PATIENCE_S
    while True:
        with socket.socket(family) as client:
            if client.connect_ex(place) == 0:
                return
        assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")
        time.sleep(0.05)
