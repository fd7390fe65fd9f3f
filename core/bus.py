"""Short messages through Valkey after a commit: they wake the relay and live pages; losing one costs only time."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.sentinel import Sentinel
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WAKE_CHANNEL = "anxin:wake"
COUNT_SECONDS = 24 * 3600
"""A count outlives every open page; one that is gone only makes a page ask once more."""


def connect(url: str) -> Redis:
    """Return a client for redis://, rediss://, unix:// or sentinel://host:port,host:port/service."""
    if url.startswith("sentinel://"):
        hosts, _, service = url.removeprefix("sentinel://").partition("/")
        nodes = [(host, int(port or 26379)) for host, _, port in (node.partition(":") for node in hosts.split(","))]
        sentinel = Sentinel(nodes)  # type: ignore[no-untyped-call]  # redis 5.3 ships it without types
        client: Redis = sentinel.master_for(service or "mymaster")
        return client
    direct: Redis = Redis.from_url(url)
    return direct


def topic_channel(tenant_id: UUID, topic: str) -> str:
    """Return the channel's name; it starts with the tenant, so no tenant can listen to another's."""
    return f"anxin:{tenant_id}:{topic}"


def _count_key(channel: str) -> str:
    return f"{channel}:said"


class Message(msgspec.Struct, frozen=True):
    """What a unit of work wants to say once it has been committed."""

    tenant_id: UUID
    topic: str
    data: dict[str, Any]


class Bus:
    """Publishes after commit and listens for live pages; a Valkey that is away is logged, never raised."""

    def __init__(self, url: str) -> None:
        self.client = connect(url)

    async def send(self, messages: Sequence[Message], *, wake: bool) -> None:
        """Publish what a committed unit of work had to say, and wake the relay when work is due."""
        if not messages and not wake:
            return
        try:
            async with self.client.pipeline(transaction=False) as pipe:
                # Counted before it is said: who hears nothing of it sees by the count that there was something.
                for channel in dict.fromkeys(topic_channel(one.tenant_id, one.topic) for one in messages):
                    pipe.incr(_count_key(channel))
                    pipe.expire(_count_key(channel), COUNT_SECONDS)
                for message in messages:
                    pipe.publish(topic_channel(message.tenant_id, message.topic), msgspec.json.encode(message.data))
                if wake:
                    pipe.publish(WAKE_CHANNEL, b"1")
                await pipe.execute()
        except (RedisError, OSError):
            logger.warning("valkey did not take %d messages; the relay will find the work by itself", len(messages))

    async def mark(self, tenant_id: UUID, topics: Sequence[str]) -> str:
        """Return a text that differs once something more was said about the topics; empty while nobody can tell."""
        try:
            counts = await self.client.mget([_count_key(topic_channel(tenant_id, topic)) for topic in topics])
        except (RedisError, OSError):
            return ""
        return ".".join(str(int(count or 0)) for count in counts)

    @asynccontextmanager
    async def listen(self, *channels: str) -> AsyncIterator[PubSub]:
        """Subscribe to channels for as long as the block runs."""
        pubsub = self.client.pubsub(ignore_subscribe_messages=True)
        await pubsub.subscribe(*channels)
        try:
            yield pubsub
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis 5.3 ships it without types

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.aclose()
