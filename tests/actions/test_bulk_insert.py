"""Many rows in one statement: every kind of column arrives as it was, and row security judges each row."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from core.bulk_insert import insert_many
from core.customers.actions import add_customer
from core.customers.models import CustomerEvent, CustomValue
from core.customers.rules.profile import CustomerDraft
from core.db import new_id, table_of
from core.uow import UnitOfWork
from tests.workplaces import TestTenant

_V, _E = table_of(CustomValue), table_of(CustomerEvent)


async def test_texts_numbers_days_and_empty_values_arrive(uow: UnitOfWork) -> None:
    one = new_id()
    key = {"tenant_id": uow.tenant_id, "entity_type": "subject", "entity_id": one}
    empty = {"v_text": None, "v_int": None, "v_date": None}
    rows = [
        key | empty | {"field_key": "a", "v_text": "阿莫西林 'x' {y}"},
        key | empty | {"field_key": "b", "v_int": -(2**40)},
        key | empty | {"field_key": "c", "v_date": date(2020, 2, 29)},
    ]
    await insert_many(uow.session, _V, rows)
    await insert_many(uow.session, _V, [])
    found = await uow.session.execute(select(_V).where(_V.c.entity_id == one).order_by(_V.c.field_key))
    assert [(row.v_text, row.v_int, row.v_date) for row in found] == [
        ("阿莫西林 'x' {y}", None, None),
        (None, -(2**40), None),
        (None, None, date(2020, 2, 29)),
    ]


@pytest.mark.parametrize("strange", ["a\x1fb", "\x1e", "", "\x1f"])
async def test_a_text_with_the_signs_between_two_texts_arrives_whole(uow: UnitOfWork, strange: str) -> None:
    one = new_id()
    key = {"tenant_id": uow.tenant_id, "entity_type": "subject", "entity_id": one}
    rows = [key | {"field_key": name, "v_text": text, "v_int": None} for name, text in (("a", strange), ("b", "x"))]
    rows += [key | {"field_key": "c", "v_text": None, "v_int": 1}]
    await insert_many(uow.session, _V, rows)
    found = await uow.session.execute(select(_V.c.v_text).where(_V.c.entity_id == one).order_by(_V.c.field_key))
    assert [row.v_text for row in found] == [strange, "x", None]


async def test_json_arrives_as_json(uow: UnitOfWork) -> None:
    customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王"))
    row = {
        "tenant_id": uow.tenant_id,
        "event_id": new_id(),
        "customer_id": customer_id,
        "kind": "x",
        "at": uow.now,
        "recorded_at": uow.now,
        "data": {"a": ["b", None, 1]},
        "actor_kind": "system",
        "actor_name": "",
    }
    await insert_many(uow.session, _E, [row])
    assert await uow.session.scalar(select(_E.c.data).where(_E.c.event_id == row["event_id"])) == {"a": ["b", None, 1]}


async def test_a_row_of_another_tenant_is_refused(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    row = {"tenant_id": tenant_b.id, "entity_type": "subject", "entity_id": uuid4(), "field_key": "a", "v_text": "x"}
    async with tenant_a.workplace.database.session(tenant_a.id) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await insert_many(session, _V, [row])
