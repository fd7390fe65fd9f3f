"""`anxin jobs`: what waits, what died and why, and how to run it again; for the operator, over all tenants."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg
import click
from sqlalchemy.exc import SQLAlchemyError

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.errors import NotFound
from core.hooks.host import PluginHost
from core.outbox.actions import retry_all_dead, retry_dead
from core.outbox.queries import find_sweep_right, list_dead_over_all, list_state_counts
from tenants.work import Workplace
from workers.cli.db import VAR, unreachable
from workers.embedded.faults import FolderError, ServerDownError
from workers.embedded.installation import Addresses, Installation

T = TypeVar("T")
TENANT = click.option("--tenant", metavar="SLUG", help="Only this tenant's.")


@click.group()
def command() -> None:
    """Look after the work that runs in the background."""


@command.command()
@VAR
@TENANT
def stats(var: Path, tenant: str | None) -> None:
    """Count work by task and state; the oldest due tells whether the worker keeps up."""

    async def work(workplace: Workplace) -> None:
        tenant_id = await tenant_of(workplace, tenant) if tenant else None
        async with workplace.database.platform() as platform:
            counts = await list_state_counts(platform, tenant_id=tenant_id)
        for count in counts:
            click.echo(f"{count.task:32} {count.state:8} {count.count:8}  oldest {count.oldest:%Y-%m-%d %H:%M:%S} UTC")
        click.echo(f"{sum(count.count for count in counts)} rows")

    run_over_all(var, work)


@command.command()
@VAR
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def dead(var: Path, limit: int) -> None:
    """List what was given up, the newest first; exit 1 when there is any."""

    async def work(workplace: Workplace) -> int:
        async with workplace.database.platform() as platform:
            rows = await list_dead_over_all(platform, limit=limit)
        for tenant_id, row in rows:
            async with workplace.reading(tenant_id) as reader:
                slug = reader.scope.slug
            click.echo(f"{row.outbox_id}  {slug}  {row.task}  {row.attempts} attempts\n    {row.last_error or '-'}")
        return len(rows)

    if run_over_all(var, work):
        sys.exit(1)
    click.echo("Nothing is dead.")


@command.command()
@VAR
@click.option("--tenant", metavar="SLUG", required=True, help="Whose work.")
@click.argument("job", type=click.UUID, required=False)
@click.option("--all", "every", is_flag=True, help="Everything of this tenant that is dead.")
def retry(var: Path, tenant: str, job: UUID | None, every: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Run dead work again: one JOB, or --all of a tenant."""
    if every == (job is not None):
        raise click.UsageError("Name one job, or say --all.")

    async def work(workplace: Workplace) -> int:
        async with workplace.unit(await tenant_of(workplace, tenant)) as uow:
            if job is None:
                return await retry_all_dead(uow)
            await retry_dead(uow, job)
            return 1

    try:
        click.echo(f"{run_over_all(var, work)} run again.")
    except NotFound as error:
        raise click.ClickException(f"Tenant {tenant} has no such dead job.") from error


async def tenant_of(workplace: Workplace, slug: str) -> UUID:
    found = await workplace.find_tenant_id("slug", slug)
    if found is None:
        raise click.ClickException(f"There is no tenant {slug}.")
    return found


@asynccontextmanager
async def _workplace(addresses: Addresses, key: str) -> AsyncIterator[Workplace]:
    database = Database(addresses.worker, pool_size=1, context_key=key)
    workplace = Workplace(database, Bus(addresses.redis), PluginHost.load(), now)
    try:
        async with workplace.database.platform() as platform:
            if not await find_sweep_right(platform):
                raise ServerDownError(
                    "This login sees no other tenant's work.",
                    "Set WORKER_DATABASE_URL to the login anxin_worker (docs/guides/operations.md, Roles).",
                )
        yield workplace
    finally:
        await workplace.aclose()


def run_over_all(var: Path, work: Callable[[Workplace], Awaitable[T]]) -> T:
    async def opened(addresses: Addresses) -> T:
        async with _workplace(addresses, installation.context_key) as workplace:
            return await work(workplace)

    installation = Installation(var)
    if installation.postgres is not None and not installation.postgres.holds_data:
        raise FolderError(
            f"Nothing has been kept in {installation.var} yet.", "Begin with make run, or name its folder with --var."
        )
    with installation.database() as addresses:
        try:
            return asyncio.run(opened(addresses))
        except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
            raise unreachable("WORKER_DATABASE_URL", error) from error
