"""Issues coupons, under the limits of their templates and once per key."""

from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import record_event
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.parts import GiftReward, ServiceReward
from core.programs.queries import get_program, get_version_id
from core.rewards.errors import (
    CouponKeyReused,
    CouponsGivenOut,
    CouponsOfCustomerGivenOut,
    CouponTemplateOff,
)
from core.rewards.models import Coupon, CouponCounter
from core.rewards.queries.coupons import CouponFacts, get_coupon
from core.rewards.rules.codes import new_code
from core.rewards.rules.coupons import template_of, valid_between
from core.uow import UnitOfWork

_C, _N = table_of(Coupon), table_of(CouponCounter)
MAX_REASON: Final = 500
MAX_KEY: Final = 200


async def issue_coupon(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    template_id: str,
    key: str,
    source: str,
    ref_id: UUID | None = None,
    reason: str = "",
) -> CouponFacts:
    """Issue a coupon of a live template to a customer, under its terms of now; the same `key` issues it once.

    Raises:
        CouponTemplateOff: there is no such template, it is switched off, or its days are over.
        CouponsGivenOut: the template's limit, in all or per customer, is reached.
        CouponKeyReused: the key issued another coupon.
    """
    program = await get_program(uow)
    template = program.find(template_id) if program else None
    known = await _find_issued(uow, key)
    if known is not None:
        return _same_issue(known, await find_present_customer(uow, customer_id), template_id)
    today = uow.today
    if (
        not isinstance(template, CouponTemplate)
        or not template.live
        or (template.ends_on is not None and template.ends_on < today)
    ):
        raise CouponTemplateOff(template=template_id)
    return await _issue(
        uow, template=template, customer_id=customer_id, key=key, source=source, ref_id=ref_id, reason=reason
    )


async def issue_reward(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    reward: ServiceReward | GiftReward,
    key: str,
    source: str,
    ref_id: UUID | None = None,
    reason: str = "",
) -> CouponFacts:
    """Issue a service or a gift that a rule names without a template, as a coupon with a code to show at the desk."""
    template = template_of(reward)
    known = await _find_issued(uow, key)
    if known is not None:
        return _same_issue(known, await find_present_customer(uow, customer_id), template.id)
    return await _issue(
        uow, template=template, customer_id=customer_id, key=key, source=source, ref_id=ref_id, reason=reason
    )


async def _find_issued(uow: UnitOfWork, key: str) -> CouponFacts | None:
    if not key or len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    found = await uow.session.scalar(select(_C.c.coupon_id).where(_C.c.tenant_id == uow.tenant_id, _C.c.key == key))
    return await get_coupon(uow, found) if found is not None else None


def _same_issue(known: CouponFacts, customer_id: UUID, template_id: str) -> CouponFacts:
    if known.customer_id != customer_id or known.template_id != template_id:
        raise CouponKeyReused(key=known.key)
    return known


async def _issue(
    uow: UnitOfWork,
    *,
    template: CouponTemplate,
    customer_id: UUID,
    key: str,
    source: str,
    ref_id: UUID | None,
    reason: str,
) -> CouponFacts:
    words = clean_text(reason)
    if len(words) > MAX_REASON:
        raise InvalidInput((FieldProblem("reason", "too-long", {"max": MAX_REASON}),))
    customer_id = await find_present_customer(uow, customer_id)
    today = uow.today
    begins, ends = valid_between(template, issued_on=today, at=uow.now, timezone=uow.scope.timezone)
    await _count_in(uow, template, customer_id)
    values = {
        "tenant_id": uow.tenant_id,
        "coupon_id": new_id(),
        "code": new_code(),
        "customer_id": customer_id,
        "template_id": template.id,
        "rule_version": await get_version_id(uow),
        "terms": msgspec.to_builtins(template),
        "state": "open",
        "uses": template.uses,
        "used": 0,
        "valid_from": begins,
        "valid_until": ends,
        "source": source,
        "key": key,
        "ref_id": ref_id,
        "reason": words,
        "issued_at": uow.now,
        "issued_by_name": uow.actor.name,
        "void_reason": "",
    }
    fresh = upsert(_C).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    coupon_id: UUID | None = await uow.session.scalar(fresh.returning(_C.c.coupon_id))
    if coupon_id is None:  # the same key came at the same time, and the other was first
        await count_out(uow, template.id)
        known = await _find_issued(uow, key)
        assert known is not None
        return _same_issue(known, customer_id, template.id)
    issued = await get_coupon(uow, coupon_id)
    data = {"template": template.id, "label": template.label, "source": source, "reason": words}
    await record_event(uow, customer_id=customer_id, kind="coupon_issued", data=data, ref_id=coupon_id)
    uow.audit("coupon.issue", "coupon", coupon_id, {"template": template.id, "source": source, "reason": words})
    return issued


async def _count_in(uow: UnitOfWork, template: CouponTemplate, customer_id: UUID) -> None:
    """Take the template's counter, one after the other, and refuse what is above its limits."""
    counted = upsert(_N).values(tenant_id=uow.tenant_id, template_id=template.id, issued=1)
    issued = await uow.session.scalar(
        counted.on_conflict_do_update(
            index_elements=["tenant_id", "template_id"], set_={"issued": _N.c.issued + 1}
        ).returning(_N.c.issued)
    )
    if template.total_limit is not None and int(issued or 0) > template.total_limit:
        await count_out(uow, template.id)
        raise CouponsGivenOut(template=template.id, limit=template.total_limit)
    if template.per_customer_limit is not None:
        # The counter's row is locked: nobody issues another of this template before this unit ends.
        had = await uow.session.scalar(
            select(func.count()).where(
                _C.c.tenant_id == uow.tenant_id,
                _C.c.template_id == template.id,
                _C.c.customer_id == customer_id,
                (_C.c.state != "void") | (_C.c.used > 0),
            )
        )
        if int(had or 0) >= template.per_customer_limit:
            await count_out(uow, template.id)
            raise CouponsOfCustomerGivenOut(template=template.id, limit=template.per_customer_limit)


async def count_out(uow: UnitOfWork, template_id: str) -> None:
    mine = (_N.c.tenant_id == uow.tenant_id, _N.c.template_id == template_id, _N.c.issued > 0)
    await uow.session.execute(update(_N).where(*mine).values(issued=_N.c.issued - 1))
