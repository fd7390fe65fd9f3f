"""Reads backtests: the last run of some rules with its progress, and who would move, by name."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.backtests.models import Backtest, BacktestMover
from core.backtests.rules.effects import When
from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.uow import Reader

_B, _M, _C = table_of(Backtest), table_of(BacktestMover), table_of(Customer)


class BacktestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run; `state` is running, done, or stale (the rules in force changed meanwhile)."""

    backtest_id: UUID
    program_id: str
    digest: str
    base_digest: str
    days: int
    state: str
    members_total: int
    members_done: int
    started_at: datetime
    started_by_name: str
    finished_at: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 * self.members_done // self.members_total if self.members_total else 100


class Mover(msgspec.Struct, frozen=True, kw_only=True):
    """A member who would move; tiers are codes, `total` what the tried ladder counts (fen, points or visits)."""

    customer_id: UUID
    number: int
    full_name: str
    tier_before: str | None
    tier_after: str
    is_up: bool
    total: int


_RECORD = tuple(_B.c[name] for name in BacktestRecord.__struct_fields__)


async def find_backtest(reader: Reader, *, program_id: str, digest: str, base_digest: str) -> BacktestRecord | None:
    """Return the last run of these rules against those; None when they were never tried."""
    mine = (_B.c.tenant_id == reader.tenant_id, _B.c.program_id == program_id, _B.c.digest == digest)
    query = select(*_RECORD).where(*mine, _B.c.base_digest == base_digest).order_by(_B.c.backtest_id.desc()).limit(1)
    row = (await reader.session.execute(query)).first()
    return BacktestRecord(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def get_backtest(reader: Reader, backtest_id: UUID) -> BacktestRecord:
    """Return one run; raise NotFound when there is none."""
    mine = (_B.c.tenant_id == reader.tenant_id, _B.c.backtest_id == backtest_id)
    row = (await reader.session.execute(select(*_RECORD).where(*mine))).first()
    if row is None:
        raise NotFound("no such backtest")
    return BacktestRecord(**row._mapping)  # noqa: SLF001 - as above


async def list_movers(
    reader: Reader,
    backtest_id: UUID,
    *,
    whence: When = "publish",
    is_up: bool | None = None,
    before: str | None = None,
    tier_after: str | None = None,
    after: UUID | None = None,
    limit: int = 25,
) -> list[Mover]:
    """Return who would move on the day of publishing (or at the next review), newest customer first.

    `after` is the last one seen; `is_up`, `before` and `tier_after` narrow the list to one direction or way.
    """
    same = (_C.c.tenant_id == reader.tenant_id) & (_C.c.customer_id == _M.c.customer_id)
    columns = (_M.c.customer_id, _C.c.number, _C.c.full_name, _M.c.tier_before, _M.c.tier_after, _M.c.is_up, _M.c.total)
    query = (
        select(*columns)
        .select_from(_M.join(_C, same))
        .where(_M.c.tenant_id == reader.tenant_id, _M.c.backtest_id == backtest_id, _M.c.whence == whence)
        .order_by(_M.c.customer_id.desc())
        .limit(limit)
    )
    if is_up is not None:
        query = query.where(_M.c.is_up == is_up)
    if before is not None:
        query = query.where(_M.c.tier_before == before)
    if tier_after is not None:
        query = query.where(_M.c.tier_after == tier_after)
    if after is not None:
        query = query.where(_M.c.customer_id < after)
    return [Mover(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above
