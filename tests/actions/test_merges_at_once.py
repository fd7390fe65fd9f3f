"""Merges that really run at the same time, committed: nothing is lost, and whoever comes second is told so."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.customers.actions import CustomerChanged, add_customer
from core.customers.models import Customer, Subject
from core.customers.queries import CustomerMerged, find_customers, get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import table_of
from core.imports.actions import start_import
from core.imports.running import run_chunk
from core.loyalty.actions import record_purchase
from core.loyalty.queries import count_ledger_fen, get_membership
from core.merges.merging import merge_customers, settle_merge
from core.merges.undoing import undo_merge
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.imports import check, csv_of
from tests.workplaces import TestTenant

_C, _S = table_of(Customer), table_of(Subject)
ROUNDS = 5


@pytest.fixture
async def clinic(busy_tenant: TestTenant) -> TestTenant:
    async with busy_tenant.unit() as uow:
        await enable_plugin(uow, host=busy_tenant.workplace.host, plugin_id="petclinic")
    return busy_tenant


async def _add(tenant: TestTenant, number: int, name: str = "") -> UUID:
    """Somebody with a phone, a pet and a bill of their own."""
    draft = CustomerDraft(
        full_name=name or f"王{number}",
        phones=(f"+861381234{number:04}",),
        subjects=(SubjectDraft(name=f"pet{number}", kind="petclinic.pet"),),
    )
    async with tenant.unit() as uow:
        one = await add_customer(uow, draft=draft, allow_duplicate=True)
        await record_purchase(uow, customer_id=one, fen=1_000 + number, key=f"bill{number}", occurred_at=uow.now)
    return one


def _merging(tenant: TestTenant, loser: UUID, winner: UUID) -> Coroutine[Any, Any, UUID]:
    async def merge() -> UUID:
        async with tenant.unit() as uow:
            return await merge_customers(uow, winner_id=winner, loser_id=loser)

    return merge()


async def _present(uow: UnitOfWork, *ids: UUID) -> dict[UUID, UUID]:
    rows = await uow.session.execute(
        select(_C.c.customer_id, _C.c.merged_into).where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id.in_(ids))
    )
    return {row.customer_id: row.merged_into or row.customer_id for row in rows}


async def _owns_everything(uow: UnitOfWork, one: UUID, numbers: list[int]) -> None:
    record = await get_customer(uow, one)
    assert {phone.e164[-4:] for phone in record.phones} == {f"{number:04}" for number in numbers}
    assert {pet.name for pet in record.subjects} == {f"pet{number}" for number in numbers}
    assert (await get_membership(uow, one)).spent_fen == sum(1_000 + number for number in numbers)


async def test_the_same_merge_twice_at_once_is_done_once(clinic: TestTenant) -> None:
    for place in range(ROUNDS):
        numbers = [2 * place, 2 * place + 1]
        winner, loser = [await _add(clinic, number) for number in numbers]
        answers = await asyncio.gather(
            _merging(clinic, loser, winner), _merging(clinic, loser, winner), return_exceptions=True
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["CustomerMerged", "UUID"], answers
        (told,) = [answer for answer in answers if isinstance(answer, CustomerMerged)]
        assert told.params["customer_id"] == winner
        async with clinic.unit() as uow:
            await _owns_everything(uow, winner, numbers)


async def test_a_into_b_while_b_goes_into_c_ends_at_one_person_with_everything(clinic: TestTenant) -> None:
    orders = set()
    for place in range(ROUNDS):
        numbers = [3 * place, 3 * place + 1, 3 * place + 2]
        a, b, c = [await _add(clinic, number) for number in numbers]
        merges = [_merging(clinic, a, b), _merging(clinic, b, c)]
        first, second = await asyncio.gather(*(merges if place % 2 else merges[::-1]), return_exceptions=True)
        a_to_b, b_to_c = (first, second) if place % 2 else (second, first)
        assert isinstance(b_to_c, UUID), b_to_c
        if isinstance(a_to_b, CustomerMerged):  # it came second: B is C by now, and it says so
            assert a_to_b.params["customer_id"] == c
            a_to_b = await _merging(clinic, a, c)
        assert isinstance(a_to_b, UUID), a_to_b
        orders.add(a_to_b < b_to_c)
        async with clinic.unit() as uow:
            assert await _present(uow, a, b, c) == {a: c, b: c, c: c}
            await _owns_everything(uow, c, numbers)
            for one, number in ((a, numbers[0]), (b, numbers[1])):
                assert await count_ledger_fen(uow, one) == 0, number
    async with clinic.unit() as uow:
        assert len(await find_customers(uow, "13812340001")) == 1


async def test_undone_twice_at_once_gives_back_once(clinic: TestTenant) -> None:
    winner, loser = await _add(clinic, 1), await _add(clinic, 2)
    merge_id = await _merging(clinic, loser, winner)

    async def undo() -> UUID:
        async with clinic.unit() as uow:
            return await undo_merge(uow, merge_id=merge_id)

    answers = await asyncio.gather(undo(), undo(), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["MergeUndone", "UUID"], answers
    async with clinic.unit() as uow:
        await _owns_everything(uow, winner, [1])
        await _owns_everything(uow, loser, [2])


@pytest.mark.parametrize("first", ["merge", "import"])
async def test_an_import_that_matches_the_loser_meanwhile_loses_nothing(clinic: TestTenant, first: str) -> None:
    winner, loser = await _add(clinic, 1, "王伟"), await _add(clinic, 2, "王伟")
    rows = csv_of("M-2,王伟,13812340002,新宠,cat,,,,,,,")
    batch = await check(clinic, rows, existing="update")
    async with clinic.unit() as uow:
        await start_import(uow, batch_id=batch.batch_id)
    matched, go_on = asyncio.Event(), asyncio.Event()

    async def importing() -> None:
        async with clinic.unit() as uow:
            await run_chunk(uow, batch_id=batch.batch_id)
            matched.set()
            if first == "import":
                await go_on.wait()

    async def merging() -> UUID:
        async with clinic.unit() as uow:
            if first == "import":
                await matched.wait()
                asyncio.get_running_loop().call_later(0.3, go_on.set)  # the merge waits at the rows of the import
            merge_id = await merge_customers(uow, winner_id=winner, loser_id=loser)
            if first == "merge":
                task = asyncio.create_task(importing())
                await asyncio.sleep(0.3)  # the import has matched the loser, and waits at its row
                assert not matched.is_set()
                tasks.append(task)
            return merge_id

    tasks: list[asyncio.Task[None]] = []
    if first == "import":
        tasks.append(asyncio.create_task(importing()))
    merge_id = await merging()
    await asyncio.gather(*tasks)
    async with clinic.unit() as uow:
        record = await get_customer(uow, winner)
        assert {pet.name for pet in record.subjects} == {"pet1", "pet2", "新宠"}
        assert record.member_no == "M-2"
        left = select(text("1")).select_from(_S).where(_S.c.tenant_id == uow.tenant_id, _S.c.customer_id == loser)
        assert (await uow.session.execute(left)).first() is None
        assert await settle_merge(uow, merge_id=merge_id) == 0
        assert len(await find_customers(uow, "新宠")) == 1


async def test_two_who_change_and_merge_one_record_at_once_do_not_overwrite_each_other(clinic: TestTenant) -> None:
    winner, loser = await _add(clinic, 1), await _add(clinic, 2)
    async with clinic.unit() as uow:
        versions = tuple([(await get_customer(uow, one)).version for one in (winner, loser)])

    async def merge(choice: str) -> UUID:
        async with clinic.unit() as uow:
            return await merge_customers(
                uow,
                winner_id=winner,
                loser_id=loser,
                choices={"full_name": choice},
                versions=(versions[0], versions[1]),
            )

    answers = await asyncio.gather(merge("left"), merge("right"), return_exceptions=True)
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    assert sum(isinstance(answer, CustomerMerged | CustomerChanged) for answer in answers) == 1
