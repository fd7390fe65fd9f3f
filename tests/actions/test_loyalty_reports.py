"""Loyalty reports on real rows: months of the tenant's clock, bands, lots, and what another branch or tenant has stays out."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import table_of
from core.hooks.records.loyalty.points import Lifetime
from core.loyalty.actions import grant_points, record_purchase, redeem_points, refund_purchase
from core.loyalty.models import Lot
from core.reports.queries.cohorts import get_retention
from core.reports.queries.liability import get_liability
from core.reports.queries.movement import get_movement, get_tier_counts
from core.reports.queries.rfm import get_rfm, list_band
from core.reports.queries.shares import get_referral_share, get_repeat
from core.reports.rules.spans import ReportFilter, span_back
from core.tenancy.actions import add_branch
from core.uow import Reader
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

ZONE = "Asia/Shanghai"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


def _wanted(reader: Reader, *, months: int = 6, branch_id: UUID | None = None) -> ReportFilter:
    return ReportFilter(span=span_back((reader.now + timedelta(hours=8)).date(), months, ZONE), branch_id=branch_id)


async def _buy(
    clinic: TestTenant, name: str, moments: list[datetime], *, fen: int = 600_00, branch_id: UUID | None = None
) -> UUID:
    async with clinic.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name=name))
        for number, moment in enumerate(moments):
            await record_purchase(
                uow,
                customer_id=customer_id,
                fen=fen,
                key=f"{name}:{number}",
                occurred_at=moment,
                branch_id=branch_id,
            )
        return customer_id


def _months_ago(now: datetime, months: int) -> datetime:
    """Noon of the tenth day of an earlier month in Shanghai."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return datetime(year, month + 1, 10, 4, tzinfo=UTC)


async def test_cohorts_follow_the_months_of_the_tenants_clock(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        now = uow.now
    first = _months_ago(now, 3)
    last_second = datetime(first.year, first.month, 1, 15, 59, 59, tzinfo=UTC) - timedelta(days=1)
    await _buy(clinic, "王小美", [first, _months_ago(now, 2)])
    await _buy(clinic, "李雷", [last_second])
    await _buy(clinic, "韩梅梅", [last_second + timedelta(seconds=1), first])
    await _buy(clinic, "张伟", [_months_ago(now, 20), first])
    async with clinic.unit() as uow:
        wanted = _wanted(uow)
        found = await get_retention(uow, wanted)
        visits = await get_retention(uow, wanted, what="visits")
    assert [(one.first.month, one.people, one.back[:2]) for one in found.cohorts] == [
        (_months_ago(now, 4).month, 1, (1, 0)),
        (first.month, 2, (2, 1)),
    ]
    assert visits.cohorts == ()


async def test_bands_hold_everybody_once_and_a_refunded_bill_is_none(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        now = uow.now
    best = await _buy(clinic, "王小美", [now - timedelta(days=day) for day in range(8)], fen=100_00)
    await _buy(clinic, "李雷", [now - timedelta(days=200)], fen=50_00)
    gone = await _buy(clinic, "韩梅梅", [])
    async with clinic.unit() as uow:
        done = await record_purchase(uow, customer_id=gone, fen=100, key="once")
        await refund_purchase(uow, purchase_id=done.purchase_id)
    async with clinic.unit() as uow:
        wanted = _wanted(uow)
        found = await get_rfm(uow, wanted)
        assert {(one.recency, one.frequency, one.people, one.fen) for one in found.cells} == {
            (5, 5, 1, 800_00),
            (2, 1, 1, 50_00),
        }
        assert found.people == 2
        rows = await list_band(uow, wanted, recency=5, frequency=5)
        assert [(one.customer_id, one.purchases, one.fen) for one in rows] == [(best, 8, 800_00)]
        assert await list_band(uow, wanted, recency=5, frequency=5, after=best) == []
        repeat = await get_repeat(uow, wanted)
        assert (repeat.personal.whole, repeat.others.part, repeat.others.whole) == (0, 1, 1)
        assert (await get_referral_share(uow, wanted)).whole == 1


async def test_moves_are_counted_by_month_and_way(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        now = uow.now
    await _buy(clinic, "王小美", [_months_ago(now, 2)])
    await _buy(clinic, "李雷", [_months_ago(now, 1), _months_ago(now, 1)], fen=1500_00)
    async with clinic.unit() as uow:
        wanted = _wanted(uow)
        found = await get_movement(uow, wanted)
        counts = await get_tier_counts(uow, wanted)
    assert {(one.before, one.after): one.people for one in found.paths} == {
        ("normal", "silver"): 2,
        ("silver", "gold"): 1,
    }
    assert sum(one.up for one in found.months) == 3
    assert counts == {"normal": 0, "silver": 1, "gold": 1}


async def test_what_is_owed_is_what_is_left_of_the_lots(clinic: TestTenant) -> None:
    customer_id = await _buy(clinic, "王小美", [])
    async with clinic.unit("director") as uow:
        for key, points in (("a", 1000), ("b", 400)):
            await grant_points(
                uow, customer_id=customer_id, points=points, key=key, reason="开业", lifetime=Lifetime(days=10)
            )
        await grant_points(
            uow, customer_id=customer_id, points=70, key="c", reason="开业", lifetime=Lifetime(pending_days=3)
        )
    async with clinic.unit("director") as uow:
        await redeem_points(uow, customer_id=customer_id, points=300, key="r", bill_fen=1000_00)
        wanted = _wanted(uow)
        found = await get_liability(uow, wanted)
        assert (found.points, found.pending_points, found.breakage.share) == (1170, 70, None)
        assert found.gross_fen == found.net_fen == 1170 * found.fen_per_point
        lot = table_of(Lot)
        old = {"expires_at": uow.now - timedelta(days=1)}
        await uow.session.execute(update(lot).where(lot.c.tenant_id == uow.tenant_id, lot.c.earned == 400).values(old))
        ended = await get_liability(uow, wanted)
        assert ended.breakage.share == 1
        assert ended.net_fen == 0


async def test_another_branch_and_another_tenant_stay_out(clinic: TestTenant, tenant_b: TestTenant) -> None:
    async with clinic.unit() as uow:
        now, other = uow.now, await add_branch(uow, name="西城店", emergency_phone="+864008001234")
    await _buy(clinic, "王小美", [now])
    await _buy(clinic, "李雷", [now], branch_id=other)
    async with clinic.unit() as uow:
        whole, one = _wanted(uow), _wanted(uow, branch_id=other)
        assert ((await get_rfm(uow, whole)).people, (await get_rfm(uow, one)).people) == (2, 1)
        assert (await get_retention(uow, one)).cohorts[0].people == 1
        assert (await get_repeat(uow, one)).others.whole == 1
        assert (await get_referral_share(uow, one)).whole == 1
        assert (await get_movement(uow, one)).paths == ()
        assert sum((await get_tier_counts(uow, one)).values()) == 0
        assert (await get_liability(uow, one)).points == 0
    async with tenant_b.unit() as uow:
        assert (await get_rfm(uow, _wanted(uow))).people == 0
        assert (await get_retention(uow, _wanted(uow))).cohorts == ()
        assert (await get_liability(uow, _wanted(uow))).points == 0
