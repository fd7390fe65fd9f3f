"""Signed-in browsers: opaque tokens of which only the hash is kept, with an idle and an absolute limit."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, and_, any_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import table_of
from core.tenancy.models import Tenant
from core.tenancy.queries import TenantFacts
from core.uow import Reader, UnitOfWork
from tenants.models import Staff, StaffRole, StaffSession

IDLE = timedelta(hours=3)
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=5)
"""`seen_at` is written at most this often, so that reading pages stay read-only transactions."""

_USER_AGENT_LENGTH = 200
_TENANT, _SESSION, _STAFF, _ROLE = (table_of(row) for row in (Tenant, StaffSession, Staff, StaffRole))


class SignedIn(msgspec.Struct, frozen=True):
    """Who a session belongs to, as of this request: roles are read again every time."""

    token_hash: str
    staff_id: UUID
    full_name: str
    login: str
    locale: str | None
    branch_id: UUID | None
    roles: frozenset[str]
    seen_at: datetime
    expires_at: datetime


class OpenSession(msgspec.Struct, frozen=True):
    """One line of "where you are signed in"."""

    token_hash: str
    created_at: datetime
    seen_at: datetime
    user_agent: str


def new_token() -> str:
    """Return 32 random bytes as text for a cookie."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is kept of a token; 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _visitor_query() -> Select[Any]:
    of_tenant = and_(
        _SESSION.c.tenant_id == _TENANT.c.tenant_id,
        _SESSION.c.token_hash == bindparam("hash"),
        _SESSION.c.expires_at > bindparam("now"),
        _SESSION.c.seen_at > bindparam("idle_since"),
    )
    of_session = and_(
        _STAFF.c.tenant_id == _SESSION.c.tenant_id,
        _STAFF.c.staff_id == _SESSION.c.staff_id,
        _STAFF.c.state == "active",
    )
    roles = (
        select(func.array_agg(_ROLE.c.role))
        .where(_ROLE.c.tenant_id == _STAFF.c.tenant_id, _ROLE.c.staff_id == _STAFF.c.staff_id)
        .scalar_subquery()
    )
    staff = (_STAFF.c[name] for name in ("staff_id", "full_name", "login", "locale", "branch_id"))
    return (
        select(
            *(_TENANT.c[name] for name in TenantFacts.__struct_fields__),
            *staff,
            roles,
            _SESSION.c.seen_at,
            _SESSION.c.expires_at,
        )
        .select_from(_TENANT.outerjoin(_SESSION, of_tenant).outerjoin(_STAFF, of_session))
        .where(_TENANT.c.tenant_id == bindparam("bound", type_=_TENANT.c.tenant_id.type))
    )


# Made once: every request of somebody signed in begins with it, and it is the only one it begins with.
_VISITOR = _visitor_query()
_FACTS = len(TenantFacts.__struct_fields__)


async def find_visitor(
    session: AsyncSession, *, token: str, now: datetime
) -> tuple[TenantFacts | None, SignedIn | None]:
    """Return the session's tenant, and who holds the token there; nobody when it is unknown, too old or was ended."""
    token_hash = hash_token(token)
    values = {"bound": session.info["tenant_id"], "hash": token_hash, "now": now, "idle_since": now - IDLE}
    row: Any = (await session.execute(_VISITOR, values)).first()
    if row is None:
        return None, None
    tenant, (staff_id, full_name, login, locale, branch_id, roles, seen_at, expires_at) = (
        TenantFacts(*row[:_FACTS]),
        row[_FACTS:],
    )
    if staff_id is None:
        return tenant, None
    return tenant, SignedIn(
        token_hash=token_hash,
        staff_id=staff_id,
        full_name=full_name,
        login=login,
        locale=locale,
        branch_id=branch_id,
        roles=frozenset(roles or ()),
        seen_at=seen_at,
        expires_at=expires_at,
    )


async def start_session(uow: UnitOfWork, *, staff_id: UUID, user_agent: str, replacing: str = "") -> str:
    """Sign a browser in under a fresh token and return it; the session it may have had before is ended."""
    if replacing:
        await end_session(uow, token=replacing)
    await uow.session.execute(
        delete(StaffSession).where(
            StaffSession.staff_id == staff_id,
            (StaffSession.expires_at <= uow.now) | (StaffSession.seen_at <= uow.now - IDLE),
        )
    )
    token = new_token()
    await uow.session.execute(
        insert(StaffSession).values(
            tenant_id=uow.tenant_id,
            token_hash=hash_token(token),
            staff_id=staff_id,
            created_at=uow.now,
            seen_at=uow.now,
            expires_at=uow.now + ABSOLUTE,
            user_agent=user_agent.replace("\x00", "")[:_USER_AGENT_LENGTH],
        )
    )
    return token


async def end_session(uow: UnitOfWork, *, token: str) -> None:
    """Sign one browser out; an unknown token is no mistake."""
    await uow.session.execute(delete(StaffSession).where(StaffSession.token_hash == hash_token(token)))


async def end_sessions(uow: UnitOfWork, *, staff_id: UUID, except_hash: str = "") -> None:
    """Sign somebody out everywhere, or everywhere but here."""
    await uow.session.execute(
        delete(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.token_hash != except_hash)
    )


async def touch_session(uow: UnitOfWork, *, token_hash: str) -> None:
    """Note that the session was used just now."""
    await uow.session.execute(update(StaffSession).where(StaffSession.token_hash == token_hash).values(seen_at=uow.now))


async def list_sessions(reader: Reader, *, staff_id: UUID) -> list[OpenSession]:
    """Return where somebody is signed in, the last used first."""
    columns = (StaffSession.token_hash, StaffSession.created_at, StaffSession.seen_at, StaffSession.user_agent)
    rows: Any = await reader.session.execute(
        select(*columns)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.expires_at > reader.now,
            StaffSession.seen_at > reader.now - IDLE,
        )
        .order_by(StaffSession.seen_at.desc())
    )
    return [OpenSession(*row) for row in rows]


async def find_live_roles(
    session: AsyncSession, *, token_hashes: Collection[str], now: datetime
) -> dict[str, frozenset[str]]:
    """Return the roles behind each session that still holds; one query for all live pages of a tenant."""
    of_staff = (Staff.tenant_id == StaffSession.tenant_id) & (Staff.staff_id == StaffSession.staff_id)
    of_role = (StaffRole.tenant_id == Staff.tenant_id) & (StaffRole.staff_id == Staff.staff_id)
    rows: Any = await session.execute(
        select(StaffSession.token_hash, func.array_agg(StaffRole.role).filter(StaffRole.role.is_not(None)))
        .select_from(StaffSession)
        .join(Staff, of_staff)
        .outerjoin(StaffRole, of_role)
        .where(
            StaffSession.token_hash == any_(bindparam("hashes", list(token_hashes), ARRAY(Text))),
            StaffSession.expires_at > now,
            StaffSession.seen_at > now - IDLE,
            Staff.state == "active",
        )
        .group_by(StaffSession.token_hash)
    )
    return {token_hash: frozenset(roles or ()) for token_hash, roles in rows}
