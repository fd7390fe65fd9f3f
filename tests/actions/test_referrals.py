"""A newcomer who came through a member: registered, qualified, checked, rewarded or held, and taken back."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from core.contacts.queries import list_consents
from core.customers.actions import join_household
from core.customers.queries import find_by_phones
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.hooks.records.conditions import Cmp
from core.hooks.records.loyalty.offers import Referral
from core.hooks.records.loyalty.parts import PointsReward
from core.loyalty.actions import refund_purchase
from core.loyalty.queries import get_membership
from core.merges.merging import merge_customers
from core.referrals.cases import ReferralDecided, approve_case, reject_case, reverse_case
from core.referrals.invitations import (
    AlreadyInvited,
    NoReferralRule,
    enter_code,
    give_referral_code,
    register_by_page,
    take_slip,
)
from core.referrals.queries import count_by_state, count_held, find_case_of, find_code, list_cases
from core.rewards.actions import redeem_coupon
from core.rewards.queries import list_coupons
from core.rewards.rules.coupons import CouponItem
from tests.referrals import (
    BOTH_50,
    FIRST_EXAM,
    STAFF,
    add_person,
    buy,
    case_of,
    night,
    refer,
    use_rules,
)
from tests.workplaces import MovableClock, TestTenant

ITEM = (CouponItem(fen=100_00, category="examination", service="E01"),)


async def _coupons(tenant: TestTenant, customer_id: UUID) -> list[str]:
    async with tenant.unit() as uow:
        return sorted(one.template_id for one in await list_coupons(uow, customer_id) if one.state == "open")


async def _register(tenant: TestTenant, code: str, name: str, phone: str, device: str = "d1") -> None:
    async with tenant.workplace.unit(tenant.id) as uow:
        await register_by_page(
            uow, code=code, full_name=name, phone=phone, device_hash=device, consent_text="同意", staff=STAFF
        )


async def test_both_get_a_coupon_once_the_first_purchase_was_not_refunded_for_a_week(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=1)
    case = await case_of(tenant_a, case_id)
    assert (case.state, await _coupons(tenant_a, member)) == ("qualified", [])
    await night(tenant_a, clock, days=6.5)
    case = await case_of(tenant_a, case_id)
    assert (case.state, [gift.side for gift in case.given]) == ("rewarded", ["referrer", "referee"])
    assert await _coupons(tenant_a, member) == await _coupons(tenant_a, newcomer) == ["fifty"]
    await night(tenant_a, clock, days=1)
    assert await _coupons(tenant_a, member) == ["fifty"]


async def test_the_other_rule_gives_the_newcomer_the_discount_before_the_first_check(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id, member, newcomer = await refer(tenant_a, FIRST_EXAM)
    assert await _coupons(tenant_a, newcomer) == ["exam"]
    await buy(tenant_a, newcomer, fen=99_99)
    await night(tenant_a, clock, days=8)
    assert (await case_of(tenant_a, case_id)).state == "registered"
    await buy(tenant_a, newcomer, fen=100_00)
    await night(tenant_a, clock, days=8)
    assert (await case_of(tenant_a, case_id)).state == "rewarded"
    async with tenant_a.unit() as uow:
        assert (await get_membership(uow, member)).points == 100
    assert await _coupons(tenant_a, newcomer) == ["exam"]


async def test_a_rule_that_rewards_the_registration_gives_at_once(tenant_a: TestTenant, clock: MovableClock) -> None:
    rule = Referral(id="r", referrer=(PointsReward(points=5),), referee=(PointsReward(points=7),), event="registered")
    case_id, member, newcomer = await refer(tenant_a, rule)
    assert (await case_of(tenant_a, case_id)).state == "rewarded"
    async with tenant_a.unit() as uow:
        assert [(await get_membership(uow, one)).points for one in (member, newcomer)] == [5, 7]
    await night(tenant_a, clock, days=200)
    assert (await case_of(tenant_a, case_id)).state == "rewarded"


async def test_a_refund_before_the_week_is_over_undoes_the_qualification(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    purchase_id = await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=1)
    async with tenant_a.unit() as uow:
        await refund_purchase(uow, purchase_id=purchase_id)
    await night(tenant_a, clock, days=8)
    assert (await case_of(tenant_a, case_id)).state == "registered"
    assert await _coupons(tenant_a, member) == []
    await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=8)
    assert (await case_of(tenant_a, case_id)).state == "rewarded"


async def test_a_refund_after_the_reward_takes_back_what_is_left(tenant_a: TestTenant, clock: MovableClock) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    purchase_id = await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=8)
    async with tenant_a.unit() as uow:
        coupon = (await list_coupons(uow, newcomer))[0]
        await redeem_coupon(uow, customer_id=newcomer, coupon_id=coupon.coupon_id, key="bill", items=ITEM)
        await refund_purchase(uow, purchase_id=purchase_id)
    await night(tenant_a, clock)
    case = await case_of(tenant_a, case_id)
    assert (case.state, case.ended_code) == ("reversed", "refunded")
    assert {gift.side: gift.taken for gift in case.given} == {"referrer": "taken", "referee": "used"}
    assert await _coupons(tenant_a, member) == []


async def test_points_are_taken_back_as_far_as_they_are_there(tenant_a: TestTenant, clock: MovableClock) -> None:
    rule = msgspec.structs.replace(BOTH_50, referrer=(PointsReward(points=100),), referee=(PointsReward(points=50),))
    case_id, member, newcomer = await refer(tenant_a, rule)
    await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=8)
    async with tenant_a.unit() as uow:
        from_hand = (await get_membership(uow, newcomer)).points
        assert from_hand == 50
        await reverse_case(uow, case_id=case_id, reason="误推荐")
    async with tenant_a.unit() as uow:
        assert [(await get_membership(uow, one)).points for one in (member, newcomer)] == [0, 0]
    case = await case_of(tenant_a, case_id)
    assert [gift.taken for gift in case.given] == ["taken", "taken"]
    async with tenant_a.unit() as uow:
        with pytest.raises(ReferralDecided):
            await reverse_case(uow, case_id=case_id, reason="再来一次")


async def test_a_failed_check_waits_for_a_manager_who_says_why(tenant_a: TestTenant, clock: MovableClock) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    async with tenant_a.unit() as uow:
        await join_household(uow, customer_id=member, other_id=newcomer)
    await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=8)
    case = await case_of(tenant_a, case_id)
    assert (case.state, [one.code for one in case.failed]) == ("held", ["household"])
    async with tenant_a.unit() as uow:
        assert await count_held(uow) == 1
        with pytest.raises(InvalidInput, match="reason: required"):
            await approve_case(uow, case_id=case_id, reason=" ")
        with pytest.raises(InvalidInput, match="reason: too-long"):
            await approve_case(uow, case_id=case_id, reason="长" * 501)
        assert await approve_case(uow, case_id=case_id, reason="室友，各付各的") == "rewarded"
    case = await case_of(tenant_a, case_id)
    assert (case.reason, case.decided_by_name, case.cleared) == ("室友，各付各的", "director", ("household",))
    assert await _coupons(tenant_a, member) == ["fifty"]


async def test_a_rejected_referral_gives_nothing_and_takes_the_early_coupon_back(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id, _member, newcomer = await refer(tenant_a, FIRST_EXAM)
    async with tenant_a.unit() as uow:
        await reject_case(uow, case_id=case_id, reason="自己推荐自己")
    case = await case_of(tenant_a, case_id)
    assert (case.state, case.ended_code, case.reason) == ("rejected", "decided", "自己推荐自己")
    assert await _coupons(tenant_a, newcomer) == []
    async with tenant_a.unit() as uow:
        for act in (approve_case, reject_case, reverse_case):
            with pytest.raises(ReferralDecided):
                await act(uow, case_id=case_id, reason="x")
    await night(tenant_a, clock, days=1)


async def test_an_early_reward_is_held_when_a_check_fails_and_goes_on_when_it_is_let_pass(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await use_rules(tenant_a, FIRST_EXAM)
    async with tenant_a.unit() as uow:
        member, newcomer = await add_person(uow, "王小明"), await add_person(uow, "李新")
        await join_household(uow, customer_id=member, other_id=newcomer)
        code = await give_referral_code(uow, customer_id=member)
        case_id = await enter_code(uow, customer_id=newcomer, text=f"https://x.cn/i/{code.code}", staff=STAFF)
    case = await case_of(tenant_a, case_id)
    assert (case.state, case.resumes, await _coupons(tenant_a, newcomer)) == ("held", "registered", [])
    async with tenant_a.unit() as uow:
        assert await approve_case(uow, case_id=case_id, reason="合租") == "registered"
    assert await _coupons(tenant_a, newcomer) == ["exam"]
    await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=8)
    assert (await case_of(tenant_a, case_id)).state == "rewarded"


async def test_a_case_whose_purchase_was_refunded_while_it_was_held_waits_for_another(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    async with tenant_a.unit() as uow:
        await join_household(uow, customer_id=member, other_id=newcomer)
    purchase_id = await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=8)
    async with tenant_a.unit() as uow:
        await refund_purchase(uow, purchase_id=purchase_id)
        assert await approve_case(uow, case_id=case_id, reason="合租") == "registered"
    assert await _coupons(tenant_a, member) == []


async def test_a_newcomer_belongs_to_the_first_who_brought_them(tenant_a: TestTenant) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    async with tenant_a.unit() as uow:
        second = await give_referral_code(uow, customer_id=await add_person(uow, "赵二"))
        with pytest.raises(AlreadyInvited):
            await enter_code(uow, customer_id=newcomer, text=second.short, staff=STAFF)
        assert await find_case_of(uow, newcomer) == case_id
        assert [one.case_id for one in await list_cases(uow, referrer_id=member)] == [case_id]
        assert await count_by_state(uow) == {"registered": 1}


async def test_a_code_at_the_desk_must_be_somebody_elses(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        member = await add_person(uow, "王小明")
        code = await give_referral_code(uow, customer_id=member)
        assert await give_referral_code(uow, customer_id=member) == code
        for text, problem in ((code.short, "own-code"), ("ACDEF", "unknown"), ("??", "unknown"), ("ACDEFG", "unknown")):
            with pytest.raises(InvalidInput, match=problem):
                await enter_code(uow, customer_id=member, text=text, staff=STAFF)
        with pytest.raises(NotFound):
            await give_referral_code(uow, customer_id=new_id())


async def test_without_a_rule_or_when_its_condition_does_not_hold_nothing_is_promised(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a)
    async with tenant_a.unit() as uow:
        member, newcomer = await add_person(uow, "王小明"), await add_person(uow, "李新")
        code = await give_referral_code(uow, customer_id=member)
        with pytest.raises(NoReferralRule):
            await enter_code(uow, customer_id=newcomer, text=code.short, staff=STAFF)
    big = msgspec.structs.replace(BOTH_50, when=Cmp(field="spent_all", op="gte", value=500_00))
    await use_rules(tenant_a, big)
    async with tenant_a.unit() as uow:
        with pytest.raises(NoReferralRule):
            await enter_code(uow, customer_id=newcomer, text=code.short, staff=STAFF)
    await buy(tenant_a, member, fen=500_00)
    async with tenant_a.unit() as uow:
        case_id = await enter_code(uow, customer_id=newcomer, text=code.short, staff=STAFF)
        assert await find_case_of(uow, newcomer) == case_id


async def test_the_invitation_page_takes_a_newcomer_in_with_their_consent(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        code = (await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))).code
    await _register(tenant_a, code, "李新", "13955512345")
    async with tenant_a.unit() as uow:
        newcomer = (await find_by_phones(uow, ["+8613955512345"]))["+8613955512345"][0]
        assert [one.text_shown for one in await list_consents(uow, [newcomer])] == ["同意"]
        assert await find_case_of(uow, newcomer) is not None


async def test_the_invitation_page_ends_the_same_for_whom_we_know(tenant_a: TestTenant, clock: MovableClock) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    async with tenant_a.unit() as uow:
        code = await find_code(uow, member)
        assert code is not None
        known = await add_person(uow, "钱老客", phone="+8613900001111")
        taken = await add_person(uow, "孙已来", phone="+8613900002222")
        other = await give_referral_code(uow, customer_id=await add_person(uow, "赵二"))
        first = await enter_code(uow, customer_id=taken, text=other.short, staff=STAFF)
    await buy(tenant_a, known)
    clock.advance(days=2)
    for phone, name in (("13900001111", "随便谁"), ("13900002222", "孙已来"), ("13900003333", "真新客")):
        await _register(tenant_a, code.code, name, phone)
    async with tenant_a.unit() as uow:
        assert await find_case_of(uow, taken) == first
        assert not await list_consents(uow, [known])
        old = await find_case_of(uow, known)
    assert old is not None
    await buy(tenant_a, known)
    await night(tenant_a, clock, days=8)
    case = await case_of(tenant_a, old)
    assert (case.state, [(one.code, one.params) for one in case.failed]) == (
        "held",
        [("device", {"others": 1}), ("existing", {"why": "purchase"})],
    )
    assert (await case_of(tenant_a, case_id)).referee_id == newcomer


async def test_a_number_taken_without_a_name_is_told_at_the_desk(tenant_a: TestTenant, clock: MovableClock) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        member, newcomer = await add_person(uow, "王小明"), await add_person(uow, "李新")
        code = (await give_referral_code(uow, customer_id=member)).code
        slip = await take_slip(uow, code=code, device_hash="d9")
        assert await take_slip(uow, code=code, device_hash="d9") == slip
        other = await take_slip(uow, code=code, device_hash="d8")
        with pytest.raises(InvalidInput, match="own-code"):
            await enter_code(uow, customer_id=member, text=slip, staff=STAFF)
        case_id = await enter_code(uow, customer_id=newcomer, text=slip.lower(), staff=STAFF)
        with pytest.raises(InvalidInput, match="unknown-referral-code"):
            await enter_code(uow, customer_id=await add_person(uow, "周三"), text=slip, staff=STAFF)
    case = await case_of(tenant_a, case_id)
    assert (case.state, case.slip, case.via, case.entered_by_name) == ("registered", slip, "desk", "director")
    await night(tenant_a, clock, days=91)
    async with tenant_a.unit() as uow:
        ended = {one.slip: (one.state, one.ended_code) for one in await list_cases(uow)}
    assert ended == {slip: ("expired", "nothing-bought"), other: ("expired", "nobody-came")}


async def test_member_and_newcomer_who_are_one_person_get_nothing(tenant_a: TestTenant, clock: MovableClock) -> None:
    case_id, member, newcomer = await refer(tenant_a)
    await buy(tenant_a, newcomer)
    async with tenant_a.unit() as uow:
        await merge_customers(uow, winner_id=member, loser_id=newcomer)
    await night(tenant_a, clock, days=8)
    case = await case_of(tenant_a, case_id)
    assert (case.state, case.ended_code) == ("rejected", "same-person")
    assert await _coupons(tenant_a, member) == []


async def test_two_cases_of_a_newcomer_who_was_written_down_twice_become_one(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id, _member, newcomer = await refer(tenant_a)
    async with tenant_a.unit() as uow:
        again = await add_person(uow, "李新")
        other = await give_referral_code(uow, customer_id=await add_person(uow, "赵二"))
        second = await enter_code(uow, customer_id=again, text=other.short, staff=STAFF)
        await merge_customers(uow, winner_id=newcomer, loser_id=again)
    await buy(tenant_a, newcomer)
    await night(tenant_a, clock, days=91)
    assert (await case_of(tenant_a, case_id)).state == "rewarded"
    late = await case_of(tenant_a, second)
    assert (late.state, late.ended_code) == ("expired", "merged")


async def test_a_purse_a_phone_and_a_colleague_are_noticed(tenant_a: TestTenant, clock: MovableClock) -> None:
    await use_rules(tenant_a, msgspec.structs.replace(BOTH_50, monthly_limit=1))
    async with tenant_a.unit() as uow:
        member = await add_person(uow, "王小明")
        code = await give_referral_code(uow, customer_id=member)
        first, second = await add_person(uow, "李新"), await add_person(uow, "doctor")
        cases = [await enter_code(uow, customer_id=one, text=code.short, staff=STAFF) for one in (first, second)]
    for one in (first, second):
        await buy(tenant_a, one)
        clock.advance(timedelta(minutes=1))
    await night(tenant_a, clock, days=7)
    assert (await case_of(tenant_a, cases[0])).state == "rewarded"
    held = await case_of(tenant_a, cases[1])
    assert [(one.code, one.params) for one in held.failed] == [
        ("monthly", {"done": 1, "limit": 1}),
        ("staff", {"name": "doctor"}),
    ]
