"""A benefit belongs to a pet, a person or a household, counts per period, and stays until its period ends."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from core.customers.queries import list_events
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.hooks.records.loyalty.offers import ServiceQuota
from core.hooks.records.loyalty.parts import CouponReward, GiftReward, PointsReward, Reward, ServiceReward
from core.loyalty.actions import give_reward, record_purchase, use_benefit
from core.loyalty.actions.tiers import TierChange
from core.loyalty.queries import get_membership
from core.rewards.actions import (
    consume_benefit,
    give_back_benefit,
    grant_benefit,
    grant_tier_benefits,
    name_clinician,
    secure_benefit,
)
from core.rewards.errors import (
    BenefitKeyReused,
    BenefitNeedsSubject,
    BenefitOver,
    BenefitUsedUp,
    CouponTemplateOff,
    NoSuchBenefit,
)
from core.rewards.queries import (
    GrantFacts,
    find_named_clinician,
    get_coupon,
    get_grant,
    list_customers_of_clinician,
    list_grants,
    list_uses,
)
from tests.rewards import ANNUAL, FIFTY, LADDER, make_customer, put_program
from tests.workplaces import MovableClock, TestTenant


def _of(grants: list[GrantFacts], service: str) -> list[GrantFacts]:
    return [one for one in grants if one.service == service]


async def test_a_rise_of_tier_grants_each_pet_its_checkups_and_more_of_them_with_the_next_tier(
    tenant_a: TestTenant,
) -> None:
    await put_program(tenant_a, LADDER)
    whose, (dog, _cat) = await make_customer(tenant_a, "王小美", "豆豆", "花花")
    async with tenant_a.unit() as uow:
        assert _of(await list_grants(uow, whose, tier="normal"), "E01") == []
        done = await record_purchase(uow, customer_id=whose, fen=500_00, key="1")
        assert done.tier_change == TierChange("normal", "silver")
        silver = _of(await list_grants(uow, whose, tier="silver"), "E01")
        assert [(one.quota, one.pay_percent, one.grant_id is None) for one in silver] == [(1, 50, False)] * 2
        await use_benefit(uow, customer_id=whose, service="E01", subject_id=dog, key="visit:1:E01")
        with pytest.raises(BenefitUsedUp):
            await use_benefit(uow, customer_id=whose, service="E01", subject_id=dog, key="visit:2:E01")
        await record_purchase(uow, customer_id=whose, fen=1500_00, key="2")
        gold = _of(await list_grants(uow, whose, tier="gold"), "E01")
        assert sorted((one.quota, one.used, one.pay_percent) for one in gold) == [(2, 0, 0), (2, 1, 0)]
        assert (gold[0].first_on, gold[0].last_on) == (date(2026, 1, 1), date(2026, 12, 31))
        await use_benefit(uow, customer_id=whose, service="e01", subject_id=dog, key="visit:2:E01")
        with pytest.raises(BenefitNeedsSubject):
            await use_benefit(uow, customer_id=whose, service="E01", key="visit:3:E01")
        with pytest.raises(NoSuchBenefit):
            await use_benefit(uow, customer_id=whose, service="E01", subject_id=new_id(), key="visit:3:E01")


async def test_a_lost_tier_keeps_what_was_granted_until_the_period_ends(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await put_program(tenant_a, LADDER)
    whose, (dog,) = await make_customer(tenant_a, "王小美", "豆豆")
    clock.instant = datetime(2027, 3, 1, tzinfo=UTC)  # a new year in which nobody has asked yet
    async with tenant_a.unit() as uow:
        await grant_tier_benefits(uow, whose, "normal", before="gold")
        (kept,) = _of(await list_grants(uow, whose, tier="normal"), "E01")
        assert (kept.left, kept.last_on) == (2, date(2027, 12, 31))
        used = await consume_benefit(
            uow, customer_id=whose, service="E01", subject_id=dog, tier="normal", key="visit:1:E01"
        )
        assert used.grant.left == 1
    clock.instant = datetime(2027, 12, 31, 16, tzinfo=UTC)  # midnight here: the year is over
    async with tenant_a.unit() as uow:
        assert _of(await list_grants(uow, whose, tier="normal"), "E01") == []
        assert len(_of(await list_grants(uow, whose, tier="normal", every=True), "E01")) == 1
        assert kept.grant_id is not None
        with pytest.raises(BenefitOver):
            await consume_benefit(uow, customer_id=whose, grant_id=kept.grant_id, key="visit:2:E01")


async def test_a_quota_is_everybodys_or_of_named_tiers_and_only_on_its_days(tenant_a: TestTenant) -> None:
    await put_program(
        tenant_a,
        LADDER,
        ANNUAL,
        ServiceQuota(id="vip", service="D01", tiers=("gold",), quota=None, holder="person"),
        ServiceQuota(id="late", service="S01", ends_on=date(2026, 11, 22)),
    )
    whose, (dog,) = await make_customer(tenant_a, "王小美", "豆豆")
    async with tenant_a.unit() as uow:
        promised = await list_grants(uow, whose, tier="normal")
        assert [(one.service, one.left, one.pay_percent, one.subject_id) for one in promised] == [("C01", 1, 80, dog)]
        for visit in range(3):
            used = await consume_benefit(uow, customer_id=whose, service="D01", tier="gold", key=f"visit:{visit}:vip")
            assert used.grant.left is None
        with pytest.raises(NoSuchBenefit):
            await secure_benefit(uow, customer_id=whose, service="S01", subject_id=dog)


async def test_a_household_shares_one_quota(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, ServiceQuota(id="home", service="E01", holder="household", quota=1))
    one, _ = await make_customer(tenant_a, "王小美")
    other, _ = await make_customer(tenant_a, "王大美")
    async with tenant_a.unit() as uow:
        house = new_id()
        await uow.session.execute(
            text("INSERT INTO household VALUES (:t, :h, now())"), {"t": uow.tenant_id, "h": house}
        )
        for whose in (one, other):
            await uow.session.execute(
                text("UPDATE customer SET household_id = :h WHERE customer_id = :c"), {"h": house, "c": whose}
            )
        await use_benefit(uow, customer_id=one, service="E01", key="visit:1")
        with pytest.raises(BenefitUsedUp):
            await use_benefit(uow, customer_id=other, service="E01", key="visit:2")
        (grant,) = await list_grants(uow, other)
        assert (grant.left, grant.household_id) == (0, house)
        stranger, _ = await make_customer(tenant_a, "李雷")
        assert grant.grant_id is not None
        with pytest.raises(NoSuchBenefit):
            await consume_benefit(uow, customer_id=stranger, grant_id=grant.grant_id, key="visit:3")


@pytest.mark.parametrize(("period", "months"), [("year", 12), ("membership_year", 12), ("month", 1)])
async def test_what_is_left_goes_into_the_next_period_once(
    tenant_a: TestTenant, clock: MovableClock, period: str, months: int
) -> None:
    await put_program(
        tenant_a,
        ServiceQuota(id="carry", service="E01", holder="person", quota=3, period=period, carry_over=True),  # type: ignore[arg-type] # one of the periods
    )
    whose, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:
        first = await use_benefit(uow, customer_id=whose, service="E01", key="1")
        assert (first.grant.quota, first.grant.carried) == (3, 0)
        begins = first.grant.first_on
        assert (
            begins
            == {"year": date(2026, 1, 1), "membership_year": date(2026, 11, 23), "month": date(2026, 11, 1)}[period]
        )
    for turn, left in ((1, 5), (2, 6)):
        month = begins.month - 1 + months * turn
        clock.instant = datetime(begins.year + month // 12, month % 12 + 1, begins.day, 4, tzinfo=UTC)
        async with tenant_a.unit() as uow:
            (now,) = [one for one in await list_grants(uow, whose) if one.is_open(clock().date())]
            assert now.left == left, "two were left of the first; of a period in which nobody asked its own three"
            if turn == 1:
                await secure_benefit(uow, customer_id=whose, service="E01")


async def test_a_use_is_made_once_per_key_and_given_back_once(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, ANNUAL, FIFTY)
    whose, (dog,) = await make_customer(tenant_a, "王小美", "豆豆")
    async with tenant_a.unit() as uow:
        for _ in range(2):
            used = await use_benefit(uow, customer_id=whose, service="C01", subject_id=dog, key="visit:1")
        assert used.replayed
        other = await grant_benefit(
            uow, customer_id=whose, service="E01", label="体检", key="gift", source="desk", last_on=date(2026, 12, 1)
        )
        again = await grant_benefit(uow, customer_id=whose, service="E01", label="体检", key="gift", source="desk")
        assert again == other
        with pytest.raises(BenefitKeyReused):
            await grant_benefit(uow, customer_id=whose, service="D01", label="药", key="gift", source="desk")
        with pytest.raises(BenefitKeyReused):
            await consume_benefit(uow, customer_id=whose, grant_id=other.grant_id, key="visit:1")
        with pytest.raises(BenefitNeedsSubject):
            await grant_benefit(
                uow, customer_id=whose, service="E01", label="体检", key="pet", source="desk", holder="subject"
            )
        for key in ("", "x" * 201):
            with pytest.raises(InvalidInput):
                await grant_benefit(uow, customer_id=whose, service="E01", label="", key=key, source="desk")
            with pytest.raises(InvalidInput):
                await consume_benefit(uow, customer_id=whose, service="E01", key=key)
        for key in ("back", "back again"):
            grant = await give_back_benefit(uow, key_of="visit:1", key=key)
            assert grant.used == 0
        with pytest.raises(NotFound):
            await give_back_benefit(uow, key_of="never", key="n")
        assert grant.grant_id is not None
        assert [one.kind for one in await list_uses(uow, [grant.grant_id])] == ["give_back", "use"]
        assert await list_uses(uow, []) == []
        kinds = {one.kind for one in await list_events(uow, whose)}
        assert {"benefit_used", "benefit_given_back", "benefit_granted"} <= kinds


async def test_another_chain_neither_sees_nor_uses_a_benefit(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    await put_program(tenant_a, ANNUAL)
    whose, _ = await make_customer(tenant_a)
    stranger, _ = await make_customer(tenant_b)
    async with tenant_a.unit() as uow:
        grant = await grant_benefit(uow, customer_id=whose, service="E01", label="体检", key="g", source="desk")
    async with tenant_b.unit() as uow:
        assert grant.grant_id is not None
        for act in (
            get_grant(uow, grant.grant_id),
            list_grants(uow, whose),
            consume_benefit(uow, customer_id=stranger, grant_id=grant.grant_id, key="k"),
            give_back_benefit(uow, key_of="k", key="b"),
        ):
            with pytest.raises(NotFound):
                await act


async def test_a_clinician_is_named_among_those_who_work_here(tenant_a: TestTenant) -> None:
    whose, _ = await make_customer(tenant_a)
    doctor, nurse = tenant_a.staff["doctor"].id, tenant_a.staff["head_nurse"].id
    assert doctor is not None
    assert nurse is not None
    async with tenant_a.unit() as uow:
        assert await find_named_clinician(uow, whose) is None
        for one in (doctor, nurse):
            await name_clinician(uow, customer_id=whose, staff_id=one, among=[doctor, nurse])
        assert await find_named_clinician(uow, whose) == nurse
        assert await list_customers_of_clinician(uow, nurse) == [whose]
        with pytest.raises(InvalidInput):
            await name_clinician(uow, customer_id=whose, staff_id=doctor, among=[nurse])
        await name_clinician(uow, customer_id=whose, staff_id=None, among=[])
        assert await find_named_clinician(uow, whose) is None


async def test_a_reward_is_points_or_a_coupon_and_given_once_per_key(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, FIFTY)
    whose, _ = await make_customer(tenant_a)
    rewards: list[Reward] = [
        PointsReward(points=200),
        CouponReward(template="fifty"),
        ServiceReward(service="E01", valid_days=30),
        GiftReward(item="toys", label="宠物用品礼包"),
    ]
    async with tenant_a.unit() as uow:
        for _ in range(2):
            given = [
                await give_reward(uow, customer_id=whose, reward=one, key=f"birthday:{number}", source="birthday")
                for number, one in enumerate(rewards)
            ]
        assert [one.points for one in given] == [200, 0, 0, 0]
        assert (await get_membership(uow, whose)).points == 200
        ids: list[UUID] = [one.coupon_id for one in given if one.coupon_id]
        assert [(await get_coupon(uow, one)).template_id for one in ids] == ["fifty", "service:E01", "gift:toys"]
        with pytest.raises(CouponTemplateOff):
            await give_reward(uow, customer_id=whose, reward=CouponReward(template="gone"), key="x", source="desk")


async def test_of_sixteen_at_once_one_uses_the_last_of_a_quota(busy_tenant: TestTenant) -> None:
    await put_program(busy_tenant, ANNUAL)
    whose, (dog,) = await make_customer(busy_tenant, "王小美", "豆豆")

    async def use(key: str) -> bool:
        async with busy_tenant.unit("front_desk") as uow:
            done = await use_benefit(uow, customer_id=whose, service="C01", subject_id=dog, key=key)
            return done.replayed

    same = await asyncio.gather(*(use("one") for _ in range(16)))
    assert sorted(same) == [False] + [True] * 15
    others = await asyncio.gather(*(use(f"try-{n}") for n in range(16)), return_exceptions=True)
    assert all(isinstance(one, BenefitUsedUp) for one in others)
    async with busy_tenant.unit() as uow:
        (grant,) = await list_grants(uow, whose)
        assert (grant.used, grant.left) == (1, 0)
