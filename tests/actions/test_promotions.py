"""Promotions at a purchase: more points while they are on, never above a budget, gifts once, and back when undone."""

from datetime import date

import pytest

from core.campaigns.actions import BudgetSpent, return_budget, spend_budget
from core.campaigns.queries import find_open_campaigns, get_spent
from core.hooks.records.loyalty.offers import Campaign, CouponTemplate, DayWindow, WeekdayWindow
from core.hooks.records.loyalty.parts import CouponReward, PointsReward
from core.loyalty.actions import record_purchase, refund_purchase
from core.programs.queries import get_program
from core.rewards.queries import list_coupons
from tests.ledgers import POINT_PER_YUAN, Sums, look
from tests.rewards import make_customer, put_program
from tests.workplaces import MovableClock, TestTenant

TODAY = date(2026, 11, 23)
DOUBLE = Campaign(id="double", windows=(DayWindow(first="11-20", last="11-25"),), earn_multiplier=2)


async def test_points_double_while_it_is_on_and_are_plain_the_day_after(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await put_program(tenant_a, POINT_PER_YUAN, DOUBLE)
    member, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:
        assert [one.id for one in await find_open_campaigns(uow, TODAY)] == ["double"]
        assert (await record_purchase(uow, customer_id=member, fen=100_00, key="a")).points == 200
    clock.advance(days=3)
    async with tenant_a.unit() as uow:
        assert (await record_purchase(uow, customer_id=member, fen=100_00, key="b")).points == 100
        assert await look(uow, member) == Sums(300)


async def test_a_budget_of_points_holds_what_the_campaign_adds_and_not_what_is_earned_anyway(
    tenant_a: TestTenant,
) -> None:
    await put_program(tenant_a, POINT_PER_YUAN, Campaign(id="double", earn_multiplier=2, budget_points=150))
    member, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:
        first = await record_purchase(uow, customer_id=member, fen=100_00, key="a")
        assert first.points == 200
        assert (await record_purchase(uow, customer_id=member, fen=100_00, key="b")).points == 100, "50 are left"
        assert (await record_purchase(uow, customer_id=member, fen=50_00, key="c")).points == 100
        assert (await record_purchase(uow, customer_id=member, fen=50_00, key="c")).replayed
        program = await get_program(uow)
        assert program is not None
        assert (await get_spent(uow, program.id))["double"].points == 150
        assert await find_open_campaigns(uow, TODAY) == ()
        last = await record_purchase(uow, customer_id=member, fen=10_00, key="d")
        assert last.points == 10
        await refund_purchase(uow, purchase_id=first.purchase_id, fen=1_00)
        assert (await get_spent(uow, program.id))["double"].points == 150, "a part gives nothing back"
        await refund_purchase(uow, purchase_id=first.purchase_id)
        assert (await get_spent(uow, program.id))["double"].points == 50


async def test_a_gift_is_given_once_to_each_customer_and_only_from_its_sum_up(tenant_a: TestTenant) -> None:
    snack = CouponTemplate(id="snack", amount_fen=20_00, valid_days=30, total_limit=2)
    gift = Campaign(id="gift", rewards=(CouponReward(template="snack"), PointsReward(points=5)), min_fen=50_00)
    await put_program(tenant_a, POINT_PER_YUAN, snack, gift)
    people = [(await make_customer(tenant_a, name))[0] for name in ("周一", "吴二", "郑三")]
    async with tenant_a.unit() as uow:
        await record_purchase(uow, customer_id=people[0], fen=49_99, key="small")
        assert await list_coupons(uow, people[0]) == []
        for number, member in enumerate((*people, people[0])):
            await record_purchase(uow, customer_id=member, fen=50_00, key=f"k{number}")
        assert [len(await list_coupons(uow, one)) for one in people] == [1, 1, 0], "two of the template, one each"
        assert await look(uow, people[0]) == Sums(49 + 50 + 5 + 50)
        program = await get_program(uow)
        assert program is not None
        spent = (await get_spent(uow, program.id))["gift"]
        assert (spent.fen, spent.points, spent.uses) == (40_00, 10, 2)


async def test_a_budget_is_taken_once_per_key_and_put_back_once(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    campaign = Campaign(id="sale", budget_fen=100, windows=(WeekdayWindow(days=(1,)),))
    member, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:

        async def spend(key: str, fen: int) -> bool:
            return await spend_budget(
                uow, program_id="p.x", campaign=campaign, customer_id=member, key=key, fen=fen, ref_id=None
            )

        assert await spend("a", 60)
        assert not await spend("a", 60)
        with pytest.raises(BudgetSpent):
            await spend("b", 41)
        assert await return_budget(uow, key="a")
        assert not await return_budget(uow, key="a")
        assert not await return_budget(uow, key="nobody")
        assert await spend("b", 100)
        assert (await get_spent(uow, "p.x"))["sale"].fen == 100
    async with tenant_b.unit() as uow:
        assert await get_spent(uow, "p.x") == {}
        assert not await return_budget(uow, key="b")
