"""Two tenants as attackers find them: both with the pet clinic on, staff of every role, and a row of B for every id."""

from dataclasses import dataclass

import pytest
from litestar import Litestar

from tenants.plugin_settings import enable_plugin
from tests.web.factories import FACTORIES
from tests.web.walk import walk
from tests.workplaces import TestTenant


@dataclass(frozen=True)
class World:
    """A is the attacker's tenant, B the victim's; `rows` has an id of B for every path parameter."""

    a: TestTenant
    b: TestTenant
    rows: dict[str, object]


@pytest.fixture
async def world(app: Litestar, tenant_a: TestTenant, tenant_b: TestTenant) -> World:
    for tenant in (tenant_a, tenant_b):
        async with tenant.unit() as uow:
            await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    wanted = {name for case in walk(app) for name in case.ids}
    rows = {name: await FACTORIES[name](tenant_b) for name in sorted(wanted)}
    return World(tenant_a, tenant_b, rows)
