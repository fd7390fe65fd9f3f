"""The API's ledger: account and entries, purchases and refunds, points granted, redeemed and given back, events, tiers."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.points import EarnEvent, Lifetime
from core.loyalty.actions import (
    NothingToRefund,
    Posted,
    PurchaseLine,
    earn_event,
    give_back_points,
    grant_points,
    pin_tier,
    record_purchase,
    redeem_points,
    refund_purchase,
)
from core.loyalty.movements import find_purchase, list_movements
from core.loyalty.quotes import get_quote
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_program
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.api_account import EventLimit, NoEventRule, RefundTooLarge, UnknownPurchase, tell_account
from web.api_bodies import (
    answer,
    get_present,
    in_api_words,
    once_key,
    own_key,
    plain_key,
    read_body,
    read_moment,
)
from web.once import once
from web.request import WebRequest
from web.security import by_key

_ONE: Final = "/api/v1/customers/{customer_id:uuid}"
_READ, _WRITE = [by_key("loyalty.read")], [by_key("loyalty.write")]
BODY_LIMIT: Final = 128 * 1024
PAGE: Final = 50
MOST: Final = 200


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a bill; without `eligible` it earns as the rules say."""

    fen: int
    label: str = ""
    quantity: int = 1
    category: str = ""
    service: str = ""
    eligible: bool = True


class NewPurchase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One paid bill; `with_discount`: `fen` is the list price, and the member's percentage still comes off."""

    fen: int
    lines: tuple[Line, ...] = ()
    occurred_at: str = ""
    description: str = ""
    branch_id: UUID | None = None
    with_discount: bool = False
    key: str = ""


class NewRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`of` is the key of the purchase, or `purchase_id` its id; without `fen` all that is left of it is refunded."""

    of: str = ""
    purchase_id: UUID | None = None
    fen: int | None = None
    mistake: bool = False
    key: str = ""


class NewGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points by hand, now; `lifetime` as in the rules, without it as the policy of the ledger says."""

    points: int
    reason: str = ""
    lifetime: Lifetime | None = None
    key: str = ""


class NewRedemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points that pay for a bill; with `clamp` as many as possible, without `points` too."""

    points: int | None = None
    bill_fen: int | None = None
    clamp: bool = False
    reason: str = ""
    key: str = ""


class GiveBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`of` is the key of the redemption; without `points` all that is left of it comes back."""

    of: str
    points: int | None = None
    key: str = ""


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a rule gives points for."""

    event: str
    occurred_at: str = ""
    key: str = ""


class PinnedTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier by hand until a day, its last included."""

    tier: str
    until: date
    reason: str


async def _names_event(reader: Reader, event: str) -> bool:
    program = await get_program(reader)
    return program is not None and any(rule.event == event for rule in program.live(EarnEvent))


@get(f"{_ONE}/account", guards=_READ)
async def show_account(reader: NamedDependency[Reader], customer_id: FromPath[UUID]) -> Response[Any]:
    person = await get_present(reader, customer_id)
    return Response(await tell_account(reader, person.customer_id))


@get(f"{_ONE}/entries", guards=_READ)
async def show_entries(
    reader: NamedDependency[Reader],
    customer_id: FromPath[UUID],
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = PAGE,
) -> Response[Any]:
    """Newest first; `next` goes into `after` of the next call, and is null on the last page."""
    if not 1 <= limit <= MOST:
        raise InvalidInput((FieldProblem("limit", "min" if limit < 1 else "max", {"min": 1, "max": MOST}),))
    person = await get_present(reader, customer_id)
    found = await list_movements(reader, person.customer_id, after=after, limit=limit + 1)
    rows, more = found[:limit], len(found) > limit
    told = [
        {
            "id": one.entry_id,
            "kind": one.kind,
            "points": one.points,
            "fen": one.fen,
            "key": plain_key(reader, one.key),
            "ref_id": one.ref_id,
            "rule": one.rule_id,
            "rule_version": one.rule_version,
            "reason": one.reason,
            "activates_at": one.activates_at,
            "expires_at": one.expires_at,
            "occurred_at": one.occurred_at,
            "actor": one.actor_name,
        }
        for one in rows
    ]
    return Response({"entries": told, "next": rows[-1].entry_id if more else None, "more": more})


@post(f"{_ONE}/purchases", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def add_purchase(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewPurchase)
    if sent.branch_id is not None and sent.branch_id not in {one.branch_id for one in await list_branches(uow)}:
        raise NotFound("no such branch")
    with in_api_words():
        done = await record_purchase(
            uow,
            customer_id=person.customer_id,
            fen=sent.fen,
            key=once_key(request, uow, sent.key),
            occurred_at=read_moment(uow, sent.occurred_at, "occurred_at"),
            description=sent.description,
            lines=[PurchaseLine(**msgspec.structs.asdict(line)) for line in sent.lines],
            branch_id=sent.branch_id,
            with_discount=sent.with_discount,
        )
    body = {
        "purchase_id": done.purchase_id,
        "paid_fen": done.paid_fen,
        "points": done.points,
        "tier_change": msgspec.to_builtins(done.tier_change),
        "account": await tell_account(uow, person.customer_id),
    }
    return answer(body, replayed=done.replayed)


@post(f"{_ONE}/refunds", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def add_refund(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewRefund)
    key = once_key(request, uow, sent.key)
    if sent.fen is not None and sent.fen <= 0:
        raise InvalidInput((FieldProblem("fen", "fen-not-positive"),))
    purchase_id = await _purchase_of(uow, person.customer_id, sent)
    try:
        done = await refund_purchase(uow, purchase_id=purchase_id, fen=sent.fen, key=key, mistake=sent.mistake)
    except NothingToRefund as refused:
        if refused.params["left_fen"]:
            raise RefundTooLarge(left_fen=refused.params["left_fen"]) from None
        raise
    body = {
        "purchase_id": done.purchase_id,
        "refunded_fen": done.paid_fen,
        "points": done.points,
        "tier_change": msgspec.to_builtins(done.tier_change),
        "account": await tell_account(uow, person.customer_id),
    }
    return answer(body, replayed=done.replayed)


async def _purchase_of(reader: Reader, customer_id: UUID, sent: NewRefund) -> UUID:
    """The purchase that is meant, when it is this customer's."""
    if (sent.purchase_id is None) == (not sent.of):
        raise InvalidInput((FieldProblem("of", "key-or-id"),))
    if sent.purchase_id is not None:
        found = await find_purchase(reader, purchase_id=sent.purchase_id)
    else:
        found = await find_purchase(reader, key=own_key(reader, sent.of))
    if found is None or found.customer_id != customer_id:
        raise UnknownPurchase
    return found.purchase_id


@post(f"{_ONE}/points/grant", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def grant(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewGrant)
    done = await grant_points(
        uow,
        customer_id=person.customer_id,
        points=sent.points,
        key=once_key(request, uow, sent.key),
        reason=sent.reason or "API",
        lifetime=sent.lifetime,
    )
    return await _posted(uow, person.customer_id, done)


async def _posted(uow: UnitOfWork, customer_id: UUID, done: Posted) -> Response[Any]:
    body = {
        "entry_id": done.entry_id,
        "points": done.points,
        "fen": done.fen,
        "account": await tell_account(uow, customer_id),
    }
    return answer(body, replayed=done.replayed)


@get(f"{_ONE}/points/quote", guards=_READ)
async def show_quote(
    reader: NamedDependency[Reader],
    customer_id: FromPath[UUID],
    bill_fen: FromQuery[int | None] = None,
    points: FromQuery[int | None] = None,
    clamp: FromQuery[bool] = False,  # noqa: FBT002 - a word of the query, given by name
) -> Response[Any]:
    """What points would pay; a refusal is part of the answer."""
    person = await get_present(reader, customer_id)
    found = await get_quote(reader, person.customer_id, points=points, bill_fen=bill_fen, clamp=clamp)
    if isinstance(found, Refusal):
        return Response({"points": 0, "fen": 0, "refusal": found.code, "params": found.params})
    return Response({"points": found.points, "fen": found.fen, "refusal": None, "params": {}})


@post(f"{_ONE}/points/redeem", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def redeem(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewRedemption)
    done = await redeem_points(
        uow,
        customer_id=person.customer_id,
        points=sent.points,
        key=once_key(request, uow, sent.key),
        bill_fen=sent.bill_fen,
        clamp=sent.clamp,
        reason=sent.reason,
    )
    return await _posted(uow, person.customer_id, done)


@post(f"{_ONE}/points/give-back", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def give_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, GiveBack)
    done = await give_back_points(
        uow, key_of=own_key(uow, sent.of), points=sent.points, key=once_key(request, uow, sent.key)
    )
    return await _posted(uow, person.customer_id, done)


@post(f"{_ONE}/events", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def add_event(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewEvent)
    done = await earn_event(
        uow,
        customer_id=person.customer_id,
        event=sent.event,
        key=once_key(request, uow, sent.key),
        at=read_moment(uow, sent.occurred_at, "occurred_at"),
    )
    if done is None:
        raise EventLimit(event=sent.event) if await _names_event(uow, sent.event) else NoEventRule(event=sent.event)
    return await _posted(uow, person.customer_id, done)


@post(f"{_ONE}/tier", guards=_WRITE, request_max_body_size=BODY_LIMIT)
@once
async def set_tier(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    """Setting the same tier again changes nothing, so no key is asked for."""
    person = await get_present(uow, customer_id)
    sent = await read_body(request, PinnedTier)
    change = await pin_tier(uow, customer_id=person.customer_id, tier=sent.tier, until=sent.until, reason=sent.reason)
    body = {"tier_change": msgspec.to_builtins(change), "account": await tell_account(uow, person.customer_id)}
    return Response(body, status_code=200)


routes = [
    show_account,
    show_entries,
    add_purchase,
    add_refund,
    grant,
    show_quote,
    redeem,
    give_back,
    add_event,
    set_tier,
]
