"""Points under many connections at once, committed: shared keys count once, nothing is oversold, nothing is lost."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from core.customers.actions import join_household
from core.db import table_of
from core.errors import AnxinError
from core.hooks.records.loyalty.points import LedgerPolicy, Lifetime
from core.loyalty.actions import (
    KeyReused,
    Posted,
    adjust_points,
    close_due,
    give_back_points,
    grant_points,
    record_purchase,
    redeem_points,
    refund_purchase,
)
from core.loyalty.actions.accounts import lock_account, open_account
from core.loyalty.models import LedgerEntry, Lot
from core.loyalty.verifying import find_wrong, rebuild_lots
from core.merges.merging import merge_customers
from core.uow import UnitOfWork
from tests.ledgers import PAY, POINT_PER_YUAN, Sums, kinds, look
from tests.rewards import make_customer, put_program
from tests.workplaces import MovableClock, TestTenant

_L, _T = table_of(LedgerEntry), table_of(Lot)
OPERATIONS = 60
EXPECTED = {
    *(
        "not-enough-points",
        "nothing-to-refund",
        "nothing-to-give-back",
        "unknown-redemption",
        "key-reused",
        "not-found",
    ),
}


@pytest.fixture
async def clinic(busy_tenant: TestTenant) -> TestTenant:
    await put_program(busy_tenant, POINT_PER_YUAN, PAY, ledger=LedgerPolicy(reversal="deficit"))
    return busy_tenant


async def _random_operation(uow: UnitOfWork, dice: random.Random, people: list[UUID], bills: list[UUID]) -> None:
    """One of everything, with keys that the others use too."""
    who, points = dice.choice(people), dice.choice((1, 7, 40, 250))
    key = f"k{dice.randrange(40)}"
    match dice.randrange(7):
        case 0 | 1:
            done = await record_purchase(uow, customer_id=who, fen=dice.choice((99, 50_00, 333_33)), key=key)
            bills.append(done.purchase_id)
        case 2:
            if bills:
                await refund_purchase(uow, purchase_id=dice.choice(bills), fen=dice.choice((None, 10_00)), key=key)
        case 3 | 4:
            await redeem_points(uow, customer_id=who, points=points, key=f"s{key}", clamp=dice.random() < 0.3)
        case 5:
            await give_back_points(uow, key_of=f"sk{dice.randrange(40)}", key=f"b{key}", points=dice.choice((None, 3)))
        case _:
            life = Lifetime(days=dice.choice((1, 5, 30)), pending_days=dice.choice((0, 0, 2)))
            await grant_points(uow, customer_id=who, points=points, key=f"g{key}", reason="活动", lifetime=life)


async def test_eight_connections_with_shared_keys_leave_every_account_equal_to_its_entries(
    clinic: TestTenant, clock: MovableClock
) -> None:
    people = [(await make_customer(clinic, f"客户{number}"))[0] for number in range(4)]
    async with clinic.unit() as uow:
        await join_household(uow, customer_id=people[0], other_id=people[1])
    bills: list[UUID] = []
    refused: list[str] = []

    async def work(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(OPERATIONS):
            try:
                async with clinic.unit() as uow:
                    await _random_operation(uow, dice, people, bills)
            except AnxinError as error:
                refused.append(error.code)
            if dice.random() < 0.05:
                clock.advance(hours=9)

    await asyncio.gather(*(work(seed) for seed in range(8)))
    assert set(refused) <= EXPECTED, set(refused) - EXPECTED
    async with clinic.unit() as uow:
        for who in people:
            await look(uow, who)
        keys = (await uow.session.scalars(select(_L.c.key))).all()
        assert len(keys) == len(set(keys)) > OPERATIONS
        worst = select(func.min(_T.c.remaining), func.max(_T.c.reversed + _T.c.expired - _T.c.earned))
        assert tuple((await uow.session.execute(worst)).one()) <= (0, 0)
        assert await find_wrong(uow) == []


async def test_a_hot_account_is_never_oversold_and_the_answers_are_of_now(clinic: TestTenant) -> None:
    hot, _ = await make_customer(clinic)
    async with clinic.unit() as uow:
        for number in range(10):
            await grant_points(uow, customer_id=hot, points=10, key=f"g{number}", reason="活动")

    async def spend(number: int) -> int:
        try:
            async with clinic.unit() as uow:
                return (await redeem_points(uow, customer_id=hot, points=7, key=f"s{number}")).balance
        except AnxinError:
            return -1

    balances = await asyncio.gather(*(spend(number) for number in range(48)))
    assert sorted(one for one in balances if one >= 0) == [2 + 7 * number for number in range(14)]
    async with clinic.unit() as uow:
        assert await look(uow, hot) == Sums(2)
        assert await find_wrong(uow) == []


async def test_one_key_from_sixteen_at_once_applies_once(clinic: TestTenant) -> None:
    who, _ = await make_customer(clinic)
    other, _ = await make_customer(clinic, "李雷")

    async def sixteen(act: Callable[[UnitOfWork, int], object]) -> list[Posted]:
        async def one(number: int) -> Posted:
            async with clinic.unit() as uow:
                return await act(uow, number)  # type: ignore[misc,no-any-return] # each of the four returns a Posted to await

        return await asyncio.gather(*(one(number) for number in range(16)))

    granted = await sixteen(lambda uow, _: grant_points(uow, customer_id=who, points=50, key="g", reason="活动"))
    spent = await sixteen(lambda uow, _: redeem_points(uow, customer_id=who, points=50, key="s"))
    back = await sixteen(lambda uow, _: give_back_points(uow, key_of="s", key="b"))
    down = await sixteen(lambda uow, _: adjust_points(uow, customer_id=who, points=-20, key="a", reason="核对"))
    for done in (granted, spent, back, down):
        assert sorted(one.replayed for one in done) == [False] + [True] * 15
        assert len({one.entry_id for one in done}) == 1
    async with clinic.unit() as uow:
        assert await kinds(uow, who) == [("grant", 50), ("burn", -50), ("give_back", 50), ("adjust", -20)]

    async def give(number: int) -> str:
        try:
            async with clinic.unit() as uow:
                whose = who if number % 2 else other
                await grant_points(uow, customer_id=whose, points=5, key="both", reason="活动")
        except KeyReused as error:
            return error.code
        return "done"

    answers = await asyncio.gather(*(give(number) for number in range(16)))
    assert sorted(answers) == ["done"] * 8 + ["key-reused"] * 8


async def test_households_that_pay_each_other_way_round_never_wait_in_a_circle(clinic: TestTenant) -> None:
    first, _ = await make_customer(clinic, "妈妈")
    second, _ = await make_customer(clinic, "爸爸")
    async with clinic.unit() as uow:
        await join_household(uow, customer_id=first, other_id=second)
        for who in (first, second):
            await grant_points(uow, customer_id=who, points=160, key=f"g{who}", reason="活动")

    async def spend(number: int) -> None:
        async with clinic.unit() as uow:
            whose = first if number % 2 else second
            await redeem_points(uow, customer_id=whose, points=10, key=f"s{number}")

    await asyncio.gather(*(spend(number) for number in range(32)))
    async with clinic.unit() as uow:
        assert (await look(uow, first), await look(uow, second)) == (Sums(0), Sums(0))


async def test_who_opens_an_account_of_a_household_holds_no_other_meanwhile(clinic: TestTenant) -> None:
    first, _ = await make_customer(clinic, "妈妈")
    second, _ = await make_customer(clinic, "爸爸")
    async with clinic.unit() as uow:
        await join_household(uow, customer_id=first, other_id=second)

    async def spend() -> Posted:
        async with clinic.unit() as uow:
            return await redeem_points(uow, customer_id=first, points=10, key="s")

    async with clinic.unit() as opening:
        await open_account(opening, first)
        async with clinic.unit() as uow:
            await grant_points(uow, customer_id=second, points=30, key="g", reason="活动")
        other = asyncio.create_task(spend())
        for _ in range(500):
            if await _waiting(clinic):
                break
            await asyncio.sleep(0.01)
        locked = await lock_account(opening, first, pool=True)
        assert {one.points for one in locked.accounts.values()} == {0, 30}
    assert (await other).balance == 20


async def _waiting(clinic: TestTenant) -> bool:
    """Whether a connection waits for another by now."""
    async with clinic.unit() as uow:
        return bool(await uow.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def test_a_merge_and_payments_at_once_lose_no_point(clinic: TestTenant) -> None:
    stays, _ = await make_customer(clinic, "王小美")
    goes, _ = await make_customer(clinic, "王晓美")
    async with clinic.unit() as uow:
        await grant_points(uow, customer_id=goes, points=100, key="g", reason="活动")

    async def spend(number: int) -> int:
        try:
            async with clinic.unit() as uow:
                return -(await redeem_points(uow, customer_id=goes, points=5, key=f"s{number}")).points
        except AnxinError:
            return 0

    async def merge() -> None:
        async with clinic.unit() as uow:
            await merge_customers(uow, winner_id=stays, loser_id=goes)

    spent = await asyncio.gather(*(spend(number) for number in range(8)), merge(), *(spend(8 + n) for n in range(4)))
    async with clinic.unit() as uow:
        gone = sum(one for one in spent if one)
        assert (await look(uow, goes), await look(uow, stays)) == (Sums(0), Sums(100 - gone))
        assert await find_wrong(uow) == []


async def test_two_sweeps_and_a_payment_at_once_expire_each_lot_once(clinic: TestTenant, clock: MovableClock) -> None:
    people = [(await make_customer(clinic, f"客户{number}"))[0] for number in range(6)]
    async with clinic.unit() as uow:
        for who in people:
            for days in (1, 90):
                life = Lifetime(days=days)
                await grant_points(uow, customer_id=who, points=10, key=f"{who}{days}", reason="活动", lifetime=life)
    clock.advance(days=3)

    async def sweep() -> int:
        async with clinic.unit() as uow:
            return await close_due(uow)

    async def spend(who: UUID) -> None:
        async with clinic.unit() as uow:
            await redeem_points(uow, customer_id=who, points=10, key=f"s{who}")

    await asyncio.gather(sweep(), *(spend(who) for who in people), sweep())
    assert await sweep() == 0
    async with clinic.unit() as uow:
        for who in people:
            assert await look(uow, who) == Sums(0)
            assert sorted(await kinds(uow, who)) == [("burn", -10), ("expire", -10), ("grant", 10), ("grant", 10)]


async def test_lots_that_were_lost_are_made_again_from_what_nobody_can_change(
    clinic: TestTenant, clock: MovableClock
) -> None:
    who, _ = await make_customer(clinic)
    async with clinic.unit() as uow:
        bought = await record_purchase(uow, customer_id=who, fen=300_00, key="a")
        await redeem_points(uow, customer_id=who, points=120, key="s")
        await give_back_points(uow, key_of="s", key="b", points=20)
        await grant_points(
            uow, customer_id=who, points=9, key="p", reason="活动", lifetime=Lifetime(pending_days=5, days=9)
        )
        await refund_purchase(uow, purchase_id=bought.purchase_id, fen=100_00)
    clock.advance(days=2)
    async with clinic.unit() as uow:
        before, lots = await look(uow, who), (await uow.session.execute(select(_T).order_by(_T.c.lot_id))).all()
        await uow.session.execute(text("UPDATE lot SET remaining = 0, due_at = NULL"))
        await uow.session.execute(text("UPDATE loyalty_account SET points = 7"))
        assert {one.what for one in await find_wrong(uow)} == {"lot-differs", "account-differs"}
        await uow.session.execute(text("DELETE FROM lot"))
        assert {one.what for one in await find_wrong(uow)} == {"no-lot", "account-differs"}
        await rebuild_lots(uow, customer_ids=[who])
        assert await find_wrong(uow) == []
        assert await look(uow, who) == before
        assert (await uow.session.execute(select(_T).order_by(_T.c.lot_id))).all() == lots
