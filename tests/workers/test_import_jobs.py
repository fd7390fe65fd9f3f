"""Imports as jobs: a large file is checked by the worker, and pieces follow each other until nothing is left."""

from uuid import uuid4

from sqlalchemy import select

from core.customers.queries import find_customers
from core.db import table_of
from core.imports.actions import map_columns, start_import, upload_file
from core.imports.queries import get_batch
from core.imports.rules.plan import INLINE_ROWS
from core.imports.running import WORDS_TASK
from core.imports.undoing import start_undo
from core.outbox.models import Outbox
from tests.workplaces import TestTenant
from workers.jobs import find_tasks


async def _work_off(tenant: TestTenant, task: str, payload: dict[str, str]) -> int:
    """Run a task as the runner does, each piece in a unit of its own; return how many pieces there were."""
    handle = find_tasks()[task].handle
    pieces = 0
    again = True
    while again:
        async with tenant.workplace.unit(tenant.id) as uow:
            again = await handle(uow, payload, uuid4()) is not None
        pieces += 1
    return pieces


async def test_a_large_file_goes_in_and_out_again_piece_by_piece(tenant_a: TestTenant) -> None:
    rows = INLINE_ROWS + 10
    lines = ["姓名,手机,累计消费", *(f"客户{n},1381{n:07d},{n}" for n in range(rows))]
    async with tenant_a.unit() as uow:
        batch_id = await upload_file(uow, filename="x.csv", content="\n".join(lines).encode())
        await map_columns(uow, batch_id=batch_id, mapping=("name", "phone", "spent"))
        assert (await get_batch(uow, batch_id)).state == "checking"
    payload = {"batch_id": str(batch_id)}
    assert await _work_off(tenant_a, "imports.check", payload) == 1
    async with tenant_a.unit() as uow:
        batch = await get_batch(uow, batch_id)
        assert (batch.state, batch.counts.new, batch.rows_total) == ("checked", rows, rows)
        await start_import(uow, batch_id=batch_id)
    assert await _work_off(tenant_a, "imports.run", payload) > 5
    async with tenant_a.unit() as uow:
        assert (await get_batch(uow, batch_id)).state == "done"
        assert [row.full_name for row in await find_customers(uow, "13810000777")] == ["客户777"]
        await start_undo(uow, batch_id=batch_id)
    assert await _work_off(tenant_a, "imports.undo", payload) > 5
    async with tenant_a.unit() as uow:
        batch = await get_batch(uow, batch_id)
        assert (batch.state, batch.counts.undone, batch.counts.kept) == ("undone", rows, 0)
        assert await find_customers(uow, "客户777") == []


async def test_the_words_of_a_long_list_are_written_by_a_job_of_their_own(tenant_a: TestTenant) -> None:
    rows = INLINE_ROWS + 1
    lines = ["姓名,手机", *(f"客户{n},1381{n:07d}" for n in range(rows))]
    async with tenant_a.unit() as uow:
        batch_id = await upload_file(uow, filename="x.csv", content="\n".join(lines).encode())
        await map_columns(uow, batch_id=batch_id, mapping=("name", "phone"))
    payload = {"batch_id": str(batch_id)}
    await _work_off(tenant_a, "imports.check", payload)
    async with tenant_a.unit() as uow:
        await start_import(uow, batch_id=batch_id)
    await _work_off(tenant_a, "imports.run", payload)
    async with tenant_a.unit() as uow:
        assert await find_customers(uow, "户777") == []
        assert [row.full_name for row in await find_customers(uow, "13810000777")] == ["客户777"]
        table = table_of(Outbox)
        mine = (table.c.tenant_id == uow.tenant_id, table.c.task == WORDS_TASK)
        asked = list(await uow.session.scalars(select(table.c.payload).where(*mine)))
    assert sum(len(one["customers"]) for one in asked) == rows
    for one in asked:
        assert await _work_off(tenant_a, WORDS_TASK, one) == 1
        assert await _work_off(tenant_a, WORDS_TASK, one) == 1  # a second time changes nothing
    async with tenant_a.unit() as uow:
        assert [row.full_name for row in await find_customers(uow, "户777")] == ["客户777"]
        assert [row.full_name for row in await find_customers(uow, "kehu777")] == ["客户777"]
