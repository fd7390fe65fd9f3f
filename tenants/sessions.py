"""Signed-in browsers: opaque tokens of which only the hash is kept, with an idle and an absolute limit."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, any_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from core.uow import Reader, UnitOfWork
from tenants.models import Staff, StaffRole, StaffSession

IDLE = timedelta(hours=3)
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=5)
"""`seen_at` is written at most this often, so that reading pages stay read-only transactions."""

_USER_AGENT_LENGTH = 200


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


async def find_session(session: AsyncSession, *, token: str, now: datetime) -> SignedIn | None:
    """Return who holds the token in the session's tenant, or None when it is unknown, too old or was ended."""
    roles = (
        select(func.array_agg(StaffRole.role))
        .where(StaffRole.tenant_id == Staff.tenant_id, StaffRole.staff_id == Staff.staff_id)
        .scalar_subquery()
    )
    columns = (
        StaffSession.token_hash,
        Staff.staff_id,
        Staff.full_name,
        Staff.login,
        Staff.locale,
        Staff.branch_id,
        roles,
        StaffSession.seen_at,
        StaffSession.expires_at,
    )
    of_staff = (Staff.tenant_id == StaffSession.tenant_id) & (Staff.staff_id == StaffSession.staff_id)
    row: Any = (
        await session.execute(
            select(*columns)
            .select_from(StaffSession)
            .join(Staff, of_staff)
            .where(
                StaffSession.token_hash == hash_token(token),
                StaffSession.expires_at > now,
                StaffSession.seen_at > now - IDLE,
                Staff.state == "active",
            )
        )
    ).first()
    if row is None:
        return None
    return SignedIn(
        token_hash=row[0],
        staff_id=row[1],
        full_name=row[2],
        login=row[3],
        locale=row[4],
        branch_id=row[5],
        roles=frozenset(row[6] or ()),
        seen_at=row[7],
        expires_at=row[8],
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
