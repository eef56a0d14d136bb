"""Starts crawls by fork, from a process that has everything imported: milliseconds instead of a second each.

    python -m tests.crawlers.launcher      reads one JSON list of words a line, answers with the crawl's pid

Only the crawl that is killed runs this way; whatever is compared with it is started as a user would.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.crawlers import outlet


class Launcher:
    """The launching process, for as long as the block lasts."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crawlers.launcher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "NO_PROXY": "*"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def start(self, words: list[str]) -> int:
        """Start a crawl with these arguments of tests.crawlers.outlet; gives its process id."""
        return int(self._ask(json.dumps(words)))

    def kill(self, pid: int) -> bool:
        """Send SIGKILL to a crawl and wait for its end; False when it had ended before."""
        return self._ask(json.dumps(pid)) == "killed"

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def serve() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            os.kill(asked, signal.SIGKILL)
            _, status = os.waitpid(asked, 0)
            answer = "killed" if os.WIFSIGNALED(status) else "ended"
        else:
            pid = os.fork()
            if not pid:
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                os._exit(outlet.main(asked))
            answer = str(pid)
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
