"""A clinic with its program, and short ways to change, try and publish it in tests."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from core.backtests.actions import run_backtest
from core.backtests.checking import get_facts
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from core.programs.actions import publish, roll_back
from core.programs.drafts import save_draft, start_draft
from core.programs.queries import get_draft, get_effect, get_live
from core.programs.rules.digests import digest
from core.programs.rules.facts import Facts
from core.programs.rules.versions import VersionFacts
from core.uow import Reader, UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant


async def open_clinic(tenant: TestTenant) -> TestTenant:
    """Switch the clinic's plugin on."""
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    return tenant


async def facts_of(reader: Reader) -> Facts:
    """What the tenant has, but for a price list: none was written in these tests."""
    return msgspec.structs.replace(await get_facts(reader), services=None)


def silver_from(program: Program, yuan: int, **ladder: Any) -> Program:
    """The same program with another threshold for silver."""
    old = program.ladder
    assert old is not None
    tiers = tuple(
        msgspec.structs.replace(tier, min_fen=yuan * 100) if tier.code == "silver" else tier for tier in old.tiers
    )
    new = msgspec.structs.replace(old, tiers=tiers, **ladder)
    return with_rule(program, new)


def with_rule(program: Program, rule: Any) -> Program:
    """The same program with a rule in the place of the one with its id."""
    return msgspec.structs.replace(program, rules=tuple(rule if one.id == rule.id else one for one in program.rules))


async def draft_silver(uow: UnitOfWork, yuan: int, **ladder: Any) -> int:
    """Begin or change the draft so that silver begins elsewhere; return its revision."""
    draft = await start_draft(uow)
    changed = await save_draft(uow, program=silver_from(draft.program, yuan, **ladder), revision=draft.revision)
    return changed.revision


async def try_out(uow: UnitOfWork, program: Program) -> str:
    """Work the effect out and return its name."""
    await run_backtest(uow, program=program)
    live = await get_live(uow)
    assert live is not None
    effect = await get_effect(uow, digest=digest(program), base_digest=live.digest, program_id=program.id)
    assert effect is not None
    return effect.effect_digest


async def publish_draft(
    uow: UnitOfWork, *, effective_from: date | None = None, note: str = "", accept_lowering: bool = False
) -> VersionFacts:
    """Try the draft and publish it."""
    draft = await get_draft(uow)
    assert draft is not None
    return await publish(
        uow,
        revision=draft.revision,
        effect_digest=await try_out(uow, draft.program),
        facts=await facts_of(uow),
        effective_from=effective_from,
        note=note,
        accept_lowering=accept_lowering,
    )


async def publish_silver(tenant: TestTenant, yuan: int, *, effective_from: date | None = None) -> VersionFacts:
    """Change the threshold of silver, try it and publish it, each in a unit of its own."""
    async with tenant.unit() as uow:
        await draft_silver(uow, yuan)
    async with tenant.unit() as uow:
        return await publish_draft(uow, effective_from=effective_from)


async def go_back(uow: UnitOfWork, version: int, program: Program) -> VersionFacts:
    """Publish an older version again, with its effect shown."""
    seen = await try_out(uow, program)
    return await roll_back(uow, version=version, effect_digest=seen, facts=await facts_of(uow))


async def add_member(uow: UnitOfWork, name: str = "王小美") -> UUID:
    """Write somebody down."""
    return await add_customer(uow, draft=CustomerDraft(full_name=name), allow_duplicate=True)


def silver(ladder: TierLadder | None) -> int:
    """Where silver begins, in yuan."""
    assert ladder is not None
    return next(tier.min_fen for tier in ladder.tiers if tier.code == "silver") // 100
