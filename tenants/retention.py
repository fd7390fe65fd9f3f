"""Deletes what people left behind by signing in, once nobody needs it."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select

from core.db import table_of
from core.uow import UnitOfWork
from tenants.models import SignInAttempt, StaffSession
from tenants.sessions import IDLE

# Longer than any window that counts failures, so that nobody's slowing down ends early.
ATTEMPTS_KEPT: Final = timedelta(days=1)

_SESSION = table_of(StaffSession)
_ATTEMPT = table_of(SignInAttempt)


async def purge_sign_ins(uow: UnitOfWork) -> int:
    """Delete ended sessions and old counts of failed sign-ins; return how many rows went."""
    ended = (
        delete(_SESSION)
        .where(
            _SESSION.c.tenant_id == uow.tenant_id,
            (_SESSION.c.expires_at <= uow.now) | (_SESSION.c.seen_at <= uow.now - IDLE),
        )
        .returning(_SESSION.c.tenant_id)
        .cte("ended")
    )
    old = (
        delete(_ATTEMPT)
        .where(_ATTEMPT.c.tenant_id == uow.tenant_id, _ATTEMPT.c.window_started_at <= uow.now - ATTEMPTS_KEPT)
        .returning(_ATTEMPT.c.tenant_id)
        .cte("old")
    )
    counts = (select(func.count()).select_from(cte).scalar_subquery() for cte in (ended, old))
    row = (await uow.session.execute(select(*counts))).one()
    return int(row[0]) + int(row[1])
