"""Lists beyond the record: contacts, tags and own fields go in with their reasons, and out again without what was there."""

import pytest
from sqlalchemy import event, select

from core.contacts.actions import add_contact
from core.contacts.queries import list_contacts
from core.customers.actions import add_customer
from core.customers.models import CustomValue
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import table_of
from core.imports.queries import list_rows
from core.profiles.actions import add_tag, archive_tag, tag_customer
from core.profiles.fields import define_field, set_own_values
from core.profiles.queries import get_tags_of, list_tags
from core.uow import UnitOfWork
from tests.imports import as_clinic, check, only, run, undo
from tests.workplaces import TestTenant

HEAD = "姓名,手机,宠物名,种类,邮箱,微信号,家庭住址,标签,来店渠道,押金,到期日,blood type"
MAPPED = ("name", "phone", "pet_name", "species", "email", "wechat", "address", "tags")
OWN = ("own:customer:x_channel", "own:customer:x_deposit", "own:customer:x_until", "own:subject:x_blood")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    await as_clinic(tenant_a)
    async with tenant_a.unit() as uow:
        channel = (("朋友", {"zh-CN": "朋友推荐", "en": "A friend"}), ("网络", {"zh-CN": "网络"}))
        for key, kind, label, options in (
            ("x_channel", "choice", "来店渠道", channel),
            ("x_deposit", "number", "押金", ()),
            ("x_until", "date", "到期日", ()),
        ):
            await define_field(uow, entity_type="customer", label={"zh-CN": label}, kind=kind, options=options, key=key)
        await define_field(
            uow, entity_type="subject", label={"zh-CN": "血型", "en": "Blood type"}, kind="text", key="x_blood"
        )
    return tenant_a


def list_of(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


async def values_of(uow: UnitOfWork, *ids: object) -> dict[str, object]:
    table = table_of(CustomValue)
    rows = await uow.session.execute(
        select(table).where(table.c.tenant_id == uow.tenant_id, table.c.entity_id.in_(ids))
    )
    return {row.field_key: row.v_text if row.v_text is not None else row.v_int or row.v_date for row in rows}


async def test_contacts_tags_and_own_fields_go_in_and_out_again(clinic: TestTenant) -> None:
    content = list_of(
        '王小美,13812346871,豆豆,犬,Mei@Example.com,同手机号,黄河路1号,老客户、怕生/VIP,朋友推荐,"1,200元",2030-05-01,DEA 1.1',
        "李雷,13900001111,,,,,,vip,网络,,,",
    )
    batch = await check(clinic, content)
    assert batch.plan.mapping == MAPPED + OWN
    assert batch.counts.new_tags == ("老客户", "怕生", "VIP")
    assert (batch.counts.new, batch.counts.codes["tag-new"]) == (2, 1)
    async with clinic.unit() as uow:
        assert await list_tags(uow) == []
    done = await run(clinic, batch)
    async with clinic.unit() as uow:
        mei = await get_customer(uow, await only(uow, "王小美"))
        found = {(one.kind, one.value) for one in await list_contacts(uow, mei.customer_id)}
        assert found == {("email", "mei@example.com"), ("wechat", "13812346871"), ("address", "黄河路1号")}
        lei = await only(uow, "李雷")
        tags = await get_tags_of(uow, [mei.customer_id, lei])
        assert {tag.name for tag in tags[mei.customer_id]} == {"老客户", "怕生", "VIP"}
        assert [tag.name for tag in tags[lei]] == ["VIP"]
        values = await values_of(uow, mei.customer_id, mei.subjects[0].subject_id)
        assert (values["x_channel"], values["x_deposit"], values["x_blood"]) == ("朋友", 1200, "DEA 1.1")
        assert str(values["x_until"]) == "2030-05-01"
    undone = await undo(clinic, done)
    assert (undone.counts.undone, undone.counts.kept) == (2, 0)
    async with clinic.unit() as uow:
        assert await list_tags(uow, archived=True) == []
        assert await list_contacts(uow, mei.customer_id) == []
        assert await values_of(uow, mei.customer_id, mei.subjects[0].subject_id, lei) == {}


async def test_a_value_that_does_not_fit_refuses_its_row_with_column_and_reason(clinic: TestTenant) -> None:
    content = list_of(
        "甲一,13812346871,,,no-mail,,,,,,,",
        "乙二,13812346872,,,,小美🐶,,,,,,",
        f"丙三,13812346873,,,,,,{'长' * 31},,,,",
        "丁四,13812346874,,,,,,,电视,,,",
        "戊五,13812346875,,,,,,,,很多,,",
        "己六,13812346876,,,,,,,,,2030-02-31,",
    )
    batch = await check(clinic, content)
    assert batch.counts.error == 6
    async with clinic.unit() as uow:
        told = [
            (row.row_no, row.problems[0].column, row.problems[0].code) for row in await list_rows(uow, batch.batch_id)
        ]
    assert told == [
        (2, "email", "email-bad"),
        (3, "wechat", "wechat-bad"),
        (4, "tags", "tag-too-long"),
        (5, OWN[0], "own-choice"),
        (6, OWN[1], "own-number"),
        (7, OWN[2], "date-impossible"),
    ]


async def test_what_was_there_before_stays_after_the_undo(clinic: TestTenant) -> None:
    pet = SubjectDraft(name="豆豆", kind="petclinic.pet")
    async with clinic.unit() as uow:
        mine = await add_customer(
            uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",), subjects=(pet,))
        )
        subject_id = (await get_customer(uow, mine)).subjects[0].subject_id
        await add_contact(uow, customer_id=mine, kind="email", value="old@example.com")
        await tag_customer(uow, customer_id=mine, name="VIP", may_make=True)
        asleep = await add_tag(uow, name="怕生")
        await archive_tag(uow, tag_id=asleep)
        await set_own_values(uow, entity_type="customer", entity_id=mine, typed={"x_channel": "网络"})
        await set_own_values(uow, entity_type="customer", entity_id=mine, typed={"x_deposit": "5"}, source="import")
    line = "王小美,13812346871,豆豆,犬,OLD@example.com；new@example.com,,黄河路1号,vip、怕生、新,朋友,1200,2030-05-01,A"
    batch = await check(clinic, list_of(line))
    assert (batch.counts.update, batch.counts.new_tags) == (1, ("怕生", "新"))
    done = await run(clinic, batch)
    async with clinic.unit() as uow:
        values = await values_of(uow, mine, subject_id)
        assert (values["x_channel"], values["x_deposit"], values["x_blood"]) == ("网络", 1200, "A")
        assert len(await list_contacts(uow, mine)) == 3
        assert len((await get_tags_of(uow, [mine]))[mine]) == 3
    again = await check(clinic, list_of(line))
    assert (again.counts.update, again.counts.duplicate) == (0, 1)
    undone = await undo(clinic, done)
    assert (undone.counts.undone, undone.counts.kept) == (1, 0)
    async with clinic.unit() as uow:
        assert await values_of(uow, mine, subject_id) == {"x_channel": "网络", "x_deposit": 5}
        assert [one.value for one in await list_contacts(uow, mine)] == ["old@example.com"]
        assert [tag.name for tag in (await get_tags_of(uow, [mine]))[mine]] == ["VIP"]
        assert "新" not in {tag.name for tag in await list_tags(uow, archived=True)}


async def test_a_value_that_staff_changed_since_stays_and_is_told(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        mine = await add_customer(uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",)))
    done = await run(clinic, await check(clinic, list_of("王小美,13812346871,,,,,,,朋友,7,,")))
    async with clinic.unit() as uow:
        await set_own_values(uow, entity_type="customer", entity_id=mine, typed={"x_deposit": "9"})
    await undo(clinic, done)
    async with clinic.unit() as uow:
        assert await values_of(uow, mine) == {"x_deposit": 9}
        kept = await list_rows(uow, done.batch_id, states=["kept"])
        assert [(row.row_no, row.kept_reason) for row in kept] == [(2, "changed-since")]


async def test_new_customers_who_got_something_from_staff_stay(clinic: TestTenant) -> None:
    lines = [f"客户{n},1381234{n:04d},,,,,,老客户,,{n},," for n in range(1, 5)]
    done = await run(clinic, await check(clinic, list_of(*lines)))
    async with clinic.unit() as uow:
        people = [await only(uow, f"1381234{n:04d}") for n in range(1, 5)]
        await add_contact(uow, customer_id=people[0], kind="email", value="a@example.com")
        await tag_customer(uow, customer_id=people[1], name="VIP", may_make=True)
        await set_own_values(uow, entity_type="customer", entity_id=people[2], typed={"x_deposit": "9"})
    await undo(clinic, done)
    async with clinic.unit() as uow:
        kept = await list_rows(uow, done.batch_id, states=["kept"])
        assert [row.row_no for row in kept] == [2, 3, 4]
        tags = await get_tags_of(uow, people)
        assert {one for one in people if "老客户" in {tag.name for tag in tags.get(one, ())}} == set(people[:3])


async def test_skip_adds_nothing_to_people_who_are_there(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        mine = await add_customer(uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",)))
    content = list_of("王小美,13812346871,豆豆,犬,a@example.com,,,老客户,,5,,B")
    await run(clinic, await check(clinic, content, existing="skip"))
    async with clinic.unit() as uow:
        record = await get_customer(uow, mine)
        assert await list_contacts(uow, mine) == []
        assert await values_of(uow, mine, record.subjects[0].subject_id) == {"x_blood": "B"}


async def test_a_chunk_asks_the_database_as_often_for_fifty_rows_as_for_five(clinic: TestTenant) -> None:
    async def statements(rows: int, tens: int) -> int:
        lines = [
            f"客户{n},139{tens}{n:06d},宠{n},犬,a{n}@example.com,,路{n}号,标签{n % 7},网络,{n},2030-01-01,A"
            for n in range(rows)
        ]
        batch = await check(clinic, list_of(*lines))
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        engine = clinic.workplace.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", count)
        try:
            await run(clinic, batch)
        finally:
            event.remove(engine, "before_cursor_execute", count)
        return counted

    await statements(3, 10)
    assert await statements(5, 11) >= await statements(50, 12) - 2
