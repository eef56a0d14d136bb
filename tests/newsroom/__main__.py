"""Command line of the newsroom builder: `build` writes the two files, `check` compares them, `week` writes a
week in which outlets begin to fail.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.newsroom.build import GOLD_FILE, WARC_FILE, build_gold, build_warc, content_of
from tests.newsroom.week import write_week

USAGE = "usage: python -m tests.newsroom build | check | week FOLDER"


def main(arguments: Sequence[str]) -> int:
    """Run one verb. Exit codes: 0 good, 1 the shipped files are out of date, 2 wrong use."""
    if arguments == ["build"]:
        WARC_FILE.write_bytes(build_warc())
        GOLD_FILE.write_text(build_gold(), encoding="utf-8")
        sys.stdout.write(f"{WARC_FILE}: {WARC_FILE.stat().st_size:,} bytes\n{GOLD_FILE}\n")
        return 0
    if arguments == ["check"]:
        stale = stale_files()
        for name in stale:
            sys.stderr.write(f"{name} is out of date: run python -m tests.newsroom build\n")
        return 1 if stale else 0
    if len(arguments) == 2 and arguments[0] == "week":
        try:
            archive = write_week(Path(arguments[1]))
        except FileExistsError as error:
            sys.stderr.write(f"{error} is there already: name another folder\n")
            return 2
        db = f"--db sqlite:///{archive.parent.resolve() / 'netra.db'}"
        sys.stdout.write(
            f"python pipeline.py nightly --replay {archive} {db} --out {archive.parent}\n"
            f"python pipeline.py status {db} --nights 7\n"
        )
        return 0
    sys.stderr.write(USAGE + "\n")
    return 2


def stale_files() -> list[str]:
    """Name the shipped files that differ from a fresh build, or are missing.

    Archives are compared after decompression: another zlib may pack the same records differently.
    """
    stale = []
    if not WARC_FILE.exists() or content_of(WARC_FILE.read_bytes()) != content_of(build_warc()):
        stale.append(str(WARC_FILE))
    if not GOLD_FILE.exists() or GOLD_FILE.read_text(encoding="utf-8") != build_gold():
        stale.append(str(GOLD_FILE))
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
