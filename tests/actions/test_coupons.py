"""A coupon keeps the terms of its issue, is used as often as it says, and comes back when its bill is taken back."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.bus import Bus
from core.customers.queries import list_events
from core.db import Database, new_id
from core.errors import InvalidInput, NotFound
from core.hooks.host import PluginHost
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.parts import GiftReward, ServiceReward
from core.rewards.actions import (
    expire_coupons,
    issue_coupon,
    issue_reward,
    redeem_coupon,
    restore_coupon,
    void_coupon,
)
from core.rewards.errors import (
    CouponExpired,
    CouponGroupTaken,
    CouponKeyReused,
    CouponMinSpend,
    CouponNotInBill,
    CouponNotYet,
    CouponOfAnother,
    CouponRefused,
    CouponsGivenOut,
    CouponsOfCustomerGivenOut,
    CouponTemplateOff,
    CouponUnknown,
    CouponUsedUp,
    CouponVoid,
)
from core.rewards.queries import (
    CouponFacts,
    find_coupon_by_code,
    get_coupon,
    get_coupon_by_code,
    list_coupons,
    list_redemptions,
)
from core.rewards.rules.codes import show_code
from core.rewards.rules.coupons import CouponItem
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.work import Workplace
from tests.rewards import FIFTY, make_customer, put_program
from tests.workplaces import MovableClock, TestTenant, open_tenant
from workers.embedded.postgres import Dsns
from workers.jobs import rewards as jobs

BILL = (CouponItem(fen=100_00, category="consultation", service="C01"),)


@pytest.fixture
async def owner(tenant_a: TestTenant) -> UUID:
    await put_program(tenant_a, FIFTY)
    return (await make_customer(tenant_a))[0]


async def _issue(uow: UnitOfWork, whose: UUID, template: str = "fifty", key: str = "k") -> CouponFacts:
    return await issue_coupon(uow, customer_id=whose, template_id=template, key=key, source="desk", reason="道歉")


async def test_a_coupon_is_issued_once_per_key_and_found_by_its_code_however_it_is_typed(
    tenant_a: TestTenant, owner: UUID
) -> None:
    async with tenant_a.unit("front_desk") as uow:
        coupon = await _issue(uow, owner)
        again = await _issue(uow, owner)
        assert again == coupon
        assert (coupon.state, coupon.left, coupon.terms, coupon.issued_by_name) == ("open", 1, FIFTY, "front_desk")
        assert coupon.valid_until == datetime(2026, 12, 23, 16, tzinfo=UTC), "the midnight after its last day here"
        typed = f" {show_code(coupon.code).lower()} "
        assert (await get_coupon_by_code(uow, typed)).coupon_id == coupon.coupon_id
        assert await find_coupon_by_code(uow, coupon.code[:-1]) is None
        with pytest.raises(NotFound):
            await get_coupon_by_code(uow, "23456789ABCD")
        assert next(one.kind for one in await list_events(uow, owner)) == "coupon_issued"
        other = await make_customer(tenant_a, "李雷")
        with pytest.raises(CouponKeyReused):
            await _issue(uow, other[0])
        with pytest.raises(InvalidInput):
            await _issue(uow, owner, key="")


async def test_a_template_that_is_off_or_over_gives_nothing_out_and_what_was_issued_stays_good(
    tenant_a: TestTenant, owner: UUID
) -> None:
    async with tenant_a.unit() as uow:
        coupon = await _issue(uow, owner)
    await put_program(
        tenant_a,
        CouponTemplate(id="fifty", amount_fen=1, live=False),
        CouponTemplate(id="old", amount_fen=1, ends_on=date(2026, 11, 22)),
    )
    async with tenant_a.unit() as uow:
        for template in ("fifty", "old", "never"):
            with pytest.raises(CouponTemplateOff):
                await _issue(uow, owner, template, f"k-{template}")
        done = await redeem_coupon(uow, customer_id=owner, code=coupon.code, key="r", items=BILL)
        assert done.fen == 50_00, "as it was issued, not as the rule says now"


async def test_the_limits_of_a_template_hold_and_a_void_coupon_makes_room(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, CouponTemplate(id="few", amount_fen=1, total_limit=2, per_customer_limit=1))
    one, two, three = [(await make_customer(tenant_a, name))[0] for name in ("张一", "张二", "张三")]
    async with tenant_a.unit() as uow:
        first = await _issue(uow, one, "few", "a")
        with pytest.raises(CouponsOfCustomerGivenOut):
            await _issue(uow, one, "few", "b")
        await _issue(uow, two, "few", "c")
        with pytest.raises(CouponsGivenOut) as refused:
            await _issue(uow, three, "few", "d")
        assert refused.value.code == "template-limit"
        await void_coupon(uow, coupon_id=first.coupon_id, reason="发错人")
        assert (await _issue(uow, three, "few", "e")).state == "open"


async def test_a_coupon_is_refused_with_the_reason(tenant_a: TestTenant, owner: UUID, clock: MovableClock) -> None:
    await put_program(
        tenant_a,
        CouponTemplate(id="big", amount_fen=1_00, min_spend_fen=200_00),
        CouponTemplate(id="surgery", pay_percent=80, categories=("surgery",)),
        CouponTemplate(
            id="spring", amount_fen=1_00, starts_on=date(2027, 2, 1), valid_days=100, ends_on=date(2027, 2, 2)
        ),
        CouponTemplate(id="gift", amount_fen=1_00, transferable=True),
        CouponTemplate(id="mine", amount_fen=1_00, valid_months=1),
    )
    stranger, _ = await make_customer(tenant_a, "陌生人")
    async with tenant_a.unit() as uow:
        held = {name: await _issue(uow, owner, name, name) for name in ("big", "surgery", "spring", "gift", "mine")}

        async def refused(name: str, error: type[CouponRefused], whose: UUID = owner) -> None:
            with pytest.raises(error) as found:
                await redeem_coupon(uow, customer_id=whose, coupon_id=held[name].coupon_id, key="x", items=BILL)
            assert found.value.code == error.code

        await refused("big", CouponMinSpend)
        await refused("surgery", CouponNotInBill)
        await refused("spring", CouponNotYet)
        await refused("mine", CouponOfAnother, stranger)
        assert held["spring"].valid_until == datetime(2027, 2, 2, 16, tzinfo=UTC)
        with pytest.raises(CouponGroupTaken):
            await redeem_coupon(
                uow, customer_id=owner, code=held["mine"].code, key="y", items=BILL, groups=frozenset({"coupon"})
            )
        with pytest.raises(CouponUnknown):
            await redeem_coupon(uow, customer_id=owner, code="nonsense", key="y", items=BILL)
        with pytest.raises(CouponUnknown):
            await redeem_coupon(uow, customer_id=owner, code="22222222222" + "2", key="y", items=BILL)
        with pytest.raises(NotFound):
            await redeem_coupon(uow, customer_id=owner, coupon_id=new_id(), key="y", items=BILL)
        with pytest.raises(InvalidInput):
            await redeem_coupon(uow, customer_id=owner, code=held["mine"].code, key="", items=BILL)
        given = await redeem_coupon(uow, customer_id=stranger, code=held["gift"].code, key="handed-on", items=BILL)
        assert (given.fen, given.coupon.state) == (1_00, "used")
        await refused("gift", CouponUsedUp)
        await void_coupon(uow, coupon_id=held["surgery"].coupon_id, reason="重复")
        await refused("surgery", CouponVoid)
    assert held["mine"].valid_until is not None
    clock.advance(held["mine"].valid_until - clock())
    async with tenant_a.unit() as uow:
        assert (await get_coupon(uow, held["mine"].coupon_id)).state == "expired", "the boundary is too late"
        with pytest.raises(CouponExpired):
            await redeem_coupon(uow, customer_id=owner, code=held["mine"].code, key="z", items=BILL)
        assert {one.template_id for one in await list_coupons(uow, owner, usable=True)} == {"big"}


async def test_a_coupon_of_three_uses_is_used_three_times_and_a_key_once(tenant_a: TestTenant, owner: UUID) -> None:
    await put_program(tenant_a, CouponTemplate(id="wash", service="E01", uses=3), FIFTY)
    items = (CouponItem(fen=80_00, service="E01"),)
    async with tenant_a.unit() as uow:
        wash, other = await _issue(uow, owner, "wash", "w"), await _issue(uow, owner, "fifty", "f")
        for key in ("1", "1", "2", "3"):
            done = await redeem_coupon(uow, customer_id=owner, code=wash.code, key=key, items=items)
        assert (done.coupon.used, done.coupon.state, done.fen) == (3, "used", 80_00)
        replay = await redeem_coupon(uow, customer_id=owner, code=wash.code, key="2", items=items)
        assert replay.replayed
        with pytest.raises(CouponUsedUp):
            await redeem_coupon(uow, customer_id=owner, code=wash.code, key="4", items=items)
        with pytest.raises(CouponKeyReused):
            await redeem_coupon(uow, customer_id=owner, code=other.code, key="2", items=BILL)
        assert [one.kind for one in await list_redemptions(uow, [wash.coupon_id])] == ["use"] * 3
        assert await list_redemptions(uow, []) == []


async def test_a_use_is_taken_back_once_and_leaves_time_to_use_it_again(
    tenant_a: TestTenant, owner: UUID, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        coupon = await _issue(uow, owner)
        await redeem_coupon(uow, customer_id=owner, code=coupon.code, key="bill:1", items=BILL)
    clock.advance(days=60)
    async with tenant_a.unit() as uow:
        for key in ("back", "back-again"):
            back = await restore_coupon(uow, key_of="bill:1", key=key)
        assert (back.state, back.used) == ("open", 0)
        assert back.valid_until is not None
        assert back.valid_until - uow.now > timedelta(days=30)
        with pytest.raises(NotFound):
            await restore_coupon(uow, key_of="never", key="n")
        with pytest.raises(CouponKeyReused):
            await redeem_coupon(uow, customer_id=owner, code=coupon.code, key="back", items=BILL)
        await redeem_coupon(uow, customer_id=owner, code=coupon.code, key="bill:2", items=BILL)
        with pytest.raises(CouponUsedUp):
            await void_coupon(uow, coupon_id=coupon.coupon_id, reason="太迟")
        for reason in ("", "x" * 501):
            with pytest.raises(InvalidInput):
                await void_coupon(uow, coupon_id=coupon.coupon_id, reason=reason)


async def test_what_a_void_coupon_was_used_for_comes_back_and_it_stays_void(tenant_a: TestTenant, owner: UUID) -> None:
    await put_program(tenant_a, CouponTemplate(id="two", amount_fen=1, uses=2))
    async with tenant_a.unit() as uow:
        coupon = await _issue(uow, owner, "two", "t")
        await redeem_coupon(uow, customer_id=owner, code=coupon.code, key="1", items=BILL)
        for _ in range(2):
            await void_coupon(uow, coupon_id=coupon.coupon_id, reason="滥用")
        back = await restore_coupon(uow, key_of="1", key="b")
        assert (back.state, back.used, back.void_reason) == ("void", 0, "滥用")


async def test_services_and_gifts_of_rules_come_as_coupons_with_a_code(tenant_a: TestTenant, owner: UUID) -> None:
    async with tenant_a.unit() as uow:
        bath = ServiceReward(service="E01", label="免费洗护", uses=2, valid_days=7)
        toys = GiftReward(item="toys", label="宠物用品礼包", valid_days=14)
        service = await issue_reward(uow, customer_id=owner, reward=bath, key="s", source="birthday")
        gift = await issue_reward(uow, customer_id=owner, reward=toys, key="g", source="winback")
        same = await issue_reward(uow, customer_id=owner, reward=toys, key="g", source="winback")
        assert (service.template_id, service.uses, gift.template_id, same.code) == (
            "service:E01",
            2,
            "gift:toys",
            gift.code,
        )
        done = await redeem_coupon(uow, customer_id=owner, code=gift.code, key="hand", items=())
        assert (done.fen, done.coupon.state) == (0, "used")


async def test_the_night_writes_down_what_is_over_and_only_that(
    tenant_a: TestTenant, owner: UUID, clock: MovableClock
) -> None:
    await put_program(tenant_a, FIFTY, CouponTemplate(id="ever", amount_fen=1))
    async with tenant_a.unit() as uow:
        await _issue(uow, owner)
        await _issue(uow, owner, "ever", "e")
        assert await expire_coupons(uow) == 0
    clock.advance(days=40)
    async with tenant_a.unit() as uow:
        assert await expire_coupons(uow) == 1
        states = {one.template_id: one.state for one in await list_coupons(uow, owner)}
        assert states == {"fifty": "expired", "ever": "open"}


async def test_uses_cannot_be_rewritten(tenant_a: TestTenant, owner: UUID) -> None:
    async with tenant_a.unit() as uow:
        for deed in ("UPDATE coupon_redemption SET fen = 0", "DELETE FROM benefit_use", "DELETE FROM bill_applied"):
            await uow.session.execute(text("SAVEPOINT here"))
            with pytest.raises(DBAPIError, match="permission denied"):
                await uow.session.execute(text(deed))
            await uow.session.execute(text("ROLLBACK TO here"))


async def test_another_chain_neither_finds_nor_uses_a_coupon(
    tenant_a: TestTenant, tenant_b: TestTenant, owner: UUID
) -> None:
    async with tenant_a.unit() as uow:
        coupon = await _issue(uow, owner)
    stranger, _ = await make_customer(tenant_b)
    async with tenant_b.unit() as uow:
        assert await find_coupon_by_code(uow, coupon.code) is None
        assert await list_coupons(uow, owner) == []
        with pytest.raises(NotFound):
            await get_coupon(uow, coupon.coupon_id)
        with pytest.raises(CouponUnknown):
            await redeem_coupon(uow, customer_id=stranger, code=coupon.code, key="k", items=BILL)
        for act in (
            redeem_coupon(uow, customer_id=stranger, coupon_id=coupon.coupon_id, key="k", items=BILL),
            void_coupon(uow, coupon_id=coupon.coupon_id, reason="x"),
            restore_coupon(uow, key_of="k", key="b"),
        ):
            with pytest.raises(NotFound):
                await act


async def test_of_sixteen_at_once_one_redeems_the_last_use_and_one_gets_the_last_coupon(
    new_database: Callable[[], Dsns], bus: Bus, passwords: Passwords
) -> None:
    database = Database(new_database().app, pool_size=16)
    clinic = await open_tenant(
        Workplace(database, bus, PluginHost.load(), MovableClock()), passwords, "parallel", "并发宠物医院"
    )
    try:
        await put_program(clinic, FIFTY, CouponTemplate(id="last", amount_fen=1, total_limit=1))
        people = [(await make_customer(clinic, f"客户{number}"))[0] for number in range(16)]
        async with clinic.unit() as uow:
            coupon = await _issue(uow, people[0])

        async def redeem(key: str) -> bool:
            async with clinic.unit("front_desk") as uow:
                done = await redeem_coupon(uow, customer_id=people[0], code=coupon.code, key=key, items=BILL)
                return done.replayed

        answers = await asyncio.gather(*(redeem(f"try-{n}") for n in range(16)), return_exceptions=True)
        assert [one for one in answers if not isinstance(one, CouponUsedUp)] == [False]
        async with clinic.unit() as uow:
            fresh = await _issue(uow, people[1], key="fresh")
            coupon = fresh

        async def same() -> bool:
            async with clinic.unit("front_desk") as uow:
                done = await redeem_coupon(uow, customer_id=people[1], code=coupon.code, key="same", items=BILL)
                return done.replayed

        assert sorted(await asyncio.gather(*(same() for _ in range(16)))) == [False] + [True] * 15

        async def issue(number: int) -> CouponFacts:
            async with clinic.unit("front_desk") as uow:
                return await _issue(uow, people[number], "last", f"last-{number}")

        given = await asyncio.gather(*(issue(n) for n in range(16)), return_exceptions=True)
        assert sum(isinstance(one, CouponFacts) for one in given) == 1
        assert all(isinstance(one, CouponFacts | CouponsGivenOut) for one in given)
    finally:
        await database.dispose()


async def test_the_nightly_job_comes_again_while_more_is_over(
    tenant_a: TestTenant, owner: UUID, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    async with tenant_a.unit() as uow:
        for number in range(3):
            await _issue(uow, owner, key=f"n{number}")
    clock.advance(days=40)
    async with tenant_a.unit() as uow:
        assert await jobs.expire_due.handle(uow, {}, new_id()) == uow.now
        assert await jobs.expire_due.handle(uow, {}, new_id()) is None
        assert {one.state for one in await list_coupons(uow, owner)} == {"expired"}
