"""Points in the database: earned, spent all or nothing, expired to the minute, taken back and given back, once per key."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.customers.actions import join_household
from core.customers.queries import list_events
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.hooks.records.conditions import Cmp
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, LedgerPolicy, Lifetime, Redeem
from core.loyalty.actions import (
    KeyReused,
    NothingToRefund,
    PointsRefused,
    PurchaseLine,
    UnknownRedemption,
    adjust_points,
    earn_event,
    give_back_points,
    grant_points,
    record_purchase,
    redeem_points,
    refund_purchase,
)
from core.loyalty.queries import get_wallet, list_entries
from core.programs.queries import get_version_id
from tests.ledgers import PAY, POINT_PER_YUAN, Sums, kinds, look
from tests.rewards import make_customer, put_program
from tests.workplaces import MovableClock, TestTenant

PERSON = LedgerPolicy(pool="person")


@pytest.fixture
async def member(tenant_a: TestTenant) -> UUID:
    await put_program(tenant_a, POINT_PER_YUAN, PAY)
    return (await make_customer(tenant_a))[0]


async def test_a_bill_earns_whole_units_and_its_entry_names_rule_version_and_end(
    tenant_a: TestTenant, member: UUID
) -> None:
    async with tenant_a.unit("front_desk") as uow:
        lines = (PurchaseLine(label="疫苗", fen=33_33), PurchaseLine(label="驱虫", fen=66_66))
        done = await record_purchase(uow, customer_id=member, fen=99_99, key="a", lines=lines)
        assert done.points == 99
        assert await look(uow, member) == Sums(99)
        earn, spend = await list_entries(uow, member)
        assert (earn.kind, earn.rule_id, earn.rule_version) == ("earn", "rate", await get_version_id(uow))
        # 2026-11-23 in Shanghai + 12 months: usable to the end of that day
        assert earn.expires_at == datetime(2027, 11, 23, 16, tzinfo=UTC)
        assert (spend.kind, spend.fen, spend.points) == ("spend", 99_99, 0)
        again = await record_purchase(uow, customer_id=member, fen=99_99, key="a", lines=lines)
        assert (again.replayed, again.points) == (True, 99)
        wallet = await get_wallet(uow, member)
        assert (wallet.balance, wallet.next_expiry_points) == (99, 99)
        assert wallet.next_expiry_on is not None
        assert wallet.next_expiry_on.isoformat() == "2027-11-23"


async def test_spending_is_all_or_nothing_unless_clamped_and_takes_what_ends_first(
    tenant_a: TestTenant, member: UUID
) -> None:
    async with tenant_a.unit() as uow:
        for points, months, key in ((100, None, "ever"), (50, 2, "later"), (30, 1, "soon")):
            life = Lifetime(months=months)
            await grant_points(uow, customer_id=member, points=points, key=key, reason="赔礼", lifetime=life)
        with pytest.raises(PointsRefused) as refused:
            await redeem_points(uow, customer_id=member, points=181, key="much")
        assert (refused.value.code, refused.value.params["balance"]) == ("not-enough-points", 180)
        spent = await redeem_points(uow, customer_id=member, points=60, key="s")
        assert (spent.points, spent.fen, spent.balance) == (-60, 60, 120)
        assert [(lot.earned, lot.remaining) for lot in (await get_wallet(uow, member)).lots] == [(50, 20), (100, 100)]
        clamped = await redeem_points(uow, customer_id=member, points=500, key="c", clamp=True)
        assert (clamped.points, clamped.balance) == (-120, 0)
        again = await redeem_points(uow, customer_id=member, points=500, key="c", clamp=True)
        assert (again.points, again.replayed) == (-120, True)
        assert await look(uow, member) == Sums(0)


async def test_a_key_belongs_to_one_operation_of_one_account(tenant_a: TestTenant, member: UUID) -> None:
    other, _ = await make_customer(tenant_a, "李雷")
    async with tenant_a.unit() as uow:
        first = await grant_points(uow, customer_id=member, points=100, key="k", reason="活动")
        again = await grant_points(uow, customer_id=member, points=100, key="k", reason="活动")
        assert (again.entry_id, again.replayed, again.balance) == (first.entry_id, True, 100)
        for attempt in (
            grant_points(uow, customer_id=other, points=100, key="k", reason="活动"),
            grant_points(uow, customer_id=member, points=101, key="k", reason="活动"),
            redeem_points(uow, customer_id=member, points=100, key="k"),
            adjust_points(uow, customer_id=member, points=100, key="k", reason="活动"),
            earn_event(uow, customer_id=member, event="review", key="k"),
        ):
            with pytest.raises(KeyReused):
                await attempt
        for key in ("", "x" * 101, "purchase:a", "expire:a"):
            with pytest.raises(InvalidInput):
                await grant_points(uow, customer_id=member, points=1, key=key, reason="活动")
        for points in (0, -5, 10**10):
            with pytest.raises(InvalidInput):
                await grant_points(uow, customer_id=member, points=points, key="new", reason="活动")
        with pytest.raises(InvalidInput):
            await grant_points(uow, customer_id=member, points=1, key="new", reason="  ")


async def test_the_boundary_is_expired_and_every_operation_closes_what_is_due_first(
    tenant_a: TestTenant, member: UUID, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        life = Lifetime(months=1)
        await grant_points(uow, customer_id=member, points=100, key="g", reason="活动", lifetime=life)
    ends = datetime(2026, 12, 23, 16, tzinfo=UTC)
    clock.instant = ends - timedelta(microseconds=1)
    async with tenant_a.unit() as uow:
        assert (await redeem_points(uow, customer_id=member, points=40, key="in-time")).balance == 60
    clock.instant = ends
    async with tenant_a.unit() as uow:
        assert (await get_wallet(uow, member)).balance == 0
        with pytest.raises(PointsRefused):
            await redeem_points(uow, customer_id=member, points=1, key="late")
        await grant_points(uow, customer_id=member, points=5, key="g2", reason="活动")
        assert await kinds(uow, member) == [("grant", 100), ("burn", -40), ("expire", -60), ("grant", 5)]
        assert await look(uow, member) == Sums(5)
        expired = next(entry for entry in await list_entries(uow, member) if entry.kind == "expire")
        assert expired.occurred_at == ends


async def test_pending_points_count_from_their_day_and_expiry_counts_from_activation(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    slow = EarnRate(id="slow", per_fen=100, points=1, lifetime=Lifetime(pending_days=7, days=10))
    await put_program(tenant_a, slow, PAY)
    member, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:
        await record_purchase(uow, customer_id=member, fen=50_00, key="a")
        assert await look(uow, member) == Sums(0, pending=50)
        with pytest.raises(PointsRefused):
            await redeem_points(uow, customer_id=member, points=1, key="early")
    clock.instant = datetime(2026, 11, 29, 16, tzinfo=UTC)
    async with tenant_a.unit() as uow:
        assert (await redeem_points(uow, customer_id=member, points=20, key="now")).balance == 30
        assert await look(uow, member) == Sums(30)
    clock.instant = datetime(2026, 12, 10, 16, tzinfo=UTC)
    async with tenant_a.unit() as uow:
        await adjust_points(uow, customer_id=member, points=1, key="touch", reason="核对")
        assert await look(uow, member) == Sums(1)


async def test_refunds_take_points_back_in_proportion_by_floors_and_never_more_than_earned(
    tenant_a: TestTenant, member: UUID
) -> None:
    async with tenant_a.unit() as uow:
        bought = await record_purchase(uow, customer_id=member, fen=10_00, key="a")
        taken: list[int] = []
        for fen in (3_33, 3_33, 3_34):
            done = await refund_purchase(uow, purchase_id=bought.purchase_id, fen=fen, key=f"r{fen}{len(taken)}")
            taken.append(done.points)
        assert taken == [-3, -3, -4]
        assert await look(uow, member) == Sums(0)
        for more in (1, None, 0, -5):
            with pytest.raises(NothingToRefund):
                await refund_purchase(uow, purchase_id=bought.purchase_id, fen=more)
        with pytest.raises(NotFound):
            await refund_purchase(uow, purchase_id=new_id())
        second = await record_purchase(uow, customer_id=member, fen=10_00, key="b")
        with pytest.raises(NothingToRefund):
            await refund_purchase(uow, purchase_id=second.purchase_id, fen=10_01)
        once = await refund_purchase(uow, purchase_id=second.purchase_id, fen=5_00, key="half")
        again = await refund_purchase(uow, purchase_id=second.purchase_id, fen=5_00, key="half")
        assert (once.points, again.points, again.replayed) == (-5, -5, True)
        assert await look(uow, member) == Sums(5)


async def test_points_spent_before_the_refund_are_forgotten_or_owed_as_the_program_says(tenant_a: TestTenant) -> None:
    for policy, debt in ((LedgerPolicy(reversal="clamp"), 0), (LedgerPolicy(reversal="deficit", deficit_limit=50), 50)):
        await put_program(tenant_a, POINT_PER_YUAN, PAY, ledger=policy)
        member, _ = await make_customer(tenant_a)
        async with tenant_a.unit() as uow:
            bought = await record_purchase(uow, customer_id=member, fen=100_00, key=f"a{debt}")
            await redeem_points(uow, customer_id=member, points=90, key=f"s{debt}")
            done = await refund_purchase(uow, purchase_id=bought.purchase_id)
            assert done.points == -10 - debt
            assert await look(uow, member) == Sums(0, deficit=debt)
            await record_purchase(uow, customer_id=member, fen=60_00, key=f"b{debt}")
            assert await look(uow, member) == Sums(60 - debt)


async def test_points_given_back_live_on_for_a_month_even_when_their_lot_is_over(
    tenant_a: TestTenant, member: UUID, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        life = Lifetime(months=1)
        await grant_points(uow, customer_id=member, points=100, key="g", reason="活动", lifetime=life)
        await redeem_points(uow, customer_id=member, points=80, key="s")
        with pytest.raises(UnknownRedemption):
            await give_back_points(uow, key_of="nothing", key="b")
    clock.advance(days=60)
    async with tenant_a.unit() as uow:
        part = await give_back_points(uow, key_of="s", key="b1", points=30)
        assert (part.points, part.balance) == (30, 30)
        assert (await give_back_points(uow, key_of="s", key="b1", points=30)).replayed
        rest = await give_back_points(uow, key_of="s", key="b2")
        assert (rest.points, rest.balance) == (50, 80)
        with pytest.raises(PointsRefused) as refused:
            await give_back_points(uow, key_of="s", key="b3")
        assert refused.value.code == "nothing-to-give-back"
        wallet = await get_wallet(uow, member)
        assert {str(lot.expires_at) for lot in wallet.lots} == {"2027-02-21 16:00:00+00:00"}
        assert await look(uow, member) == Sums(80)


async def test_a_household_pays_together_and_each_account_keeps_its_own_entries(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAY)
    mother, _ = await make_customer(tenant_a, "妈妈")
    son, _ = await make_customer(tenant_a, "儿子")
    async with tenant_a.unit() as uow:
        await join_household(uow, customer_id=mother, other_id=son)
        await grant_points(uow, customer_id=mother, points=70, key="m", reason="活动", lifetime=Lifetime(months=1))
        await grant_points(uow, customer_id=son, points=50, key="s", reason="活动")
        wallet = await get_wallet(uow, son)
        assert (wallet.balance, wallet.household_balance) == (50, 120)
        paid = await redeem_points(uow, customer_id=son, points=100, key="p")
        assert (paid.points, paid.balance) == (-100, 20)
        assert await kinds(uow, mother) == [("grant", 70), ("burn", -70)]
        assert await kinds(uow, son) == [("grant", 50), ("burn", -30)]
        assert (await redeem_points(uow, customer_id=son, points=100, key="p")).replayed
        back = await give_back_points(uow, key_of="p", key="b", points=60)
        assert back.points == 60
        assert (await look(uow, son), await look(uow, mother)) == (Sums(50), Sums(30))
        assert (await give_back_points(uow, key_of="p", key="rest")).points == 40
        assert (await look(uow, son), await look(uow, mother)) == (Sums(50), Sums(70))
    await put_program(tenant_a, PAY, ledger=PERSON)
    async with tenant_a.unit() as uow:
        with pytest.raises(PointsRefused):
            await redeem_points(uow, customer_id=son, points=51, key="alone")


async def test_events_earn_within_their_limit_and_conditions_are_asked_of_the_customer(tenant_a: TestTenant) -> None:
    await put_program(
        tenant_a,
        EarnEvent(id="review", event="review", points=20, limit=2, period="month"),
        EarnEvent(id="first", event="first_purchase", points=7),
        EarnRate(id="women", per_fen=100, points=1, when=Cmp(field="gender", op="eq", value="female")),
        Redeem(id="pay", fen_per_point=2, step=10, min_points=20),
    )
    member, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:
        for key, points in (("r1", 20), ("r2", 20)):
            done = await earn_event(uow, customer_id=member, event="review", key=key)
            assert done is not None
            assert done.points == points
        assert await earn_event(uow, customer_id=member, event="review", key="r3") is None
        assert await earn_event(uow, customer_id=member, event="dance", key="d") is None
        assert (await record_purchase(uow, customer_id=member, fen=30_00, key="a")).points == 7
        await uow.session.execute(text("UPDATE customer SET gender = 'female' WHERE customer_id = :c"), {"c": member})
        assert (await record_purchase(uow, customer_id=member, fen=30_00, key="b")).points == 30
        for points, code in ((10, "below-minimum"), (25, "not-whole-steps"), (70, "above-bill-share")):
            with pytest.raises(PointsRefused) as refused:
                await redeem_points(uow, customer_id=member, points=points, key="p", bill_fen=100)
            assert refused.value.code == code
        assert (await redeem_points(uow, customer_id=member, points=50, key="p", bill_fen=100)).fen == 100
        assert await look(uow, member) == Sums(27)


async def test_corrections_by_hand_stand_in_timeline_and_audit(tenant_a: TestTenant, member: UUID) -> None:
    async with tenant_a.unit("front_desk") as uow:
        await adjust_points(uow, customer_id=member, points=40, key="up", reason="漏记积分")
        down = await adjust_points(uow, customer_id=member, points=-15, key="down", reason="多记积分")
        assert (down.points, down.balance) == (-15, 25)
        with pytest.raises(PointsRefused):
            await adjust_points(uow, customer_id=member, points=-26, key="more", reason="多记积分")
        told = [event.data for event in await list_events(uow, member, kinds=["points"])]
        assert [(one["kind"], one["points"], one["reason"]) for one in told] == [
            ("adjust", -15, "多记积分"),
            ("adjust", 40, "漏记积分"),
        ]
        assert [act.action for act in uow._acts] == ["loyalty.adjust", "loyalty.adjust"]


async def test_another_tenants_points_are_not_there(tenant_a: TestTenant, tenant_b: TestTenant, member: UUID) -> None:
    async with tenant_a.unit() as uow:
        bought = await record_purchase(uow, customer_id=member, fen=100_00, key="a")
        await redeem_points(uow, customer_id=member, points=10, key="s")
    async with tenant_b.unit() as uow:
        for attempt in (
            grant_points(uow, customer_id=member, points=1, key="x", reason="试"),
            redeem_points(uow, customer_id=member, points=1, key="x"),
            adjust_points(uow, customer_id=member, points=-1, key="x", reason="试"),
            give_back_points(uow, key_of="s", key="x"),
            refund_purchase(uow, purchase_id=bought.purchase_id),
            earn_event(uow, customer_id=member, event="review", key="x"),
        ):
            with pytest.raises(NotFound):
                await attempt
        assert (await get_wallet(uow, member)).balance == 0
    async with tenant_a.unit() as uow:
        assert await look(uow, member) == Sums(90)


async def test_allocations_are_append_only_by_privilege(tenant_a: TestTenant) -> None:
    for statement in ("UPDATE lot_alloc SET points = 1", "DELETE FROM lot_alloc"):
        async with tenant_a.workplace.database.session(tenant_a.id) as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(statement))
