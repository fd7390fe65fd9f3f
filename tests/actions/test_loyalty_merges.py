"""Two members become one with open lots, and two again: every point is carried, refunds still find what a purchase earned."""

from uuid import UUID

import pytest
from sqlalchemy import select

from core.db import table_of
from core.hooks.records.loyalty.points import LedgerPolicy, Lifetime
from core.loyalty.actions import (
    close_due,
    give_back_points,
    grant_points,
    pin_tier,
    record_purchase,
    redeem_points,
    refund_purchase,
)
from core.loyalty.models import LoyaltyAccount
from core.loyalty.queries import count_ledger_fen, get_membership, get_wallet
from core.loyalty.rules.days import local_day
from core.loyalty.verifying import find_wrong
from core.merges.merging import merge_customers
from core.merges.undoing import MergeGrown, undo_merge
from tests.ledgers import PAY, POINT_PER_YUAN, Sums, look
from tests.rewards import LADDER, make_customer, put_program
from tests.workplaces import MovableClock, TestTenant

_A = table_of(LoyaltyAccount)


@pytest.fixture
async def pair(tenant_a: TestTenant) -> tuple[UUID, UUID]:
    """One who stays and one who goes, each with points."""
    await put_program(tenant_a, LADDER, POINT_PER_YUAN, PAY, ledger=LedgerPolicy(reversal="deficit"))
    stays, _ = await make_customer(tenant_a, "王小美")
    goes, _ = await make_customer(tenant_a, "王晓美")
    async with tenant_a.unit() as uow:
        await record_purchase(uow, customer_id=stays, fen=100_00, key="stays")
        await record_purchase(uow, customer_id=goes, fen=600_00, key="goes")
        life = Lifetime(pending_days=5, months=1)
        await grant_points(uow, customer_id=goes, points=40, key="later", reason="活动", lifetime=life)
        await redeem_points(uow, customer_id=goes, points=200, key="spent")
    return stays, goes


async def test_open_and_pending_lots_follow_with_their_ends_and_come_back_as_far_as_they_are_left(
    tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    stays, goes = pair
    async with tenant_a.unit() as uow:
        before = (await get_wallet(uow, goes)).lots
        merge_id = await merge_customers(uow, winner_id=stays, loser_id=goes)
        assert (await look(uow, stays), await look(uow, goes)) == (Sums(500, pending=40), Sums(0))
        carried = [(lot.remaining, lot.expires_at) for lot in (await get_wallet(uow, stays)).lots]
        assert all((lot.remaining, lot.expires_at) in carried for lot in before)
        assert (await get_membership(uow, stays)).tier is not None
        assert await find_wrong(uow) == []
        await redeem_points(
            uow, customer_id=goes, points=450, key="after"
        )  # known by the old id, paid by the one who stays
        await undo_merge(uow, merge_id=merge_id)
        kept, back = await look(uow, stays), await look(uow, goes)
        assert (kept.points + back.points, kept.pending, back.pending) == (50, 0, 40)
        assert (await count_ledger_fen(uow, stays), await count_ledger_fen(uow, goes)) == (100_00, 600_00)
        assert await find_wrong(uow) == []


async def test_a_refund_after_a_merge_takes_back_what_the_purchase_earned(
    tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    stays, goes = pair
    async with tenant_a.unit() as uow:
        bought = await record_purchase(uow, customer_id=goes, fen=50_00, key="more")
        await refund_purchase(uow, purchase_id=bought.purchase_id, fen=10_00, key="before")
        await merge_customers(uow, winner_id=stays, loser_id=goes)
        done = await refund_purchase(uow, purchase_id=bought.purchase_id, key="rest")
        assert done.points == -40
        assert await look(uow, stays) == Sums(500, pending=40)
        assert await find_wrong(uow) == []


async def test_what_was_spent_before_a_merge_is_given_back_to_the_one_who_stays(
    tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    stays, goes = pair
    async with tenant_a.unit() as uow:
        await merge_customers(uow, winner_id=stays, loser_id=goes)
        back = await give_back_points(uow, key_of="spent", key="back")
        assert back.points == 200
        assert (await give_back_points(uow, key_of="spent", key="back")).replayed
        assert (await look(uow, stays), await look(uow, goes)) == (Sums(700, pending=40), Sums(0))


async def test_a_debt_follows_and_comes_back(
    tenant_a: TestTenant, pair: tuple[UUID, UUID], clock: MovableClock
) -> None:
    stays, _ = pair
    third, _ = await make_customer(tenant_a, "小王")
    async with tenant_a.unit() as uow:
        bought = await record_purchase(uow, customer_id=third, fen=30_00, key="c")
        await redeem_points(uow, customer_id=third, points=30, key="s")
        await refund_purchase(uow, purchase_id=bought.purchase_id)
        assert await look(uow, third) == Sums(0, deficit=30)
    clock.advance(minutes=1)
    async with tenant_a.unit() as uow:
        merge_id = await merge_customers(uow, winner_id=stays, loser_id=third)
        assert await look(uow, stays) == Sums(100, deficit=30)
        await undo_merge(uow, merge_id=merge_id)
        assert (await look(uow, stays), await look(uow, third)) == (Sums(100), Sums(0, deficit=30))
        assert await find_wrong(uow) == []


async def test_a_refund_since_the_merge_stands_in_the_way_of_its_undo(
    tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    stays, goes = pair
    async with tenant_a.unit() as uow:
        bought = await record_purchase(uow, customer_id=goes, fen=50_00, key="more")
        merge_id = await merge_customers(uow, winner_id=stays, loser_id=goes)
        await refund_purchase(uow, purchase_id=bought.purchase_id)
        with pytest.raises(MergeGrown):
            await undo_merge(uow, merge_id=merge_id)


async def test_a_pinned_tier_counts_until_its_last_day_and_the_night_takes_it_off(
    tenant_a: TestTenant, pair: tuple[UUID, UUID], clock: MovableClock
) -> None:
    stays, _ = pair
    async with tenant_a.unit() as uow:
        until = local_day(clock(), "Asia/Shanghai")
        change = await pin_tier(uow, customer_id=stays, tier="gold", until=until, reason="老客户")
        assert change is not None
        assert (change.before, change.after) == ("normal", "gold")
        await record_purchase(uow, customer_id=stays, fen=450_00, key="more")
        card = await get_membership(uow, stays)
        assert card.tier is not None
        assert (card.tier.code, card.pinned_until) == ("gold", until)
        assert await close_due(uow) == 0
    clock.advance(days=1)
    async with tenant_a.unit() as uow:
        assert await close_due(uow) == 1
        assert await close_due(uow) == 0
        card = await get_membership(uow, stays)
        assert card.tier is not None
        assert (card.tier.code, card.pinned_until) == ("silver", None)
        row = (await uow.session.execute(select(_A).where(_A.c.customer_id == stays))).one()
        assert (row.earned_tier, row.tier_review_on) == (None, None)
