"""Grants services for a period and consumes them under the row lock; what was granted stays until the period ends."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import record_event
from core.customers.queries import find_present_customer
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.parts import Holder, Period
from core.programs.queries import get_version_id
from core.rewards.errors import (
    BenefitKeyReused,
    BenefitNeedsSubject,
    BenefitOver,
    BenefitUsedUp,
    NoSuchBenefit,
)
from core.rewards.models import BenefitGrant, BenefitUse, NamedClinician
from core.rewards.queries.benefits import (
    GrantFacts,
    Slot,
    find_grants,
    fresh_grant,
    get_grant,
    get_holders,
    list_promises,
    slots_of,
)
from core.uow import UnitOfWork

_G, _U, _N = table_of(BenefitGrant), table_of(BenefitUse), table_of(NamedClinician)
MAX_KEY: Final = 200


class Consumed(msgspec.Struct, frozen=True, kw_only=True):
    """What a use did; `replayed` when the key had used this benefit before."""

    use_id: UUID
    grant: GrantFacts
    replayed: bool = False


async def grant_tier_benefits(
    uow: UnitOfWork, customer_id: UUID, tier: str | None, *, before: str | None = None
) -> list[GrantFacts]:
    """Write down what the present period gives a member whose tier changed to `tier`.

    What the tier `before` promised for this period is written down first: it stays until the period ends. Who has a
    grant of a promise already, and is promised more now, gets the difference.
    """
    day = uow.today
    holders = await get_holders(uow, customer_id)
    for code in (before, tier):
        promised = await list_promises(uow, customer_id, code, day)
        for slot in slots_of([one for one in promised if one.source == "tier"], holders, day):
            await _ensure(uow, slot, customer_id)
    return [one for one in await find_grants(uow, holders) if one.is_open(day)]


async def grant_benefit(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    service: str,
    label: Any,
    key: str,
    source: str,
    quota: int | None = 1,
    pay_percent: int = 0,
    holder: Holder = "person",
    subject_id: UUID | None = None,
    last_on: date | None = None,
    period: Period = "lifetime",
) -> GrantFacts:
    """Give somebody a service by hand or by a rule, once per `key`, until its last day.

    Raises:
        BenefitNeedsSubject: it is for a pet, and none of the customer's was named.
        BenefitKeyReused: the key granted something else.
    """
    if not key or len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    customer_id = await find_present_customer(uow, customer_id)
    holders = await get_holders(uow, customer_id)
    if holder == "subject" and subject_id not in holders.subject_ids:
        raise BenefitNeedsSubject(service=service)
    grant = GrantFacts(
        grant_id=None,
        benefit=f"given:{service}",
        service=service,
        label=label,
        holder=holder,
        customer_id=customer_id,
        subject_id=subject_id if holder == "subject" else None,
        household_id=holders.household_id if holder == "household" else None,
        period=period,
        first_on=uow.today,
        last_on=last_on,
        quota=quota,
        carried=0,
        used=0,
        pay_percent=pay_percent,
        source=source,
        rule_id="",
        rule_version=await get_version_id(uow),
    )
    made = await _insert(uow, grant, key)
    if made is None:
        known = await _find_grant(uow, key)
        assert known is not None
        if (known.customer_id, known.service) != (customer_id, service):
            raise BenefitKeyReused(key=key)
        return known
    data = {"service": service, "label": label, "source": source}
    await record_event(uow, customer_id=customer_id, kind="benefit_granted", data=data, ref_id=made.grant_id)
    uow.audit("benefit.grant", "benefit_grant", made.grant_id, {"service": service, "source": source})
    return made


async def consume_benefit(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    key: str,
    grant_id: UUID | None = None,
    service: str | None = None,
    subject_id: UUID | None = None,
    tier: str | None = None,
    ref_id: UUID | None = None,
) -> Consumed:
    """Use a benefit once: a grant, or the best one of a service that was granted or that the `tier` promises.

    The key of a bill's use is `visit:{visit id}:{benefit}`; the same key uses it once.

    Raises:
        NoSuchBenefit: the customer has no such benefit.
        BenefitUsedUp: the period's quota is used.
        BenefitOver: the grant's period does not hold today.
        BenefitNeedsSubject: it belongs to each pet, and another one (or none) was named.
    """
    if not key or len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    customer_id = await find_present_customer(uow, customer_id)
    known = await _find_use(uow, key)
    if known is not None:
        return _same_use(known, await get_grant(uow, known.grant_id), grant_id, service)
    found = grant_id
    if found is None:
        best = await secure_benefit(
            uow, customer_id=customer_id, service=service or "", subject_id=subject_id, tier=tier
        )
        found = best.grant_id
    assert found is not None
    grant = await _lock(uow, found)
    known = await _find_use(uow, key)  # read again behind the lock
    if known is not None:
        return _same_use(known, grant, grant_id, service)
    await _check(uow, grant, customer_id, subject_id)
    use_id = await _append(uow, grant, kind="use", key=key, subject_id=grant.subject_id or subject_id, ref_id=ref_id)
    await _set_used(uow, found, grant.used + 1)
    data = {"service": grant.service, "label": grant.label}
    await record_event(
        uow,
        customer_id=customer_id,
        kind="benefit_used",
        data=data,
        subject_id=grant.subject_id or subject_id,
        ref_id=found,
    )
    uow.audit("benefit.use", "benefit_grant", found, {"key": key})
    return Consumed(use_id=use_id, grant=msgspec.structs.replace(grant, used=grant.used + 1))


def _same_use(known: Any, grant: GrantFacts, grant_id: UUID | None, service: str | None) -> Consumed:
    if (
        known.kind != "use"
        or grant_id not in {None, known.grant_id}
        or (service or grant.service).casefold() != grant.service.casefold()
    ):
        raise BenefitKeyReused(key=known.key)
    return Consumed(use_id=known.use_id, grant=grant, replayed=True)


async def _check(uow: UnitOfWork, grant: GrantFacts, customer_id: UUID, subject_id: UUID | None) -> None:
    holders = await get_holders(uow, customer_id)
    if grant.holder == "subject":
        if grant.subject_id not in holders.subject_ids:
            raise NoSuchBenefit(service=grant.service)
        if subject_id is not None and subject_id != grant.subject_id:
            raise BenefitNeedsSubject(service=grant.service)
    elif grant.household_id is not None:
        if grant.household_id != holders.household_id:
            raise NoSuchBenefit(service=grant.service)
    elif grant.customer_id != customer_id:
        raise NoSuchBenefit(service=grant.service)
    if not grant.is_open(uow.today):
        raise BenefitOver(service=grant.service)
    if grant.left == 0:
        raise BenefitUsedUp(service=grant.service, quota=grant.quota)


async def secure_benefit(
    uow: UnitOfWork, *, customer_id: UUID, service: str, subject_id: UUID | None = None, tier: str | None = None
) -> GrantFacts:
    """Return the grant by which a service may be had, writing down what the tier promises: nothing is used by it.

    Of those with something left the cheapest, and of these the one that ends first.

    Raises:
        NoSuchBenefit: the customer has no such benefit.
        BenefitNeedsSubject: it belongs to each pet, and none was named.
    """
    day = uow.today
    customer_id = await find_present_customer(uow, customer_id)
    holders = await get_holders(uow, customer_id)
    wanted = service.casefold()
    promised = await list_promises(uow, customer_id, tier, day)
    offered = [one for one in promised if one.service.casefold() == wanted]
    for slot in slots_of(offered, holders, day):
        if slot.subject_id in {None, subject_id}:
            await _ensure(uow, slot, customer_id)
    known = await find_grants(uow, holders)
    mine = [one for one in known if one.service.casefold() == wanted and one.is_open(day)]
    fitting = [one for one in mine if one.subject_id in {None, subject_id}]
    if not fitting:
        if subject_id is None and (mine or any(one.holder == "subject" for one in offered)):
            raise BenefitNeedsSubject(service=service)
        raise NoSuchBenefit(service=service)
    return min(fitting, key=lambda one: (one.left == 0, one.pay_percent, one.last_on or date.max, str(one.grant_id)))


async def _ensure(uow: UnitOfWork, slot: Slot, customer_id: UUID) -> None:
    """Write a promise of the present period down, or raise what was granted before to what is promised now."""
    holders = await get_holders(uow, customer_id)
    known = await find_grants(uow, holders)
    place = (slot.promise.benefit, slot.holder_id, slot.first_on)
    held = next(
        (
            one
            for one in known
            if (one.benefit, one.subject_id or one.household_id or one.customer_id, one.first_on) == place
        ),
        None,
    )
    if held is None:
        version = await get_version_id(uow)
        fresh = fresh_grant(slot, customer_id, known, since=holders.since, rule_version=version)
        await _insert(uow, fresh, slot.key)
        return
    assert held.grant_id is not None
    more = held.quota is not None and (slot.promise.quota is None or slot.promise.quota > held.quota)
    if more or slot.promise.pay_percent < held.pay_percent:
        mine = (_G.c.tenant_id == uow.tenant_id, _G.c.grant_id == held.grant_id)
        await uow.session.execute(
            update(_G)
            .where(*mine)
            .values(
                quota=slot.promise.quota if more else held.quota,
                pay_percent=min(slot.promise.pay_percent, held.pay_percent),
            )
        )


async def _insert(uow: UnitOfWork, grant: GrantFacts, key: str) -> GrantFacts | None:
    """Insert a grant; None when its key is taken."""
    values = msgspec.structs.asdict(grant) | {
        "tenant_id": uow.tenant_id,
        "grant_id": new_id(),
        "key": key,
        "granted_at": uow.now,
        "granted_by_name": uow.actor.name,
    }
    fresh = upsert(_G).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    made: UUID | None = await uow.session.scalar(fresh.returning(_G.c.grant_id))
    return msgspec.structs.replace(grant, grant_id=made) if made is not None else None


async def _find_grant(uow: UnitOfWork, key: str) -> GrantFacts | None:
    found = await uow.session.scalar(select(_G.c.grant_id).where(_G.c.tenant_id == uow.tenant_id, _G.c.key == key))
    return await get_grant(uow, found) if found is not None else None


async def _lock(uow: UnitOfWork, grant_id: UUID) -> GrantFacts:
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.grant_id == grant_id)
    found = await uow.session.scalar(select(_G.c.grant_id).where(*mine).with_for_update(key_share=True))
    if found is None:
        raise NotFound("no such benefit")
    return await get_grant(uow, grant_id)


async def _set_used(uow: UnitOfWork, grant_id: UUID, used: int) -> None:
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.grant_id == grant_id)
    await uow.session.execute(update(_G).where(*mine).values(used=used))


async def _find_use(uow: UnitOfWork, key: str) -> Any:
    columns = (_U.c.use_id, _U.c.grant_id, _U.c.kind, _U.c.key, _U.c.subject_id, _U.c.ref_id)
    return (await uow.session.execute(select(*columns).where(_U.c.tenant_id == uow.tenant_id, _U.c.key == key))).first()


async def _append(
    uow: UnitOfWork,
    grant: GrantFacts,
    *,
    kind: str,
    key: str,
    subject_id: UUID | None,
    ref_id: UUID | None,
    of_id: UUID | None = None,
) -> UUID:
    fresh = upsert(_U).values(
        tenant_id=uow.tenant_id,
        use_id=new_id(),
        grant_id=grant.grant_id,
        subject_id=subject_id,
        kind=kind,
        of_id=of_id,
        key=key,
        ref_id=ref_id,
        at=uow.now,
        actor_id=uow.actor.id,
        actor_name=uow.actor.name,
    )
    fresh = fresh.on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    made: UUID | None = await uow.session.scalar(fresh.returning(_U.c.use_id))
    if made is None:  # another benefit took the key at the same time
        raise BenefitKeyReused(key=key)
    return made


async def give_back_benefit(uow: UnitOfWork, *, key_of: str, key: str) -> GrantFacts:
    """Give back the use that `key_of` made, because its bill was taken back; once, whatever `key` it comes with.

    Raises:
        NotFound: nothing was used with that key.
    """
    known = await _find_use(uow, key_of)
    if known is None or known.kind != "use":
        raise NotFound("nothing was used with this key")
    grant = await _lock(uow, known.grant_id)
    mine = (_U.c.tenant_id == uow.tenant_id, _U.c.kind == "give_back", _U.c.of_id == known.use_id)
    if await uow.session.scalar(select(_U.c.use_id).where(*mine)) is not None:
        return grant
    await _append(
        uow,
        grant,
        kind="give_back",
        key=key,
        subject_id=known.subject_id,
        ref_id=known.ref_id,
        of_id=known.use_id,
    )
    await _set_used(uow, known.grant_id, grant.used - 1)
    data = {"service": grant.service, "label": grant.label}
    await record_event(uow, customer_id=grant.customer_id, kind="benefit_given_back", data=data, ref_id=grant.grant_id)
    uow.audit("benefit.give_back", "benefit_grant", known.grant_id, {"key": key_of})
    return msgspec.structs.replace(grant, used=grant.used - 1)


async def name_clinician(uow: UnitOfWork, *, customer_id: UUID, staff_id: UUID | None, among: Sequence[UUID]) -> None:
    """Assign a customer one clinician out of those who work here, or nobody.

    Raises:
        InvalidInput: the person is none of them.
    """
    customer_id = await find_present_customer(uow, customer_id)
    mine = (_N.c.tenant_id == uow.tenant_id, _N.c.customer_id == customer_id)
    if staff_id is None:
        await uow.session.execute(delete(_N).where(*mine))
    elif staff_id not in among:
        raise InvalidInput((FieldProblem("staff_id", "option"),))
    else:
        values = {"staff_id": staff_id, "named_at": uow.now, "named_by_name": uow.actor.name}
        fresh = upsert(_N).values(tenant_id=uow.tenant_id, customer_id=customer_id, **values)
        await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "customer_id"], set_=values))
    uow.audit("benefit.clinician", "customer", customer_id, {"staff_id": str(staff_id) if staff_id else ""})
