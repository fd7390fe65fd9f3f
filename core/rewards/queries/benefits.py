"""Reads benefits: what was granted and what the rules in force promise, with what is left of each per pet and period."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, or_, select

from core.customers.models import Customer, Subject
from core.days import local_date
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.offers import ServiceQuota
from core.programs.queries import get_program
from core.rewards.models import BenefitGrant, BenefitUse, NamedClinician
from core.rewards.rules.benefits import Promise, carried_over, left_of, promises_of
from core.rewards.rules.periods import period_bounds
from core.uow import Reader

_G, _U, _N = table_of(BenefitGrant), table_of(BenefitUse), table_of(NamedClinician)
_C, _S = table_of(Customer), table_of(Subject)


class GrantFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One benefit of a period; without `grant_id` the rules promise it and the first use writes it down."""

    grant_id: UUID | None
    benefit: str
    service: str
    label: Any
    holder: str
    customer_id: UUID
    subject_id: UUID | None
    household_id: UUID | None
    period: str
    first_on: date
    last_on: date | None
    quota: int | None
    carried: int
    used: int
    pay_percent: int
    source: str
    rule_id: str
    rule_version: str

    @property
    def left(self) -> int | None:
        """How often it may still be used; None without limit."""
        return left_of(self.quota, self.carried, self.used)

    def is_open(self, day: date) -> bool:
        """Tell whether the period holds this day."""
        return self.first_on <= day and (self.last_on is None or day <= self.last_on)


class UseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a benefit, or its giving back."""

    use_id: UUID
    grant_id: UUID
    subject_id: UUID | None
    kind: str
    of_id: UUID | None
    key: str
    ref_id: UUID | None
    at: datetime
    actor_name: str


class Holders(msgspec.Struct, frozen=True, kw_only=True):
    """Who may hold a benefit around one customer; `since` is when the membership began."""

    customer_id: UUID
    household_id: UUID | None
    since: date
    subject_ids: tuple[UUID, ...]


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One promise for one holder in the period of one day, whether written down already or not."""

    promise: Promise
    holder_id: UUID
    subject_id: UUID | None
    household_id: UUID | None
    first_on: date
    last_on: date

    @property
    def key(self) -> str:
        """What makes its grant unique."""
        return f"{self.promise.benefit}:{self.holder_id}:{self.first_on.isoformat()}"


_GRANT = tuple(_G.c[name] for name in GrantFacts.__struct_fields__)
_USE = tuple(_U.c[name] for name in UseFacts.__struct_fields__)


async def get_holders(reader: Reader, customer_id: UUID) -> Holders:
    """Return the customer, the household and the living pets; raise NotFound when there is no such customer."""
    mine = (_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == customer_id)
    row = (await reader.session.execute(select(_C.c.household_id, _C.c.created_at).where(*mine))).first()
    if row is None:
        raise NotFound("no such customer")
    pets = select(_S.c.subject_id).where(
        _S.c.tenant_id == reader.tenant_id,
        _S.c.customer_id == customer_id,
        _S.c.deceased_on.is_(None),
        _S.c.merged_into.is_(None),
    )
    return Holders(
        customer_id=customer_id,
        household_id=row.household_id,
        since=local_date(row.created_at, reader.scope.timezone),
        subject_ids=tuple(await reader.session.scalars(pets.order_by(_S.c.subject_id))),
    )


async def list_promises(reader: Reader, customer_id: UUID, tier: str | None, day: date) -> list[Promise]:
    """Return what the rules in force promise a customer of a tier; a quota with a condition only where it holds."""
    program = await get_program(reader)
    rules = program.live(ServiceQuota) if program else ()
    trees = {rule.id: rule.when for rule in rules if rule.when is not None}
    holds = await reader.match(customer_id, trees)
    promised = promises_of(program, tier, day)
    return [one for one in promised if one.rule_id not in trees or one.rule_id in holds]


def slots_of(promises: Sequence[Promise], holders: Holders, day: date) -> list[Slot]:
    """Every promise with each of its holders: a pet's once per pet, a household's once however many people it has."""
    slots = []
    for promise in promises:
        first, last = period_bounds(promise.period, day, holders.since)
        whose: list[tuple[UUID, UUID | None, UUID | None]] = [(holders.customer_id, None, None)]
        if promise.holder == "subject":
            whose = [(one, one, None) for one in holders.subject_ids]
        elif promise.holder == "household" and holders.household_id is not None:
            whose = [(holders.household_id, None, holders.household_id)]
        slots += [
            Slot(
                promise=promise,
                holder_id=holder_id,
                subject_id=subject_id,
                household_id=household_id,
                first_on=first,
                last_on=last,
            )
            for holder_id, subject_id, household_id in whose
        ]
    return slots


async def list_grants(
    reader: Reader, customer_id: UUID, *, tier: str | None = None, day: date | None = None, every: bool = False
) -> list[GrantFacts]:
    """Return the benefits that a customer may use on a day: granted ones of its period, and what the tier promises.

    `every` adds what was granted for other periods, for the history.
    """
    day = day or reader.today
    holders = await get_holders(reader, customer_id)
    known = await find_grants(reader, holders)
    standing = {_slot_key(one): one for one in known}
    promised = [
        fresh_grant(slot, holders.customer_id, known, since=holders.since)
        for slot in slots_of(await list_promises(reader, customer_id, tier, day), holders, day)
        if (slot.promise.benefit, slot.holder_id, slot.first_on) not in standing
    ]
    return [one for one in known if every or one.is_open(day)] + promised


def _slot_key(grant: GrantFacts) -> tuple[str, UUID, date]:
    return (grant.benefit, grant.subject_id or grant.household_id or grant.customer_id, grant.first_on)


async def find_grants(reader: Reader, holders: Holders) -> list[GrantFacts]:
    """Return everything granted to a customer, the pets and the household, the newest period first."""
    mine: list[ColumnElement[bool]] = [(_G.c.customer_id == holders.customer_id) & (_G.c.holder == "person")]
    if holders.subject_ids:
        mine.append(_G.c.subject_id.in_(holders.subject_ids))
    if holders.household_id is not None:
        mine.append(_G.c.household_id == holders.household_id)
    else:
        mine.append((_G.c.customer_id == holders.customer_id) & (_G.c.holder == "household"))
    query = select(*_GRANT).where(_G.c.tenant_id == reader.tenant_id, or_(*mine))
    rows = await reader.session.execute(query.order_by(_G.c.first_on.desc(), _G.c.grant_id))
    return [GrantFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def fresh_grant(
    slot: Slot, customer_id: UUID, known: Sequence[GrantFacts], *, since: date, rule_version: str = ""
) -> GrantFacts:
    """What a slot is worth before anybody used it, with what was left of the period before."""
    promise = slot.promise
    return GrantFacts(
        grant_id=None,
        benefit=promise.benefit,
        service=promise.service,
        label=promise.label,
        holder=promise.holder,
        customer_id=customer_id,
        subject_id=slot.subject_id,
        household_id=slot.household_id,
        period=promise.period,
        first_on=slot.first_on,
        last_on=None if slot.last_on == date.max else slot.last_on,
        quota=promise.quota,
        carried=_carried(slot, known, since) if promise.carry_over and promise.period != "lifetime" else 0,
        used=0,
        pay_percent=promise.pay_percent,
        source=promise.source,
        rule_id=promise.rule_id,
        rule_version=rule_version,
    )


def _carried(slot: Slot, known: Sequence[GrantFacts], since: date) -> int:
    """What was left of the period before; one in which nobody asked, of somebody who had it before, is left whole."""
    mine = [one for one in known if _slot_key(one)[:2] == (slot.promise.benefit, slot.holder_id)]
    earlier = [one for one in mine if one.first_on < slot.first_on]
    if not earlier:
        return 0
    before, _ = period_bounds(slot.promise.period, slot.first_on - timedelta(days=1), since)
    last = max(earlier, key=lambda one: one.first_on)
    return carried_over(last.quota, last.carried, last.used) if last.first_on == before else slot.promise.quota or 0


async def get_grant(reader: Reader, grant_id: UUID) -> GrantFacts:
    """Return one grant; raise NotFound when this tenant has none of that id."""
    query = select(*_GRANT).where(_G.c.tenant_id == reader.tenant_id, _G.c.grant_id == grant_id)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such benefit")
    return GrantFacts(**row._mapping)  # noqa: SLF001 - as above


async def list_uses(reader: Reader, grant_ids: Sequence[UUID]) -> list[UseFacts]:
    """Return what these grants were used for and what was given back, the newest first."""
    if not grant_ids:
        return []
    query = select(*_USE).where(_U.c.tenant_id == reader.tenant_id, _U.c.grant_id.in_(grant_ids))
    rows = await reader.session.execute(query.order_by(_U.c.use_id.desc()))
    return [UseFacts(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def get_use(reader: Reader, use_id: UUID) -> UseFacts:
    """Return one use of a benefit; raise NotFound when this tenant has none of that id."""
    row = (
        await reader.session.execute(select(*_USE).where(_U.c.tenant_id == reader.tenant_id, _U.c.use_id == use_id))
    ).first()
    if row is None:
        raise NotFound("no such use")
    return UseFacts(**row._mapping)  # noqa: SLF001 - as above


async def find_named_clinician(reader: Reader, customer_id: UUID) -> UUID | None:
    """Return the staff id of the clinician whom a customer is assigned, or None."""
    mine = (_N.c.tenant_id == reader.tenant_id, _N.c.customer_id == customer_id)
    found: UUID | None = await reader.session.scalar(select(_N.c.staff_id).where(*mine))
    return found


async def list_customers_of_clinician(reader: Reader, staff_id: UUID) -> list[UUID]:
    """Return whose named clinician somebody is, for when they leave."""
    query = select(_N.c.customer_id).where(_N.c.tenant_id == reader.tenant_id, _N.c.staff_id == staff_id)
    return list(await reader.session.scalars(query.order_by(_N.c.customer_id)))
