"""A list that was checked and waits to be taken in, and a file of customers, so that both areas show what they do."""

from uuid import UUID

from core.exports.actions import start_export
from core.exports.queries import list_exports
from core.exports.rules import ExportPlan
from core.imports.actions import map_columns, upload_file
from core.imports.queries import get_batch, list_batches
from core.scope import Actor
from tenants.work import Workplace

_LIST = """会员号,姓名,手机,宠物名,品种,性别,宠物生日,累计消费,备注
HY1001,蒋婷婷,138 0001 0101,米粒(泰迪)、年糕,,母,2020/4/28,1999.99,
HY1002,仇思远,13800010102,泡芙,博美,♀,2018年3月16日,980元,怕生
HY1003,贺俊杰,1.38E+10,糖糖,中华田园犬,公,2024.12.30,1500,
HY1004,王建国,13800010001,豆豆,柯基,公,昨天,1.2万,
合计,,,,,,,4479.99,
"""


async def seed_lists(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Make what is missing; running it again changes nothing."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        if not await list_batches(uow, limit=1):
            batch_id = await upload_file(uow, filename="老系统会员.csv", content=_LIST.encode("gb18030"))
            await map_columns(uow, batch_id=batch_id, mapping=(await get_batch(uow, batch_id)).plan.mapping)
        if not await list_exports(uow, limit=1):
            columns = ("member_no", "name", "phone", "tier", "pet_name", "breed")
            await start_export(uow, plan=ExportPlan(columns=columns), kind="xlsx")
