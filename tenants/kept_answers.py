"""Answers of the API kept by the key they were asked with: for a day, sending the same again does nothing and is answered the same."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from core.db import table_of
from core.errors import Conflict, InvalidInput
from core.uow import UnitOfWork
from tenants.models import KeptAnswer

_K = table_of(KeptAnswer)
KEPT: Final = timedelta(hours=24)
RETRY_AFTER: Final = 1


class AnswerComing(Conflict):
    """The same request is being worked on right now; its answer is there in a moment."""

    code = "idempotency-in-progress"


class OtherRequest(InvalidInput):
    """The key was sent in the last 24 hours with another body or for something else."""

    code = "idempotency-key-of-another-request"


class Asked(msgspec.Struct, frozen=True):
    """One request: whose key, which operation, and what exactly was sent."""

    key_id: UUID
    once_key: str
    route: str
    body_hash: str


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was given."""

    status: int
    headers: dict[str, str]
    body: bytes


async def find_kept(uow: UnitOfWork, asked: Asked) -> Kept | None:
    """Hold the key until the unit ends, and return the answer that it was given before, or None when it is new.

    Raises:
        AnswerComing: another request holds the key.
        OtherRequest: the key stands for something else.
    """
    name = f"once:{uow.tenant_id}:{asked.key_id}:{asked.route}:{asked.once_key}"
    if not await uow.session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0)))):
        raise AnswerComing(retry_after=RETRY_AFTER)
    columns = (_K.c.body_hash, _K.c.status, _K.c.headers, _K.c.body)
    fresh = _K.c.made_at > uow.now - KEPT
    row: Any = (await uow.session.execute(select(*columns).where(*_place(uow, asked), fresh))).first()
    if row is None:
        return None
    if row.body_hash != asked.body_hash:
        raise OtherRequest
    return Kept(row.status, row.headers, row.body)


async def keep_answer(uow: UnitOfWork, asked: Asked, kept: Kept) -> None:
    """Keep the answer with what was done; one whose day is over makes room."""
    fresh = {
        "body_hash": asked.body_hash,
        "status": kept.status,
        "headers": kept.headers,
        "body": kept.body,
        "made_at": uow.now,
    }
    place = {"tenant_id": uow.tenant_id, "key_id": asked.key_id, "once_key": asked.once_key, "route": asked.route}
    await uow.session.execute(
        insert(_K).values(**place, **fresh).on_conflict_do_update(index_elements=list(place), set_=fresh)
    )


async def purge_answers(uow: UnitOfWork) -> int:
    """Throw away what is older than a day; return how many answers."""
    gone = await uow.session.execute(
        delete(_K).where(_K.c.tenant_id == uow.tenant_id, _K.c.made_at <= uow.now - KEPT).returning(_K.c.once_key)
    )
    return len(gone.all())


def _place(uow: UnitOfWork, asked: Asked) -> tuple[Any, ...]:
    return (
        _K.c.tenant_id == uow.tenant_id,
        _K.c.key_id == asked.key_id,
        _K.c.once_key == asked.once_key,
        _K.c.route == asked.route,
    )
