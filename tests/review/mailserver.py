"""A mail server of one test: SMTP over loopback with STARTTLS, TLS and login, and with faults on request."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """What the server does and what it got."""

    port: int = 0
    #: Offered after EHLO; None: no STARTTLS.
    starttls: ssl.SSLContext | None = None
    user: str = ""
    password: str = ""
    #: Command → answers given to it first, before the usual one.
    faults: dict[str, list[str]] = field(default_factory=dict)
    letters: list[bytes] = field(default_factory=list)
    #: (command line, whether the connection was encrypted)
    heard: list[tuple[str, bool]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 uji ESMTP\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            secure = writer.get_extra_info("ssl_object") is not None
            word = line.partition(" ")[0].upper()
            self.heard.append((word + line[len(word) :], secure))
            if faults := self.faults.get(word):
                writer.write(f"{faults.pop(0)}\r\n".encode())
            elif word == "EHLO":
                offers = ["STARTTLS"] if self.starttls and not secure else []
                offers += ["AUTH PLAIN LOGIN"] if self.user else []
                lines = ["uji", *offers]
                parts = [f"250{' ' if n == len(lines) - 1 else '-'}{text}" for n, text in enumerate(lines)]
                writer.write(("\r\n".join(parts) + "\r\n").encode())
            elif word == "STARTTLS" and self.starttls:
                writer.write(b"220 go\r\n")
                await writer.drain()
                await writer.start_tls(self.starttls)
            elif word == "AUTH":
                given = base64.b64decode(line.split(" ")[2])
                good = given == f"\0{self.user}\0{self.password}".encode()
                writer.write(b"235 ok\r\n" if good else b"535 no: " + line.encode() + b"\r\n")
            elif word == "DATA":
                writer.write(b"354 go\r\n")
                await writer.drain()
                self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 kept\r\n")
            else:
                writer.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
                if word == "QUIT":
                    return
            await writer.drain()


@contextmanager
def mail_server(server: MailServer, *, tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Run a server on a free port of this machine; `tls`: encrypted from the first byte."""
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls))
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        listening.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
