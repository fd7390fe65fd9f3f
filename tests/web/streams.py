"""Reads a server-sent stream from the app as a browser does; httpx's transport would wait for the end of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from tests.webapp import Browser


class Stream:
    """What came so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self._chunks: asyncio.Queue[str] = asyncio.Queue()

    async def put(self, message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            self.status = int(str(message["status"]))
            headers = message["headers"]
            assert isinstance(headers, list | tuple)
            self.headers = {name.decode().lower(): value.decode() for name, value in headers}
        elif message.get("body"):
            body = message["body"]
            assert isinstance(body, bytes)
            if body.startswith(b"retry:"):
                self.started.set()
            else:
                await self._chunks.put(body.decode())
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.ended.set()
            self.started.set()

    async def next(self, seconds: float = 10) -> str:
        """Return the next event; TimeoutError when none comes."""
        return await asyncio.wait_for(self._chunks.get(), seconds)

    def is_quiet(self) -> bool:
        return self._chunks.empty()


@asynccontextmanager
async def open_stream(
    app: Litestar, browser: Browser, path: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Stream]:
    """Open a stream with the browser's cookies; the browser goes away when the block ends."""
    place, _, query = path.partition("?")
    sent = {"host": "anxin.test", "cookie": "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)} | (
        headers or {}
    )
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": place,
        "raw_path": place.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("anxin.test", 443),
        "state": {},
    }
    stream, gone, asked = Stream(), asyncio.Event(), False

    async def receive() -> dict[str, object]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    task = asyncio.create_task(app(scope, receive, stream.put))  # type: ignore[arg-type]  # Litestar's own ASGI types
    try:
        await asyncio.wait_for(stream.started.wait(), 10)
        yield stream
    finally:
        gone.set()
        await asyncio.wait_for(task, 10)
