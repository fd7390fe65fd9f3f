"""The database's roles and their rights: one owner that nobody signs in as, and three logins that bypass nothing."""

from dataclasses import dataclass

import asyncpg

OWNER = "anxin_owner"
MIGRATOR = "anxin_migrator"
APP = "anxin_app"
WORKER = "anxin_worker"

# A page that takes 15 s has lost its reader; a job may take longer. An idle transaction holds locks and keeps VACUUM off.
_TIMEOUTS = {
    APP: {"statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s", "lock_timeout": "10s"},
    WORKER: {
        "statement_timeout": "120s",
        "idle_in_transaction_session_timeout": "60s",
        "lock_timeout": "30s",
    },
    MIGRATOR: {"idle_in_transaction_session_timeout": "600s"},
}
_PLAIN = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"


@dataclass(frozen=True)
class Passwords:
    """The passwords of the three logins."""

    migrator: str
    app: str
    worker: str


async def ensure_roles(admin_dsn: str, passwords: Passwords, *, database: str = "anxin") -> None:
    """Make roles, passwords, time limits and the empty database, or bring existing ones to the same state.

    Args:
        admin_dsn: a login that may create roles and databases, connected to any other database.
        passwords: set on every call, so a changed secret takes effect.
        database: owned by anxin_owner, closed to everybody but the three logins.
    """
    connection = await asyncpg.connect(driver_dsn(admin_dsn))
    try:
        await _role(connection, OWNER, f"NOLOGIN {_PLAIN}")
        for name, password in (
            (MIGRATOR, passwords.migrator),
            (APP, passwords.app),
            (WORKER, passwords.worker),
        ):
            # NOINHERIT: the migrator owns nothing until it says SET ROLE anxin_owner.
            await _role(connection, name, f"LOGIN {'NOINHERIT' if name == MIGRATOR else 'INHERIT'} {_PLAIN}")
            await _run(connection, "ALTER ROLE %I PASSWORD %L", name, password)
            for setting, value in _TIMEOUTS[name].items():
                await _run(connection, "ALTER ROLE %I SET %I = %L", name, setting, value)
        await _run(connection, "GRANT %I TO %I", OWNER, MIGRATOR)
        if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            # A managed server's administrator is no superuser and may give a database only to a role it belongs to.
            await _run(connection, "GRANT %I TO CURRENT_USER", OWNER)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await _run(connection, "CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING 'UTF8'", database, OWNER)
    finally:
        await connection.close()
    await close_database(admin_dsn, database)


async def close_database(admin_dsn: str, database: str) -> None:
    """Take from PUBLIC what PostgreSQL gives it, on a new database or a clone of one (a clone loses such grants)."""
    connection = await asyncpg.connect(driver_dsn(admin_dsn), database=database)
    try:
        await _run(connection, "REVOKE ALL ON DATABASE %I FROM PUBLIC", database)  # CONNECT and TEMPORARY
        await _run(connection, "GRANT CONNECT ON DATABASE %I TO %I, %I, %I", database, MIGRATOR, APP, WORKER)
        await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    finally:
        await connection.close()


def driver_dsn(dsn: str) -> str:
    """The address as the driver itself reads it."""
    return dsn.replace("postgresql+asyncpg://", "postgresql://", 1)


async def _role(connection: asyncpg.Connection, name: str, options: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
        await _run(connection, "CREATE ROLE %I", name)
    superuser = await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not superuser:
        # Only a superuser may name these two, even to say no; they are off for every new role.
        options = options.replace("NOSUPERUSER ", "").replace("NOBYPASSRLS ", "").replace("NOREPLICATION", "")
    await connection.execute(f"ALTER ROLE {name} {options}")


async def _run(connection: asyncpg.Connection, template: str, *parts: str) -> None:
    """Run a statement whose names (%I) and texts (%L) the server itself quotes."""
    statement = str(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", template, list(parts)))
    await connection.execute(statement)
