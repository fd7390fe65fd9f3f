"""An address of a demo chain that is paused, and holds what happens meanwhile."""

from typing import Final
from uuid import UUID

from core.scope import Actor
from core.webhooks.actions import EndpointDraft, add_endpoint, pause_endpoint
from core.webhooks.queries import list_endpoints
from tenants.work import Workplace

# example.com is nobody's, and nothing is ever sent: the address is paused from its first moment.
URL: Final = "https://hooks.example.com/anxin"
KINDS: Final = ("complaint.filed", "complaint.promise_breached", "complaint.closed")


async def seed_webhooks(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Add the address; a second time, or without the process's own secret, does nothing."""
    master = workplace.outward.secret_key
    if not master:
        return
    async with workplace.unit(tenant_id, actor=director) as uow:
        if await list_endpoints(uow):
            return
        made = await add_endpoint(uow, draft=EndpointDraft("数据仓库", URL, KINDS), master=master)
        await pause_endpoint(uow, endpoint_id=made.endpoint_id)
