"""Moves a referral from the registration to its end: qualified by a purchase, checked, rewarded, held, taken back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, select, union_all, update

from core.customers.actions import record_event
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.db import table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.loyalty.actions.points import earn_event
from core.loyalty.models import Purchase
from core.referrals.checking import day_begin, get_pair_facts
from core.referrals.giving import give_sides, take_back
from core.referrals.models import ReferralCase
from core.referrals.ports import StaffList
from core.referrals.queries import CaseRecord, find_spent, get_case
from core.referrals.rules import (
    DEVICE_DAYS,
    MAX_REASON,
    OPEN,
    TAKE_BACK_DAYS,
    Failed,
    Side,
    Spent,
    Standing,
    failed_checks,
    hold_until,
    next_step,
    sides_at_registration,
    sides_left,
)
from core.uow import UnitOfWork

_R, _P = table_of(ReferralCase), table_of(Purchase)
PIECE: Final = 50
"""Cases of one transaction."""


class ReferralDecided(Conflict):
    """Somebody else decided the case, or it went on by itself."""

    code = "referral-decided"


async def begin_case(uow: UnitOfWork, *, case_id: UUID, staff: StaffList) -> None:
    """What happens at once when a newcomer is registered: who is promised something now gets it, or the case is held."""
    case = await _locked(uow, case_id)
    sides = sides_at_registration(case.terms)
    if not sides:
        return
    await _order(uow, case)
    whole = len(sides) > 1
    failed = failed_checks(case.terms, await get_pair_facts(uow, case, staff))
    if failed:
        await _hold(uow, case, failed, resumes="qualified" if whole else "registered")
        return
    await _give(uow, case, sides, state="rewarded" if whole else "registered")


async def sweep_referrals(uow: UnitOfWork, *, staff: StaffList) -> bool:
    """Move on what is due, a piece at a time; True while there is more."""
    ids = await _due(uow)
    for case_id in ids[:PIECE]:
        await advance_case(uow, case_id=case_id, staff=staff)
    if not ids:
        await _forget_devices(uow)
    return len(ids) > PIECE


async def advance_case(uow: UnitOfWork, *, case_id: UUID, staff: StaffList) -> str:
    """Move one case on as far as it is due and return its state; one that somebody else holds stays for the next time."""
    here = select(_R.c.case_id).where(_R.c.tenant_id == uow.tenant_id, _R.c.case_id == case_id)
    free = await uow.session.scalar(here.with_for_update(key_share=True, skip_locked=True))
    case = await get_case(uow, case_id)
    if free is None or case.state not in OPEN | {"rewarded"}:
        return case.state
    if case.state == "rewarded":
        return await _look_back(uow, case)
    gone = await _why_over(uow, case)
    if gone:
        return await _end(uow, case, state=gone[0], code=gone[1])
    return await _move_on(uow, case, staff)


async def _move_on(uow: UnitOfWork, case: CaseRecord, staff: StaffList) -> str:
    spent = None
    if case.registered_at is not None:
        spent = await find_spent(uow, case, since=day_begin(uow, case.registered_at))
    standing = Standing(
        state=case.state, expires_at=case.expires_at, hold_until=case.hold_until, purchase_id=case.purchase_id
    )
    step = next_step(standing, spent, uow.now)
    if step == "expire":
        return await _end(uow, case, state="expired", code="nothing-bought" if case.referee_id else "nobody-came")
    if step == "fall_back":
        return await _set(uow, case, state="registered", purchase_id=None, qualified_at=None, hold_until=None)
    if step == "qualify":
        assert spent is not None
        await _qualify(uow, case, spent)
        case = await get_case(uow, case.case_id)
        step = "decide" if case.hold_until is None or case.hold_until <= uow.now else "wait"
    return await _decide(uow, case, staff) if step == "decide" else case.state


async def _qualify(uow: UnitOfWork, case: CaseRecord, spent: Spent) -> None:
    until = hold_until(case.terms, spent)
    await _set(
        uow,
        case,
        state="qualified",
        purchase_id=spent.purchase_id,
        qualified_at=spent.occurred_at,
        hold_until=until,
    )


async def _decide(uow: UnitOfWork, case: CaseRecord, staff: StaffList) -> str:
    await _order(uow, case)
    failed = failed_checks(case.terms, await get_pair_facts(uow, case, staff), cleared=case.cleared)
    if failed:
        return await _hold(uow, case, failed, resumes="qualified")
    try:
        async with uow.attempt():
            return await _give(uow, case, _left(case), state="rewarded")
    except Conflict as refused:
        # A coupon's limit is reached or its template is off: a person has to say what now.
        return await _hold(uow, case, (Failed("reward", {"problem": refused.code}),), resumes="qualified")


def _left(case: CaseRecord) -> tuple[Side, ...]:
    return sides_left({gift.side for gift in case.given})


async def approve_case(uow: UnitOfWork, *, case_id: UUID, reason: str) -> str:
    """Let a held case pass in spite of its checks, and give what is due; return the state that follows.

    Raises:
        InvalidInput: no reason.
        ReferralDecided: it is not held any more.
    """
    words = _reason(reason)
    case = await _locked(uow, case_id)
    if case.state != "held":
        raise ReferralDecided(state=case.state)
    gone = await _why_over(uow, case)
    if gone:
        return await _end(uow, case, state=gone[0], code=gone[1])
    decided = _decision(uow, words)
    cleared = [*case.cleared, *(one.code for one in case.failed)]
    uow.audit("referral.approve", "referral", case_id, {"checks": cleared, "reason": words})
    if case.resumes == "registered":
        return await _give(uow, case, sides_at_registration(case.terms), state="registered", cleared=cleared, **decided)
    if case.terms.event == "first_purchase":
        assert case.registered_at is not None
        spent = await find_spent(uow, case, since=day_begin(uow, case.registered_at))
        if spent is None:
            back = {"purchase_id": None, "qualified_at": None, "hold_until": None}
            return await _set(uow, case, state="registered", cleared=cleared, **back, **decided)
    return await _give(uow, case, _left(case), state="rewarded", cleared=cleared, **decided)


async def reject_case(uow: UnitOfWork, *, case_id: UUID, reason: str) -> str:
    """End a case that was not rewarded yet; what the newcomer was given at the registration is taken back.

    Raises:
        InvalidInput: no reason.
        ReferralDecided: it was rewarded or has ended.
    """
    words = _reason(reason)
    case = await _locked(uow, case_id)
    if case.state not in {"held", "registered", "qualified"}:
        raise ReferralDecided(state=case.state)
    given = await take_back(uow, case, reason=words)
    uow.audit("referral.reject", "referral", case_id, {"reason": words})
    return await _end(uow, case, state="rejected", code="decided", given=given, **_decision(uow, words))


async def reverse_case(uow: UnitOfWork, *, case_id: UUID, reason: str) -> str:
    """Take back by hand what a case gave, as far as it is still there.

    Raises:
        InvalidInput: no reason.
        ReferralDecided: it was not rewarded.
    """
    words = _reason(reason)
    case = await _locked(uow, case_id)
    if case.state != "rewarded":
        raise ReferralDecided(state=case.state)
    return await _reverse(uow, case, code="decided", words=words, **_decision(uow, words))


async def _look_back(uow: UnitOfWork, case: CaseRecord) -> str:
    """A rewarded case whose purchase was refunded below the minimum is taken back."""
    left = await uow.session.scalar(
        select(_P.c.paid_fen - _P.c.refunded_fen).where(
            _P.c.tenant_id == uow.tenant_id, _P.c.purchase_id == case.purchase_id
        )
    )
    if left is None or left >= max(case.min_fen, 1):
        return case.state
    # A reason stands in the record in the language of the house, whoever reads it.
    return await _reverse(uow, case, code="refunded", words="推荐消费已退款")


async def _reverse(uow: UnitOfWork, case: CaseRecord, *, code: str, words: str, **decided: Any) -> str:
    given = await take_back(uow, case, reason=words)
    for customer_id in (case.referrer_id, case.referee_id):
        if customer_id is not None:
            data = {"number": case.number, "why": code}
            await record_event(uow, customer_id=customer_id, kind="referral_reversed", data=data, ref_id=case.case_id)
    taken = {gift.key: gift.taken for gift in given}
    uow.audit("referral.reverse", "referral", case.case_id, {"why": code, "taken": taken})
    return await _end(uow, case, state="reversed", code=code, given=given, **decided)


async def _why_over(uow: UnitOfWork, case: CaseRecord) -> tuple[str, str] | None:
    """Why an open case can lead to nothing any more: (state, code)."""
    referrer = await find_present_customer(uow, case.referrer_id)
    if case.referee_id is not None:
        referee = await find_present_customer(uow, case.referee_id)
        if referee == referrer:
            return ("rejected", "same-person")
        if referee != case.referee_id:
            # Two records of one newcomer had a case each: the other record's stays.
            return ("expired", "merged")
    states = {case.referrer_state, case.referee_state} - {None}
    return ("expired", "person-removed") if "removed" in states else None


async def _give(uow: UnitOfWork, case: CaseRecord, sides: Sequence[Side], *, state: str, **values: Any) -> str:
    given = await give_sides(uow, case, sides)
    for side in sides:
        customer_id = case.referrer_id if side == "referrer" else case.referee_id
        assert customer_id is not None
        data = {"number": case.number, "side": side}
        await record_event(uow, customer_id=customer_id, kind="referral_rewarded", data=data, ref_id=case.case_id)
    if state == "rewarded":
        event = f"referral:{case.case_id}:event"
        await earn_event(uow, customer_id=case.referrer_id, event="referral", key=event)
        values |= {"rewarded_at": uow.now, "ended_at": uow.now}
    uow.audit("referral.give", "referral", case.case_id, {"sides": list(sides)})
    return await _set(uow, case, state=state, given=given, failed=(), resumes=None, **values)


async def _hold(uow: UnitOfWork, case: CaseRecord, failed: Sequence[Failed], *, resumes: str) -> str:
    uow.audit("referral.hold", "referral", case.case_id, {"checks": [one.code for one in failed]})
    return await _set(uow, case, state="held", failed=failed, resumes=resumes, held_at=uow.now)


async def _end(uow: UnitOfWork, case: CaseRecord, *, state: str, code: str, **values: Any) -> str:
    return await _set(uow, case, state=state, ended_code=code, ended_at=uow.now, resumes=None, **values)


async def _set(uow: UnitOfWork, case: CaseRecord, *, state: str, **values: Any) -> str:
    for name in ("failed", "given"):
        if name in values:
            values[name] = msgspec.to_builtins(values[name])
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.case_id == case.case_id)
    await uow.session.execute(update(_R).where(*mine).values(state=state, **values))
    uow.publish("referrals", {"case_id": str(case.case_id)})
    return state


async def _locked(uow: UnitOfWork, case_id: UUID) -> CaseRecord:
    mine = select(_R.c.case_id).where(_R.c.tenant_id == uow.tenant_id, _R.c.case_id == case_id)
    await uow.session.execute(mine.with_for_update(key_share=True))
    return await get_case(uow, case_id)


async def _order(uow: UnitOfWork, case: CaseRecord) -> None:
    """Cases of one member are decided one after the other, so that the limit of a month holds."""
    key = f"{uow.tenant_id}:referrals:{case.referrer_id}"
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def _reason(reason: str) -> str:
    words = clean_text(reason)
    if not words:
        raise InvalidInput((FieldProblem("reason", "required"),))
    if len(words) > MAX_REASON:
        raise InvalidInput((FieldProblem("reason", "too-long", {"max": MAX_REASON}),))
    return words


def _decision(uow: UnitOfWork, words: str) -> dict[str, Any]:
    return {
        "decided_at": uow.now,
        "decided_by": uow.actor.id,
        "decided_by_name": uow.actor.name,
        "reason": words,
    }


async def _due(uow: UnitOfWork) -> list[UUID]:
    """Cases with something to do: a purchase, an end of waiting, a refund, an end of the invitation."""
    mine = _R.c.tenant_id == uow.tenant_id
    bought = (
        select(_P.c.purchase_id)
        .where(_P.c.tenant_id == _R.c.tenant_id, _P.c.customer_id == _R.c.referee_id)
        .where(_P.c.occurred_at >= func.date_trunc("day", _R.c.registered_at, uow.scope.timezone))
        .where(_P.c.occurred_at < _R.c.expires_at)
        .where(_P.c.paid_fen - _P.c.refunded_fen >= func.greatest(_R.c.min_fen, 1))
        .exists()
    )
    paid = _R.join(_P, and_(_P.c.tenant_id == _R.c.tenant_id, _P.c.purchase_id == _R.c.purchase_id))
    refunded = _P.c.paid_fen - _P.c.refunded_fen < func.greatest(_R.c.min_fen, 1)
    young = uow.now - timedelta(days=TAKE_BACK_DAYS)
    parts = (
        select(_R.c.case_id).where(mine, _R.c.state.in_(("invited", "registered")), _R.c.expires_at <= uow.now),
        select(_R.c.case_id).where(mine, _R.c.state == "registered", bought),
        select(_R.c.case_id).where(mine, _R.c.state == "qualified", _R.c.hold_until <= uow.now),
        select(_R.c.case_id).select_from(paid).where(mine, _R.c.state == "qualified", refunded),
        select(_R.c.case_id)
        .select_from(paid)
        .where(mine, _R.c.state == "rewarded", _R.c.rewarded_at > young, refunded),
    )
    found = await uow.session.scalars(union_all(*(part.limit(PIECE + 1) for part in parts)))
    return list(dict.fromkeys(found))


async def _forget_devices(uow: UnitOfWork) -> None:
    """A phone's hash is kept as long as it may tell something, and no longer."""
    old = uow.now - timedelta(days=DEVICE_DAYS)
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.device_hash.is_not(None), _R.c.invited_at < old)
    await uow.session.execute(update(_R).where(*mine).values(device_hash=None))
