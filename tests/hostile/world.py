"""The process in which a hostile crawl runs.

    python -m tests.hostile.world WORLD.json ARGUMENTS of tests.crawlers.outlet

Names are answered from a table instead of DNS; every attempt to connect a socket and every file that is
opened under `watched` is written to a log before it happens; an attempt to leave the loopback interface
is stopped there, so that no packet of a test goes out.
"""

import errno
import json
import os
import resource
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def install(world: dict[str, Any]) -> None:
    """Put this process into the world of the test."""
    names: dict[str, list[list[str]]] = world["names"]
    real = socket.getaddrinfo
    # Unbuffered: the hook runs inside whatever the process is doing.
    log = os.open(world["seen"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in names:
            return real(host, port, *rest, **more)
        answers = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        found = []
        for answer in answers:
            six = ":" in answer
            place = (answer, port, 0, 0) if six else (answer, port)
            family = socket.AF_INET6 if six else socket.AF_INET
            found.append((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place))
        return found

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(args[1], tuple):
            os.write(log, f"connect {args[1][0]}:{args[1][1]}\n".encode())
            if not str(args[1][0]).startswith("127."):
                raise OSError(errno.ECONNREFUSED, "the test lets nothing out")
        elif event == "open" and str(args[0]).startswith(world["watched"]):
            os.write(log, f"open {args[0]}\n".encode())

    socket.getaddrinfo = look_up
    sys.addaudithook(watch)


def main(words: Sequence[str]) -> int:
    """Crawl as tests.crawlers.outlet does, then print what it cost."""
    world = json.loads(Path(words[0]).read_text())
    install(world)
    # Twisted keeps the look-up that it finds when it is imported.
    from scrapy.settings import default_settings

    from crawlers import settings
    from tests.crawlers import outlet

    settings.TIMEOUT_S = world["timeout_s"]
    # The resolver that asks for IPv6 too and tries every answer, and asks again every time.
    default_settings.TWISTED_DNS_RESOLVER = "scrapy.resolver.CachingHostnameResolver"
    default_settings.DNSCACHE_ENABLED = False
    code = outlet.main(words[1:])
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"cpu_s": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}
    print(json.dumps(cost))  # noqa: T201 - this is a command
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
