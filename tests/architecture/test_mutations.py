"""What holds tenants and sessions apart is really what holds them: taken out, the tests that stand on it turn red."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from core.db import Database, TenantSession, bind_tenant
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web import security
from workers.embedded.postgres import Dsns


async def test_without_the_hook_a_session_sees_no_row_and_writes_none(postgres: Dsns, tenant_a: TestTenant) -> None:
    database = Database(postgres.app, pool_size=1)
    tenant_id: UUID = tenant_a.id
    event.remove(TenantSession, "after_begin", bind_tenant)
    try:
        async with database.session(tenant_id) as session:
            assert (await session.execute(text("SELECT count(*) FROM branch"))).scalar_one() == 0
            with pytest.raises(DBAPIError, match="row-level security"):
                await session.execute(
                    text("INSERT INTO counter (tenant_id, name, value) VALUES (:t, 'x', 1)"), {"t": tenant_id}
                )
    finally:
        event.listen(TenantSession, "after_begin", bind_tenant)
        await database.dispose()


async def test_without_the_csrf_check_a_foreign_form_would_go_through(
    client: Callable[..., Awaitable[Browser]], tenant_a: TestTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await client()
    path = f"/t/{tenant_a.slug}/plugins/petclinic/on"
    assert (await admin.post(path, data={"_csrf": "forged"})).status_code == 403
    monkeypatch.setattr(security, "is_csrf_token", lambda *_: True)
    assert (await admin.post(path, data={"_csrf": "forged"})).status_code == 303
