"""`anxin db`: make the roles, migrate, and check the walls between tenants."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import click
from sqlalchemy.exc import SQLAlchemyError

from core.hooks.host import PluginHost
from core.isolation import find_violations_at
from core.migrations import sign_contexts, upgrade
from core.migrations.roles import Passwords, ensure_roles
from workers.embedded.faults import ServerDownError
from workers.embedded.installation import Installation, require_migrator, with_driver

VAR = click.option(
    "--var",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="VAR",
    default="var",
    show_default=True,
    help="The data folder of the embedded servers.",
)


@click.group()
def command() -> None:
    """Look after the database."""


@command.command()
@VAR
def migrate(var: Path) -> None:
    """Bring the tables to the shape of this release, then check the walls."""
    with Installation(var).database() as addresses:
        dsn = require_migrator(addresses)
        try:
            asyncio.run(upgrade(dsn, plugins=PluginHost.load().migrations()))
            if key := os.environ.get("ANXIN_CONTEXT_KEY"):
                asyncio.run(sign_contexts(dsn, key))
        except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
            raise unreachable("MIGRATE_DATABASE_URL", error) from error
        _check(dsn)


@command.command()
@VAR
def check(var: Path) -> None:
    """Name every place where one tenant could see another; exit 1 when there is one."""
    with Installation(var).database() as addresses:
        _check(addresses.migrator or addresses.app)


@command.command()
@VAR
@click.option("--off", is_flag=True, help="Go back to plain tenant ids.")
def sign(var: Path, off: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Let a tenant's id count only with its signature by ANXIN_CONTEXT_KEY, so injected SQL cannot change the tenant.

    Start web and worker anew with the same key: without it they see no rows.
    """
    installation = Installation(var)
    if not off and not installation.context_key:
        raise ServerDownError("ANXIN_CONTEXT_KEY is not set.", "Set it to at least 32 random characters.")
    with installation.database() as addresses:
        dsn = require_migrator(addresses)
        try:
            asyncio.run(sign_contexts(dsn, "" if off else installation.context_key))
        except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
            raise unreachable("MIGRATE_DATABASE_URL", error) from error
        _check(dsn)
    click.echo("Tenant ids are plain." if off else "Tenant ids count with their signature only.")


@command.command()
def roles() -> None:
    """Make the roles and the empty database on a real server.

    ADMIN_DATABASE_URL names its administrator and any existing database; the new passwords come from
    ANXIN_MIGRATOR_PASSWORD, ANXIN_APP_PASSWORD and ANXIN_WORKER_PASSWORD, the name from ANXIN_DATABASE (anxin).
    """
    names = ("ADMIN_DATABASE_URL", "ANXIN_MIGRATOR_PASSWORD", "ANXIN_APP_PASSWORD", "ANXIN_WORKER_PASSWORD")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise ServerDownError(f"Not set: {', '.join(missing)}.", "Set them (docs/guides/operations.md, Roles).")
    admin, migrator, app, worker = (os.environ[name] for name in names)
    database = os.environ.get("ANXIN_DATABASE") or "anxin"
    try:
        asyncio.run(ensure_roles(with_driver(admin), Passwords(migrator, app, worker), database=database))
    except (OSError, asyncpg.PostgresError) as error:
        raise unreachable("ADMIN_DATABASE_URL", error) from error
    click.echo(f"The roles and the database {database} are there.")


def unreachable(variable: str, error: BaseException) -> ServerDownError:
    """Say that a named address does not work, and what its server answered."""
    return ServerDownError(
        f"The database behind {variable} refused or did not answer: {error}",
        "Check host, port, password and firewall; then: anxin doctor",
    )


def _check(dsn: str) -> None:
    violations = asyncio.run(find_violations_at(dsn))
    for violation in violations:
        click.echo(f"  {violation.rule}: {violation.where}", err=True)
    if violations:
        click.echo(f"{len(violations)} walls between tenants are open; Anxin will not start in production.", err=True)
        sys.exit(1)
    click.echo("The walls between tenants stand.")
