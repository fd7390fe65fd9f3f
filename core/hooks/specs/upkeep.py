"""Hooks about a plugin's life at a tenant: work by the clock, sample data, a customer's data, on and off."""

from typing import Any
from uuid import UUID

from core.hooks.context import DeclareContext, ReactContext
from core.hooks.kinds import act, act_many, declare, migrate, react
from core.hooks.records.effects import Effect
from core.hooks.records.upkeep import ErasureReceipt, ExportPart, Job, Seed


@declare(merge="union", local_ids=("id",))
def jobs(ctx: DeclareContext[Any]) -> tuple[Job, ...]:
    """Return the work that is done by the clock while the plugin is on."""
    raise NotImplementedError


@act_many(merge="the job's owner only", on_fault="retry", budget=60.0)
async def run_job(ctx: ReactContext[Any], job: str) -> tuple[Effect, ...]:
    """Do the work of one job (local id) and return what core shall do in the same transaction.

    At least once per time: a second run right after the first must find nothing more to do.
    """
    raise NotImplementedError


@declare(merge="each", on_fault="fallback", local_ids=("id",))
def demo_data(ctx: DeclareContext[Any]) -> tuple[Seed, ...]:
    """Return sample customers that show this vertical at work; only demo tenants get them."""
    raise NotImplementedError


@act_many(merge="each", on_fault="retry", budget=30.0)
async def export_customer(ctx: ReactContext[Any], customer_id: UUID) -> tuple[ExportPart, ...]:
    """Return all that this plugin's tables hold about a customer; a fault keeps the request open."""
    raise NotImplementedError


@act(merge="each", on_fault="retry", budget=30.0)
async def erase_customer(ctx: ReactContext[Any], customer_id: UUID) -> ErasureReceipt | None:
    """Erase what this plugin's tables hold about a customer and say what was erased; a fault keeps the request open.

    Asked again it finds nothing to erase and says so.
    """
    raise NotImplementedError


@react(budget=30.0)
async def tenant_enabled(ctx: ReactContext[Any]) -> None:
    """Prepare this plugin's own tables for a tenant that has switched it on, also after a pause."""
    raise NotImplementedError


@react(budget=30.0)
async def tenant_disabled(ctx: ReactContext[Any]) -> None:
    """Wind up at a tenant that is about to switch it off; the data stay."""
    raise NotImplementedError


@migrate(budget=0.1)
def migrate_settings(version: int, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Return settings stored under an earlier `Plugin.settings_version` as they are written now; None leaves them.

    Pure, so it can be tried for all tenants without saving.
    """
    raise NotImplementedError
