"""How often each level came in the last ninety days, and telling the leaders once a month when that is not as expected."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.models import Complaint, ShareNotice
from core.complaints.ports import DutyRoster
from core.complaints.rules.shares import DAYS, MOST, Shares, compare_shares
from core.db import table_of
from core.policies.queries import get_policies
from core.uow import Reader, UnitOfWork

LEADER: Final = "team_leader"
_C, _S = table_of(Complaint), table_of(ShareNotice)


async def get_shares(reader: Reader) -> Shares:
    """Return the shares of the last ninety days, of the newest cases of many, beside those that the policies in force expect."""
    since = reader.now - timedelta(days=DAYS)
    newest = (
        select(_C.c.severity)
        .where(
            _C.c.tenant_id == reader.tenant_id,
            _C.c.received_at >= since,
            _C.c.state.not_in(("merged", "withdrawn")),
        )
        .order_by(_C.c.received_at.desc())
        .limit(MOST)
        .subquery()
    )
    rows = await reader.session.execute(select(newest.c.severity, func.count()).group_by(newest.c.severity))
    counts: dict[Any, int] = {row[0]: row[1] for row in rows}
    policies = await get_policies(reader)
    return compare_shares(counts, {level: policy.share_percent for level, policy in policies.items()})


async def tell_drift(uow: UnitOfWork, *, roster: DutyRoster) -> int:
    """Tell the leaders that shares have drifted, each once a calendar month; return how many were told now."""
    shares = await get_shares(uow)
    if not shares.drifted:
        return 0
    month = uow.today.strftime("%Y-%m")
    told = 0
    for person in await roster.find_on_duty(uow, role=LEADER, branch_id=None, at=uow.now):
        fresh = await uow.session.scalar(
            upsert(_S)
            .values(
                tenant_id=uow.tenant_id,
                month=month,
                staff_id=person,
                shares=msgspec.to_builtins(shares),
                sent_at=uow.now,
            )
            .on_conflict_do_nothing()
            .returning(_S.c.staff_id)
        )
        told += fresh is not None
    return told


class DriftNotice(msgspec.Struct, frozen=True):
    """What a leader was told and has not read yet."""

    month: str
    shares: Shares


async def find_drift(reader: Reader, *, staff_id: UUID) -> DriftNotice | None:
    """Return the newest notice that somebody has not read, or None."""
    row = (
        await reader.session.execute(
            select(_S.c.month, _S.c.shares)
            .where(_S.c.tenant_id == reader.tenant_id, _S.c.staff_id == staff_id, _S.c.read_at.is_(None))
            .order_by(_S.c.month.desc())
            .limit(1)
        )
    ).first()
    return None if row is None else DriftNotice(row.month, msgspec.convert(row.shares, Shares))


async def read_drift(uow: UnitOfWork) -> None:
    """The actor has seen it."""
    await uow.session.execute(
        update(_S)
        .where(_S.c.tenant_id == uow.tenant_id, _S.c.staff_id == uow.actor.id, _S.c.read_at.is_(None))
        .values(read_at=uow.now)
    )
