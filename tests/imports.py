"""Takes lists in as people do: uploaded, checked, run piece by piece, and taken back."""

from uuid import UUID

from core.customers.queries import find_customers
from core.imports.actions import map_columns, start_import, upload_file
from core.imports.queries import BatchRecord, get_batch
from core.imports.running import run_chunk
from core.imports.undoing import start_undo, undo_chunk
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

HEAD = "会员号,姓名,手机,宠物名,种类,品种,性别,宠物生日,绝育,最近就诊,累计消费,备注"


async def as_clinic(tenant: TestTenant) -> TestTenant:
    """The tenant with the pet clinic on."""
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    return tenant


async def check(tenant: TestTenant, content: bytes, name: str = "list.csv", **choices: object) -> BatchRecord:
    async with tenant.unit() as uow:
        batch_id = await upload_file(uow, filename=name, content=content)
        mapping = (await get_batch(uow, batch_id)).plan.mapping
        await map_columns(uow, batch_id=batch_id, mapping=mapping, **choices)  # type: ignore[arg-type] # the test's own
        return await get_batch(uow, batch_id)


async def run(tenant: TestTenant, batch: BatchRecord) -> BatchRecord:
    async with tenant.unit() as uow:
        await start_import(uow, batch_id=batch.batch_id)
    more = True
    while more:
        async with tenant.unit() as uow:
            more = await run_chunk(uow, batch_id=batch.batch_id)
    async with tenant.unit() as uow:
        return await get_batch(uow, batch.batch_id)


async def undo(tenant: TestTenant, batch: BatchRecord) -> BatchRecord:
    async with tenant.unit() as uow:
        await start_undo(uow, batch_id=batch.batch_id)
    more = True
    while more:
        async with tenant.unit() as uow:
            more = await undo_chunk(uow, batch_id=batch.batch_id)
    async with tenant.unit() as uow:
        return await get_batch(uow, batch.batch_id)


def csv_of(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode("gb18030")


async def only(uow: UnitOfWork, typed: str) -> UUID:
    found = await find_customers(uow, typed)
    assert len(found) == 1, found
    return found[0].customer_id
