"""Backtests of large tenants, and tiers that follow a new version of the rules, some members at a time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.backtests.actions import RUN_TASK, continue_backtest
from core.backtests.publishing import apply_ladder
from core.programs.choosing import IN_FORCE_TASK
from core.uow import UnitOfWork
from workers.jobs import task


@task(RUN_TASK, timeout=300.0, rows=1, tenant_limit=2)
async def run_backtest_piece(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Replay the next members; come again at once while there are more."""
    del outbox_id
    return uow.now if await continue_backtest(uow, backtest_id=UUID(payload["backtest_id"])) else None


@task(IN_FORCE_TASK, timeout=300.0, rows=1)
async def follow_program(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Move the next members whom rules that came into force see elsewhere; ask for the others."""
    del outbox_id
    after = payload.get("after")
    last = await apply_ladder(uow, after=UUID(after) if after else None)
    if last is not None:
        key = f"program:{payload['program']}:{payload['number']}:{uow.now.isoformat()}:{last}"
        await uow.enqueue(IN_FORCE_TASK, payload | {"after": str(last)}, dedupe_key=key)
