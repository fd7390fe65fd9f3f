"""Why a household is not to be called, whatever the signals say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.churn.models import ChurnCase
from core.churn.rules import FINAL, Known
from core.complaints.models import Complaint
from core.contacts.queries import find_refusing
from core.customers.models import Customer, Subject
from core.days import local_date
from core.db import table_of
from core.uow import Reader

_C, _S, _Q, _K = table_of(Customer), table_of(Subject), table_of(Complaint), table_of(ChurnCase)
HOUSEHOLD = func.coalesce(_C.c.household_id, _C.c.customer_id)
"""What a household is called: its id, or the id of the customer who lives in none."""


def members_of(reader: Reader, households: Sequence[UUID]) -> Any:
    """SELECT (household, customer_id) of everybody who lives there now."""
    return select(HOUSEHOLD.label("household"), _C.c.customer_id).where(
        _C.c.tenant_id == reader.tenant_id, _C.c.state == "active", HOUSEHOLD.in_(households)
    )


async def find_known(reader: Reader, seen: Mapping[UUID, UUID]) -> dict[UUID, Known]:
    """Return, for each household and the member who would be called, what keeps them from it; four statements."""
    if not seen:
        return {}
    of: dict[UUID, UUID] = {
        row.customer_id: row.household for row in await reader.session.execute(members_of(reader, list(seen)))
    }
    complaining = {of[one] for one in await _complaining(reader, list(of))}
    pets = await _pets(reader, of)
    refusing = await find_refusing(reader, list(seen.values()), purpose="service", channel="phone")
    ended = await _ended(reader, list(seen))
    return {
        household: Known(
            open_complaint=household in complaining,
            deceased=pets.get(household) == 0,
            refuses=customer_id in refusing,
            ended=ended.get(household, ""),
        )
        for household, customer_id in seen.items()
    }


async def _complaining(reader: Reader, customers: Sequence[UUID]) -> Sequence[UUID]:
    query = select(_Q.c.customer_id).where(
        _Q.c.tenant_id == reader.tenant_id, _Q.c.state == "open", _Q.c.customer_id.in_(customers)
    )
    return (await reader.session.scalars(query)).all()


async def _pets(reader: Reader, of: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """How many of each household's pets live; a household that never brought one is not named."""
    living: dict[UUID, int] = defaultdict(int)
    query = select(_S.c.customer_id, func.count().filter(_S.c.deceased_on.is_(None)).label("living")).where(
        _S.c.tenant_id == reader.tenant_id, _S.c.customer_id.in_(list(of)), _S.c.merged_into.is_(None)
    )
    for row in await reader.session.execute(query.group_by(_S.c.customer_id)):
        living[of[row.customer_id]] += row.living
    return dict(living)


async def _ended(reader: Reader, households: Sequence[UUID]) -> dict[UUID, str]:
    """Households whose last case ended for good, and that did not come since."""
    last = (
        select(_K.c.household, _K.c.outcome, _K.c.closed_at)
        .ext(distinct_on(_K.c.household))
        .where(_K.c.tenant_id == reader.tenant_id, _K.c.household.in_(households), _K.c.state == "closed")
        .order_by(_K.c.household, _K.c.opened_at.desc())
        .subquery()
    )
    came = (
        select(HOUSEHOLD.label("household"), func.max(_C.c.last_visit_on).label("day"))
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active", HOUSEHOLD.in_(households))
        .group_by(HOUSEHOLD)
        .subquery()
    )
    query = (
        select(last.c.household, last.c.outcome, last.c.closed_at, came.c.day)
        .join(came, came.c.household == last.c.household)
        .where(last.c.outcome.in_(FINAL))
    )
    return {
        row.household: row.outcome
        for row in await reader.session.execute(query)
        if row.day is None or row.day <= local_date(row.closed_at, reader.scope.timezone)
    }
