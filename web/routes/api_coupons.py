"""The API's coupons: issue, list, check against a bill, redeem, give back, make void."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.rewards.actions import check_coupon, issue_coupon, redeem_coupon, restore_coupon, void_coupon
from core.rewards.errors import CouponRefused, CouponUnknown
from core.rewards.queries.coupons import CouponFacts, find_coupon_by_code, get_coupon, list_coupons
from core.rewards.rules.coupons import CouponItem
from core.uow import Reader, UnitOfWork
from web.api_bodies import get_present, once_key, own_key, plain, read_body
from web.once import once
from web.request import WebRequest
from web.security import by_key

_ROOT: Final = "/api/v1"
_READ, _WRITE = [by_key("loyalty.read")], [by_key("loyalty.write")]
BODY_LIMIT: Final = 64 * 1024


class NewCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which template; its terms of now go into the coupon."""

    template: str
    reason: str = ""
    key: str = ""


class BillLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a bill after the discounts before it."""

    fen: int
    category: str = ""
    service: str = ""
    quantity: int = 1


class CouponOnBill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A coupon held against a bill: its lines, or only its total; `groups` were taken by other coupons of the bill."""

    code: str
    customer_id: UUID
    fen: int | None = None
    lines: tuple[BillLine, ...] = ()
    groups: tuple[str, ...] = ()
    key: str = ""

    @property
    def items(self) -> tuple[CouponItem, ...]:
        """The bill as the rules of coupons read it."""
        lines = self.lines or ((BillLine(self.fen),) if self.fen is not None else ())
        return tuple(
            CouponItem(fen=one.fen, category=one.category, service=one.service, quantity=one.quantity) for one in lines
        )


class CouponBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`of` is the key that redeemed the coupon."""

    of: str
    key: str = ""


class VoidCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the coupon shall be worth nothing."""

    code: str
    reason: str


def told(coupon: CouponFacts) -> dict[str, Any]:
    """A coupon as the API says it."""
    return {
        "id": coupon.coupon_id,
        "code": coupon.code,
        "customer_id": coupon.customer_id,
        "template": coupon.template_id,
        "terms": plain(coupon.terms),
        "state": coupon.state,
        "uses": coupon.uses,
        "used": coupon.used,
        "valid_from": coupon.valid_from,
        "valid_until": coupon.valid_until,
        "source": coupon.source,
        "rule_version": coupon.rule_version,
        "issued_at": coupon.issued_at,
    }


async def _by_code(reader: Reader, code: str) -> CouponFacts:
    found = await find_coupon_by_code(reader, code)
    if found is None:
        raise CouponUnknown(code=code)
    return found


@get(f"{_ROOT}/customers/{{customer_id:uuid}}/coupons", guards=_READ)
async def show_coupons(reader: NamedDependency[Reader], customer_id: FromPath[UUID]) -> Response[Any]:
    person = await get_present(reader, customer_id)
    return Response({"coupons": [told(one) for one in await list_coupons(reader, person.customer_id)]})


@post(f"{_ROOT}/customers/{{customer_id:uuid}}/coupons", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def issue(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewCoupon)
    issued = await issue_coupon(
        uow,
        customer_id=person.customer_id,
        template_id=sent.template,
        key=once_key(request, uow, sent.key),
        source="api",
        reason=sent.reason,
    )
    return Response(told(issued), status_code=201)


@post(f"{_ROOT}/coupons/check", guards=_READ, request_max_body_size=BODY_LIMIT)
@once
async def check(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Say what a coupon is and what it would take off; nothing is written, and a refusal is part of the answer."""
    sent = await read_body(request, CouponOnBill)
    person, coupon = await get_present(uow, sent.customer_id), await _by_code(uow, sent.code)
    off, refusal = None, None
    try:
        groups = frozenset(sent.groups)
        off = check_coupon(coupon, customer_id=person.customer_id, now=uow.now, items=sent.items, groups=groups)
    except CouponRefused as refused:
        refusal = refused.code
    return Response({"coupon": told(coupon), "off_fen": off, "refusal": refusal}, status_code=200)


@post(f"{_ROOT}/coupons/redeem", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def redeem(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    sent = await read_body(request, CouponOnBill)
    person = await get_present(uow, sent.customer_id)
    done = await redeem_coupon(
        uow,
        customer_id=person.customer_id,
        code=sent.code,
        key=once_key(request, uow, sent.key),
        items=sent.items,
        groups=frozenset(sent.groups),
    )
    body = {"redemption_id": done.redemption_id, "off_fen": done.fen, "coupon": told(done.coupon)}
    return Response(body, status_code=200 if done.replayed else 201)


@post(f"{_ROOT}/coupons/give-back", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def give_back(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """The bill was taken back: the coupon can be used again."""
    sent = await read_body(request, CouponBack)
    coupon = await restore_coupon(uow, key_of=own_key(uow, sent.of), key=once_key(request, uow, sent.key))
    return Response(told(coupon), status_code=200)


@post(f"{_ROOT}/coupons/void", guards=_WRITE, request_max_body_size=BODY_LIMIT)
@once
async def make_void(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    sent = await read_body(request, VoidCoupon)
    coupon = await _by_code(uow, sent.code)
    return Response(told(await void_coupon(uow, coupon_id=coupon.coupon_id, reason=sent.reason)), status_code=200)


@get(f"{_ROOT}/coupons/{{coupon_id:uuid}}", guards=_READ)
async def show_one(reader: NamedDependency[Reader], coupon_id: FromPath[UUID]) -> Response[Any]:
    return Response(told(await get_coupon(reader, coupon_id)))


routes = [show_coupons, issue, check, redeem, give_back, make_void, show_one]
