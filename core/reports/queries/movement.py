"""Reads who changed tier, by month and way, from the timeline."""

from sqlalchemy import ARRAY, TIMESTAMP, func, literal, select

from core.customers.models import Customer, CustomerEvent
from core.db import table_of
from core.loyalty.models import LoyaltyAccount
from core.programs.queries import get_ladder
from core.reports.rules.movement import Moved, Movement, movement
from core.reports.rules.spans import ReportFilter
from core.uow import Reader

_E, _C, _A = table_of(CustomerEvent), table_of(Customer), table_of(LoyaltyAccount)


async def get_movement(reader: Reader, wanted: ReportFilter) -> Movement:
    """Return rises and falls by month, and each way between two tiers; what a mistake or a merge moved counts too."""
    ladder = await get_ladder(reader)
    place = func.width_bucket(_E.c.at, literal(wanted.span.edges, ARRAY(TIMESTAMP(timezone=True))))
    before, after = _E.c.data["from"].astext, _E.c.data["to"].astext
    query = select(place.label("month"), before.label("before"), after.label("after"), func.count().label("people"))
    query = query.where(_E.c.tenant_id == reader.tenant_id, _E.c.kind == "tier_changed", _E.c.at >= wanted.span.since)
    if wanted.branch_id is not None:
        mine = (_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == _E.c.customer_id)
        query = query.where(select(1).where(*mine, _C.c.branch_id == wanted.branch_id).exists())
    rows = await reader.session.execute(query.group_by("month", "before", "after"))
    return movement(
        wanted.span.months,
        [tier.code for tier in ladder.tiers] if ladder else [],
        [Moved(month=row.month - 1, before=row.before or "", after=row.after or "", people=row.people) for row in rows],
    )


async def get_tier_counts(reader: Reader, wanted: ReportFilter) -> dict[str, int]:
    """Return how many members hold each tier today; who never bought anything holds the lowest."""
    ladder = await get_ladder(reader)
    if ladder is None:
        return {}
    held = func.coalesce(_A.c.tier, ladder.tiers[0].code).label("tier")
    joined = _C.outerjoin(_A, (_A.c.tenant_id == _C.c.tenant_id) & (_A.c.customer_id == _C.c.customer_id))
    query = select(held, func.count()).select_from(joined)
    query = query.where(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active")
    if wanted.branch_id is not None:
        query = query.where(_C.c.branch_id == wanted.branch_id)
    found = {row[0]: int(row[1]) for row in await reader.session.execute(query.group_by(held))}
    return {tier.code: found.get(tier.code, 0) for tier in ladder.tiers}
