"""Hands out members' codes, and writes down who came through one: on the public page, by a slip, or at the desk."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.contacts.actions import record_consent
from core.customers.actions import find_or_create, record_event
from core.customers.models import Customer
from core.customers.queries import find_present_customer
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.offers import Referral
from core.programs.queries import get_version_id
from core.referrals.cases import begin_case
from core.referrals.models import ReferralCase, ReferralCode
from core.referrals.ports import StaffList
from core.referrals.queries import (
    CodeRecord,
    Inviter,
    find_case_of,
    find_code,
    find_device_slip,
    find_inviter,
    find_rule,
    find_slip,
    get_case,
    get_inviter,
)
from core.referrals.rules import SLIP, expires_at, new_short, read_code
from core.segments.queries import list_explanations
from core.tenancy.actions import new_public_code
from core.uow import Reader, UnitOfWork

_N, _R, _C = table_of(ReferralCode), table_of(ReferralCase), table_of(Customer)
_TRIES: Final = 8


class NoReferralRule(Conflict):
    """No referral rule counts today."""

    code = "no-referral-rule"


class AlreadyInvited(Conflict):
    """The newcomer came through an invitation already; the first one counts."""

    code = "already-invited"


async def give_referral_code(uow: UnitOfWork, *, customer_id: UUID) -> CodeRecord:
    """Return a member's codes, made on first use; many at once get the same."""
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active")
    if await uow.session.scalar(select(_C.c.customer_id).where(*mine).with_for_update(key_share=True)) is None:
        raise NotFound("no such customer")
    known = await find_code(uow, customer_id)
    for _ in range(_TRIES):
        if known is not None:
            return known
        row = {
            "tenant_id": uow.tenant_id,
            "customer_id": customer_id,
            "code": await new_public_code(uow),
            "short": new_short(),
            "created_at": uow.now,
        }
        # Whichever of the three keys is taken: a short code that somebody has is drawn again.
        await uow.session.execute(upsert(_N).values(row).on_conflict_do_nothing())
        known = await find_code(uow, customer_id)
    assert known is not None, "short codes are used up"
    return known


async def may_invite(reader: Reader, rule: Referral, referrer_id: UUID) -> bool:
    """Tell whether the rule's condition, if it has one, holds for a member."""
    if rule.when is None:
        return True
    return any(one.holds for one in await list_explanations(reader, rule.when, [referrer_id]))


async def register_by_page(
    uow: UnitOfWork, *, code: str, full_name: str, phone: str, device_hash: str, consent_text: str, staff: StaffList
) -> None:
    """Take in who filled in the invitation page.

    It ends the same for a newcomer, for somebody we know and for somebody whom another member invited: nobody learns
    from this page who is a customer.

    Raises:
        InvalidInput: no name, or no phone that can be called.
        NotFound: nobody invites with this code.
        NoReferralRule: nothing is promised today.
    """
    inviter = await get_inviter(uow, code)
    rule = await _rule_for(uow, inviter)
    referee_id, is_new = await find_or_create(uow, phone=phone, full_name=full_name)
    if is_new:
        await record_consent(
            uow,
            customer_id=referee_id,
            purpose="service",
            decision="granted",
            source="customer_page",
            text_shown=consent_text,
        )
    if referee_id == inviter.customer_id or await find_case_of(uow, referee_id) is not None:
        return
    slip = await find_device_slip(uow, referrer_id=inviter.customer_id, device_hash=device_hash)
    taken = await find_slip(uow, slip) if slip else None
    if taken is not None:
        await _register(uow, case_id=taken, referee_id=referee_id, via="page", staff=staff)
        return
    await _open(
        uow, inviter=inviter, rule=rule, referee_id=referee_id, via="page", device_hash=device_hash, staff=staff
    )


async def take_slip(uow: UnitOfWork, *, code: str, device_hash: str) -> str:
    """Hand out a number to tell at the desk, for who leaves neither name nor phone; the same phone keeps its number.

    Raises:
        NotFound, NoReferralRule: as `register_by_page`.
    """
    inviter = await get_inviter(uow, code)
    rule = await _rule_for(uow, inviter)
    known = await find_device_slip(uow, referrer_id=inviter.customer_id, device_hash=device_hash)
    if known is not None:
        return known
    for _ in range(_TRIES):
        slip = new_short(SLIP)
        values = await _values(uow, inviter, rule) | {"slip": slip, "via": "page", "device_hash": device_hash}
        fresh = upsert(_R).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "slip"])
        if await uow.session.scalar(fresh.returning(_R.c.case_id)) is not None:
            return slip
    raise Conflict("numbers are used up")


async def enter_code(uow: UnitOfWork, *, customer_id: UUID, text: str, staff: StaffList) -> UUID:
    """Write down at the desk whose invitation a customer came through; return the case.

    `text` is a member's short code, a newcomer's slip, or the whole address of an invitation.

    Raises:
        InvalidInput: at `code`: nobody has this code, or it is the customer's own.
        AlreadyInvited: the customer came through an invitation before.
        NoReferralRule: nothing is promised today.
    """
    referee_id = await find_present_customer(uow, customer_id)
    if await find_case_of(uow, referee_id) is not None:
        raise AlreadyInvited(customer_id=referee_id)
    typed = read_code(text)
    if typed is not None and typed.slip:
        taken = await find_slip(uow, typed.slip)
        if taken is not None:
            if (await get_case(uow, taken)).referrer_id == referee_id:
                raise InvalidInput((FieldProblem("code", "own-code"),))
            return await _register(uow, case_id=taken, referee_id=referee_id, via="desk", staff=staff)
    inviter = await find_inviter(uow, typed) if typed is not None else None
    if inviter is None:
        raise InvalidInput((FieldProblem("code", "unknown-referral-code"),))
    if inviter.customer_id == referee_id:
        raise InvalidInput((FieldProblem("code", "own-code"),))
    rule = await _rule_for(uow, inviter)
    return await _open(uow, inviter=inviter, rule=rule, referee_id=referee_id, via="desk", staff=staff)


async def _rule_for(reader: Reader, inviter: Inviter) -> Referral:
    rule = await find_rule(reader)
    if rule is None or not await may_invite(reader, rule, inviter.customer_id):
        raise NoReferralRule
    return rule


async def _values(uow: UnitOfWork, inviter: Inviter, rule: Referral) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "case_id": new_id(),
        "number": await uow.next_number("referral"),
        "referrer_id": inviter.customer_id,
        "referee_id": None,
        "slip": None,
        "device_hash": None,
        "rule_id": rule.id,
        "rule_version": await get_version_id(uow),
        "terms": msgspec.to_builtins(rule),
        "min_fen": rule.min_fen,
        "state": "invited",
        "failed": [],
        "cleared": [],
        "given": [],
        "invited_at": uow.now,
        "ended_code": "",
        "decided_by_name": "",
        "reason": "",
        "entered_by_name": uow.actor.name if uow.actor.kind == "staff" else "",
        "expires_at": expires_at(rule, uow.now),
    }


async def _open(
    uow: UnitOfWork,
    *,
    inviter: Inviter,
    rule: Referral,
    referee_id: UUID,
    via: str,
    staff: StaffList,
    device_hash: str | None = None,
) -> UUID:
    """Open a case that is registered at once; of two members who claim one newcomer the first wins."""
    values = await _values(uow, inviter, rule)
    values |= {"referee_id": referee_id, "via": via, "device_hash": device_hash, "state": "registered"}
    values |= {"registered_at": uow.now}
    fresh = upsert(_R).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "referee_id"])
    case_id: UUID | None = await uow.session.scalar(fresh.returning(_R.c.case_id))
    if case_id is None:
        return await _lost(uow, referee_id, via)
    await _told(uow, case_id, referee_id, number=values["number"], via=via)
    await begin_case(uow, case_id=case_id, staff=staff)
    return case_id


async def _register(uow: UnitOfWork, *, case_id: UUID, referee_id: UUID, via: str, staff: StaffList) -> UUID:
    """Give a slip's case its newcomer."""
    case = await get_case(uow, case_id)
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.case_id == case_id, _R.c.state == "invited")
    values: dict[str, Any] = {"referee_id": referee_id, "state": "registered", "registered_at": uow.now, "via": via}
    if uow.actor.kind == "staff":
        values["entered_by_name"] = uow.actor.name
    values["expires_at"] = expires_at(case.terms, uow.now)
    other = select(_R.c.case_id).where(_R.c.tenant_id == uow.tenant_id, _R.c.referee_id == referee_id)
    if await uow.session.scalar(other) is not None:
        return await _lost(uow, referee_id, via)
    done = await uow.session.scalar(update(_R).where(*mine).values(values).returning(_R.c.case_id))
    if done is None:
        return await _lost(uow, referee_id, via)
    await _told(uow, case_id, referee_id, number=case.number, via=via)
    await begin_case(uow, case_id=case_id, staff=staff)
    return case_id


async def _lost(uow: UnitOfWork, referee_id: UUID, via: str) -> UUID:
    """Somebody was faster: the desk is told, a stranger on the page is not."""
    known = await find_case_of(uow, referee_id)
    if via == "desk" or known is None:
        raise AlreadyInvited(customer_id=referee_id)
    return known


async def _told(uow: UnitOfWork, case_id: UUID, referee_id: UUID, *, number: int, via: str) -> None:
    data = {"number": number, "via": via}
    await record_event(uow, customer_id=referee_id, kind="referral_registered", data=data, ref_id=case_id)
    uow.audit("referral.register", "referral", case_id, {"referee_id": str(referee_id), "via": via})
    uow.publish("referrals", {"case_id": str(case_id)})
