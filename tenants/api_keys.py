"""Keys of a chain's own programmes: shown once, kept as a hash, good for what they were made for, until they end."""

import re
import secrets
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.tenancy.models import Tenant
from core.uow import Reader, UnitOfWork
from tenants.models import ApiKey
from tenants.sessions import hash_token
from tenants.work import CODE_PREFIX_LENGTH

_KEY = table_of(ApiKey)

SCOPES: Final = {
    "forms.read": "Read the forms and their schemas",
    "forms.submit": "Send filled-in forms",
    "submissions.read": "Read what was filled in",
    "customers.read": "Read customers, their pets, contacts and history",
    "customers.write": "Find customers by phone, write down new ones, their pets, contacts and consents",
    "complaints.read": "Read complaints and their promises",
    "complaints.write": "File complaints, hand over e-mails and add what customers say",
    "remedies.propose": "Propose remedies, which people decide",
    "visits.read": "Read visits",
    "visits.write": "Begin and end visits",
    "surveys.read": "Read surveys and their answers",
    "exports.read": "Read which files were exported",
    "segments.read": "Read segments and who is in them",
    "setup.read": "Read branches and prices",
    "loyalty.read": "Read accounts, movements, coupons and the rules",
    "loyalty.write": "Record purchases and refunds, move points, issue and redeem coupons, set tiers",
}
"""Code -> what a key with it may do, in English; the catalogue translates it."""
MARK: Final = "anx_"
"""What every key begins with, so that scanners of code find a forgotten one."""
_SECRET_BYTES: Final = 24
_SHAPE: Final = re.compile(rf"{MARK}[a-z0-9]{{{CODE_PREFIX_LENGTH}}}[A-Za-z0-9_-]{{32}}", re.ASCII)
_SHOWN: Final = len(MARK) + CODE_PREFIX_LENGTH + 4
MAX_NAME: Final = 80
MAX_KEYS: Final = 100


class KeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One key as its page shows it; `prefix` is the head that people know it by."""

    key_id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by_name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_on: date | None
    revoked_at: datetime | None

    def ends(self, now: datetime) -> bool:
        """Tell whether it no longer opens anything."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)


class NewKey(msgspec.Struct, frozen=True):
    """`token` is shown once and cannot be had again."""

    key_id: UUID
    token: str


_FACTS = tuple(_KEY.c[name] for name in KeyFacts.__struct_fields__)


async def create_key(
    uow: UnitOfWork, *, name: str, scopes: Collection[str], expires_at: datetime | None = None
) -> NewKey:
    """Make a key; its token is in the answer and nowhere else.

    Raises:
        InvalidInput: without a name or a scope, with a scope that there is not, over before it begins, or one too many.
    """
    problems = []
    if not name.strip():
        problems.append(FieldProblem("name", "required"))
    elif len(name.strip()) > MAX_NAME:
        problems.append(FieldProblem("name", "too-long", {"max": MAX_NAME}))
    if not scopes:
        problems.append(FieldProblem("scopes", "required"))
    elif not set(scopes) <= set(SCOPES):
        problems.append(FieldProblem("scopes", "option"))
    if expires_at is not None and expires_at <= uow.now:
        problems.append(FieldProblem("expires_on", "in-the-past"))
    if not problems and sum(not one.ends(uow.now) for one in await list_keys(uow)) >= MAX_KEYS:
        problems.append(FieldProblem("name", "too-many", {"max": MAX_KEYS}))
    if problems:
        raise InvalidInput(tuple(problems))
    head = await uow.session.scalar(select(Tenant.code_prefix))
    token = f"{MARK}{head}{secrets.token_urlsafe(_SECRET_BYTES)}"
    key_id = new_id()
    ordered = [scope for scope in SCOPES if scope in scopes]
    await uow.session.execute(
        insert(_KEY).values(
            tenant_id=uow.tenant_id,
            key_id=key_id,
            name=name.strip(),
            prefix=token[:_SHOWN],
            key_hash=hash_token(token),
            scopes=ordered,
            created_by=uow.actor.id if uow.actor.kind == "staff" else None,
            created_by_name=uow.actor.name,
            created_at=uow.now,
            expires_at=expires_at,
            last_used_on=None,
            revoked_at=None,
        )
    )
    uow.audit("api-key.create", "api_key", key_id, {"name": name.strip(), "scopes": ordered})
    return NewKey(key_id, token)


async def revoke_key(uow: UnitOfWork, *, key_id: UUID) -> None:
    """End a key at once; twice is once. Raise NotFound when there is none."""
    mine = (_KEY.c.tenant_id == uow.tenant_id, _KEY.c.key_id == key_id)
    found = (await uow.session.execute(select(_KEY.c.revoked_at).where(*mine))).first()
    if found is None:
        raise NotFound("no such key")
    if found.revoked_at is None:
        await uow.session.execute(update(_KEY).where(*mine).values(revoked_at=uow.now))
        uow.audit("api-key.revoke", "api_key", key_id)


async def touch_key(uow: UnitOfWork, *, key_id: UUID) -> None:
    """Note that a key is in use; by the day, so that reading stays reading."""
    mine = (_KEY.c.tenant_id == uow.tenant_id, _KEY.c.key_id == key_id)
    await uow.session.execute(update(_KEY).where(*mine).values(last_used_on=uow.now.date()))


async def list_keys(reader: Reader) -> list[KeyFacts]:
    """Return every key, those that work first, the newest first."""
    rows = await reader.session.execute(
        select(*_FACTS).where(_KEY.c.tenant_id == reader.tenant_id).order_by(_KEY.c.key_id.desc())
    )
    return sorted(map(_facts, rows), key=lambda one: one.ends(reader.now))


def head_of(token: str) -> str | None:
    """Return what names the tenant in a key, or None when this is no key at all."""
    return token[len(MARK) : len(MARK) + CODE_PREFIX_LENGTH] if _SHAPE.fullmatch(token) else None


async def find_key(session: AsyncSession, *, token: str, now: datetime) -> KeyFacts | None:
    """Return the key of the session's tenant, or None when it is unknown, was revoked or is over."""
    row = (
        await session.execute(
            select(*_FACTS).where(_KEY.c.tenant_id == session.info["tenant_id"], _KEY.c.key_hash == hash_token(token))
        )
    ).first()
    found = None if row is None else _facts(row)
    return None if found is None or found.ends(now) else found


def _facts(row: Any) -> KeyFacts:
    return msgspec.convert(dict(row._mapping), KeyFacts)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
