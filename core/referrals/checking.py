"""Reads what the checks of a referral are about: roof, phones, purse, phone in hand, and what was there before."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from core.customers.models import Customer, CustomerPhone
from core.customers.queries import list_cluster
from core.db import table_of
from core.loyalty.models import Purchase
from core.referrals.ports import StaffList
from core.referrals.queries import CaseRecord, count_devices, count_rewarded
from core.referrals.rules import PairFacts, month_start
from core.uow import Reader
from core.visits.models import Bill, Payment, Visit

_C, _H, _P = table_of(Customer), table_of(CustomerPhone), table_of(Purchase)
_V, _B, _M = table_of(Visit), table_of(Bill), table_of(Payment)


def day_begin(reader: Reader, instant: datetime) -> datetime:
    """The local midnight before an instant: what was bought on the day of the registration counts as after it."""
    zone = ZoneInfo(reader.scope.timezone)
    day = instant.astimezone(zone)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


async def get_pair_facts(reader: Reader, case: CaseRecord, staff: StaffList) -> PairFacts:
    """Return what is known about the two people of a registered case today."""
    assert case.referee_id is not None
    assert case.registered_at is not None
    pair = (case.referrer_id, case.referee_id)
    rows = await reader.session.execute(
        select(_C.c.customer_id, _C.c.household_id, _C.c.full_name, _C.c.created_at).where(
            _C.c.tenant_id == reader.tenant_id, _C.c.customer_id.in_(pair)
        )
    )
    people = {row.customer_id: row for row in rows}
    phones = await _phones(reader, *pair)
    referrer, referee = (people[one] for one in pair)
    today = reader.today
    first = datetime.combine(month_start(today), datetime.min.time(), ZoneInfo(reader.scope.timezone))
    names = [one.full_name for one in (referrer, referee)]
    return PairFacts(
        same_household=referrer.household_id is not None and referrer.household_id == referee.household_id,
        shared_phone=bool(phones[case.referrer_id] & phones[case.referee_id]),
        payer=await _shared_payer(reader, case),
        same_device=await count_devices(reader, case),
        before=await _before(reader, case.referee_id, day_begin(reader, case.registered_at), referee.created_at),
        in_month=await count_rewarded(reader, case.referrer_id, since=first),
        staff=await staff.find_among(reader, phones=set().union(*phones.values()), names=names) or "",
    )


async def _phones(reader: Reader, *ids: UUID) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {one: set() for one in ids}
    rows = await reader.session.execute(
        select(_H.c.customer_id, _H.c.phone_e164).where(_H.c.tenant_id == reader.tenant_id, _H.c.customer_id.in_(ids))
    )
    for customer_id, phone in rows:
        found[customer_id].add(phone)
    return found


async def _shared_payer(reader: Reader, case: CaseRecord) -> str:
    """What identifies a payment from outside, on the newcomer's bill and on a bill of the member's."""
    if case.purchase_id is None:
        return ""
    tenant = reader.tenant_id
    theirs = (
        select(_M.c.method, _M.c.detail)
        .join(_B, and_(_B.c.tenant_id == _M.c.tenant_id, _B.c.bill_id == _M.c.bill_id))
        .where(_M.c.tenant_id == tenant, _B.c.purchase_id == case.purchase_id)
        .where(_M.c.kind == "payment", _M.c.detail != "", _M.c.method != "cash")
        .subquery()
    )
    query = (
        select(_M.c.detail)
        .join(_B, and_(_B.c.tenant_id == _M.c.tenant_id, _B.c.bill_id == _M.c.bill_id))
        .join(_V, and_(_V.c.tenant_id == _B.c.tenant_id, _V.c.visit_id == _B.c.visit_id))
        .join(theirs, and_(theirs.c.method == _M.c.method, theirs.c.detail == _M.c.detail))
        .where(_M.c.tenant_id == tenant, _V.c.customer_id == case.referrer_id, _M.c.kind == "payment")
        .limit(1)
    )
    return str(await reader.session.scalar(query) or "")


async def _before(reader: Reader, referee_id: UUID, day: datetime, created_at: datetime) -> str:
    """Why the newcomer is none, as far as our own books tell."""
    ids = await list_cluster(reader, referee_id)
    bought = (
        select(_P.c.purchase_id)
        .where(_P.c.tenant_id == reader.tenant_id, _P.c.customer_id.in_(ids), _P.c.occurred_at < day)
        .where(_P.c.paid_fen > _P.c.refunded_fen)
    )
    if await reader.session.scalar(bought.limit(1)) is not None:
        return "purchase"
    came = select(_V.c.visit_id).where(
        _V.c.tenant_id == reader.tenant_id,
        _V.c.customer_id.in_(ids),
        _V.c.started_at < day,
        _V.c.state != "cancelled",
    )
    if await reader.session.scalar(came.limit(1)) is not None:
        return "visit"
    return "record" if created_at < day else ""
