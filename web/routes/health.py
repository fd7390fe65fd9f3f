"""Whether this process can work: its database and its Valkey answer."""

import asyncio
from typing import Any, Final

from litestar import Response, get
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web.request import WebRequest
from web.security import OPEN

_PATIENCE: Final = 2.0
"""Seconds for each part."""


async def _database(request: WebRequest) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE), request.runtime.workplace.database.platform() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return False
    return True


async def _valkey(request: WebRequest) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await request.runtime.workplace.bus.client.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True


@get("/health", guards=[OPEN])
async def show_health(request: WebRequest) -> Response[Any]:
    database, valkey = await _database(request), await _valkey(request)
    parts = {"database": "ok" if database else "away", "valkey": "ok" if valkey else "away"}
    # Without Valkey pages work and deadlines hold; only their speed suffers, so it takes nobody out of service.
    state = "ok" if database and valkey else "degraded" if database else "away"
    return Response({"status": state} | parts, status_code=200 if database else 503, media_type="application/json")


routes = [show_health]
