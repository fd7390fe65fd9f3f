"""Reads how many newcomers were referred by a member, and how many members come again, with and without a named clinician."""

import msgspec
from sqlalchemy import func, select

from core.db import table_of
from core.loyalty.models import Purchase
from core.referrals.models import ReferralCase
from core.reports.rules.shares import Share, share_of
from core.reports.rules.spans import ReportFilter
from core.rewards.models import NamedClinician
from core.uow import Reader

_P, _R, _N = table_of(Purchase), table_of(ReferralCase), table_of(NamedClinician)


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """Of those who bought anything in the period, how many bought at least twice."""

    personal: Share
    """Members with a clinician of their own."""
    others: Share


async def get_referral_share(reader: Reader, wanted: ReportFilter) -> Share:
    """Return how many of those whose first purchase lies in the period were brought by a member."""
    mine = [_P.c.tenant_id == reader.tenant_id, _P.c.refunded_fen < _P.c.paid_fen]
    if wanted.branch_id is not None:
        mine.append(_P.c.branch_id == wanted.branch_id)
    first = select(_P.c.customer_id, func.min(_P.c.occurred_at).label("at")).where(*mine)
    newcomers = first.group_by(_P.c.customer_id).having(func.min(_P.c.occurred_at) >= wanted.span.since).subquery()
    brought = select(_R.c.referee_id).where(
        _R.c.tenant_id == reader.tenant_id,
        _R.c.referee_id.is_not(None),
        _R.c.state.in_(("registered", "qualified", "held", "rewarded")),
    )
    query = select(func.count(), func.count().filter(newcomers.c.customer_id.in_(brought))).select_from(newcomers)
    whole, part = (await reader.session.execute(query)).one()
    return share_of(part, whole)


async def get_repeat(reader: Reader, wanted: ReportFilter) -> Repeat:
    """Return how many of a hundred bought at least twice in the period, by whether they have a clinician of their own."""
    mine = [
        _P.c.tenant_id == reader.tenant_id,
        _P.c.occurred_at >= wanted.span.since,
        _P.c.paid_fen - _P.c.refunded_fen > 0,
    ]
    if wanted.branch_id is not None:
        mine.append(_P.c.branch_id == wanted.branch_id)
    bought = select(_P.c.customer_id, func.count().label("times")).where(*mine).group_by(_P.c.customer_id).subquery()
    named = select(_N.c.customer_id).where(_N.c.tenant_id == reader.tenant_id)
    personal = bought.c.customer_id.in_(named)
    twice = bought.c.times >= 2
    columns = (
        func.count().filter(personal),
        func.count().filter(personal, twice),
        func.count(),
        func.count().filter(twice),
    )
    row = (await reader.session.execute(select(*columns).select_from(bought))).one()
    return Repeat(personal=share_of(row[1], row[0]), others=share_of(row[3] - row[1], row[2] - row[0]))
