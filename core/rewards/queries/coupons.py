"""Reads coupons: a customer's, one by its code, and what it was used for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.offers import CouponTemplate
from core.rewards.models import Coupon, CouponRedemption
from core.rewards.rules.codes import read_code
from core.rewards.rules.coupons import Standing
from core.uow import Reader

_C, _R, _P = table_of(Coupon), table_of(CouponRedemption), table_of(Customer)


class CouponFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One coupon; `state` is `expired` from the very instant on, whether or not the night has tidied it yet."""

    coupon_id: UUID
    code: str
    customer_id: UUID
    customer_name: str
    template_id: str
    rule_version: str
    terms: CouponTemplate
    state: str
    uses: int
    used: int
    valid_from: datetime
    valid_until: datetime | None
    source: str
    key: str
    ref_id: UUID | None
    reason: str
    issued_at: datetime
    issued_by_name: str
    voided_at: datetime | None
    void_reason: str

    @property
    def left(self) -> int:
        """How often it may still be used."""
        return self.uses - self.used

    @property
    def standing(self) -> Standing:
        """What the rules look at."""
        return Standing(
            state=self.state,
            customer_id=self.customer_id,
            uses=self.uses,
            used=self.used,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


class RedemptionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a coupon, or its taking back."""

    redemption_id: UUID
    coupon_id: UUID
    customer_id: UUID
    kind: str
    of_id: UUID | None
    key: str
    ref_id: UUID | None
    fen: int
    at: datetime
    actor_name: str


_COUPON = (
    *(_C.c[name] for name in CouponFacts.__struct_fields__ if name != "customer_name"),
    _P.c.full_name.label("customer_name"),
)
_JOINED = _C.join(_P, (_P.c.tenant_id == _C.c.tenant_id) & (_P.c.customer_id == _C.c.customer_id))
_USE = tuple(_R.c[name] for name in RedemptionFacts.__struct_fields__)


def coupon_facts(row: Any, now: datetime) -> CouponFacts:
    """A row as facts, with the state of this instant."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["terms"] = msgspec.convert(values["terms"], CouponTemplate)
    until = values["valid_until"]
    if values["state"] == "open" and until is not None and now >= until:
        values["state"] = "expired"
    return CouponFacts(**values)


async def list_coupons(
    reader: Reader, customer_id: UUID, *, usable: bool = False, limit: int = 100
) -> list[CouponFacts]:
    """Return a customer's coupons, the newest first; `usable` leaves out those that are used, over, void or not begun."""
    query = select(*_COUPON).select_from(_JOINED)
    query = query.where(_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == customer_id)
    if usable:
        query = query.where(_C.c.state == "open", _C.c.valid_from <= reader.now)
        query = query.where((_C.c.valid_until > reader.now) | _C.c.valid_until.is_(None))
    rows = await reader.session.execute(query.order_by(_C.c.coupon_id.desc()).limit(limit))
    return [coupon_facts(row, reader.now) for row in rows]


async def get_coupon(reader: Reader, coupon_id: UUID) -> CouponFacts:
    """Return one coupon; raise NotFound when this tenant has none of that id."""
    query = select(*_COUPON).select_from(_JOINED)
    row = (
        await reader.session.execute(query.where(_C.c.tenant_id == reader.tenant_id, _C.c.coupon_id == coupon_id))
    ).first()
    if row is None:
        raise NotFound("no such coupon")
    return coupon_facts(row, reader.now)


async def find_coupon_by_code(reader: Reader, text: str) -> CouponFacts | None:
    """Return the coupon behind a code as somebody typed or scanned it; None when there is none."""
    code = read_code(text)
    if code is None:
        return None
    query = select(*_COUPON).select_from(_JOINED).where(_C.c.tenant_id == reader.tenant_id, _C.c.code == code)
    row = (await reader.session.execute(query)).first()
    return coupon_facts(row, reader.now) if row is not None else None


async def get_coupon_by_code(reader: Reader, text: str) -> CouponFacts:
    """Return the coupon behind a code; raise NotFound when there is none."""
    found = await find_coupon_by_code(reader, text)
    if found is None:
        raise NotFound("no such coupon")
    return found


async def list_redemptions(reader: Reader, coupon_ids: Sequence[UUID]) -> list[RedemptionFacts]:
    """Return the uses of these coupons and what was taken back, the newest first."""
    if not coupon_ids:
        return []
    query = select(*_USE).where(_R.c.tenant_id == reader.tenant_id, _R.c.coupon_id.in_(coupon_ids))
    rows = await reader.session.execute(query.order_by(_R.c.redemption_id.desc()))
    return [RedemptionFacts(**row._mapping) for row in rows]  # noqa: SLF001 - as above
