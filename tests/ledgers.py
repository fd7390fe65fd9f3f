"""What tests of the ledger share: a program that earns, and a look at an account that must agree with everything below it."""

from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.db import table_of
from core.hooks.records.loyalty.points import EarnRate, Lifetime, Redeem
from core.loyalty.models import LedgerEntry, Lot, LoyaltyAccount
from core.uow import Reader

_A, _L, _T = table_of(LoyaltyAccount), table_of(LedgerEntry), table_of(Lot)
POINT_PER_YUAN = EarnRate(id="rate", per_fen=100, points=1, lifetime=Lifetime(months=12))
PAY = Redeem(id="pay", fen_per_point=1)


class Sums(msgspec.Struct, frozen=True):
    """An account: what can be spent, what will be, what is owed."""

    points: int
    pending: int = 0
    deficit: int = 0


async def look(reader: Reader, customer_id: UUID) -> Sums:
    """Return an account's sums, once it is sure that entries and lots say the same and no lot breaks a rule."""
    mine = (_A.c.tenant_id == reader.tenant_id, _A.c.customer_id == customer_id)
    account = (await reader.session.execute(select(_A.c.points, _A.c.pending, _A.c.deficit).where(*mine))).first()
    if account is None:
        return Sums(0)
    sums = Sums(*account)
    entries = select(func.coalesce(func.sum(_L.c.points), 0)).where(
        _L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id
    )
    assert await reader.session.scalar(entries) == sums.points + sums.pending - sums.deficit
    lots = (await reader.session.execute(select(_T).where(_T.c.customer_id == customer_id))).all()
    assert sum(lot.remaining for lot in lots if lot.state == "open") == sums.points
    assert sum(lot.remaining for lot in lots if lot.state == "pending") == sums.pending
    for lot in lots:
        assert lot.remaining >= 0
        assert lot.reversed + lot.expired <= lot.earned
        assert lot.state == "pending" or (lot.state == "closed") == (lot.remaining == 0)
    return sums


async def kinds(reader: Reader, customer_id: UUID) -> list[tuple[str, int]]:
    """The entries that moved points, oldest first."""
    query = (
        select(_L.c.kind, _L.c.points)
        .where(_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id, _L.c.points != 0)
        .order_by(_L.c.entry_id)
    )
    return [(row.kind, row.points) for row in await reader.session.execute(query)]
