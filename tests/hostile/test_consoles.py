"""A running crawl listens nowhere: no telnet console, no remote control, no server of any kind (S15)."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.crawlers.outlet import arguments, entry, manifest
from tests.hostile.test_bombs import talking

LISTENING = "0A"


def listening_sockets(pid: int) -> list[str]:
    """Give the local addresses (hexadecimal) on which a process listens, of TCP over IPv4 and IPv6."""
    own = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(str(handle.readlink()))
        except OSError:
            continue  # closed meanwhile
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == LISTENING and f"socket:[{cells[9]}]" in own:
                found.append(cells[1])
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs /proc, as Linux has it")
def test_a_running_crawl_has_no_open_port(tmp_path: Path) -> None:
    asked, seen = threading.Event(), threading.Event()

    def hold(caller: object) -> None:
        del caller
        asked.set()
        seen.wait(60)
        raise OSError

    with talking(hold) as base:
        # The test can see a port: that of its own server.
        assert listening_sockets(os.getpid())
        manifest(tmp_path / "sources", "warta", entry("feed", f"{base}/feed"))
        child = subprocess.Popen(arguments(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert asked.wait(60)
            assert listening_sockets(child.pid) == []
        finally:
            seen.set()
            child.kill()
            child.wait(60)
