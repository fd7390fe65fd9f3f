"""Imports: what clinics really export goes in, bad rows are told, killed runs go on, and all of it can be taken back."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from core.customers.actions import add_customer, add_note, change_customer, change_subject
from core.customers.queries import get_customer, list_customers, list_events
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.errors import InvalidInput, NotFound
from core.forms.actions import create_link
from core.imports.actions import (
    ImportElsewhere,
    change_layout,
    discard_import,
    map_columns,
    resume_import,
    start_import,
)
from core.imports.queries import get_batch, get_preview, list_batches, list_rows
from core.imports.running import run_chunk
from core.imports.undoing import start_undo, undo_chunk
from core.loyalty.queries import count_ledger_fen, get_membership
from core.uow import UnitOfWork
from tests.imports import as_clinic, check, csv_of, only, run, undo
from tests.workplaces import TestTenant

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await as_clinic(tenant_a)


async def test_a_clinics_csv_goes_in_and_every_bad_row_is_told(clinic: TestTenant) -> None:
    batch = await check(clinic, (SAMPLES / "members_gb18030.csv").read_bytes())
    assert batch.plan.layout.encoding == "gb18030"
    told = {name: getattr(batch.counts, name) for name in ("new", "pet", "update", "duplicate", "error", "skipped")}
    assert told == {"new": 8, "pet": 1, "update": 0, "duplicate": 2, "error": 9, "skipped": 1}
    async with clinic.unit() as uow:
        assert await list_customers(uow) == []
        errors = {
            row.row_no: [p.code for p in row.problems if not p.warns]
            for row in await list_rows(uow, batch.batch_id, outcomes=["error"])
        }
    assert sorted(code for codes in errors.values() for code in codes) == [
        "amount-negative",
        "amount-unknown",
        "choice-unknown",
        "date-future",
        "date-impossible",
        "date-unknown",
        "formula",
        "name-missing",
        "phone-bad",
    ]
    done = await run(clinic, batch)
    assert (done.state, done.rows_done) == ("done", done.rows_total)
    async with clinic.unit() as uow:
        assert len(await list_customers(uow, limit=100)) == 8
        one = await get_customer(uow, await only(uow, "1095"))
        assert (one.full_name, one.member_no, one.note) == ("蒋婷婷", "HY00102", "上次住院应激")
        card = await get_membership(uow, one.customer_id)
        assert card.tier is not None
        assert (card.tier.code, card.spent_fen) == ("silver", 1999_99)
        assert [event.kind for event in await list_events(uow, one.customer_id)] == ["tier_changed", "imported"]
        rich = await get_membership(uow, await only(uow, "周杰"))
        assert rich.spent_fen == 1200_00
        pair = await get_customer(uow, await only(uow, "韩洋"))
        assert [pet.name for pet in pair.subjects] == ["虎子", "芝麻"]
        assert (await get_membership(uow, pair.customer_id)).spent_fen == 2000_00
        twins = await get_customer(uow, await only(uow, "周晓红"))
        assert len(twins.subjects) == 1
        gecko = (await get_customer(uow, await only(uow, "金涛"))).subjects[0]
        assert (gecko.species, gecko.breed, gecko.sex) == ("exotic", "豹纹守宫", "female")


def workbook(rows: list[list[object]], *, formula: tuple[int, int, str, object] | None = None) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    notes = book.add_worksheet("说明")
    notes.write(0, 0, "导出自前台系统")
    sheet = book.add_worksheet("客户档案")
    sheet.merge_range(0, 0, 0, 5, "东营店 客户档案（2026年11月导出）")
    sheet.merge_range(1, 0, 1, 2, "主人")
    sheet.merge_range(1, 3, 1, 5, "宠物")
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    if formula:
        sheet.write_formula(formula[0], formula[1], formula[2], None, formula[3])
    book.close()
    return buffer.getvalue()


async def test_a_workbook_with_merged_titles_formulas_and_numbers_as_phones(clinic: TestTenant) -> None:
    rows: list[list[object]] = [
        ["编号", "称呼", "联系电话", "昵称", "类别", "消费总额（元）"],
        [501, "魏思远先生", 19900137513, "皮皮", "狗", 1500],
        [502, "范鹏", "0546-7873597", "黑豆", "狗", 2000.0],
        ["", "", "", "", "", ""],
        [503, "黎凯女士", 15015134845, "虎子", "狗", 0],
        ["合计", "", "", "", "", ""],
    ]
    batch = await check(clinic, workbook(rows, formula=(7, 5, "=SUM(F4:F7)", 3500)), "店.xlsx")
    assert (batch.plan.layout.sheet, batch.plan.header.row) == ("客户档案", 3)
    assert batch.plan.mapping == ("member_no", "name", "phone", "pet_name", "species", "spent")
    assert (batch.counts.new, batch.counts.skipped, batch.rows_total) == (3, 1, 4)
    await run(clinic, batch)
    async with clinic.unit() as uow:
        wei = await get_customer(uow, await only(uow, "魏思远"))
        assert (wei.gender, wei.member_no, wei.phone_e164) == ("male", "501", "+8619900137513")


async def test_a_calculated_cell_gives_its_value_and_an_uncalculated_one_is_told(clinic: TestTenant) -> None:
    rows: list[list[object]] = [
        ["编号", "称呼", "联系电话", "昵称", "类别", "消费总额（元）"],
        [1, "甲一", 13812345678, "a", "狗", ""],
    ]
    good = await check(clinic, workbook(rows, formula=(3, 5, "=250*2", 500)), "a.xlsx")
    bad = await check(clinic, workbook(rows, formula=(3, 5, "=1/0", "#DIV/0!")), "b.xlsx")
    assert (good.counts.new, good.counts.codes["formula-value-used"]) == (1, 1)
    assert (bad.counts.error, bad.counts.codes["formula-without-value"]) == (1, 1)


async def test_the_same_file_again_adds_nobody_and_no_money(clinic: TestTenant) -> None:
    content = csv_of("A1,王小美,13812346871,豆豆,犬,柯基,母,2020-04-28,是,2026-01-01,600,怕狗")
    await run(clinic, await check(clinic, content))
    again = await run(clinic, await check(clinic, content))
    assert (again.counts.new, again.counts.pet) == (0, 0)
    async with clinic.unit() as uow:
        assert len(await list_customers(uow)) == 1
        assert await count_ledger_fen(uow, await only(uow, "王小美")) == 600_00


async def test_a_list_fills_gaps_but_does_not_overrule_staff(clinic: TestTenant) -> None:
    pet = SubjectDraft(name="豆豆", kind="petclinic.pet", breed="柴犬")
    async with clinic.unit() as uow:
        mine = await add_customer(
            uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",), subjects=(pet,))
        )
    content = csv_of("A1,王晓美,13812346871/13900001111,豆豆,犬,柯基,母,2020-04-28,是,2026-01-01,600,怕狗")
    batch = await check(clinic, content)
    assert (batch.counts.update, batch.counts.codes["already-there"]) == (1, 1)
    done = await run(clinic, batch)
    async with clinic.unit() as uow:
        now = await get_customer(uow, mine)
        assert (now.full_name, now.member_no, now.note, len(now.phones)) == ("王小美", "A1", "怕狗", 2)
        assert (now.subjects[0].breed, now.subjects[0].neutered) == ("柴犬", True)
    undone = await undo(clinic, done)
    assert (undone.state, undone.counts.undone) == ("undone", 1)
    async with clinic.unit() as uow:
        back = await get_customer(uow, mine)
        assert (back.member_no, back.note, len(back.phones), back.last_visit_on) == (None, "", 1, None)
        assert back.subjects[0].neutered is None
        assert (await get_membership(uow, mine)).spent_fen == 0


async def test_skip_leaves_who_is_there_alone_but_adds_a_new_pet(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        mine = await add_customer(uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",)))
    content = csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,怕狗", "A1,王小美,13812346871,豆豆,犬,,,,,,600,怕狗")
    done = await run(clinic, await check(clinic, content, existing="skip"))
    assert (done.counts.pet, done.counts.duplicate) == (1, 1)
    async with clinic.unit() as uow:
        now = await get_customer(uow, mine)
        assert ([pet.name for pet in now.subjects], now.note) == (["豆豆"], "")
        assert (await get_membership(uow, mine)).spent_fen == 0


async def test_undo_removes_the_untouched_and_lists_the_rest(clinic: TestTenant) -> None:
    lines = [f"A{n},客户{n},1381234{n:04d},宠{n},猫,,,,,,{n * 100},备注" for n in range(1, 121)]
    done = await run(clinic, await check(clinic, csv_of(*lines)))
    assert done.counts.new == 120
    async with clinic.unit() as uow:
        touched = await only(uow, "13812340007")
        await add_note(uow, customer_id=touched, body="来过电话")
        changed = await only(uow, "13812340009")
        record = await get_customer(uow, changed)
        draft = CustomerDraft(full_name="改名", phones=("+8613812340009",))
        await change_customer(uow, customer_id=changed, draft=draft, version=record.version)
    undone = await undo(clinic, done)
    assert (undone.counts.undone, undone.counts.kept) == (118, 2)
    async with clinic.unit() as uow:
        assert {row.full_name for row in await list_customers(uow)} == {"客户7", "改名"}
        kept = await list_rows(uow, done.batch_id, states=["kept"])
        assert [(row.row_no, row.kept_reason) for row in kept] == [(8, "changed-since"), (10, "changed-since")]
        assert (await get_membership(uow, touched)).spent_fen == 700_00
        with pytest.raises(ImportElsewhere):
            await start_undo(uow, batch_id=done.batch_id)


async def test_undo_keeps_pets_and_fields_that_somebody_uses_or_changed(clinic: TestTenant) -> None:
    kind = {"kind": "petclinic.pet"}
    async with clinic.unit() as uow:
        mine = await add_customer(uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",)))
    lines = [f"A1,王小美,13812346871,{pet},犬,,,,,,,旧话" for pet in ("一", "二", "三")]
    lines += ["A2,李雷,13900001111,四,猫,,,,,,,", "A3,韩梅梅,13900002222,五,猫,,,,,,,"]
    done = await run(clinic, await check(clinic, csv_of(*lines)))
    async with clinic.unit() as uow:
        pets = {pet.name: pet.subject_id for pet in (await get_customer(uow, mine)).subjects}
        lei = await get_customer(uow, await only(uow, "李雷"))
        await change_subject(uow, subject_id=pets["一"], draft=SubjectDraft(name="一一", **kind))
        await create_link(uow, form_id="petclinic.intake", customer_id=mine, subject_id=pets["二"])
        await create_link(
            uow, form_id="petclinic.intake", customer_id=lei.customer_id, subject_id=lei.subjects[0].subject_id
        )
        record = await get_customer(uow, mine)
        changed = CustomerDraft(full_name="王小美", phones=("+8613812346871",), note="新话", member_no="A1")
        await change_customer(uow, customer_id=mine, draft=changed, version=record.version)
    undone = await undo(clinic, done)
    async with clinic.unit() as uow:
        kept = await list_rows(uow, done.batch_id, states=["kept"])
        assert {row.row_no: row.kept_reason for row in kept} == {2: "changed-since", 3: "has-form", 5: "has-form"}
        now = await get_customer(uow, mine)
        assert ([pet.name for pet in now.subjects], now.note, now.member_no) == (["一一", "二"], "新话", None)
        assert [row.full_name for row in await list_customers(uow)] == ["李雷", "王小美"]
        assert (undone.counts.undone, undone.counts.kept) == (2, 3)


async def test_a_run_goes_on_where_it_was_killed_and_takes_no_row_twice(clinic: TestTenant) -> None:
    lines = [f"A{n},客户{n},1381234{n:04d},宠{n},猫,,,,,,600," for n in range(1, 161)]
    lines += [f"A{n},客户{n},1381234{n:04d},二宠{n},猫,,,,,,600," for n in range(1, 11)]
    batch = await check(clinic, csv_of(*lines))
    async with clinic.unit() as uow:
        await start_import(uow, batch_id=batch.batch_id)
        assert await run_chunk(uow, batch_id=batch.batch_id)

    class Killed(Exception):
        """Stands for the signal."""

    async def killed() -> None:
        async with clinic.unit() as uow:
            assert await run_chunk(uow, batch_id=batch.batch_id)
            raise Killed

    with pytest.raises(Killed):
        await killed()
    async with clinic.unit() as uow:
        assert (await get_batch(uow, batch.batch_id)).rows_done == 50
        await resume_import(uow, batch_id=batch.batch_id)
    more = True
    while more:
        async with clinic.unit() as uow:
            more = await run_chunk(uow, batch_id=batch.batch_id)
    async with clinic.unit() as uow:
        done = await get_batch(uow, batch.batch_id)
        assert (done.state, done.counts.new, done.counts.pet) == ("done", 160, 10)
        assert len(await list_customers(uow, limit=500)) == 160
        first = await get_customer(uow, await only(uow, "13812340001"))
        assert [pet.name for pet in first.subjects] == ["宠1", "二宠1"]
        assert await count_ledger_fen(uow, first.customer_id) == 600_00
        assert not await run_chunk(uow, batch_id=batch.batch_id)


async def test_without_a_plugin_pet_columns_say_nothing(tenant_a: TestTenant) -> None:
    batch = await check(tenant_a, csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,"))
    assert "pet_name" not in batch.plan.mapping
    await run(tenant_a, batch)
    async with tenant_a.unit() as uow:
        mine = await get_customer(uow, await only(uow, "王小美"))
        assert mine.subjects == ()
        assert (await get_membership(uow, mine.customer_id)).spent_fen == 600_00


async def test_two_names_on_one_phone_are_two_people_of_one_household(clinic: TestTenant) -> None:
    content = csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,", "A2,李雷,13812346871,来福,犬,,,,,,0,")
    done = await run(clinic, await check(clinic, content))
    assert (done.counts.new, done.counts.codes["phone-shared"]) == (2, 1)
    later = await run(clinic, await check(clinic, csv_of("A3,韩梅梅,13812346871,,,,,,,,,")))
    assert later.counts.codes["phone-known"] == 1
    async with clinic.unit() as uow:
        mei = await get_customer(uow, await only(uow, "韩梅梅"))
        wang = await get_customer(uow, await only(uow, "王小美"))
        assert mei.household_id == wang.household_id is not None


async def test_a_row_cut_by_a_lost_delimiter_is_told(clinic: TestTenant) -> None:
    batch = await check(clinic, csv_of("A1,王小美,13812346871", "A2,李雷,13812346872,a,犬,,,,,,0,备注,多了"))
    assert (batch.counts.codes["row-short"], batch.counts.codes["row-long"], batch.counts.error) == (1, 1, 2)
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput):
            await start_import(uow, batch_id=batch.batch_id)
        await discard_import(uow, batch_id=batch.batch_id)
        assert await list_batches(uow) == []
        with pytest.raises(NotFound):
            await get_batch(uow, batch.batch_id)


async def test_an_import_starts_once_and_runs_only_when_started(clinic: TestTenant) -> None:
    batch = await check(clinic, csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,"))
    async with clinic.unit() as uow:
        assert not await run_chunk(uow, batch_id=batch.batch_id)
        assert not await undo_chunk(uow, batch_id=batch.batch_id)
        await start_import(uow, batch_id=batch.batch_id)
        for again in (start_import(uow, batch_id=batch.batch_id), discard_import(uow, batch_id=batch.batch_id)):
            with pytest.raises(ImportElsewhere):
                await again


async def test_another_tenants_import_is_like_none(clinic: TestTenant, tenant_b: TestTenant) -> None:
    batch = await check(clinic, csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,"))
    attempts: list[Callable[[UnitOfWork], object]] = [
        lambda uow: get_batch(uow, batch.batch_id),
        lambda uow: get_preview(uow, batch.batch_id),
        lambda uow: change_layout(uow, batch_id=batch.batch_id),
        lambda uow: map_columns(uow, batch_id=batch.batch_id, mapping=batch.plan.mapping),
        lambda uow: start_import(uow, batch_id=batch.batch_id),
        lambda uow: resume_import(uow, batch_id=batch.batch_id),
        lambda uow: discard_import(uow, batch_id=batch.batch_id),
        lambda uow: run_chunk(uow, batch_id=batch.batch_id),
        lambda uow: start_undo(uow, batch_id=batch.batch_id),
        lambda uow: undo_chunk(uow, batch_id=batch.batch_id),
    ]
    async with tenant_b.unit() as uow:
        assert await list_rows(uow, batch.batch_id) == []
        assert await list_batches(uow) == []
        for attempt in attempts:
            with pytest.raises(NotFound):
                await attempt(uow)  # type: ignore[misc] # every one of them is a coroutine
    async with clinic.unit() as uow:
        assert (await get_batch(uow, batch.batch_id)).state == "checked"
