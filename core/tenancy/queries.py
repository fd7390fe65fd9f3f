"""Finds the tenant behind an address, and what is known of it."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import table_of
from core.tenancy.models import Branch, Tenant, TenantAddress
from core.uow import Reader


class TenantFacts(msgspec.Struct, frozen=True):
    """What every request and job knows of its tenant."""

    tenant_id: UUID
    slug: str
    code_prefix: str
    name: str
    locale: str
    timezone: str
    state: str
    plugin_epoch: int
    has_webhooks: bool = False


class BranchFacts(msgspec.Struct, frozen=True):
    """One branch as pages show it."""

    branch_id: UUID
    name: str
    address: str
    emergency_phone: str


async def find_tenant_id(platform: AsyncSession, *, kind: str, address: str) -> UUID | None:
    """Return the tenant behind a slug, a host name or the head of a public code, or None."""
    found = await platform.scalar(
        select(TenantAddress.tenant_id).where(TenantAddress.address == address, TenantAddress.kind == kind)
    )
    return found if isinstance(found, UUID) else None


async def list_tenant_ids(platform: AsyncSession) -> list[UUID]:
    """Return every tenant that has an address, for work that visits them one by one."""
    return list(await platform.scalars(select(TenantAddress.tenant_id).distinct()))


_TENANT = table_of(Tenant)
# Made once: every request and every job begins with it.
_FIND = select(*(_TENANT.c[name] for name in TenantFacts.__struct_fields__)).where(
    _TENANT.c.tenant_id == bindparam("bound", type_=_TENANT.c.tenant_id.type)
)


async def find_tenant(session: AsyncSession) -> TenantFacts | None:
    """Return the tenant that the session is bound to."""
    row: Any = (await session.execute(_FIND, {"bound": session.info["tenant_id"]})).first()
    return TenantFacts(*row) if row is not None else None


async def list_branches(reader: Reader) -> list[BranchFacts]:
    """Return all branches by name."""
    columns = (Branch.branch_id, Branch.name, Branch.address, Branch.emergency_phone)
    rows = await reader.session.execute(select(*columns).order_by(Branch.name))
    return [BranchFacts(*row) for row in rows]
