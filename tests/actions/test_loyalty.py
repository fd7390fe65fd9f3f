"""Purchases move tiers in the same transaction, once per key, and refunds take only the sum back."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.bus import Bus
from core.customers.actions import add_customer
from core.customers.queries import get_customer, list_events
from core.customers.rules.profile import CustomerDraft
from core.db import Database, new_id
from core.errors import InvalidInput, NotFound
from core.hooks.host import PluginHost
from core.loyalty.actions import KeyReused, NothingToRefund, PurchaseLine, record_purchase, refund_purchase
from core.loyalty.openings import post_openings, reverse_openings
from core.loyalty.queries import (
    count_ledger_fen,
    get_membership,
    get_purchase,
    list_entries,
    list_members,
    list_purchases,
)
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.work import Workplace
from tests.workplaces import MovableClock, TestTenant, open_tenant
from workers.embedded.postgres import Dsns


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _customer(tenant: TestTenant, name: str = "王小美") -> UUID:
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name=name))


async def _card(uow: UnitOfWork, customer_id: UUID) -> tuple[str | None, int]:
    card = await get_membership(uow, customer_id)
    return (card.tier.code if card.tier else None), card.spent_fen


async def test_five_hundred_yuan_make_a_silver_member(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit("front_desk") as uow:
        first = await record_purchase(uow, customer_id=customer_id, fen=499_99, key="a")
        assert first.tier_change is None
        assert await _card(uow, customer_id) == ("normal", 499_99)
        second = await record_purchase(uow, customer_id=customer_id, fen=1, key="b", description="指甲")
        assert second.tier_change is not None
        assert (second.tier_change.before, second.tier_change.after) == ("normal", "silver")
        card = await get_membership(uow, customer_id)
        assert card.missing is not None
        assert (card.pay_percent, card.missing.tier.code, card.missing.fen) == (90, "gold", 1500_00)
        assert [event.kind for event in await list_events(uow, customer_id)] == [
            "tier_changed",
            "purchase",
            "purchase",
            "registered",
        ]
        assert "loyalty.tier_changed" in [act.action for act in uow._acts]
        assert (await get_customer(uow, customer_id)).last_visit_on is not None
        assert await count_ledger_fen(uow, customer_id) == 500_00


async def test_a_big_purchase_jumps_to_gold(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        done = await record_purchase(uow, customer_id=customer_id, fen=2000_00, key="a")
        assert done.tier_change is not None
        assert done.tier_change.after == "gold"
        assert (await get_membership(uow, customer_id)).missing is None


async def test_the_members_discount_comes_off_the_whole_bill(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=customer_id, fen=500_00, key="a")
        lines = (PurchaseLine(label="疫苗", fen=33_35), PurchaseLine(label="驱虫", fen=66_65))
        done = await record_purchase(uow, customer_id=customer_id, fen=100_00, key="b", lines=lines, with_discount=True)
        assert done.paid_fen == 90_00
        assert await _card(uow, customer_id) == ("silver", 590_00)
        bill = await get_purchase(uow, done.purchase_id)
        assert (bill.list_fen, bill.paid_fen, bill.pay_percent, len(bill.lines)) == (100_00, 90_00, 90, 2)


async def test_the_same_key_does_nothing_twice_and_belongs_to_one_purchase(clinic: TestTenant) -> None:
    customer_id, other = await _customer(clinic), await _customer(clinic, "李雷")
    async with clinic.unit() as uow:
        first = await record_purchase(uow, customer_id=customer_id, fen=300_00, key="a")
        again = await record_purchase(uow, customer_id=customer_id, fen=300_00, key="a")
        assert again.replayed
        assert (again.purchase_id, again.spent_fen) == (first.purchase_id, 300_00)
        assert len(await list_purchases(uow, customer_id)) == 1
        for fen, whose in ((301_00, customer_id), (300_00, other)):
            with pytest.raises(KeyReused):
                await record_purchase(uow, customer_id=whose, fen=fen, key="a")


async def test_a_refund_lowers_the_sum_but_never_the_tier(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        bought = await record_purchase(uow, customer_id=customer_id, fen=600_00, key="a")
        part = await refund_purchase(uow, purchase_id=bought.purchase_id, fen=150_00)
        assert (part.spent_fen, part.tier_change) == (450_00, None)
        rest = await refund_purchase(uow, purchase_id=bought.purchase_id)
        assert rest.paid_fen == 450_00
        assert await _card(uow, customer_id) == ("silver", 0)
        with pytest.raises(NothingToRefund):
            await refund_purchase(uow, purchase_id=bought.purchase_id)
        assert [(entry.kind, entry.fen) for entry in await list_entries(uow, customer_id)] == [
            ("reversal", -450_00),
            ("reversal", -150_00),
            ("spend", 600_00),
        ]
        assert all(entry.rule_version for entry in await list_entries(uow, customer_id))


async def test_a_bad_purchase_tells_every_problem(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await record_purchase(
                uow,
                customer_id=customer_id,
                fen=-50_00,
                key="",
                occurred_at=uow.now + timedelta(days=1),
                description="x" * 201,
                lines=(PurchaseLine(label="a", fen=1),),
            )
        assert {(problem.path, problem.code) for problem in refused.value.problems} == {
            ("amount", "not-positive"),
            ("occurred_at", "in-the-future"),
            ("key", "bad-key"),
            ("description", "too-long"),
            ("lines", "sum-differs"),
        }
        with pytest.raises(InvalidInput):
            await record_purchase(uow, customer_id=customer_id, fen=10**13, key="x")
        with pytest.raises(NotFound):
            await record_purchase(uow, customer_id=new_id(), fen=1, key="y")


async def test_without_a_loyalty_plugin_purchases_are_recorded_and_there_are_no_tiers(tenant_a: TestTenant) -> None:
    customer_id = await _customer(tenant_a)
    async with tenant_a.unit() as uow:
        done = await record_purchase(uow, customer_id=customer_id, fen=900_00, key="a", with_discount=True)
        assert (done.paid_fen, done.tier_change) == (900_00, None)
        card = await get_membership(uow, customer_id)
        assert (card.tier, card.spent_fen, card.missing) == (None, 900_00, None)
        assert await list_members(uow, tier="normal") == []


async def test_members_are_listed_by_tier_and_the_lowest_includes_who_never_bought(clinic: TestTenant) -> None:
    silver, normal = await _customer(clinic, "银"), await _customer(clinic, "普")
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=silver, fen=500_00, key="a")
        assert await list_members(uow, tier="silver") == [silver]
        assert await list_members(uow, tier="normal") == [normal]
        assert await list_members(uow, tier="silver", after=silver) == []
        assert await list_members(uow, tier="diamond") == []


async def test_openings_set_the_sum_once_and_are_taken_back_with_their_tier(clinic: TestTenant) -> None:
    almost, gold = await _customer(clinic, "一"), await _customer(clinic, "二")
    batch, later = new_id(), new_id()
    async with clinic.unit() as uow:
        told = {almost: 1999_99, gold: 2000_00}
        assert await post_openings(uow, told_fen=told, ref_id=batch, occurred_at=uow.now) == told
        assert await _card(uow, almost) == ("silver", 1999_99)
        assert await _card(uow, gold) == ("gold", 2000_00)
        assert await post_openings(uow, told_fen=told, ref_id=later, occurred_at=uow.now) == {}
        await record_purchase(uow, customer_id=almost, fen=1, key="a")
        assert await _card(uow, almost) == ("gold", 2000_00)
        more = await post_openings(uow, told_fen={gold: 2100_00}, ref_id=later, occurred_at=uow.now)
        assert more == {gold: 100_00}
        await reverse_openings(uow, customer_ids=[almost, gold], ref_id=batch)
        assert await _card(uow, almost) == ("normal", 1)
        assert await _card(uow, gold) == ("normal", 100_00)
        assert await reverse_openings(uow, customer_ids=[], ref_id=batch) == {}
        assert await post_openings(uow, told_fen={}, ref_id=batch, occurred_at=uow.now) == {}
        assert await count_ledger_fen(uow, gold) == 100_00


async def test_the_ledger_is_append_only_by_privilege(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=customer_id, fen=5, key="a")
    for statement in ("UPDATE ledger_entry SET fen = 0", "DELETE FROM ledger_entry", "DELETE FROM customer_event"):
        async with clinic.workplace.database.session(clinic.id) as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(statement))


async def test_another_tenants_customer_and_purchase_are_not_found(clinic: TestTenant, tenant_b: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        bought = await record_purchase(uow, customer_id=customer_id, fen=600_00, key="a")
    async with tenant_b.unit() as uow:
        for attempt in (
            record_purchase(uow, customer_id=customer_id, fen=1, key="a"),
            refund_purchase(uow, purchase_id=bought.purchase_id),
            get_purchase(uow, bought.purchase_id),
        ):
            with pytest.raises(NotFound):
                await attempt
        assert (await get_membership(uow, customer_id)).spent_fen == 0
        assert await list_entries(uow, customer_id) == []
    async with clinic.unit() as uow:
        assert await _card(uow, customer_id) == ("silver", 600_00)


async def test_sixteen_at_once_with_one_key_apply_once(
    new_database: Callable[[], Dsns], bus: Bus, plugin_host: PluginHost, clock: MovableClock, passwords: Passwords
) -> None:
    workplace = Workplace(Database(new_database().app, pool_size=16), bus, plugin_host, clock)
    try:
        tenant = await open_tenant(workplace, passwords, "storm", "风暴")
        async with tenant.unit() as uow:
            await enable_plugin(uow, host=plugin_host, plugin_id="petclinic")
        customer_id = await _customer(tenant)

        async def buy(key: str) -> bool:
            async with tenant.unit() as uow:
                return (await record_purchase(uow, customer_id=customer_id, fen=100_00, key=key)).replayed

        same = await asyncio.gather(*(buy("one") for _ in range(16)))
        assert sorted(same) == [False] + [True] * 15
        await asyncio.gather(*(buy(f"other-{n}") for n in range(16)))
        async with tenant.unit() as uow:
            assert await _card(uow, customer_id) == ("silver", 1700_00)
            assert await count_ledger_fen(uow, customer_id) == 1700_00
            changes = await list_events(uow, customer_id, kinds=["tier_changed"])
            assert len(changes) == 1
    finally:
        await workplace.database.dispose()


async def test_a_mistake_takes_the_tier_back_unless_another_purchase_moved_it_since(clinic: TestTenant) -> None:
    customer_id = await _customer(clinic)
    async with clinic.unit() as uow:
        first = await record_purchase(uow, customer_id=customer_id, fen=600_00, key="a")
        await refund_purchase(uow, purchase_id=first.purchase_id, mistake=True)
        assert await _card(uow, customer_id) == ("normal", 0)
        small = await record_purchase(uow, customer_id=customer_id, fen=10_00, key="b")
        await refund_purchase(uow, purchase_id=small.purchase_id, mistake=True)
        second = await record_purchase(uow, customer_id=customer_id, fen=600_00, key="c")
        await record_purchase(uow, customer_id=customer_id, fen=2000_00, key="d")
        await refund_purchase(uow, purchase_id=second.purchase_id, mistake=True)
        assert await _card(uow, customer_id) == ("gold", 2000_00)
