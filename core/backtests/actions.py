"""Runs backtests: at once for a small tenant, in pieces by the worker for a large one; what is found is kept by digest."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update

from core.backtests.columns import get_piece
from core.backtests.events import get_counted
from core.backtests.models import Backtest, BacktestMover
from core.backtests.rules.effects import Effect, Pair
from core.backtests.rules.moves import fates, moves_of, tier_counts
from core.backtests.rules.replay import Given, days_between, replay
from core.backtests.rules.sums import (
    DAYS,
    MAX_DAYS,
    MIN_DAYS,
    Partial,
    Sums,
    event_points,
    notes_of,
    rewards_of,
    rule_effects,
    spans_of,
)
from core.backtests.standings import list_alike, note_movers
from core.backtests.trials import try_rules
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.loyalty.points import EarnRate
from core.hooks.records.loyalty.program import Program
from core.loyalty.models import LoyaltyAccount
from core.loyalty.rules.days import local_day, midnight
from core.programs.effects import store_effect
from core.programs.queries import get_effect, get_program, get_version_id
from core.programs.rules.digests import digest as digest_of
from core.reports.rules.worth import fen_per_point
from core.uow import UnitOfWork

__all__ = ["AT_ONCE", "RUN_TASK", "continue_backtest", "run_backtest", "start_backtest", "try_rules"]

_B, _M, _A = table_of(Backtest), table_of(BacktestMover), table_of(LoyaltyAccount)
RUN_TASK: Final = "backtests.run"
AT_ONCE: Final = 60_000
"""Members whose purchases are replayed while the person waits; more go to the worker."""
PIECE: Final = 30_000
KEPT_DAYS: Final = 30
"""Names of who would move are kept so long, or until the same rules are tried again."""


async def start_backtest(uow: UnitOfWork, *, program: Program, days: int = DAYS, at_once: int = AT_ONCE) -> UUID:
    """Try rules against those in force over the last `days` days, today included; return the run.

    A small tenant's is done when this returns. Its effect is core.programs.queries.get_effect of the digest.

    Raises:
        InvalidInput: `days` is less than a week or more than a year.
    """
    if not MIN_DAYS <= days <= MAX_DAYS:
        raise InvalidInput((FieldProblem("days", "out-of-range", {"min": MIN_DAYS, "max": MAX_DAYS}),))
    live = await get_program(uow)
    last = local_day(uow.now, uow.scope.timezone)
    total = await uow.session.scalar(select(func.count()).select_from(_A).where(_A.c.tenant_id == uow.tenant_id))
    await _forget(uow, program.id, digest_of(program))
    backtest_id = new_id()
    await uow.session.execute(
        insert(_B).values(
            tenant_id=uow.tenant_id,
            backtest_id=backtest_id,
            program_id=program.id,
            digest=digest_of(program),
            base_digest=await get_version_id(uow),
            body=msgspec.to_builtins(program),
            base=msgspec.to_builtins(live) if live is not None else None,
            days=days,
            first_day=last - timedelta(days=days - 1),
            last_day=last,
            state="running",
            members_total=total or 0,
            members_done=0,
            started_at=uow.now,
            started_by=uow.actor.id,
            started_by_name=uow.actor.name,
        )
    )
    uow.audit("backtest.start", "backtest", backtest_id, {"digest": digest_of(program), "days": days})
    if (total or 0) <= at_once:
        while await continue_backtest(uow, backtest_id=backtest_id):
            pass
    else:
        await uow.enqueue(RUN_TASK, {"backtest_id": str(backtest_id)}, dedupe_key=f"backtest:{backtest_id}")
    return backtest_id


async def run_backtest(uow: UnitOfWork, *, program: Program, days: int = DAYS) -> Effect:
    """Try rules here and now, however many members there are, and return what they would do."""
    backtest_id = await start_backtest(uow, program=program, days=days, at_once=1 << 62)
    return await _effect_of(uow, await _row(uow, backtest_id))


async def continue_backtest(uow: UnitOfWork, *, backtest_id: UUID, piece: int = PIECE) -> bool:
    """Replay the next piece; False when the run is over. Rules that changed meanwhile make it stale."""
    row = await _row(uow, backtest_id)
    if row is None or row.state != "running":
        return False
    if row.base_digest != await get_version_id(uow):
        await _set(uow, backtest_id, state="stale", finished_at=uow.now, partial=None)
        uow.publish("backtests", {"backtest_id": str(backtest_id)})
        return False
    live, draft = _programs(row)
    days = days_between(row.first_day, row.last_day)
    found = await get_piece(uow, live=live, draft=draft, days=days, after=row.done_up_to, limit=piece)
    partial = msgspec.convert(row.partial, Partial) if row.partial else _nothing(live, draft, days)
    if found.members:
        base = Program() if live is None else live
        mine = replay(base, found.bought, found.live, days)
        theirs = replay(draft, found.bought, found.draft, days, mine)
        _add(partial, found.bought.day, found.bought.member, mine, theirs)
    more = found.members == piece
    await _set(
        uow,
        backtest_id,
        partial=msgspec.to_builtins(partial),
        members_done=min(row.members_total, row.members_done + found.members),
        done_up_to=found.last or row.done_up_to,
    )
    if not more:
        effect = await _finish(uow, await _row(uow, backtest_id), partial)
        await store_effect(uow, digest=row.digest, effect=effect, program_id=row.program_id)
        await _set(uow, backtest_id, state="done", finished_at=uow.now, members_done=row.members_total)
    uow.publish("backtests", {"backtest_id": str(backtest_id)})
    return more


def _nothing(live: Program | None, draft: Program, days: Sequence[date]) -> Partial:
    empty = [0] * len(days)
    sums = [
        Sums(rule_points=[0] * size, rule_times=[0] * size, day_points=list(empty), day_fen=list(empty))
        for size in (_rates(live), _rates(draft))
    ]
    return Partial(live=sums[0], draft=sums[1], day_purchases=list(empty))


def _rates(program: Program | None) -> int:
    return len(program.live(EarnRate)) if program else 0


def _add(partial: Partial, days: Sequence[int], members: Sequence[int], mine: Given, theirs: Given) -> None:
    partial.live.add(mine)
    partial.draft.add(theirs)
    for day in days:
        if day >= 0:
            partial.day_purchases[day] += 1
    partial.members += len({who for who, day in zip(members, days, strict=True) if day >= 0})


async def _finish(uow: UnitOfWork, row: Any, partial: Partial) -> Effect:
    """Judge who would move, and put the figures together."""
    live, draft = _programs(row)
    zone = uow.scope.timezone
    ladder, old = draft.ladder, live.ladder if live is not None else None
    conditions = [tier.code for tier in ladder.tiers if tier.when is not None] if ladder else []
    groups = await list_alike(uow, ladder)
    ways = fates(old, ladder, groups, conditions=conditions, at=uow.now, zone=zone)
    counted = await note_movers(uow, backtest_id=row.backtest_id, ladder=ladder, fates=ways)
    programs = [one for one in (live, draft) if one is not None]
    since = midnight(row.first_day, zone)
    days = days_between(row.first_day, row.last_day)
    purchases = sum(partial.day_purchases)
    events = await get_counted(uow, programs, days=days, since=since, purchases=purchases)
    rules = rule_effects(live, draft, partial, events)
    extra = event_points(rules)
    points = Pair(partial.live.points + extra.live, partial.draft.points + extra.draft)
    open_points = await uow.session.scalar(
        select(func.coalesce(func.sum(_A.c.points + _A.c.pending), 0)).where(_A.c.tenant_id == uow.tenant_id)
    )
    worth = Pair(fen_per_point(live), fen_per_point(draft))
    owed = int(open_points or 0)
    return Effect(
        digest=row.digest,
        live_version=row.base_digest,
        backtest_id=row.backtest_id,
        made_at=uow.now,
        days=row.days,
        first=row.first_day,
        last=row.last_day,
        members=partial.members,
        purchases=purchases,
        moves=moves_of(counted["publish"]),
        later=moves_of(counted["review"]),
        tiers=tier_counts(old, ladder, groups, conditions=conditions, at=uow.now, zone=zone),
        points=points,
        discount_fen=Pair(partial.live.fen, partial.draft.fen),
        rewards=rewards_of(live, draft, events),
        liability_fen=Pair(owed * worth.live, owed * worth.draft),
        liability_replayed_fen=Pair(owed * worth.live, max(0, owed + points.change) * worth.draft),
        rules=rules,
        spans=spans_of(days, partial),
        notes=notes_of(live, draft, purchases=purchases, fen_per_point=worth.draft),
    )


async def _effect_of(uow: UnitOfWork, row: Any) -> Effect:
    stored = await get_effect(uow, digest=row.digest, base_digest=row.base_digest, program_id=row.program_id)
    assert stored is not None
    return msgspec.convert(stored.effect, Effect)


def _programs(row: Any) -> tuple[Program | None, Program]:
    live = msgspec.convert(row.base, Program) if row.base is not None else None
    return live, msgspec.convert(row.body, Program)


async def _row(uow: UnitOfWork, backtest_id: UUID) -> Any:
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.backtest_id == backtest_id)
    return (await uow.session.execute(select(_B).where(*mine).with_for_update(key_share=True))).first()


async def _set(uow: UnitOfWork, backtest_id: UUID, **values: Any) -> None:
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.backtest_id == backtest_id)
    await uow.session.execute(update(_B).where(*mine).values(values))


async def _forget(uow: UnitOfWork, program_id: str, digest: str) -> None:
    """Throw earlier runs of the same rules away, and all old ones, with their names."""
    same = (_B.c.program_id == program_id) & (_B.c.digest == digest)
    old = _B.c.started_at < uow.now - timedelta(days=KEPT_DAYS)
    gone = select(_B.c.backtest_id).where(_B.c.tenant_id == uow.tenant_id, same | old)
    await uow.session.execute(delete(_M).where(_M.c.tenant_id == uow.tenant_id, _M.c.backtest_id.in_(gone)))
    await uow.session.execute(delete(_B).where(_B.c.tenant_id == uow.tenant_id, same | old))
