"""Sums up what ladders count besides lifetime spending: purchases within a window of days, and visits."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from core.db import one_of, table_of
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.models import Purchase
from core.loyalty.rules.days import midnight
from core.uow import Reader

_P = table_of(Purchase)
_FIRST_DAY: Final = date(1970, 1, 2)


def counts_purchases(ladder: TierLadder) -> bool:
    """Whether the ladder's measure stands in the bills, and not in the account."""
    return ladder.basis in {"period_spend", "visits"}


async def sum_purchases(
    reader: Reader, ladder: TierLadder, ids: Sequence[UUID], days: tuple[date, date]
) -> dict[UUID, int]:
    """Fen of bills between two days, both included, or how many there were; who has none is left out.

    Where refunds lower spending, what came back counts for the day of its bill, and a bill taken back as a whole is no visit.
    """
    lowered = ladder.refunds_lower_spend
    value: ColumnElement[Any]
    if ladder.basis == "visits":
        value = func.count().filter(_P.c.refunded_fen < _P.c.paid_fen) if lowered else func.count()
    else:
        value = func.sum(_P.c.paid_fen - _P.c.refunded_fen if lowered else _P.c.paid_fen)
    zone = reader.scope.timezone
    query = (
        select(_P.c.customer_id, value)
        .where(
            _P.c.tenant_id == reader.tenant_id,
            one_of(_P.c.customer_id, ids),
            _P.c.occurred_at >= midnight(max(days[0], _FIRST_DAY), zone),
            _P.c.occurred_at < midnight(days[1] + timedelta(days=1), zone),
        )
        .group_by(_P.c.customer_id)
    )
    return {one: int(found) for one, found in await reader.session.execute(query)}
