"""Imports: what is remembered of columns, stopping half way, and several pets in one row."""

import pytest

from core.customers.queries import get_customer, list_customers
from core.errors import InvalidInput
from core.imports.actions import (
    ImportElsewhere,
    cancel_import,
    forget_mapping,
    map_columns,
    start_import,
    upload_file,
)
from core.imports.queries import get_batch, list_rows
from core.imports.running import run_chunk
from tests.imports import as_clinic, check, csv_of, only, run, undo
from tests.workplaces import TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await as_clinic(tenant_a)


async def test_a_mapping_is_remembered_for_the_next_file(clinic: TestTenant) -> None:
    content = "尊称,号码本,到底花了\n王小美,13812346871,600\n".encode()
    async with clinic.unit() as uow:
        batch_id = await upload_file(uow, filename="x.csv", content=content)
        assert (await get_batch(uow, batch_id)).plan.mapping == ("", "", "")
        with pytest.raises(InvalidInput) as refused:
            await map_columns(uow, batch_id=batch_id, mapping=("", "phone", "phone"))
        assert {problem.code for problem in refused.value.problems} == {"name-not-mapped", "mapped-twice"}
        for wrong in (("name",), ("name", "phone", "salary")):
            with pytest.raises(InvalidInput):
                await map_columns(uow, batch_id=batch_id, mapping=wrong)
        await map_columns(uow, batch_id=batch_id, mapping=("name", "phone", "spent"))
        later = await upload_file(uow, filename="y.csv", content=content)
        assert (await get_batch(uow, later)).plan.mapping == ("name", "phone", "spent")


async def test_a_list_with_the_same_headings_is_taken_in_as_last_time_until_that_is_forgotten(
    clinic: TestTenant,
) -> None:
    content = "姓名,手机,会员姓名\n王小美,13812346871,x\n".encode()
    again = "姓名（必填）,手机,会员姓名\r\n李雷,13812346872,y\r\n".encode("gb18030")
    async with clinic.unit("service_supervisor") as uow:
        first = await upload_file(uow, filename="x.csv", content=content)
        assert (await get_batch(uow, first)).plan.recalled is None
        await map_columns(
            uow, batch_id=first, mapping=("note", "phone", "name"), existing="skip", take_second_phone=False
        )
    async with clinic.unit() as uow:
        later = await upload_file(uow, filename="y.csv", content=again)
        plan = (await get_batch(uow, later)).plan
        assert (plan.mapping, plan.existing, plan.take_second_phone) == (("note", "phone", "name"), "skip", False)
        assert plan.recalled is not None
        assert (plan.recalled.by, plan.recalled.at, plan.recalled.times) == ("service_supervisor", uow.now, 1)
        other = await upload_file(
            uow, filename="z.csv", content=content.replace(b",x", b",x,").replace(b"\n", b",a\n", 1)
        )
        assert (await get_batch(uow, other)).plan.recalled is None
        await forget_mapping(uow, batch_id=later)
        plan = (await get_batch(uow, later)).plan
        assert (plan.mapping, plan.recalled) == (("name", "phone", ""), None)
        last = await upload_file(uow, filename="w.csv", content=content)
        assert (await get_batch(uow, last)).plan.recalled is None


async def test_another_tenants_memory_is_not_ours(clinic: TestTenant, tenant_b: TestTenant) -> None:
    content = "尊称,号码本\n王小美,13812346871\n".encode()
    async with clinic.unit() as uow:
        batch_id = await upload_file(uow, filename="x.csv", content=content)
        await map_columns(uow, batch_id=batch_id, mapping=("name", "phone"))
    async with tenant_b.unit() as uow:
        plan = (await get_batch(uow, await upload_file(uow, filename="x.csv", content=content))).plan
        assert (plan.mapping, plan.recalled) == (("", ""), None)


async def test_a_stopped_run_keeps_what_it_wrote_and_can_be_taken_back(clinic: TestTenant) -> None:
    batch = await check(clinic, csv_of(*(f"A{n},客户{n},1381234{n:04d},宠{n},猫,,,,,,600," for n in range(1, 161))))
    async with clinic.unit() as uow:
        with pytest.raises(ImportElsewhere):
            await cancel_import(uow, batch_id=batch.batch_id)
        await start_import(uow, batch_id=batch.batch_id)
        assert await run_chunk(uow, batch_id=batch.batch_id)
    async with clinic.unit() as uow:
        await cancel_import(uow, batch_id=batch.batch_id)
    async with clinic.unit() as uow:
        assert not await run_chunk(uow, batch_id=batch.batch_id)
        stopped = await get_batch(uow, batch.batch_id)
        assert (stopped.state, stopped.rows_done, stopped.rows_total) == ("cancelled", 50, 160)
        assert len(await list_customers(uow, limit=500)) == 50
    undone = await undo(clinic, stopped)
    assert (undone.state, undone.counts.undone, undone.counts.kept) == ("undone", 50, 0)
    async with clinic.unit() as uow:
        assert await list_customers(uow) == []


async def test_several_pets_of_one_row_come_in_and_go_out_together(clinic: TestTenant) -> None:
    first = await run(clinic, await check(clinic, csv_of("A1,王小美,13812346871,豆豆(金毛)、咪咪,,,,,,,,")))
    assert first.counts.new == 1
    content = csv_of("A1,王小美,13812346871,咪咪、来福、旺财,,,,,,,,", "A1,王小美,13812346871,大黄,,,,,,,,")
    second = await run(clinic, await check(clinic, content))
    assert second.counts.pet == 2
    async with clinic.unit() as uow:
        mine = await get_customer(uow, await only(uow, "王小美"))
        assert [pet.name for pet in mine.subjects] == ["豆豆", "咪咪", "来福", "旺财", "大黄"]
        assert [row.customer_id for row in await list_rows(uow, second.batch_id)] == [mine.customer_id] * 2
    await undo(clinic, second)
    async with clinic.unit() as uow:
        mine = await get_customer(uow, await only(uow, "王小美"))
        assert [pet.name for pet in mine.subjects] == ["豆豆", "咪咪"]
    undone = await undo(clinic, first)
    assert (undone.counts.undone, undone.counts.kept) == (0, 1), "the second list touched this customer"
