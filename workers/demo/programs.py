"""A chain that changes its loyalty rules: points were switched on, the birthday gift may be fetched longer, silver is being discussed."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from core.backtests.actions import run_backtest
from core.backtests.checking import get_facts
from core.hooks.records.loyalty.offers import Birthday
from core.hooks.records.loyalty.points import EarnRate, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program
from core.programs.actions import publish
from core.programs.drafts import save_draft, start_draft
from core.programs.queries import get_effect, list_versions
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.work import Workplace

Change = Callable[[AnyRule], AnyRule]

SILVER_FEN: Final = 450_00
GRACE_DAYS: Final = 14


async def seed_programs(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Publish two versions and leave a draft with its effect; a second time does nothing."""
    async with workplace.reading(tenant_id) as reader:
        if await list_versions(reader):
            return
    for change, note in ((_with_points, "启用积分：消费得积分，积分抵现金"), (_with_grace, "生日礼放宽到两周内领取")):
        async with workplace.unit(tenant_id, actor=director) as uow:
            await _publish(uow, change, note)
    async with workplace.unit(tenant_id, actor=director) as uow:
        program = await _draft(uow, _with_silver)
        await run_backtest(uow, program=program)


async def _draft(uow: UnitOfWork, change: Change) -> Program:
    draft = await start_draft(uow)
    rules = tuple(change(rule) for rule in draft.program.rules)
    changed = msgspec.structs.replace(draft.program, rules=rules)
    return (await save_draft(uow, program=changed, revision=draft.revision)).program


async def _publish(uow: UnitOfWork, change: Change, note: str) -> None:
    program = await _draft(uow, change)
    effect = await run_backtest(uow, program=program)
    stored = await get_effect(uow, digest=effect.digest, base_digest=effect.live_version, program_id=program.id)
    assert stored is not None
    await publish(
        uow,
        revision=(await start_draft(uow)).revision,
        effect_digest=stored.effect_digest,
        facts=await get_facts(uow),
        note=note,
    )


def _with_points(rule: AnyRule) -> AnyRule:
    return msgspec.structs.replace(rule, live=True) if isinstance(rule, EarnRate | Redeem) else rule


def _with_grace(rule: AnyRule) -> AnyRule:
    return msgspec.structs.replace(rule, grace_days=GRACE_DAYS) if isinstance(rule, Birthday) else rule


def _with_silver(rule: AnyRule) -> AnyRule:
    if not isinstance(rule, TierLadder):
        return rule

    def lower(tier: Tier) -> Tier:
        return msgspec.structs.replace(tier, min_fen=SILVER_FEN) if tier.code == "silver" else tier

    return msgspec.structs.replace(rule, tiers=tuple(lower(tier) for tier in rule.tiers))
