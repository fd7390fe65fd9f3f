"""Creates a tenant with its addresses, and its branches."""

import secrets
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.db import new_id
from core.outbox.actions import start_crons
from core.tenancy.models import Branch, Tenant, TenantAddress
from core.uow import UnitOfWork

CODE_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0, 1, i, l and o: people read codes aloud."""
CODE_SECRET_LENGTH: Final = 20


async def create_tenant(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    slug: str,
    code_prefix: str,
    name: str,
    locale: str,
    timezone: str,
    clock: Clock,
) -> None:
    """Insert the tenant that the session is already bound to, so that row security holds from its first row."""
    now = clock()
    await session.execute(
        insert(Tenant).values(
            tenant_id=tenant_id,
            slug=slug,
            code_prefix=code_prefix,
            name=name,
            locale=locale,
            timezone=timezone,
            state="active",
            plugin_epoch=1,
            created_at=now,
        )
    )
    addresses = [{"kind": "slug", "address": slug}, {"kind": "code", "address": code_prefix}]
    await session.execute(insert(TenantAddress), [entry | {"tenant_id": tenant_id} for entry in addresses])
    await start_crons(session, tenant_id=tenant_id, now=now)


async def add_branch(uow: UnitOfWork, *, name: str, address: str = "", emergency_phone: str = "") -> UUID:
    """Add a branch and return its id."""
    branch_id = new_id()
    await uow.session.execute(
        insert(Branch).values(
            tenant_id=uow.tenant_id,
            branch_id=branch_id,
            name=name,
            address=address,
            emergency_phone=emergency_phone,
            created_at=uow.now,
        )
    )
    uow.audit("branch.add", "branch", branch_id, {"name": name})
    return branch_id


async def raise_plugin_epoch(uow: UnitOfWork) -> None:
    """Let everything kept for the tenant's plugins be worked out anew from the next unit on, in every process."""
    await uow.session.execute(
        update(Tenant).where(Tenant.tenant_id == uow.tenant_id).values(plugin_epoch=Tenant.plugin_epoch + 1)
    )


async def new_public_code(uow: UnitOfWork) -> str:
    """Return an unguessable code for a public page: six characters that name the tenant, then about 99 random bits."""
    return (await new_public_codes(uow, count=1))[0]


async def new_public_codes(uow: UnitOfWork, *, count: int) -> list[str]:
    """Return so many codes with one statement."""
    prefix = await uow.session.scalar(select(Tenant.code_prefix))
    secret = ("".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_SECRET_LENGTH)) for _ in range(count))
    return [f"{prefix}{one}" for one in secret]
