"""A real server on this machine that receives webhooks, over TLS or plain, and answers as a test says."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.webhooks.outward import Outward

TLS = Path(__file__).parent / "samples/tls"
"""Made for these tests alone: an authority that signs nothing else, and a server of `hooks.example.test` and localhost."""
SECRET_KEY = "a-secret-of-the-tests-that-is-long-enough"
LOCAL = Outward(SECRET_KEY, plain=True, authority=str(TLS / "authority.pem"))
"""What ANXIN_WEBHOOKS_PLAIN=1 and ANXIN_WEBHOOKS_AUTHORITY give a process: local hosts and our own authority."""
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Received:
    """One request as it came in."""

    head: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers each request with the next of `answers`, the last one again and again; None says nothing at all."""

    scheme: str = "http"
    answers: list[bytes | None] = field(default_factory=lambda: [OK])
    got: list[Received] = field(default_factory=list)
    port: int = 0
    endless: bytes = b""
    """Is sent again and again after the answer."""
    hook: Callable[[], None] | None = None
    """Runs when a request is in."""
    tasks: set[asyncio.Task[None] | None] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://localhost:{self.port}/hooks?of=anxin"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        self.tasks.add(asyncio.current_task())
        try:
            await self._take(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Received(lines[0], headers, body))
            if self.hook is not None:
                self.hook()
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if said is None:
                await reader.read()
                return
            writer.write(said)
            while self.endless:
                writer.write(self.endless)
                await writer.drain()
            await writer.drain()


@contextlib.asynccontextmanager
async def receiver(*answers: bytes | None, tls: bool = False, endless: bytes = b"") -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    made = Receiver(scheme="https" if tls else "http", answers=list(answers) or [OK], endless=endless)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for one in made.tasks:
            if one is not None and not one.done():
                one.cancel()
        await asyncio.gather(*(one for one in made.tasks if one is not None), return_exceptions=True)


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Write an answer."""
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{told}\r\n".encode() + body
