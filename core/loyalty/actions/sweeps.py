"""Tidies at night what is due and nobody touched: points begin and end, tiers are reviewed; in batches, O(due)."""

from typing import Final
from uuid import UUID

from sqlalchemy import select, union

from core.db import table_of
from core.loyalty.actions.accounts import Locked, lock_account, lock_both
from core.loyalty.actions.nights import begin_operation
from core.loyalty.models import Lot, LoyaltyAccount
from core.loyalty.rules.days import local_day
from core.programs.queries import get_version_id
from core.uow import UnitOfWork

_A, _T = table_of(LoyaltyAccount), table_of(Lot)
BATCH: Final = 200
"""Accounts per transaction: their locks are held for a fraction of a second."""


async def sweep_account(uow: UnitOfWork, *, customer_id: UUID) -> None:
    """Do what is due on one account, as every operation does first."""
    locked = await lock_account(uow, customer_id)
    await begin_operation(uow, locked, rule_version=await get_version_id(uow))


async def close_due(uow: UnitOfWork, *, limit: int = BATCH) -> int:
    """Do what is due on up to `limit` accounts; return how many there were: fewer than `limit` means that none is left.

    Done again it finds nothing: what was due is due no more. An operation that came first has closed it already.
    """
    today = local_day(uow.now, uow.scope.timezone)
    lots = select(_T.c.customer_id).where(_T.c.tenant_id == uow.tenant_id, _T.c.due_at <= uow.now).limit(limit)
    tiers = select(_A.c.customer_id).where(_A.c.tenant_id == uow.tenant_id, _A.c.tier_review_on <= today).limit(limit)
    due = list(await uow.session.scalars(union(lots, tiers).limit(limit)))
    if not due:
        return 0
    accounts = await lock_both(uow, due)
    locked = Locked(accounts, next(iter(accounts.values())), None)
    await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    return len(due)
