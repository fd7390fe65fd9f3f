"""A bill explains itself: prices, coupons and points in order, each with its rule; what it used comes back with it."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.errors import InvalidInput, NotFound
from core.hooks.records.loyalty.offers import Campaign, CouponTemplate
from core.loyalty.actions import PointsRefused, grant_points, record_purchase, redeem_points
from core.loyalty.queries import get_membership
from core.programs.queries import get_version_id
from core.rewards.actions import issue_coupon, redeem_coupon
from core.rewards.errors import BenefitNeedsSubject, CouponUnknown, CouponUsedUp, NoSuchBenefit
from core.rewards.queries import get_coupon, list_grants
from core.uow import UnitOfWork
from core.visits.actions.bills import (
    BillClosed,
    ChoiceRefused,
    LineDraft,
    OverEstimate,
    add_lines,
    finalise_bill,
    remove_line,
    set_discount,
)
from core.visits.actions.choices import (
    ChoiceTaken,
    choose_benefit,
    choose_coupon,
    choose_points,
    drop_choice,
)
from core.visits.actions.payments import PaymentDraft, Settled, refund_bill, settle_bill, void_bill
from core.visits.queries.bills import find_bill
from core.visits.queries.choices import list_applied, list_choices
from core.visits.queries.pricing import get_pricing, shown_steps
from core.visits.queries.visits import get_visit
from tests.rewards import ANNUAL, FIFTY, LADDER, REDEEM, put_program
from tests.visits import estimate, make_visit
from tests.workplaces import TestTenant

THIRD = CouponTemplate(id="third", amount_fen=10_00, stack_group="third")
HALF = Campaign(id="half", label={"zh-CN": "药品半价", "en": "Half price"}, pay_percent=50, categories=("drug",))


async def _gold(clinic: TestTenant, visit_id: UUID) -> UUID:
    """The visit's customer, who holds gold and 5,000 points."""
    async with clinic.unit() as uow:
        whose = (await get_visit(uow, visit_id)).customer_id
        await record_purchase(uow, customer_id=whose, fen=2000_00, key="before")
        await grant_points(uow, customer_id=whose, points=5_000, key="gift", reason="开业")
    return whose


async def _clinic(tenant: TestTenant, *more: object) -> tuple[TestTenant, UUID, UUID]:
    await put_program(tenant, LADDER, REDEEM, ANNUAL, FIFTY, THIRD, *more)  # type: ignore[arg-type] # rules of any kind
    visit_id = await make_visit(tenant)
    return tenant, visit_id, await _gold(tenant, visit_id)


async def _lines(uow: UnitOfWork, visit_id: UUID, *items: str) -> dict[str, UUID]:
    bill = await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item=code) for code in items])
    return {line.item_code: line.line_id for line in bill.lines}


async def _coupon(uow: UnitOfWork, whose: UUID, template: str = "fifty", key: str = "") -> UUID:
    made = await issue_coupon(uow, customer_id=whose, template_id=template, key=key or template, source="desk")
    return made.coupon_id


async def _settle(uow: UnitOfWork, visit_id: UUID, key: str = "k") -> Settled:
    bill = await find_bill(uow, visit_id)
    assert bill is not None
    money = [PaymentDraft(method="cash", fen=bill.due_fen)] if bill.due_fen else []
    return await settle_bill(uow, visit_id=visit_id, payments=money, explained=True, key=key)


async def _steps(uow: UnitOfWork, visit_id: UUID) -> list[tuple[str, str, int]]:
    """Each step once, with what it took off in all."""
    bill = await find_bill(uow, visit_id)
    assert bill is not None
    sums: dict[tuple[str, str], int] = {}
    for one in await list_applied(uow, bill.bill_id):
        sums[one.step, one.rule_id] = sums.get((one.step, one.rule_id), 0) + one.fen
    return [(*step, fen) for step, fen in sums.items()]


async def test_every_step_is_on_the_bill_with_its_rule_and_settling_spends_all_of_it_at_once(
    tenant_a: TestTenant,
) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a, HALF)
    async with clinic.unit("front_desk") as uow:
        fifty, third = await _coupon(uow, whose), await _coupon(uow, whose, "third")
        lines = await _lines(uow, visit_id, "S01", "E01", "D01")
        bill = await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01", discount_fen=10_00)])
        assert bill.total_fen == 800_00 + 64_00 + 72_00 + 5_01, "half price for drugs, 80 % for the rest; 5.005 is 5.01"
        bill = await choose_benefit(uow, visit_id=visit_id, line_id=lines["E01"], service="E01")
        assert bill.total_fen == 877_01
        await choose_coupon(uow, visit_id=visit_id, coupon_id=fifty)
        bill = await choose_coupon(uow, visit_id=visit_id, code=(await get_coupon(uow, third)).code)
        assert (bill.total_fen, bill.held_fen) == (817_01, 877_01)
        bill = await choose_points(uow, visit_id=visit_id, points=300)
        bill = await choose_points(uow, visit_id=visit_id, points=2_000)
        assert bill.total_fen == 797_01
        visit = await get_visit(uow, visit_id)
        preview = await get_pricing(uow, visit=visit, bill=bill)
        assert preview.before_points_fen == 817_01
        assert sum(one.fen for one in shown_steps(preview, bill.lines)) == 1190_01 - 797_01
        card = await get_membership(uow, whose)
        assert card.points == 5_000, "nothing is spent before it is settled"
        bill = await finalise_bill(uow, visit_id=visit_id)
        assert await _steps(uow, visit_id) == [
            ("hand", "", 10_00),
            ("tier", "tiers", 218_00),
            ("campaign", "half", 5_00),
            ("benefit", "tiers", 80_00),
            ("coupon", "fifty", 50_00),
            ("coupon", "third", 10_00),
            ("points", "redeem", 20_00),
        ]
        kept = await list_applied(uow, bill.bill_id)
        assert {one.rule_version for one in kept if one.step != "hand"} == {await get_version_id(uow)}
        assert sum(line.amount_fen for line in bill.lines) == bill.total_fen == 797_01
        assert [one.points for one in kept if one.points] == [2_000]
        done = await _settle(uow, visit_id)
        assert done.recorded is not None
        assert done.recorded.paid_fen == 797_01, "points are earned on what is paid after discounts"
        assert (await get_membership(uow, whose)).points == 3_000
        assert {(await get_coupon(uow, one)).state for one in (fifty, third)} == {"used"}
        used = await list_grants(uow, whose, tier="gold")
        assert [(one.used, one.left) for one in used if one.service == "E01"] == [(1, 1)]
        spent = await uow.session.scalar(text("SELECT spent_fen FROM campaign_budget"))
        assert spent == 5_00


async def test_voiding_a_paid_bill_gives_points_coupons_benefits_and_budgets_back(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a, HALF)
    async with clinic.unit() as uow:
        coupon_id = await _coupon(uow, whose)
        for turn in range(2):  # the second bill of the visit uses everything again
            lines = await _lines(uow, visit_id, "S01", "E01", "D01")
            await choose_benefit(uow, visit_id=visit_id, line_id=lines["E01"], service="E01")
            await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
            await choose_points(uow, visit_id=visit_id, points=1_000)
            await finalise_bill(uow, visit_id=visit_id)
            await _settle(uow, visit_id, f"k{turn}")
            assert (await get_membership(uow, whose)).points == 4_000
            assert (await get_coupon(uow, coupon_id)).state == "used"
            await void_bill(uow, visit_id=visit_id, reason="录错", key=f"v{turn}")
            assert (await get_membership(uow, whose)).points == 5_000
            assert (await get_coupon(uow, coupon_id)).state == "open"
            grants = await list_grants(uow, whose, tier="gold")
            assert [one.used for one in grants if one.service == "E01"] == [0]
            assert await uow.session.scalar(text("SELECT spent_fen FROM campaign_budget")) == 0


async def test_a_partial_refund_gives_nothing_back_and_the_last_of_it_gives_all(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        coupon_id = await _coupon(uow, whose)
        lines = await _lines(uow, visit_id, "S01")
        await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
        await finalise_bill(uow, visit_id=visit_id)
        await _settle(uow, visit_id)
        back: dict[str, Any] = {"visit_id": visit_id, "reason": "退", "method": "cash"}
        await refund_bill(uow, fen_by_line={lines["S01"]: 100_00}, key="r1", **back)
        assert (await get_coupon(uow, coupon_id)).state == "used"
        await refund_bill(uow, fen_by_line={lines["S01"]: 650_00}, key="r2", **back)
        assert (await get_coupon(uow, coupon_id)).state == "open"
        await void_bill(uow, visit_id=visit_id, reason="退", key="v")
        assert (await get_coupon(uow, coupon_id)).used == 0


async def test_a_choice_that_takes_nothing_off_is_refused_with_the_reason(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(
        tenant_a,
        CouponTemplate(id="drugs", amount_fen=5_00, categories=("drug",)),
        CouponTemplate(id="large", amount_fen=5_00, min_spend_fen=5000_00),
    )
    async with clinic.unit() as uow:
        ids = {one: await _coupon(uow, whose, one) for one in ("fifty", "drugs", "large")}
        lines = await _lines(uow, visit_id, "C01", "E01")

        async def refused(reason: str, act: Awaitable[object]) -> None:
            before = await find_bill(uow, visit_id)
            with pytest.raises(ChoiceRefused) as found:
                await act
            assert found.value.params["reason"] == reason
            assert await find_bill(uow, visit_id) == before

        await refused("coupon-not-for-this", choose_coupon(uow, visit_id=visit_id, coupon_id=ids["drugs"]))
        await refused("coupon-below-minimum", choose_coupon(uow, visit_id=visit_id, coupon_id=ids["large"]))
        await refused("not-whole-steps", choose_points(uow, visit_id=visit_id, points=150))
        await refused("not-enough-points", choose_points(uow, visit_id=visit_id, points=9_000))
        await refused("benefit-cheaper", choose_benefit(uow, visit_id=visit_id, line_id=lines["C01"], service="C01"))
        await choose_coupon(uow, visit_id=visit_id, coupon_id=ids["fifty"])
        with pytest.raises(ChoiceTaken):
            await choose_coupon(uow, visit_id=visit_id, coupon_id=ids["fifty"])
        other = await _coupon(uow, whose, "fifty", "another")
        await refused("coupon-stack", choose_coupon(uow, visit_id=visit_id, coupon_id=other))
        with pytest.raises(CouponUnknown):
            await choose_coupon(uow, visit_id=visit_id, code="?")
        await choose_benefit(uow, visit_id=visit_id, line_id=lines["E01"], service="E01")
        with pytest.raises(ChoiceTaken):
            await choose_benefit(uow, visit_id=visit_id, line_id=lines["C01"], service="E01")
        with pytest.raises(NoSuchBenefit):
            await choose_benefit(uow, visit_id=visit_id, line_id=lines["C01"], service="洗牙")
        with pytest.raises(NotFound):
            await choose_benefit(uow, visit_id=visit_id, line_id=visit_id, service="E01")
        with pytest.raises(InvalidInput):
            await choose_points(uow, visit_id=visit_id, points=-1)
        await uow.session.execute(text("UPDATE visit SET subject_id = NULL"))
        with pytest.raises(BenefitNeedsSubject):
            await choose_benefit(uow, visit_id=visit_id, line_id=lines["C01"], service="E01")


async def test_what_is_chosen_can_be_taken_off_and_goes_with_its_line(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        coupon_id = await _coupon(uow, whose)
        lines = await _lines(uow, visit_id, "C01", "E01")
        await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
        await choose_benefit(uow, visit_id=visit_id, line_id=lines["E01"], service="E01")
        await choose_points(uow, visit_id=visit_id, points=100)
        bill = await remove_line(uow, visit_id=visit_id, line_id=lines["E01"])
        chosen = await list_choices(uow, bill.bill_id)
        assert [one.kind for one in chosen] == ["coupon", "points"]
        bill = await choose_points(uow, visit_id=visit_id, points=0)
        assert bill.total_fen == 30_00
        bill = await drop_choice(uow, visit_id=visit_id, choice_id=chosen[0].choice_id)
        assert bill.total_fen == 80_00
        with pytest.raises(NotFound):
            await drop_choice(uow, visit_id=visit_id, choice_id=chosen[0].choice_id)
        bill = await set_discount(uow, visit_id=visit_id, with_discount=False)
        assert bill.total_fen == 100_00
        await finalise_bill(uow, visit_id=visit_id)
        with pytest.raises(BillClosed):
            await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)


async def test_a_coupon_that_stopped_fitting_holds_the_bill_back_until_it_is_taken_off(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a, CouponTemplate(id="drugs", amount_fen=5_00, categories=("drug",)))
    async with clinic.unit() as uow:
        coupon_id = await _coupon(uow, whose, "drugs")
        lines = await _lines(uow, visit_id, "C01", "D01")
        await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
        bill = await remove_line(uow, visit_id=visit_id, line_id=lines["D01"])
        assert bill.total_fen == 80_00
        with pytest.raises(ChoiceRefused):
            await finalise_bill(uow, visit_id=visit_id)
        (choice,) = await list_choices(uow, bill.bill_id)
        await drop_choice(uow, visit_id=visit_id, choice_id=choice.choice_id)
        assert (await finalise_bill(uow, visit_id=visit_id)).state == "final"


async def test_a_coupon_used_elsewhere_meanwhile_stops_the_settlement_and_nothing_is_taken(
    tenant_a: TestTenant,
) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        coupon_id = await _coupon(uow, whose)
        await _lines(uow, visit_id, "S01")
        await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
        await choose_points(uow, visit_id=visit_id, points=100)
        await finalise_bill(uow, visit_id=visit_id)
        await redeem_coupon(uow, customer_id=whose, coupon_id=coupon_id, key="desk", fen=50_00)
        with pytest.raises(CouponUsedUp):
            async with uow.attempt():
                await _settle(uow, visit_id)
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        assert (bill.paid_fen, (await get_membership(uow, whose)).points) == (0, 5_000)
        await void_bill(uow, visit_id=visit_id, reason="券已用", key="v")
        assert (await get_coupon(uow, coupon_id)).state == "used", "the void bill had not used it"


async def test_points_spent_elsewhere_stop_the_settlement(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        await _lines(uow, visit_id, "S01")
        await choose_points(uow, visit_id=visit_id, points=5_000)
        await finalise_bill(uow, visit_id=visit_id)
        await redeem_points(uow, customer_id=whose, points=1_000, key="desk", reason="换礼品")
        with pytest.raises(PointsRefused):
            async with uow.attempt():
                await _settle(uow, visit_id)


async def test_coupons_and_points_do_not_move_the_line_of_130_percent(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        coupon_id = await _coupon(uow, whose)
        await estimate(uow, visit_id, "C01")  # 80.00 for gold
        await _lines(uow, visit_id, "E01")
        bill = await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
        assert (bill.total_fen, bill.held_fen, bill.over) == (94_00, 144_00, True)
        with pytest.raises(OverEstimate):
            await finalise_bill(uow, visit_id=visit_id)


async def test_a_campaign_without_money_left_is_not_on_the_final_bill(tenant_a: TestTenant) -> None:
    poor = Campaign(id="half", pay_percent=50, categories=("drug",), budget_fen=4_00)
    clinic, visit_id, _ = await _clinic(tenant_a, poor)
    async with clinic.unit() as uow:
        await _lines(uow, visit_id, "D01")
        bill = await finalise_bill(uow, visit_id=visit_id)
        assert bill.total_fen == 8_01, "half price would be 5.00 off, and 4.00 are left: the tier's 80 % it is"


async def test_a_bill_that_points_pay_whole_is_settled_without_money(tenant_a: TestTenant) -> None:
    clinic, visit_id, whose = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        await _coupon(uow, whose)
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="D02", quantity_milli=10_000)])
        await choose_points(uow, visit_id=visit_id, points=800)
        await finalise_bill(uow, visit_id=visit_id)
        done = await _settle(uow, visit_id)
        assert (done.bill.state, done.bill.total_fen, done.recorded) == ("paid", 0, None)
        assert (await get_membership(uow, whose)).points == 4_200
        await void_bill(uow, visit_id=visit_id, reason="x", key="v")
        assert (await get_membership(uow, whose)).points == 5_000


async def test_one_piece_of_many_is_the_benefit(tenant_a: TestTenant) -> None:
    clinic, visit_id, _ = await _clinic(tenant_a)
    async with clinic.unit() as uow:
        bill = await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="E01", quantity_milli=10_000)])
        with pytest.raises(ChoiceRefused):
            await choose_benefit(uow, visit_id=visit_id, line_id=bill.lines[0].line_id, service="E01")
        bill = await set_discount(uow, visit_id=visit_id, with_discount=False)
        bill = await choose_benefit(uow, visit_id=visit_id, line_id=bill.lines[0].line_id, service="e01")
        assert bill.total_fen == 720_00
