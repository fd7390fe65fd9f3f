"""The checks behind `anxin doctor`: each looks at one thing and never changes it."""

import asyncio
import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Literal

import asyncpg
from packaging.requirements import Requirement
from sqlalchemy.exc import SQLAlchemyError

from core.bus import connect
from core.calendars.holidays.queries import list_holiday_tables
from core.calendars.holidays.rules import missing_year_warning
from core.isolation import find_violations_at
from core.migrations.roles import driver_dsn
from workers.embedded.installation import Installation

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = "docs/guides/operations.md"


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    state: Literal["ok", "note", "wrong"]
    text: str
    next_step: str = ""


def interpreter() -> Iterator[Finding]:
    """Whether Python is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - the check is the point: somebody may have moved the environment
        yield Finding("wrong", f"Python {version} is too old.", "Install Python 3.11 or newer, then: make run")
    else:
        yield Finding("ok", f"Python {version}")


def packages() -> Iterator[Finding]:
    """Whether every package that the project names is installed in the named version."""
    try:
        requirements = [Requirement(text) for text in metadata.requires("anxin") or ()]
    except metadata.PackageNotFoundError:
        yield Finding("wrong", "Anxin is not installed in this environment.", "make install")
        return
    bad = []
    for needed in requirements:
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            bad.append(f"{needed.name} is missing")
            continue
        if found not in needed.specifier:
            bad.append(f"{needed.name} is {found}, not {needed.specifier}")
    if bad:
        yield Finding("wrong", f"Packages differ from the lock: {', '.join(bad)}.", "make install (needs the network)")
    else:
        yield Finding("ok", "Every package is there in its version.")


def front_end() -> Iterator[Finding]:
    """Whether the pages' scripts and styles were built."""
    if (ROOT / "web" / "static" / "manifest.json").exists():
        yield Finding("ok", "The front end is built.")
    else:
        yield Finding("wrong", "The front end is not built.", "make install (needs the network once, for npm)")


def holidays(today: date) -> Iterator[Finding]:
    """Whether the official holidays of the year, and from December on of the next one, are known (sla.md, rule 6)."""
    missing = missing_year_warning(today, list_holiday_tables())
    if missing is None:
        yield Finding("ok", "The official holidays are known.")
    else:
        yield Finding(
            "note",
            f"The official holidays of {missing} are not known; working days of that year count as ordinary weeks.",
            "Add the year's table when it is published (docs/guides/sla.md)",
        )


def can_write(folder: Path) -> bool:
    """Whether a file can be made there; asks the disk, not the permission bits."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def is_held(lock: Path) -> bool:
    """Whether a live process holds that lock."""
    try:
        handle = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def database(installation: Installation) -> Iterator[Finding]:
    """Whether the running database answers each role, and the walls between tenants stand."""
    addresses = installation.addresses
    for name, dsn in (("DATABASE_URL", addresses.app), ("WORKER_DATABASE_URL", addresses.worker)):
        try:
            facts = asyncio.run(_role(dsn))
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            text = f"The database of {name} does not answer: {str(error) or type(error).__name__}"
            yield Finding("wrong", text, "Check host, port, password and firewall.")
            return
        yield from _judge_role(name, *facts)
    try:
        violations = asyncio.run(find_violations_at(addresses.app))
    except (OSError, SQLAlchemyError) as error:
        yield Finding("wrong", f"The walls between tenants cannot be checked: {error}", "anxin db migrate")
        return
    if violations:
        named = ", ".join(f"{violation.rule} {violation.where}" for violation in violations[:5])
        yield Finding("wrong", f"{len(violations)} walls between tenants are open: {named}", "anxin db check")
    else:
        yield Finding("ok", "The walls between tenants stand.")


def real_database(installation: Installation) -> Iterator[Finding]:
    """The same for a server of your own, and what its settings leave out."""
    given = installation.environment
    if not given.get("WORKER_DATABASE_URL"):
        text = "WORKER_DATABASE_URL is not set: only anxin_worker may look for due work over all tenants."
        yield Finding("wrong", text, f"Set it to that login ({DOCS}, Roles).")
    if not given.get("MIGRATE_DATABASE_URL"):
        yield Finding("note", "MIGRATE_DATABASE_URL is not set: tables are not migrated at start.")
    yield from database(installation)


def queue(installation: Installation) -> Iterator[Finding]:
    """Whether the queue answers, and keeps every key."""
    if installation.valkey is not None and not is_held(installation.var / "valkey.lock"):
        yield Finding("ok", "The queue is embedded and stopped; it starts with Anxin.")
        return
    try:
        info, policy = asyncio.run(_queue_facts(installation.addresses.redis))
    except Exception as error:  # noqa: BLE001 - drivers raise many kinds, and each means the same here
        text = f"The queue does not answer: {str(error) or type(error).__name__}"
        yield Finding("wrong", text, "Check REDIS_URL: host, port and password.")
        return
    yield Finding("ok", f"The queue answers ({info}).")
    if policy not in {"noeviction", ""}:
        text = f"The queue throws keys away when its memory is full (maxmemory-policy {policy})."
        yield Finding("note", text, "Set maxmemory-policy noeviction: a lost wake-up costs time, though no job.")


async def _role(dsn: str) -> tuple[str, bool, str]:
    connection = await asyncpg.connect(driver_dsn(dsn), timeout=10)
    try:
        row = await connection.fetchrow(
            "SELECT rolname::text, rolsuper OR rolbypassrls, current_setting('server_version') "
            "FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    return row[0], row[1], row[2]


def _judge_role(name: str, role: str, bypasses: bool, version: str) -> Iterator[Finding]:  # noqa: FBT001 - a fact, not a switch
    if int(version.split(".", maxsplit=1)[0]) < 15:  # Debian 12's version: what the tables are tested on
        yield Finding("wrong", f"PostgreSQL {version} behind {name} is too old.", "Use PostgreSQL 15 or newer.")
    elif bypasses:
        yield Finding(
            "wrong", f"{name} signs in as {role}, who may see every tenant's rows.", f"Use anxin_app ({DOCS}, Roles)."
        )
    else:
        yield Finding("ok", f"PostgreSQL {version} answers {role}.")


async def _queue_facts(url: str) -> tuple[str, str]:
    client = connect(url)
    try:
        info = await asyncio.wait_for(client.info("server"), 10)
        try:
            policy = (await client.config_get("maxmemory-policy")).get("maxmemory-policy", "")
        except Exception:  # noqa: BLE001 - a hosted queue may forbid CONFIG
            policy = ""
    finally:
        await client.aclose()
    return f"{info.get('server_name', 'redis')} {info.get('valkey_version') or info.get('redis_version')}", policy
