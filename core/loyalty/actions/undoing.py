"""Takes back points that were given by mistake a moment ago: the very lot goes again, by an entry that says of which."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.customers.actions import record_event
from core.db import table_of
from core.errors import NotFound
from core.loyalty.actions.accounts import lock_account
from core.loyalty.actions.ledger import KeyReused
from core.loyalty.actions.nights import begin_operation
from core.loyalty.actions.points import PointsRefused, Posted
from core.loyalty.actions.tiers import settle_tier
from core.loyalty.models import LedgerEntry
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_version_id
from core.uow import UnitOfWork

_L = table_of(LedgerEntry)
UNDOABLE: Final = ("grant", "goodwill", "adjust")


async def undo_grant(uow: UnitOfWork, *, entry_id: UUID, key: str) -> Posted:
    """Take back everything that a gift by hand brought, all or nothing; twice is once.

    Raises:
        NotFound: there is no such gift.
        PointsRefused: a part of it was spent, has expired, or paid a debt.
        KeyReused: the key belongs to something else.
    """
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.entry_id == entry_id, _L.c.kind.in_(UNDOABLE), _L.c.points > 0)
    gift = (await uow.session.execute(select(_L.c.customer_id, _L.c.points).where(*mine))).first()
    if gift is None:
        raise NotFound("no such gift")
    locked = await lock_account(uow, gift.customer_id, key=key)
    account = locked.mine
    if locked.known is not None:
        if locked.known.of_entry_id != entry_id:
            raise KeyReused(key=key)
        return Posted(
            entry_id=locked.known.entry_id,
            customer_id=account.customer_id,
            points=locked.known.points,
            balance=account.points,
            replayed=True,
        )
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    lot = account.lots.get(entry_id)
    if lot is None or lot.remaining < gift.points:
        there = lot.remaining if lot is not None else 0
        raise PointsRefused(Refusal("not-enough-points", {"points": gift.points, "balance": there}))
    taken = ledger.post(account, kind="reversal", key=key, points=-gift.points, of_entry_id=entry_id)
    ledger.draw(account, taken, entry_id, gift.points)
    ledger.settle(account, entry_id, gift.points)
    account.earned -= gift.points
    await settle_tier(uow, ledger, account, cause="reversal")
    await ledger.write()
    data = {"kind": "reversal", "points": -gift.points, "reason": ""}
    await record_event(uow, customer_id=account.customer_id, kind="points", data=data, ref_id=taken)
    uow.audit("loyalty.undo", "customer", account.customer_id, {"points": -gift.points})
    return Posted(entry_id=taken, customer_id=account.customer_id, points=-gift.points, balance=account.points)
