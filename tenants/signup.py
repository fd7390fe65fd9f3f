"""Opens a tenant for a new chain: its addresses, its first branch and its first administrator, in one transaction."""

import re
import secrets
from uuid import UUID

import msgspec

from core.db import new_id
from core.errors import Conflict, FieldProblem, InvalidInput
from core.outbox.actions import start_crons
from core.scope import SYSTEM
from core.tenancy.actions import CODE_ALPHABET, add_branch, create_tenant
from core.uow import unit_of_work
from tenants.passwords import Passwords
from tenants.staff import add_person
from tenants.work import CODE_PREFIX_LENGTH, Workplace

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
RESERVED_SLUGS = frozenset(
    {"admin", "anxin", "api", "app", "docs", "health", "help", "login", "ops", "static", "status", "support", "www"}
)


class AddressTaken(Conflict):
    """Another chain has this address already."""

    code = "address-taken"


class SignedUp(msgspec.Struct, frozen=True):
    """What a new tenant is known by."""

    tenant_id: UUID
    slug: str
    code_prefix: str
    branch_id: UUID
    staff_id: UUID


async def sign_up(
    workplace: Workplace,
    passwords: Passwords,
    *,
    slug: str,
    name: str,
    branch_name: str,
    admin_name: str,
    login: str,
    password: str,
    branch_address: str = "",
    emergency_phone: str = "",
    roles: tuple[str, ...] = ("tenant_admin",),
    locale: str = "zh_CN",
    timezone: str = "Asia/Shanghai",
) -> SignedUp:
    """Create the tenant and return its ids.

    Raises:
        InvalidInput: the slug is not 3 to 40 small letters, digits and hyphens, or is reserved; the name is empty.
        AddressTaken: another chain has the slug.
    """
    if not _SLUG.fullmatch(slug) or slug in RESERVED_SLUGS:
        raise InvalidInput((FieldProblem("slug", "slug-form"),))
    if not name.strip():
        raise InvalidInput((FieldProblem("name", "required"),))
    if await workplace.find_tenant_id("slug", slug) is not None:
        raise AddressTaken(slug=slug)
    tenant_id = new_id()
    code_prefix = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_PREFIX_LENGTH))
    async with workplace.database.session(tenant_id) as session:
        await create_tenant(
            session,
            tenant_id=tenant_id,
            slug=slug,
            code_prefix=code_prefix,
            name=name.strip(),
            locale=locale,
            timezone=timezone,
            clock=workplace.clock,
        )
        await start_crons(session, tenant_id=tenant_id, now=workplace.clock())
        scope, plugins = await workplace.enter(session, SYSTEM)
        opened = unit_of_work(session, scope=scope, plugins=plugins, now=workplace.clock(), bus=workplace.bus)
        async with opened as uow:
            branch_id = await add_branch(uow, name=branch_name, address=branch_address, emergency_phone=emergency_phone)
            staff_id = await add_person(
                uow, passwords, full_name=admin_name, login=login, password=password, roles=roles, branch_id=branch_id
            )
            uow.audit("tenant.sign_up", "tenant", tenant_id, {"slug": slug, "name": name.strip()})
    return SignedUp(tenant_id, slug, code_prefix, branch_id, staff_id)
