"""In production the web does not start while a wall between tenants is open."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from workers.embedded.postgres import Dsns


async def _drop_policy(dsn: str) -> None:
    engine = create_async_engine(dsn, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("DROP POLICY tenant_isolation ON complaint"))
    await engine.dispose()


def test_a_dropped_policy_keeps_the_web_from_starting(new_database: Callable[[], Dsns], valkey: str) -> None:
    dsns = new_database()
    asyncio.run(_drop_policy(dsns.admin))
    given = {"DATABASE_URL": dsns.app, "REDIS_URL": valkey, "ANXIN_SECRET_KEY": "s" * 40, "ANXIN_CONTEXT_KEY": "c" * 40}
    ended = subprocess.run(
        [sys.executable, "-m", "web.main"],
        env={**os.environ, **given, "ANXIN_PROFILE": "production", "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "no-policy: complaint" in ended.stderr
    assert "anxin db check" in ended.stderr
