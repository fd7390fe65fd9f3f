"""Counts what comes in through doors without a session, in Valkey: so many a minute of one kind, one counter each."""

import logging
from uuid import UUID

from redis.exceptions import RedisError

from core.errors import RateLimited
from web.request import WebRequest

logger = logging.getLogger(__name__)


class TooManyRequests(RateLimited):
    """More in a minute than a person or a well-behaved programme sends; `retry_after` seconds are left to wait."""

    code = "too-many-requests"


async def limit_rate(
    request: WebRequest, tenant_id: UUID, kind: str, who: str, *, most: int, seconds: int = 60
) -> None:
    """Count one more of this kind; raise TooManyRequests beyond `most` in the present window.

    A Valkey that is away lets everybody in: forms and complaints must arrive, and the database has its own limits.
    """
    now = request.runtime.clock().timestamp()
    window, left = int(now // seconds), seconds - int(now % seconds)
    name = f"anxin:{tenant_id}:rate:{kind}:{who}:{window}"
    try:
        async with request.runtime.workplace.bus.client.pipeline(transaction=False) as pipe:
            pipe.incr(name)
            pipe.expire(name, seconds * 2)
            count = int((await pipe.execute())[0])
    except (RedisError, OSError):
        logger.warning("valkey did not count %s requests; they are let in", kind)
        return
    if count > most:
        raise TooManyRequests(retry_after=left)


def address_of(request: WebRequest) -> str:
    """Return where the request comes from, as far as we can know."""
    return request.client.host if request.client else ""
