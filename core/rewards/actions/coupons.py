"""Redeems each coupon as often as it says and not once more, and takes back what was undone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import record_event
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.rewards.actions.issuing import MAX_KEY, MAX_REASON, count_out
from core.rewards.errors import (
    REFUSALS,
    CouponGroupTaken,
    CouponKeyReused,
    CouponUnknown,
    CouponUsedUp,
)
from core.rewards.models import Coupon, CouponRedemption
from core.rewards.queries.coupons import CouponFacts, get_coupon
from core.rewards.rules.codes import read_code
from core.rewards.rules.coupons import CouponItem, refusal_of, worth
from core.rewards.rules.periods import midnight
from core.uow import UnitOfWork

_C, _R = table_of(Coupon), table_of(CouponRedemption)
RESTORED_DAYS: Final = 30
"""A use that is taken back leaves at least so many days to use the coupon again, as points given back live."""


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """What a redemption did; `replayed` when the key had redeemed this coupon before."""

    redemption_id: UUID
    coupon: CouponFacts
    fen: int
    replayed: bool = False


async def _lock(uow: UnitOfWork, *, code: str | None, coupon_id: UUID | None) -> CouponFacts:
    """The coupon as it is now, its row locked until the end of the unit."""
    mine: Any
    if coupon_id is not None:
        mine = _C.c.coupon_id == coupon_id
    else:
        read = read_code(code or "")
        if read is None:
            raise CouponUnknown(code=code or "")
        mine = _C.c.code == read
    locked = select(_C.c.coupon_id).where(_C.c.tenant_id == uow.tenant_id, mine).with_for_update(key_share=True)
    found = await uow.session.scalar(locked)
    if found is None:
        if coupon_id is not None:
            raise NotFound("no such coupon")
        raise CouponUnknown(code=code or "")
    return await get_coupon(uow, found)


async def redeem_coupon(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    key: str,
    code: str | None = None,
    coupon_id: UUID | None = None,
    items: Sequence[CouponItem] = (),
    fen: int | None = None,
    groups: frozenset[str] = frozenset(),
    ref_id: UUID | None = None,
) -> Redeemed:
    """Use a coupon once, by its code or id; the same `key` uses it once, however many send it.

    What it takes off is worked out from `items`, or was by the bill that says `fen`. `groups` are the stack groups
    that other coupons of the same bill have taken.

    Raises:
        CouponUnknown: no coupon has this code.
        CouponRefused: one of its kinds says why.
        CouponKeyReused: the key redeemed another coupon.
    """
    if not key or len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    coupon = await _lock(uow, code=code, coupon_id=coupon_id)
    known = await _find_use(uow, key)
    if known is not None:
        if known.coupon_id != coupon.coupon_id or known.kind != "use":
            raise CouponKeyReused(key=key)
        return Redeemed(redemption_id=known.redemption_id, coupon=coupon, fen=known.fen, replayed=True)
    customer_id = await find_present_customer(uow, customer_id)
    off = check_coupon(coupon, customer_id=customer_id, now=uow.now, items=items, fen=fen, groups=groups)
    used_id = await _append(uow, coupon, kind="use", key=key, customer_id=customer_id, fen=off, ref_id=ref_id)
    used = coupon.used + 1
    state = "used" if used == coupon.uses else "open"
    await _set(uow, coupon.coupon_id, used=used, state=state)
    data = {"template": coupon.template_id, "label": coupon.terms.label, "fen": off}
    await record_event(uow, customer_id=customer_id, kind="coupon_redeemed", data=data, ref_id=coupon.coupon_id)
    uow.audit("coupon.redeem", "coupon", coupon.coupon_id, {"fen": off, "key": key})
    after = msgspec.structs.replace(coupon, used=used, state=state)
    return Redeemed(redemption_id=used_id, coupon=after, fen=off)


def check_coupon(
    coupon: CouponFacts,
    *,
    customer_id: UUID,
    now: datetime,
    items: Sequence[CouponItem] = (),
    fen: int | None = None,
    groups: frozenset[str] = frozenset(),
) -> int:
    """Return what a coupon would take off, without using it; raise the refusal that says why it would not."""
    refused = refusal_of(coupon.standing, coupon.terms, customer_id=customer_id, now=now)
    if refused is not None:
        raise REFUSALS[refused](coupon=coupon.code, until=coupon.valid_until, since=coupon.valid_from)
    if coupon.terms.stack_group in groups:
        raise CouponGroupTaken(coupon=coupon.code, group=coupon.terms.stack_group)
    if fen is not None:
        return fen
    off = worth(coupon.terms, items)
    if isinstance(off, str):
        raise REFUSALS[off](coupon=coupon.code, least_fen=coupon.terms.min_spend_fen)
    return off


async def _find_use(uow: UnitOfWork, key: str) -> Any:
    return (
        await uow.session.execute(
            select(_R.c.redemption_id, _R.c.coupon_id, _R.c.kind, _R.c.fen, _R.c.customer_id, _R.c.ref_id).where(
                _R.c.tenant_id == uow.tenant_id, _R.c.key == key
            )
        )
    ).first()


async def _append(
    uow: UnitOfWork,
    coupon: CouponFacts,
    *,
    kind: str,
    key: str,
    customer_id: UUID,
    fen: int,
    ref_id: UUID | None,
    of_id: UUID | None = None,
) -> UUID:
    fresh = upsert(_R).values(
        tenant_id=uow.tenant_id,
        redemption_id=new_id(),
        coupon_id=coupon.coupon_id,
        customer_id=customer_id,
        kind=kind,
        of_id=of_id,
        key=key,
        ref_id=ref_id,
        fen=fen,
        at=uow.now,
        actor_id=uow.actor.id,
        actor_name=uow.actor.name,
    )
    fresh = fresh.on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    made: UUID | None = await uow.session.scalar(fresh.returning(_R.c.redemption_id))
    if made is None:  # another coupon took the key at the same time
        raise CouponKeyReused(key=key)
    return made


async def _set(uow: UnitOfWork, coupon_id: UUID, **values: Any) -> None:
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.coupon_id == coupon_id)
    await uow.session.execute(update(_C).where(*mine).values(**values))


async def restore_coupon(uow: UnitOfWork, *, key_of: str, key: str) -> CouponFacts:
    """Take back the use that `key_of` made, because its bill was taken back; once, whatever `key` it comes with.

    The customer finds at least thirty days to use it again. A void coupon stays void.

    Raises:
        NotFound: nothing was redeemed with that key.
    """
    known = await _find_use(uow, key_of)
    if known is None or known.kind != "use":
        raise NotFound("nothing was redeemed with this key")
    coupon = await _lock(uow, code=None, coupon_id=known.coupon_id)
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.kind == "restore", _R.c.of_id == known.redemption_id)
    if await uow.session.scalar(select(_R.c.redemption_id).where(*mine)) is not None:
        return coupon
    await _append(
        uow,
        coupon,
        kind="restore",
        key=key,
        customer_id=known.customer_id,
        fen=known.fen,
        ref_id=known.ref_id,
        of_id=known.redemption_id,
    )
    values: dict[str, Any] = {"used": coupon.used - 1}
    if coupon.state != "void":
        values["state"] = "open"
        if coupon.valid_until is not None:
            least = uow.today + timedelta(days=RESTORED_DAYS)
            values["valid_until"] = max(coupon.valid_until, midnight(least + timedelta(days=1), uow.scope.timezone))
    await _set(uow, coupon.coupon_id, **values)
    data = {"template": coupon.template_id, "label": coupon.terms.label, "fen": known.fen}
    await record_event(uow, customer_id=known.customer_id, kind="coupon_restored", data=data, ref_id=coupon.coupon_id)
    uow.audit("coupon.restore", "coupon", coupon.coupon_id, {"key": key_of})
    return await get_coupon(uow, coupon.coupon_id)


async def void_coupon(uow: UnitOfWork, *, coupon_id: UUID, reason: str) -> CouponFacts:
    """Make a coupon worthless, with a reason; one that was never used makes room under its template's limits.

    Raises:
        InvalidInput: no reason.
        CouponUsedUp: nothing of it is left to be made void.
    """
    words = clean_text(reason)
    if not words or len(words) > MAX_REASON:
        problem = (
            FieldProblem("reason", "too-long", {"max": MAX_REASON}) if words else FieldProblem("reason", "required")
        )
        raise InvalidInput((problem,))
    coupon = await _lock(uow, code=None, coupon_id=coupon_id)
    if coupon.state == "void":
        return coupon
    if coupon.left == 0:
        raise CouponUsedUp(coupon=coupon.code)
    await _set(uow, coupon_id, state="void", voided_at=uow.now, void_reason=words)
    if coupon.used == 0:
        await count_out(uow, coupon.template_id)
    data = {"template": coupon.template_id, "label": coupon.terms.label, "reason": words}
    await record_event(uow, customer_id=coupon.customer_id, kind="coupon_voided", data=data, ref_id=coupon_id)
    uow.audit("coupon.void", "coupon", coupon_id, {"reason": words})
    return await get_coupon(uow, coupon_id)


async def expire_coupons(uow: UnitOfWork, *, limit: int = 500) -> int:
    """Write down what is over, a piece at a time, and return how many; nothing waits for it: each use looks itself."""
    due = (
        select(_C.c.coupon_id)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.state == "open", _C.c.valid_until <= uow.now)
        .order_by(_C.c.valid_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await uow.session.scalars(due))
    if ids:
        mine = (_C.c.tenant_id == uow.tenant_id, _C.c.coupon_id.in_(ids))
        await uow.session.execute(update(_C).where(*mine).values(state="expired"))
    return len(ids)
