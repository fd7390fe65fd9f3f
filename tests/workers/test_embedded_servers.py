"""The embedded servers: private, durable, and alive again after every kind of death."""

import asyncpg
import redis

from core.migrations.roles import driver_dsn
from workers.embedded.postgres import Dsns


async def test_the_app_role_bypasses_nothing_and_reads_migrated_tables(postgres: Dsns) -> None:
    connection = await asyncpg.connect(driver_dsn(postgres.app))
    try:
        row = await connection.fetchrow(
            "SELECT current_user::text AS me, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles "
            "WHERE rolname = current_user"
        )
        assert row is not None
        assert dict(row) == {
            "me": "anxin_app",
            "rolsuper": False,
            "rolbypassrls": False,
            "rolcreatedb": False,
        }
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tableowner = 'anxin_owner'") > 0
    finally:
        await connection.close()


def test_valkey_keeps_every_key(valkey: str) -> None:
    with redis.Redis.from_url(valkey) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("port") == {"port": "0"}
