"""What a hook is told about the call: tenant, settings, the reader's language, the time, the actor."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.scope import Actor

S = TypeVar("S")

Reader = Callable[[], AbstractAsyncContextManager[AsyncSession]]
"""Opens a read-only session bound to the tenant, on its own connection; never the request's session."""


class DeclareContext(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """For declare hooks: nothing but the settings, so the answer may be kept until they change."""

    plugin: str
    settings: S


class DecideContext(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """For decide hooks; `reader` is None where the caller has no database at hand (a trial, a test)."""

    plugin: str
    settings: S
    tenant_id: UUID
    locale: str
    now: datetime
    actor: Actor
    trial: bool = False
    reader: Reader | None = None


class ReactContext(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """For react hooks: `session` is a transaction opened for this plugin and this call; never commit it."""

    plugin: str
    settings: S
    tenant_id: UUID
    locale: str = "zh-CN"
    """Of whoever waits for the answer; work by the clock has the default."""
    now: datetime
    actor: Actor
    session: AsyncSession
