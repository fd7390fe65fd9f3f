"""Referrals and birthdays as jobs: every hour and every night, and a second run finds nothing."""

from datetime import date
from typing import cast
from uuid import uuid4

from core.birthdays.queries import count_due_gifts
from core.referrals.cases import PIECE
from core.referrals.invitations import enter_code, give_referral_code
from core.referrals.queries import count_by_state
from tests.referrals import BIRTHDAY, BOTH_50, STAFF, add_person, buy, pet, use_rules
from tests.workplaces import MovableClock, TestTenant
from workers.jobs import Handler, find_tasks
from workers.schedule import CRONS


async def _run(tenant: TestTenant, task: str) -> bool:
    """Run a task as the runner does; True when it wants to come again at once."""
    async with tenant.workplace.unit(tenant.id) as uow:
        handle = cast("Handler", find_tasks()[task].handle)
        return await handle(uow, {}, uuid4()) is not None


def test_referrals_and_birthdays_have_their_crons() -> None:
    assert {CRONS[name].task for name in ("birthdays", "referrals")} == {"birthdays.open", "referrals.sweep"}


async def test_a_sweep_works_off_more_cases_than_one_piece_and_forgets_phones(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        code = await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))
        for number in range(PIECE + 1):
            await enter_code(uow, customer_id=await add_person(uow, f"新客{number}"), text=code.short, staff=STAFF)
    clock.advance(days=91)
    assert [await _run(tenant_a, "referrals.sweep") for _ in range(3)] == [True, False, False]
    async with tenant_a.unit() as uow:
        assert await count_by_state(uow) == {"expired": PIECE + 1}


async def test_a_worker_that_slept_finds_what_is_due(tenant_a: TestTenant, clock: MovableClock) -> None:
    await use_rules(tenant_a, BOTH_50, BIRTHDAY)
    async with tenant_a.unit() as uow:
        code = await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))
        newcomer = await add_person(uow, "李新", pets=(pet("豆豆", date(2020, 12, 3)),))
        await enter_code(uow, customer_id=newcomer, text=code.short, staff=STAFF)
    await buy(tenant_a, newcomer)
    clock.advance(days=9)
    for _ in range(2):
        assert not await _run(tenant_a, "birthdays.open")
        assert not await _run(tenant_a, "referrals.sweep")
        async with tenant_a.unit() as uow:
            assert (await count_due_gifts(uow), await count_by_state(uow)) == (1, {"rewarded": 1})
