"""Imports as jobs: a large file is checked by the worker, and pieces follow each other until nothing is left."""

from uuid import uuid4

from core.customers.queries import find_customers
from core.imports.actions import map_columns, start_import, upload_file
from core.imports.queries import get_batch
from core.imports.rules.plan import INLINE_ROWS
from core.imports.undoing import start_undo
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
