"""Rows and bodies of webhooks for the attack tests."""

from typing import Final
from uuid import UUID

from core.webhooks.actions import EndpointDraft, add_endpoint, send_test
from tests.webapp import SECRET_KEY
from tests.workplaces import TestTenant

URL: Final = "https://hooks.example.com/anxin"


async def make_endpoint(tenant: TestTenant) -> UUID:
    """An address that hears everything."""
    async with tenant.unit("tenant_admin") as uow:
        return (await add_endpoint(uow, draft=EndpointDraft("数据仓库", URL), master=SECRET_KEY)).endpoint_id


async def make_delivery(tenant: TestTenant) -> UUID:
    """A test on its way to it."""
    endpoint_id = await make_endpoint(tenant)
    async with tenant.unit("tenant_admin") as uow:
        return await send_test(uow, endpoint_id=endpoint_id)


WEBHOOK_FACTORIES: Final = {"endpoint_id": make_endpoint, "delivery_id": make_delivery}
WEBHOOK_BODIES: Final[dict[str, dict[str, object]]] = {
    "POST /t/{slug:str}/webhooks": {"name": "收银系统", "url": URL},
    "POST /t/{slug:str}/webhooks/{endpoint_id:uuid}": {"name": "收银系统", "url": URL},
}
