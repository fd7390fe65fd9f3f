"""Files of customers: who goes in, what stands in them, who took them, and that another tenant can take them in whole."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from core.audit.models import AuditEntry
from core.customers.actions import add_customer
from core.customers.queries import find_customers, get_customer, list_customers
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.errors import InvalidInput, NotFound
from core.exports.actions import ExportNotKept, cancel_export, expire_export, read_file, run_export, start_export
from core.exports.queries import count_wanted, get_export, list_exports
from core.exports.rules import COLUMNS, PIECE, ExportPlan, Wanted
from core.imports.actions import map_columns, start_import, upload_file
from core.imports.queries import get_batch
from core.imports.running import run_chunk
from core.loyalty.actions import record_purchase
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

ALL = ExportPlan(columns=COLUMNS)
WHOLE = ExportPlan(columns=COLUMNS, whole_phones=True, reason="寄新年贺卡")


async def _open(tenant: TestTenant) -> TestTenant:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    return tenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await _open(tenant_a)


async def _people(tenant: TestTenant) -> None:
    pets = (
        SubjectDraft(
            name="豆豆",
            kind="petclinic.pet",
            species="dog",
            breed="柯基",
            sex="female",
            birthday=date(2020, 4, 28),
            neutered=True,
            chip="985112000000001",
        ),
        SubjectDraft(name="咪咪", kind="petclinic.pet", species="cat", sex="unknown", neutered=False),
    )
    drafts = (
        CustomerDraft(
            full_name="王小美",
            phones=("+8613812346871", "+865463736312"),
            gender="female",
            member_no="HY001",
            note="怕狗，=SUM(A1)\n对阿莫西林过敏",
            last_visit_on=date(2026, 7, 1),
            subjects=pets,
        ),
        CustomerDraft(full_name="=1+1", phones=("+16502530000",), note="@SUM(A1)"),
        CustomerDraft(full_name="Anna Müller", member_no="-5"),
    )
    async with tenant.unit() as uow:
        ids = [await add_customer(uow, draft=draft) for draft in drafts]
        await record_purchase(uow, customer_id=ids[0], fen=2000_00, key="once")


async def export(uow: UnitOfWork, plan: ExportPlan, kind: str = "csv") -> bytes:
    export_id = await start_export(uow, plan=plan, kind=kind)
    _, content = await read_file(uow, export_id=export_id)
    return content


def table(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "without it a spreadsheet shows Chinese as rubbish"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def test_a_customer_takes_a_line_for_each_pet_and_numbers_are_masked(clinic: TestTenant) -> None:
    await _people(clinic)
    async with clinic.unit() as uow:
        rows = table(await export(uow, ALL))
    assert rows[0][:5] == ["客户序号", "会员号", "姓名", "手机", "主人性别"]
    anna, formula, first, second = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    assert (first["手机"], formula["手机"]) == ("138****6871/054****6312", "165****0000")
    assert (first["宠物名"], first["宠物种类"], first["宠物性别"], first["绝育"]) == ("豆豆", "犬", "母", "是")
    assert (first["累计消费"], first["会员等级"], second["累计消费"], second["备注"]) == ("2000.00", "金卡会员", "", "")
    assert (second["姓名"], second["宠物名"], second["宠物性别"]) == ("王小美", "咪咪", "未知")
    assert (formula["姓名"], formula["备注"]) == ("'=1+1", "'@SUM(A1)")  # S25
    assert anna["会员号"] == "'-5"


async def test_a_workbook_holds_texts_only_and_calculates_nothing(clinic: TestTenant) -> None:  # S25
    await _people(clinic)
    async with clinic.unit() as uow:
        content = await export(uow, WHOLE, "xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    found = {row[2]: row for row in rows}
    assert found["=1+1"][3] == "+16502530000"
    assert found["王小美"][3] == "13812346871/05463736312"
    assert all(isinstance(cell, str) for row in rows for cell in row)
    assert b"<f>" not in content


async def test_whole_numbers_need_a_reason_and_stand_in_the_audit(clinic: TestTenant) -> None:
    await _people(clinic)
    async with clinic.unit() as uow:
        for bad in (
            ExportPlan(columns=("name",), whole_phones=True),
            ExportPlan(columns=()),
            ExportPlan(columns=("x",)),
        ):
            with pytest.raises(InvalidInput):
                await start_export(uow, plan=bad, kind="csv")
        with pytest.raises(InvalidInput):
            await start_export(uow, plan=ALL, kind="exe")
        with pytest.raises(InvalidInput):
            await start_export(uow, plan=ExportPlan(columns=("name",), reason="x" * 201), kind="csv")
    async with clinic.unit() as uow:
        await export(uow, WHOLE)
    async with clinic.unit() as uow:
        entries = await uow.session.execute(
            select(AuditEntry.action, AuditEntry.details)
            .where(AuditEntry.tenant_id == uow.tenant_id, AuditEntry.entity == "export")
            .order_by(AuditEntry.seq)
        )
        told = {row.action: row.details for row in entries}
    assert list(told) == ["customers.export", "export.finish", "export.download"]
    asked: dict[str, Any] = told["customers.export"]
    assert (asked["customers"], asked["whole_phones"], asked["reason"]) == (3, True, "寄新年贺卡")


async def test_the_filter_says_who_goes_in(clinic: TestTenant) -> None:
    await _people(clinic)
    async with clinic.unit() as uow:
        assert await count_wanted(uow, Wanted()) == 3
        assert await count_wanted(uow, Wanted(q="豆豆")) == 1
        assert await count_wanted(uow, Wanted(q="anna")) == 1
        assert await count_wanted(uow, Wanted(tier="gold")) == 1
        assert await count_wanted(uow, Wanted(q="anna", tier="gold")) == 0
        with pytest.raises(NotFound):
            await count_wanted(uow, Wanted(segment="nowhere"))
        with pytest.raises(InvalidInput) as refused:
            await start_export(uow, plan=ExportPlan(columns=("name",), wanted=Wanted(q="nobody")), kind="csv")
        assert refused.value.problems[0].code == "nothing-to-export"


async def test_what_goes_out_comes_in_elsewhere_as_the_same_customers(clinic: TestTenant, tenant_b: TestTenant) -> None:
    await _people(clinic)
    await _open(tenant_b)
    for kind in ("csv", "xlsx"):
        async with clinic.unit() as uow:
            content = await export(uow, WHOLE, kind)
        async with tenant_b.unit() as uow:
            batch_id = await upload_file(uow, filename=f"x.{kind}", content=content)
            plan = (await get_batch(uow, batch_id)).plan
            await map_columns(uow, batch_id=batch_id, mapping=plan.mapping)
            batch = await get_batch(uow, batch_id)
            # A sheet shows =1+1 as it is; whoever takes it in is asked what was meant.
            assert batch.counts.error == (kind == "xlsx")
            if kind == "xlsx":
                assert (batch.counts.new, batch.counts.pet) == (0, 0), "the second file tells nothing new"
                continue
            await start_import(uow, batch_id=batch_id)
            while await run_chunk(uow, batch_id=batch_id):
                pass
    assert await _all_facts(clinic) == await _all_facts(tenant_b)


async def _all_facts(tenant: TestTenant) -> list[Any]:
    facts = []
    async with tenant.unit() as uow:
        for row in await list_customers(uow, sort="name"):
            one = await get_customer(uow, row.customer_id)
            pets = [(p.name, p.species, p.breed, p.sex, p.birthday, p.neutered, p.chip) for p in one.subjects]
            phones = [phone.e164 for phone in one.phones]
            facts.append((one.full_name, phones, one.gender, one.member_no, one.note, one.last_visit_on, pets))
    return facts


async def test_a_long_file_is_written_in_pieces_and_goes_on_where_it_was_killed(tenant_a: TestTenant) -> None:
    count = 2 * PIECE + 5
    lines = ["姓名,手机", *(f"客户{n},1381{n:07d}" for n in range(count))]
    async with tenant_a.unit() as uow:
        batch_id = await upload_file(uow, filename="x.csv", content="\n".join(lines).encode())
        await map_columns(uow, batch_id=batch_id, mapping=("name", "phone"))
        await start_import(uow, batch_id=batch_id)
        while await run_chunk(uow, batch_id=batch_id):
            pass
    async with tenant_a.unit() as uow:
        export_id = await start_export(uow, plan=ExportPlan(columns=("name", "phone")), kind="csv")
        assert (await get_export(uow, export_id)).state == "running"
        with pytest.raises(ExportNotKept):
            await read_file(uow, export_id=export_id)
        assert await run_export(uow, export_id=export_id)

    async def killed() -> None:
        async with tenant_a.unit() as uow:
            await run_export(uow, export_id=export_id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await killed()
    async with tenant_a.unit() as uow:
        assert (await get_export(uow, export_id)).rows_done == PIECE
        while await run_export(uow, export_id=export_id):
            pass
        _, content = await read_file(uow, export_id=export_id)
        rows = table(content)
        assert len({row[0] for row in rows[1:]}) == len(rows) - 1 == count
        assert not await run_export(uow, export_id=export_id)


async def test_a_file_goes_after_seven_days_or_when_it_is_thrown_away(clinic: TestTenant) -> None:
    await _people(clinic)
    async with clinic.unit() as uow:
        first = await start_export(uow, plan=ALL, kind="csv")
        second = await start_export(uow, plan=ALL, kind="csv")
        kept = await get_export(uow, first)
        assert kept.expires_at == uow.now + timedelta(days=7)
        await expire_export(uow, export_id=first)
        await cancel_export(uow, export_id=second)
        await expire_export(uow, export_id=second)
        assert [one.state for one in await list_exports(uow)] == ["cancelled", "expired"]
        for export_id in (first, second):
            with pytest.raises(ExportNotKept):
                await read_file(uow, export_id=export_id)


async def test_another_tenants_file_is_like_none(clinic: TestTenant, tenant_b: TestTenant) -> None:
    await _people(clinic)
    async with clinic.unit() as uow:
        export_id = await start_export(uow, plan=ALL, kind="csv")
    async with tenant_b.unit() as uow:
        assert await list_exports(uow) == []
        assert await find_customers(uow, "王小美") == []
        for work in (read_file, run_export, cancel_export, expire_export):
            with pytest.raises(NotFound):
                await work(uow, export_id=export_id)
        with pytest.raises(NotFound):
            await get_export(uow, export_id)
