"""What the desk does with points: give them, take the last gift back, let them pay, give them back, pin a tier."""

from datetime import date
from typing import Any, Final, NoReturn, TypedDict
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.cards.actions import give_card, revoke_cards
from core.customers.queries import CustomerRecord
from core.db import new_id
from core.errors import AnxinError, FieldProblem, InvalidInput, NotFound
from core.holds.actions import ask_credit, credit_complaint
from core.holds.queries import HeldFacts, get_points_limit
from core.imports.rules.cells import CellProblem
from core.loyalty.actions import (
    ComplaintCredited,
    KeyReused,
    PointsRefused,
    Posted,
    give_back_points,
    grant_points,
    pin_tier,
    redeem_points,
)
from core.loyalty.actions.undoing import UNDOABLE, undo_grant
from core.loyalty.movements import get_movement
from core.referrals.invitations import give_referral_code
from core.referrals.queries import find_rule
from core.rewards.actions import redeem_coupon
from core.rewards.errors import CouponKeyReused, CouponRefused
from core.rewards.queries.coupons import find_coupon_by_code
from core.uow import UnitOfWork
from web.api_bodies import get_present
from web.formats import format_date, money
from web.i18n import gettext
from web.page import Toast
from web.points_page import (
    ROOT,
    UNDO_FOR,
    Asked,
    coupon_items,
    show_member,
    typed_fen,
    typed_number,
    words_of,
)
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, tenant_path
from web.security import requires
from web.views.points import REASONS, points_words, signed
from web.views.refusals import refusal_words

PATH: Final = f"/t/{{slug:str}}{ROOT}"
ONE: Final = PATH + "/{customer_id:uuid}"
GRANT, APPROVE = [requires("loyalty.grant")], [requires("loyalty.approve")]
BODY_LIMIT: Final = 8 * 1024
MAX_KEY: Final = 40


class GrantForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points with a reason; `key` was made with the form, so that a second click gives nothing more."""

    points: str = ""
    why: str = ""
    text: str = ""
    complaint: str = ""
    confirm: str = ""
    key: str = ""


class _Asked(TypedDict):
    customer_id: UUID
    points: int
    reason: str
    key: str


class RedeemForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the quote said."""

    bill: str = ""
    points: str = ""
    key: str = ""


class CouponForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A coupon that was looked at, and the bill that it is taken off."""

    coupon: str = ""
    bill: str = ""
    key: str = ""


class EntryForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The movement that is meant."""

    entry_id: str = ""


class PinForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier by hand."""

    tier: str = ""
    until: str = ""
    reason: str = ""


def _desk_key(typed: str, deed: str) -> str:
    """Keys of the desk never meet those of programmes; a form without a key is sent once at most by its own click."""
    return f"desk:{deed}:{typed[:MAX_KEY] or new_id().hex}"


def _back(request: WebRequest, customer_id: UUID, text: str, **toast: Any) -> Response[Any]:
    return go_to(request, tenant_path(request, f"{ROOT}/{customer_id}"), toast=Toast(text=text, **toast))


@post(ONE + "/grant", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_grant(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    record, form = await get_present(uow, customer_id), await request.read(GrantForm)
    errors: dict[str, str] = {}
    points = None
    try:
        points = typed_number(form.points)
        if not points:
            errors["grant.points"] = gettext("Give a number above zero")
    except CellProblem as problem:
        errors["grant.points"] = words_of(problem)
    if form.why not in REASONS:
        errors["grant.why"] = gettext("Choose one of the answers offered")
    if form.why == "other" and not form.text.strip():
        errors["grant.text"] = gettext("Say in a few words what for")
    limit = await get_points_limit(uow)
    large = points is not None and points > limit
    if large and not errors and uow.actor.may("loyalty.approve") and form.confirm != "true":
        errors["grant.confirm"] = gettext("This is more than %(points)s. Tick it if you mean it.") % {
            "points": points_words(limit)
        }
    if errors or not points:
        await _show_again(request, uow, record, form, errors)
    reason = f"{form.why}: {form.text.strip()}" if form.text.strip() else form.why
    key, customer_id = _desk_key(form.key, "grant"), record.customer_id
    asked: _Asked = {"customer_id": customer_id, "points": points, "reason": reason, "key": key}
    try:
        done = await _give(uow, asked, form, large=large)
    except (InvalidInput, KeyReused, NotFound, ComplaintCredited) as error:
        await _show_again(request, uow, record, form, _grant_errors(error))
    if isinstance(done, HeldFacts):
        text = gettext("%(points)s wait for somebody who may approve them") % {"points": points_words(points)}
        return _back(request, customer_id, text, state="info")
    if done.replayed:
        return _back(request, customer_id, gettext("These points were given already"), state="info")
    return _back(
        request,
        customer_id,
        gettext("%(points)s were given") % {"points": points_words(points)},
        undo_action=tenant_path(request, f"{ROOT}/{customer_id}/undo/{done.entry_id}"),
    )


async def _give(uow: UnitOfWork, asked: _Asked, form: GrantForm, *, large: bool) -> Posted | HeldFacts:
    """Because of a complaint, as a question to somebody else, or just so."""
    if form.complaint:
        return await credit_complaint(uow, complaint_id=_case(uow, form.complaint), **asked)
    if large and not uow.actor.may("loyalty.approve"):
        return await ask_credit(uow, **asked)
    return await grant_points(uow, **asked)


def _case(uow: UnitOfWork, typed: str) -> UUID:
    """The complaint that was chosen, for those who may see complaints."""
    try:
        case = UUID(typed)
    except ValueError:
        raise NotFound("no such complaint") from None
    if not uow.actor.may("complaints.read"):
        raise NotFound("no such complaint")
    return case


def _grant_errors(error: AnxinError) -> dict[str, str]:
    if isinstance(error, NotFound):
        return {"grant.complaint": gettext("Choose one of the answers offered")}
    if isinstance(error, ComplaintCredited):
        words = gettext("This complaint may bring %(left)s more.") % {"left": money(error.left_fen)}
        return {"grant.complaint": words}
    if isinstance(error, InvalidInput):
        names = {"reason": "grant.text"}
        return {names.get(path, f"grant.{path}"): text for path, text in field_texts(error.problems).items()}
    return {"grant.points": refusal_words(error.code, error.params)}


async def _show_again(
    request: WebRequest, uow: UnitOfWork, record: CustomerRecord, form: GrantForm, errors: dict[str, str]
) -> NoReturn:
    values = {f"grant.{name}": value for name, value in msgspec.structs.asdict(form).items()}
    raise Refused(await show_member(request, uow, record, status=422, values=values, errors=errors))


@post(ONE + "/undo", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_undo(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    return await _undo(request, uow, customer_id, _identity((await request.read(EntryForm)).entry_id))


@post(ONE + "/undo/{entry_id:uuid}", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_undo_just_now(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    """The button in the message right after giving."""
    return await _undo(request, uow, customer_id, entry_id)


async def _undo(request: WebRequest, uow: UnitOfWork, customer_id: UUID, entry_id: UUID) -> Response[Any]:
    record, entry = await get_present(uow, customer_id), await get_movement(uow, entry_id)
    if entry.customer_id != record.customer_id or entry.kind not in UNDOABLE:
        raise NotFound("no such gift of this customer")
    if entry.recorded_at < uow.now - UNDO_FOR and not uow.actor.may("loyalty.approve"):
        return _back(
            request, record.customer_id, gettext("The minutes for that are over; ask your manager"), state="warn"
        )
    try:
        done = await undo_grant(uow, entry_id=entry_id, key=f"undo:{entry_id.hex}")
    except PointsRefused:
        text = gettext("Some of these points were spent already, so they cannot be taken back as a whole")
        return _back(request, record.customer_id, text, state="warn")
    return _back(
        request, record.customer_id, gettext("%(points)s points: taken back") % {"points": signed(done.points)}
    )


def _identity(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("no such movement") from None


@post(ONE + "/redeem", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_redeem(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    """Take what the quote said; what changed since is quoted anew and taken only when it is confirmed again."""
    record, form = await get_present(uow, customer_id), await request.read(RedeemForm)
    asked = Asked(bill=form.bill, spend=form.points)
    try:
        bill, points = typed_fen(form.bill), typed_number(form.points)
    except CellProblem:
        bill = points = None
    if bill is None or not points:
        errors = {"bill": gettext("Type the bill first")} if bill is None else {}
        raise Refused(await show_member(request, uow, record, status=422, asked=asked, errors=errors))
    try:
        done = await redeem_points(
            uow, customer_id=record.customer_id, points=points, key=_desk_key(form.key, "redeem"), bill_fen=bill
        )
    except PointsRefused:
        raise Refused(await show_member(request, uow, record, status=409, asked=asked)) from None
    except KeyReused as error:
        errors = {"spend": refusal_words(error.code, error.params)}
        raise Refused(await show_member(request, uow, record, status=409, asked=asked, errors=errors)) from None
    if done.replayed:
        return _back(request, record.customer_id, gettext("These points were taken already"), state="info")
    words = {"points": points_words(-done.points), "amount": money(done.fen), "left": money(max(0, bill - done.fen))}
    text = gettext("%(points)s paid %(amount)s; %(left)s is left to pay") % words
    undo = tenant_path(request, f"{ROOT}/{record.customer_id}/give-back/{done.entry_id}")
    return _back(request, record.customer_id, text, undo_action=undo)


@post(ONE + "/give-back", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_give_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    return await _give_back(request, uow, customer_id, _identity((await request.read(EntryForm)).entry_id))


@post(ONE + "/give-back/{entry_id:uuid}", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_give_back_just_now(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    """The button in the message right after paying."""
    return await _give_back(request, uow, customer_id, entry_id)


async def _give_back(request: WebRequest, uow: UnitOfWork, customer_id: UUID, entry_id: UUID) -> Response[Any]:
    record, entry = await get_present(uow, customer_id), await get_movement(uow, entry_id)
    if entry.customer_id != record.customer_id or entry.kind != "burn":
        raise NotFound("no such payment of this customer")
    if entry.of_entry_id is not None:  # a household paid together: its first entry names the payment
        entry = await get_movement(uow, entry.of_entry_id)
    try:
        done = await give_back_points(uow, key_of=entry.key, key=f"back:{entry.entry_id.hex}")
    except PointsRefused as refused:
        return _back(request, record.customer_id, refusal_words(refused.code, refused.params), state="info")
    if done.replayed:
        return _back(request, record.customer_id, gettext("These points were given back already"), state="info")
    text = gettext("%(points)s were given back") % {"points": points_words(done.points)}
    return _back(request, record.customer_id, text)


@post(ONE + "/coupon", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_redeem_coupon(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    record, form = await get_present(uow, customer_id), await request.read(CouponForm)
    asked = Asked(coupon=form.coupon, coupon_bill=form.bill)
    try:
        bill = typed_fen(form.bill)
    except CellProblem:
        bill = None
    coupon = await find_coupon_by_code(uow, form.coupon)
    if bill is None or coupon is None:
        errors = {"coupon_bill": gettext("Type the bill first")} if bill is None else {}
        raise Refused(await show_member(request, uow, record, status=422, asked=asked, errors=errors))
    try:
        done = await redeem_coupon(
            uow,
            customer_id=record.customer_id,
            coupon_id=coupon.coupon_id,
            key=_desk_key(form.key, "coupon"),
            items=coupon_items(coupon, bill),
        )
    except CouponRefused:
        raise Refused(await show_member(request, uow, record, status=409, asked=asked)) from None
    except CouponKeyReused as error:
        errors = {"coupon": refusal_words(error.code, error.params)}
        raise Refused(await show_member(request, uow, record, status=409, asked=asked, errors=errors)) from None
    if done.replayed:
        return _back(request, record.customer_id, gettext("This coupon was redeemed already"), state="info")
    words = {"amount": money(done.fen), "left": money(max(0, bill - done.fen))}
    text = gettext("The coupon takes %(amount)s off; %(left)s is left to pay") % words
    return _back(request, record.customer_id, text)


@post(ONE + "/tier", guards=APPROVE, request_max_body_size=BODY_LIMIT)
async def do_pin(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    record, form = await get_present(uow, customer_id), await request.read(PinForm)
    try:
        until = _day(form.until)
        await pin_tier(uow, customer_id=record.customer_id, tier=form.tier, until=until, reason=form.reason)
    except InvalidInput as error:
        errors = {f"pin.{path}": text for path, text in field_texts(error.problems).items()}
        values = {f"pin.{name}": value for name, value in msgspec.structs.asdict(form).items()}
        page = await show_member(request, uow, record, status=422, values=values, errors=errors)
        raise Refused(page) from None
    text = gettext("The tier is set until %(day)s") % {"day": format_date(until)}
    return _back(request, record.customer_id, text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem("until", "date" if text else "required"),)) from None


@post(ONE + "/card", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_give_card(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_present(uow, customer_id)
    await give_card(uow, customer_id=record.customer_id)
    if await find_rule(uow) is not None:
        await give_referral_code(uow, customer_id=record.customer_id)
    path = tenant_path(request, f"{ROOT}/{record.customer_id}#card-link")
    return go_to(request, path, toast=Toast(text=gettext("Let the customer scan the code")))


@post(ONE + "/card/revoke", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_revoke_card(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_present(uow, customer_id)
    await revoke_cards(uow, customer_id=record.customer_id)
    return _back(request, record.customer_id, gettext("The card's address opens nothing any more"))


routes = [
    do_grant,
    do_undo,
    do_undo_just_now,
    do_redeem,
    do_give_back,
    do_give_back_just_now,
    do_redeem_coupon,
    do_pin,
    do_give_card,
    do_revoke_card,
]
