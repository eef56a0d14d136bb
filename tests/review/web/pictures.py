"""Takes the pictures of docs/analis.md: the page in real Chromium over the sample newsroom.

Promises: a database of the sample is filled by the real night, or one that is given is used; a reviewer is
made, nothing is decided; each picture stays below MAX_BYTES. Never does: run as a
test; show anything but the invented newsroom.

    python -m tests.review.web.pictures docs/pictures                     runs the night first (minutes)
    python -m tests.review.web.pictures docs/pictures --db sqlite:///F    over the database of such a night
"""

import argparse
import io
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[3]
#: Of one picture, as the repository keeps them.
MAX_BYTES = 150_000
#: Colours of a picture: the page has few, and letters stay sharp.
COLOURS = 64
DESK, PHONE = {"width": 1200, "height": 800}, {"width": 360, "height": 740}
#: The map of the national picture and the first rows of its table.
TALL = {"width": 1200, "height": 1180}
NAME, PASSWORD = "Sekar", secrets.token_urlsafe()


def pipeline(*words: str) -> None:
    """Run a verb; its exit code 1 (a source failed, as the sample's do) is good."""
    done = subprocess.run(
        [sys.executable, ROOT / "pipeline.py", *words],
        env=os.environ | {"NETRA_REVIEWER_PASSWORD": PASSWORD},
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)


@contextmanager
def served(db: str) -> Iterator[str]:
    """The address of the page over a database."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    words = ["--db", db, "--port", str(port), "--sources", str(ROOT / "data" / "sample" / "sources")]
    page = subprocess.Popen([sys.executable, ROOT / "pipeline.py", "review", *words])
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/login", timeout=60)
                break
            except httpx.ConnectError:
                if page.poll() is not None:
                    raise
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        page.terminate()
        page.wait()


def shoot(tab: Tab, path: Path, *, whole: bool = False) -> None:
    """Save what a tab shows, with few colours."""
    shot = Image.open(io.BytesIO(tab.screenshot(full_page=whole))).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise SystemExit(f"{path} has {size:,} bytes, more than {MAX_BYTES:,}; shoot less of the page.")


def take(address: str, out: Path) -> None:
    """All pictures: login, list, filters, incident, decision saved, overview, national picture, phone."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = chromium.new_context(base_url=address, viewport=DESK, locale="id-ID").new_page()  # type: ignore[arg-type] # a plain dict of its shape
        tab.goto("/login")
        tab.get_by_label("Nama").fill(NAME)
        tab.get_by_label("Kata sandi").fill(PASSWORD)
        tab.get_by_role("button", name="Masuk").click()
        tab.wait_for_url(f"{address}/")
        shoot(tab, out / "daftar.png")
        tab.locator("summary").click()
        shoot(tab, out / "saringan.png")
        tab.goto("/")
        tab.locator("a[data-row]").first.click()
        tab.wait_for_selector("mark")
        tab.keyboard.press("1")
        shoot(tab, out / "kejadian.png")
        tab.goto("/overview")
        shoot(tab, out / "ikhtisar.png", whole=True)
        tab.goto("/nasional")
        tab.set_viewport_size(TALL)  # type: ignore[arg-type] # a plain dict of its shape
        shoot(tab, out / "nasional.png")
        tab.set_viewport_size(PHONE)  # type: ignore[arg-type] # a plain dict of its shape
        tab.goto("/")
        shoot(tab, out / "ponsel-daftar.png")
        tab.locator("a[data-row]").first.click()
        tab.wait_for_selector("mark")
        shoot(tab, out / "ponsel-kejadian.png")
        chromium.close()


def main(words: Sequence[str] | None = None) -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--db", help="the database of a night on the sample newsroom; it is not changed")
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        db = f"sqlite:///{folder / 'netra.db'}"
        if options.db:
            # With its write-ahead log, where the last rows of a night may still be.
            given = Path(options.db.removeprefix("sqlite:///"))
            for part in given.parent.glob(f"{given.name}*"):
                if not part.name.endswith(".lock"):
                    shutil.copy(part, folder / part.name.replace(given.name, "netra.db"))
        else:
            sample = ROOT / "data" / "sample" / "newsroom.warc.gz"
            pipeline("nightly", "--replay", str(sample), "--db", db, "--out", str(folder / "out"))
        pipeline("reviewers", "add", NAME, "--db", db)
        take(stack.enter_context(served(db)), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
