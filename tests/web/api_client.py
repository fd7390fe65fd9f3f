"""A programme of a chain: its key in every request, JSON both ways, no cookies."""

from collections.abc import Collection
from typing import Any

import httpx
from litestar import Litestar

from tenants.api_keys import SCOPES, create_key
from tests.webapp import BASE_URL
from tests.workplaces import TestTenant

INTAKE = "petclinic.intake"
ANSWERS: dict[str, Any] = {
    "species": "cat",
    "pet_name": "年糕",
    "weight_kg": 4.2,
    "chief_complaint": "昨晚起吐了三次",
    "onset": "2026-11-22",
    "illness": "none",
    "owner_name": "王小明",
    "owner_phone": "13800138000",
    "signature": {"name": "王小明"},
}


class Programme(httpx.AsyncClient):
    """Speaks to `/api/v1`; `headers` may take the key away or replace it."""

    async def send(self, *args: Any, **more: Any) -> httpx.Response:
        """Keep nothing between requests."""
        self.cookies.clear()
        return await super().send(*args, **more)

    async def submit(self, body: dict[str, Any], once: str = "once", **headers: str) -> httpx.Response:
        """Send one form, filled in."""
        sent = {"idempotency-key": once, **headers}
        return await self.post(f"/forms/{INTAKE}/submissions", json=body, headers=sent)


def programme(app: Litestar, token: str) -> Programme:
    """Make a programme that holds this key."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type] # Litestar's own ASGI types
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    return Programme(transport=transport, base_url=f"{BASE_URL}/api/v1", headers=headers)


async def new_token(tenant: TestTenant, scopes: Collection[str] = tuple(SCOPES), **more: Any) -> str:
    """Make a key of the tenant."""
    async with tenant.unit("tenant_admin") as uow:
        return (await create_key(uow, name="mini programme", scopes=scopes, **more)).token
