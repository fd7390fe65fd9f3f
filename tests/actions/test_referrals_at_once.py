"""Referrals, reviews and gifts that are decided at the very same moment: what is given is given once."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any

from core.birthdays.actions import GiftHanded, hand_over, open_gifts
from core.birthdays.queries import list_due_gifts
from core.customers.actions import join_household
from core.loyalty.queries import get_membership
from core.referrals.cases import ReferralDecided, approve_case, sweep_referrals
from core.referrals.invitations import AlreadyInvited, enter_code, give_referral_code
from core.referrals.queries import find_case_of, list_cases
from core.reviews.actions import ClaimDraft, ReviewDecided, approve_claim, file_claim
from core.rewards.queries import list_coupons
from core.uow import UnitOfWork
from tests.referrals import BIRTHDAY, BOTH_50, REVIEW, STAFF, add_person, buy, pet, refer, screenshot, use_rules
from tests.workplaces import MovableClock, TestTenant

AT_ONCE = 6


async def _at_once(tenant: TestTenant, *works: Callable[[UnitOfWork], Coroutine[Any, Any, Any]]) -> list[Any]:
    async def run(work: Callable[[UnitOfWork], Coroutine[Any, Any, Any]]) -> Any:
        async with tenant.unit() as uow:
            return await work(uow)

    return await asyncio.gather(*(run(work) for work in works), return_exceptions=True)


async def test_a_referral_that_two_approve_and_a_worker_sweeps_gives_once(
    busy_tenant: TestTenant, clock: MovableClock
) -> None:
    case_id, member, newcomer = await refer(busy_tenant)
    async with busy_tenant.unit() as uow:
        await join_household(uow, customer_id=member, other_id=newcomer)
    await buy(busy_tenant, newcomer)
    clock.advance(timedelta(days=8))
    async with busy_tenant.unit() as uow:
        await sweep_referrals(uow, staff=STAFF)
    told = await _at_once(
        busy_tenant,
        *[lambda uow: approve_case(uow, case_id=case_id, reason="合租")] * (AT_ONCE - 1),
        lambda uow: sweep_referrals(uow, staff=STAFF),
    )
    assert sorted(type(one).__name__ for one in told[:-1]) == ["ReferralDecided"] * (AT_ONCE - 2) + ["str"]
    assert all(isinstance(one, ReferralDecided | str) for one in told[:-1])
    async with busy_tenant.unit() as uow:
        assert [len(await list_coupons(uow, one)) for one in (member, newcomer)] == [1, 1]


async def test_of_members_who_claim_one_newcomer_at_once_one_wins(busy_tenant: TestTenant) -> None:
    await use_rules(busy_tenant, BOTH_50)
    async with busy_tenant.unit() as uow:
        newcomer = await add_person(uow, "李新")
        codes = [
            (await give_referral_code(uow, customer_id=await add_person(uow, f"会员{n}"))).short for n in range(AT_ONCE)
        ]
    works = [
        lambda uow, code=code: enter_code(uow, customer_id=newcomer, text=code, staff=STAFF)  # the code of this round
        for code in codes
    ]
    told = await _at_once(busy_tenant, *works)
    assert sum(isinstance(one, AlreadyInvited) for one in told) == AT_ONCE - 1
    async with busy_tenant.unit() as uow:
        assert [one.case_id for one in await list_cases(uow)] == [await find_case_of(uow, newcomer)]


async def test_codes_that_are_made_at_once_are_one(busy_tenant: TestTenant) -> None:
    async with busy_tenant.unit() as uow:
        member = await add_person(uow, "王小明")
    made = await _at_once(busy_tenant, *[lambda uow: give_referral_code(uow, customer_id=member)] * AT_ONCE)
    assert len({one.short for one in made}) == 1


async def test_a_review_that_is_approved_at_once_is_rewarded_once(busy_tenant: TestTenant) -> None:
    await use_rules(busy_tenant, REVIEW)
    async with busy_tenant.unit("front_desk") as uow:
        customer = await add_person(uow, "王小明")
        draft = ClaimDraft(platform="dianping", choice=1)
        claim_id = await file_claim(uow, customer_id=customer, draft=draft, picture=screenshot())
    told = await _at_once(busy_tenant, *[lambda uow: approve_claim(uow, claim_id=claim_id)] * AT_ONCE)
    assert sum(isinstance(one, ReviewDecided) for one in told) == AT_ONCE - 1
    async with busy_tenant.unit() as uow:
        assert (await get_membership(uow, customer)).points == 30


async def test_a_gift_that_two_desks_hand_over_at_once_goes_out_once(busy_tenant: TestTenant) -> None:
    await use_rules(busy_tenant, BIRTHDAY)
    async with busy_tenant.unit() as uow:
        await add_person(uow, "王小明", pets=(pet("豆豆", date(2020, 11, 23)),))
    await _at_once(busy_tenant, *[open_gifts] * AT_ONCE)
    async with busy_tenant.unit() as uow:
        gifts = await list_due_gifts(uow)
    assert len(gifts) == 1
    told = await _at_once(busy_tenant, *[lambda uow: hand_over(uow, gift_id=gifts[0].gift_id, choice=0)] * AT_ONCE)
    assert sum(isinstance(one, GiftHanded) for one in told) == AT_ONCE - 1
