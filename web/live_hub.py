"""One Valkey subscription per process, whatever the number of live pages; it hands messages to rooms by channel."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from core.bus import Bus

logger = logging.getLogger(__name__)

Listener = Callable[[dict[str, Any] | None], None]
"""Gets what was published; None when something may have been missed."""

_KEEP_OPEN: Final = "anxin:live"
_RETRY_SECONDS: Final = 1.0


class LiveHub:
    """Made with the app, starts with the first live page, ends with the app."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._listeners: dict[str, set[Listener]] = {}
        self._endings: set[Callable[[], None]] = set()
        self._pubsub: PubSub | None = None
        self._task: asyncio.Task[None] | None = None
        self._chores: set[asyncio.Task[Any]] = set()
        self._ready = asyncio.Event()
        self._closed = False

    async def join(self, channel: str, listener: Listener) -> None:
        """Hear the channel from now on; returns once Valkey has been told, or at once while it is away."""
        if self._closed:
            return
        first = channel not in self._listeners
        self._listeners.setdefault(channel, set()).add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="live-hub")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), 2)
        elif first and self._pubsub is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.subscribe(channel)

    def leave(self, channel: str, listener: Listener) -> None:
        """Hear no more; never waits, since it is called while a stream is being torn down."""
        listeners = self._listeners.get(channel, set())
        listeners.discard(listener)
        if not listeners and self._listeners.pop(channel, None) is not None and self._pubsub is not None:
            self.run_chore(self._unsubscribe(self._pubsub, channel))

    def on_end(self, ending: Callable[[], None]) -> Callable[[], None]:
        """Call `ending` when the process stops; returns what takes that back."""
        if self._closed:
            ending()
        self._endings.add(ending)
        return lambda: self._endings.discard(ending)

    def run_chore(self, work: Any) -> None:
        """Run a coroutine beside, and keep it alive."""
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def close_streams(self) -> None:
        """End every live page, so that a server that waits for open answers can stop."""
        self._closed = True
        for ending in tuple(self._endings):
            ending()

    async def aclose(self) -> None:
        """End streams, tasks and the subscription."""
        self.close_streams()
        tasks = [task for task in (self._task, *self._chores) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None

    async def _unsubscribe(self, pubsub: PubSub, channel: str) -> None:
        if channel not in self._listeners:
            with contextlib.suppress(RedisError, OSError):
                await pubsub.unsubscribe(channel)

    async def _run(self) -> None:
        """Listen for ever; after a broken connection every page is told that it may have missed something."""
        broken = False
        while True:
            pubsub = self._bus.client.pubsub(ignore_subscribe_messages=True)
            try:
                await pubsub.subscribe(_KEEP_OPEN, *self._listeners)
                self._pubsub = pubsub
                self._ready.set()
                if broken:
                    self._tell_all_missed()
                await self._hear(pubsub)
            except (RedisError, OSError):
                logger.warning("valkey is away; live pages wait for it")
            finally:
                self._pubsub = None
                with contextlib.suppress(RedisError, OSError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves this one unannotated
            broken = True
            await asyncio.sleep(_RETRY_SECONDS)

    async def _hear(self, pubsub: PubSub) -> None:
        async for message in pubsub.listen():
            channel = message["channel"]
            name = channel.decode() if isinstance(channel, bytes) else str(channel)
            try:
                data = msgspec.json.decode(message["data"], type=dict[str, Any])
            except (msgspec.MsgspecError, TypeError):
                logger.warning("a message on %s was not ours", name)
                continue
            for listener in tuple(self._listeners.get(name, ())):
                listener(data)

    def _tell_all_missed(self) -> None:
        for listeners in self._listeners.values():
            for listener in tuple(listeners):
                listener(None)
