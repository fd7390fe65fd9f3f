"""Sends one message to an address of a tenant: to the very address that was checked, within limits, following nobody."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11

from core.webhooks.delivering import Outcome
from core.webhooks.outward import Outward
from core.webhooks.rules import check_url, may_reach

WHOLE: Final = 15.0
"""Seconds for all of it; Standard Webhooks recommends 15 to 30."""
CONNECTING: Final = 5.0
"""Seconds for one address of a name, so that a second one may be tried."""
MOST_ADDRESSES: Final = 3
MAX_HEADERS: Final = 16 * 1024
MAX_READ: Final = 64 * 1024
"""Bytes of an answer that are read before its status stands; of its body only the beginning is of use."""
KEPT_BODY: Final = 1024
AGENT: Final = "Anxin-Webhooks/1"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Unreachable(Exception):
    """The call came to nothing; the argument is the code that the log shows."""


async def resolve_name(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name, as the system's resolver gives them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def call(
    url: str, *, headers: dict[str, str], body: bytes, outward: Outward, resolve: Resolve = resolve_name
) -> Outcome:
    """Post the body and return what came of it; nothing that a stranger does raises here.

    Every address that the name has must lie in the public internet, and one of those is connected to: a name that
    resolves differently the next moment gains nothing. A redirect is an answer like any other, and no success.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    status, said, error = None, b"", ""
    try:
        async with asyncio.timeout(WHOLE):
            status, said = await _post(url, headers, body, outward, resolve)
    except Unreachable as refused:
        error = str(refused)
    except TimeoutError:
        error = "timeout"
    except ssl.SSLCertVerificationError:
        error = "certificate"
    except ssl.SSLError:
        error = "tls"
    except OSError:
        error = "connection"
    except h11.RemoteProtocolError:
        error = "protocol"
    millis = int((loop.time() - begun) * 1000)
    return Outcome(status=status, error=error, millis=millis, answer=said.decode("utf-8", "replace"))


async def _post(
    url: str, headers: dict[str, str], body: bytes, outward: Outward, resolve: Resolve
) -> tuple[int, bytes]:
    if check_url(url, plain=outward.plain) is not None:
        raise Unreachable("not-public")
    parts = urlsplit(url)
    reader, writer = await _connect(parts, outward, resolve)
    try:
        link = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS)
        request = h11.Request(
            method="POST",
            target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            headers=[
                ("host", parts.netloc),
                ("user-agent", AGENT),
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
                *headers.items(),
            ],
        )
        sent = (link.send(request), link.send(h11.Data(data=body)), link.send(h11.EndOfMessage()))
        writer.write(b"".join(one for one in sent if one))
        await writer.drain()
        return await _read(link, reader)
    finally:
        # Without the farewells of TLS: who does not answer would be waited for once more.
        writer.transport.abort()


async def _read(link: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the status and the beginning of the body; a body that breaks off, or never ends, changes no status."""
    status: int | None = None
    said = bytearray()
    taken = 0
    while True:
        try:
            event = link.next_event()
        except h11.RemoteProtocolError:
            if status is None:
                raise
            return status, bytes(said)
        if event is h11.NEED_DATA:
            chunk = await reader.read(4096)
            taken += len(chunk)
            if taken > MAX_READ and status is None:
                raise Unreachable("too-large")
            link.receive_data(chunk)
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            said += event.data
        if status is not None and (len(said) >= KEPT_BODY or isinstance(event, h11.EndOfMessage)):
            return status, bytes(said[:KEPT_BODY])
        if isinstance(event, h11.ConnectionClosed):
            raise Unreachable("protocol")


async def _connect(
    parts: SplitResult, outward: Outward, resolve: Resolve
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = await resolve(host, port)
    except (OSError, UnicodeError):
        raise Unreachable("name") from None
    if not addresses:
        raise Unreachable("name")
    if not outward.plain and not all(may_reach(one) for one in addresses):
        raise Unreachable("not-public")
    context = _context(outward.authority) if parts.scheme == "https" else None
    last: Exception = Unreachable("connection")
    for address in addresses[:MOST_ADDRESSES]:
        try:
            async with asyncio.timeout(CONNECTING):
                return await asyncio.open_connection(
                    address, port, ssl=context, server_hostname=host if context else None, limit=MAX_READ
                )
        except ssl.SSLError:
            raise
        except (OSError, TimeoutError) as failed:
            last = failed
    raise last


@lru_cache(4)
def _context(authority: str) -> ssl.SSLContext:
    """Certificates are checked against the name, by the public authorities and the one of the settings."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authority:
        context.load_verify_locations(cafile=authority)
    return context
