"""Twenty secrets go through a night that fails in every way: none is in anything that it leaves (S13)."""

import gzip
import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crawlers import networks as net
from tests.crawlers.networks import Question, say
from tests.crawlers.outlet import Reply, entry, manifest, outlet

ROOT = Path(__file__).parent.parent
NETWORKS = ("x", "youtube", "reddit", "tiktok", "mastodon", "bluesky")
#: Where an operator keeps secrets: variable -> value, with {} for the secret itself.
PLACES = {
    **{f"NETRA_{kind.upper()}_TOKEN": "{}" for kind in NETWORKS},
    "NETRA_HANDLE_KEY": "{}-{}",
    "NETRA_DB": "postgresql://netra:{}@127.0.0.1:1/netra",
    "HTTP_PROXY": "http://netra:{}@127.0.0.1:9",
    "HTTPS_PROXY": "http://netra:{}@127.0.0.1:9",
    "ALL_PROXY": "http://netra:{}@127.0.0.1:9",
    "NETRA_SMTP_PASSWORD": "{}",
    "NETRA_TELEGRAM_TOKEN": "{}",
    "PGPASSWORD": "{}",
    "DATABASE_URL": "postgresql://netra:{}@db.test/netra",
    "AWS_SECRET_ACCESS_KEY": "{}",
    "GITHUB_TOKEN": "{}",
    "HF_TOKEN": "{}",
    "API_KEY": "{}",
    # The password of a ~/.netrc, which HTTP clients read unasked.
    "NETRC": "",
}
SECRETS = {name: f"kenari{number:02d}rahasia{number * 7919:06d}" for number, name in enumerate(PLACES)}
#: A stage and a spider that break with everything they hold in their message, as bugs do.
CODE = """
import pathlib, sys, pipeline
from crawlers.spiders import social

def leak(*_):
    held = sys._getframe(1).f_locals
    sent = getattr(held.get("response"), "request", None)
    raise RuntimeError(repr({**held, "headers": sent and sent.headers, "meta": sent and sent.meta}))

pipeline.VAR = pathlib.Path(sys.argv.pop(1))
social.sound = leak
if sys.argv.pop(1) == "broken":
    pipeline.run_group = leak
pipeline.main()
"""


def echo(status: int, place: str = "") -> net.Speaker:
    """Make a server that repeats what it was sent: in a header, in an address, in its answer."""

    def speak(question: Question) -> Reply:
        sent = json.dumps(dict(question.headers)) + question.body.decode()
        token = " ".join(question.headers.get(name, "") for name in ("Authorization", "X-Goog-Api-Key"))
        bare = token.replace("Bearer", "").strip()
        more = {"Location": f"{place}/?token={bare}"} if place else {}
        return say({"error": sent, "message": sent}, status, X_Echo=token, **more)

    return speak


def newspaper(question: Question) -> Reply:
    """Answer as a careless outlet does, which prints what it was sent into its articles."""
    now = datetime.now(UTC)
    if question.path == "/feed":
        item = f"<title>Camat hadir</title><link>http://{question.headers['Host']}/a/1</link>"
        item += f"<pubDate>{now:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
        return Reply(f'<rss version="2.0"><channel><item>{item}</item></channel></rss>'.encode())
    text = "Camat Rekaan diduga mengajak aparatur sipil negara memilih calon bupati pada deklarasi. " * 6
    sent = json.dumps(dict(question.headers))
    page = (
        f"<html><title>Camat hadir di deklarasi</title><article><p>{text}</p><p>{sent}</p></article></html>"
    )
    return Reply(page.encode(), 200, {"Content-Type": "text/html; charset=utf-8"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the nights leave, what they printed included."""
    place = tmp_path_factory.mktemp("rahasia")
    environment = {name: form.replace("{}", SECRETS[name]) for name, form in PLACES.items()}
    home = tmp_path_factory.mktemp("rumah")
    (home / ".netrc").write_text(f"machine 127.0.0.1 login netra password {SECRETS['NETRC']}\n")
    (home / ".netrc").chmod(0o600)
    environment |= {"HOME": str(home), "NETRC": str(home / ".netrc"), "NETRA_CONTACT": "uji@netra.test"}
    with ExitStack() as stack:
        sources, away = place / "sources", stack.enter_context(outlet())
        asked = {}
        for kind in NETWORKS:
            token = f'[credentials]\ntoken = "NETRA_{kind.upper()}_TOKEN"\n'
            for status, to in ((401, ""), (500, ""), (302, away.base), (200, "")):
                served = stack.enter_context(net.serve(echo(status, to)))
                asked[kind] = served.asked
                net.manifest(sources, f"{kind}-{status}", kind, [served.base], more=token)
        quiet = stack.enter_context(net.serve(lambda _: say({"meta": {"result_count": 0}})))
        net.manifest(sources, "x-bug", "x", [quiet.base])
        news = stack.enter_context(net.serve(newspaper))
        manifest(sources, "warta", entry("feed", f"{news.base}/feed"))
        down = stack.enter_context(outlet())
        down.say("/feed", "galat", 500)
        manifest(sources, "rusak", entry("feed", f"{down.base}/feed"))
        db = f"sqlite:///{place / 'netra.db'}"
        calls = {
            "broken": (4, ["nightly", "--sources", sources, "--out", place / "out", "--db", db]),
            "failing": (1, ["nightly", "--sources", sources, "--out", place / "out", "--db", db]),
            "shown": (1, ["status", "--db", db]),
            # Without --db the address of NETRA_DB is used: nobody is there.
            "unreachable": (2, ["status"]),
            "help": (0, ["status", "--help"]),
        }
        for name, (code, words) in calls.items():
            command = [sys.executable, "-c", CODE, str(place), name, *map(str, words)]
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **environment, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert done.returncode == code, (name, done.stdout, done.stderr)
            (place / f"{name}.out").write_text(done.stdout)
            (place / f"{name}.err").write_text(done.stderr)
        assert away.asked == []
    for kind in NETWORKS:
        # The tokens were really sent: what follows would not pass by asking nobody.
        sent = asked[kind][0].headers
        assert SECRETS[f"NETRA_{kind.upper()}_TOKEN"] in sent.get("Authorization", "") + sent.get(
            "X-Goog-Api-Key", ""
        )
    return place


def test_no_secret_is_left_anywhere(folder: Path) -> None:
    assert len(SECRETS) == len(set(SECRETS.values())) == 20
    seen = 0
    for path in (p for p in folder.rglob("*") if p.is_file() and p.parent.name != "sources"):
        body = path.read_bytes()
        body = gzip.decompress(body) if path.suffix == ".gz" else body
        found = [name for name, secret in SECRETS.items() if secret.encode() in body]
        assert found == [], path
        seen += 1
    assert seen > 10


def test_the_places_to_look_in_are_there_and_full(folder: Path) -> None:
    """Logs, database, sheet, report, archive, tracebacks: each has something of the night in it."""
    names = {path.name for path in folder.rglob("*")}
    assert "netra.db" in names
    assert any(re.fullmatch(r"flagged-.*\.csv", name) for name in names)
    assert any(re.fullmatch(r"report-.*\.json", name) for name in names)
    assert len(list((folder / "warc").glob("*.warc.gz"))) == 2
    traceback = (folder / "last-error.txt").read_text()
    assert "RuntimeError" in traceback
    assert "run_group" in traceback
    log = (folder / "failing.err").read_text()
    assert "this is a bug" in log
    assert "RuntimeError" in log
    # What the networks repeated was there, and was blanked.
    archived = b"".join(gzip.decompress(path.read_bytes()) for path in (folder / "warc").glob("*.warc.gz"))
    assert archived.count(b"Bearer (token)") > len(NETWORKS)
    # The outlet that prints what it was sent has become a row of the sheet.
    sheet = next((folder / "out").glob("flagged-*.csv")).read_text(encoding="utf-8-sig")
    assert "/a/1" in sheet
    assert "netra:***@127.0.0.1" in (folder / "unreachable.err").read_text()


def test_no_private_key_is_in_the_repository() -> None:
    words = [
        "git",
        "grep",
        "-lI",
        "-e",
        "-----BEGIN [A-Z ]*PRIVATE KEY-----",
        "--",
        ":!tests/test_secrets.py",
    ]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, "")
