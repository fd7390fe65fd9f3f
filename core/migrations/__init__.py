"""Brings a database to the shape of the code: core's own branch, and a branch with its own version table per plugin."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

HERE = Path(__file__).parent
# One number for every migrator of one database: the second waits, then finds nothing to do.
_LOCK_KEY = 7_242_514_001


def _config(location: Path, version_table: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(location / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = version_table
    return config


async def upgrade(dsn: str, *, plugins: dict[str, Path] | None = None) -> None:
    """Migrate core, then each plugin (id -> folder that holds `versions/`); every script runs as anxin_owner.

    Args:
        dsn: asyncpg URL of a login that is a member of anxin_owner.
        plugins: migration folders of the plugins that have tables.
    """
    engine = create_async_engine(dsn, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
            await connection.execute(text("SET ROLE anxin_owner"))
            await connection.commit()
            await connection.run_sync(_upgrade_branch, HERE, "alembic_version")
            for plugin, location in sorted((plugins or {}).items()):
                await connection.run_sync(_upgrade_branch, location, f"x_{plugin}_version")
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade_branch(connection: Connection, location: Path, version_table: str) -> None:
    command.upgrade(_config(location, version_table, connection), "head")


async def sign_contexts(dsn: str, key: str) -> None:
    """Let a tenant's id count only with its signature by this key; an empty key goes back to plain ids.

    Every process must use the same key from then on; those that do not see no rows at all.
    """
    engine = create_async_engine(dsn, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL ROLE anxin_owner"))
            await connection.execute(text("SELECT app.sign_contexts(:key)"), {"key": key.encode() or None})
    finally:
        await engine.dispose()
