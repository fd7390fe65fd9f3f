"""The life of claimed work inside one tenant: claimed, started, taken and done, failed, or given back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Update, column, exists, select, table, update

from core.db import table_of
from core.outbox.models import Outbox
from core.outbox.ports import OpenUnit
from core.outbox.rules import TOPIC, DueKey, Work

_O = table_of(Outbox)
_TENANT = table("tenant", column("tenant_id"), column("state"))
_WORK = tuple(_O.c[name] for name in Work.__struct_fields__)
_KEY = tuple(_O.c[name] for name in DueKey.__struct_fields__)


def _free(uow: OpenUnit, outbox_ids: Collection[UUID], *conditions: ColumnElement[bool]) -> CTE:
    """Lock those of the rows that nobody else holds; a lock names its tenant, as a cluster wants it."""
    return (
        select(_O.c.outbox_id)
        .where(_O.c.tenant_id == uow.tenant_id, _O.c.outbox_id.in_(tuple(outbox_ids)), *conditions)
        .with_for_update(skip_locked=True)
        .cte("free")
    )


def _change(uow: OpenUnit, free: CTE) -> Update:
    return update(_O).where(_O.c.tenant_id == uow.tenant_id, _O.c.outbox_id == free.c.outbox_id)


async def _rows(uow: OpenUnit, statement: Any) -> Sequence[Any]:
    return (await uow.session.execute(statement)).all()


async def claim_work(uow: OpenUnit, *, outbox_ids: Collection[UUID], lease_until: datetime) -> list[DueKey]:
    """Mark pending rows as sent and return those that were won, in due order; a rival relay gets the others."""
    free = _free(uow, outbox_ids, _O.c.state == "pending")
    rows = await _rows(uow, _change(uow, free).values(state="sent", lease_until=lease_until).returning(*_KEY))
    return sorted((DueKey(*row) for row in rows), key=lambda key: (key.run_at, key.outbox_id))


async def start_work(uow: OpenUnit, *, task: str, outbox_ids: Collection[UUID], lease_until: datetime) -> list[DueKey]:
    """Count an attempt of each row before it runs, so that one which kills its worker dies in the end too.

    Returns the rows that are sent, belong to the unit's tenant and to the task; whoever names others gets none.
    """
    free = _free(uow, outbox_ids, _O.c.state == "sent", _O.c.task == task)
    values = {"attempts": _O.c.attempts + 1, "lease_until": lease_until}
    rows = await _rows(uow, _change(uow, free).values(values).returning(*_KEY))
    return sorted((DueKey(*row) for row in rows), key=lambda key: (key.run_at, key.outbox_id))


async def take_work(uow: OpenUnit, *, outbox_ids: Collection[UUID]) -> list[Work]:
    """Lock rows, mark them done in this transaction, and return them in due order for the work to be done in it.

    A row that is locked, done, taken out of the schedule or of a closed tenant is not returned: run it not.
    """
    open_tenant = exists().where(_TENANT.c.tenant_id == uow.tenant_id, _TENANT.c.state != "closed")
    free = _free(uow, outbox_ids, _O.c.state == "sent", open_tenant)
    values = {"state": "done", "finished_at": uow.now, "lease_until": None, "last_error": None}
    rows = await _rows(uow, _change(uow, free).values(values).returning(*_WORK))
    return sorted((Work(*row) for row in rows), key=lambda work: (work.run_at, work.outbox_id))


async def run_again(uow: OpenUnit, outbox_id: UUID, *, run_at: datetime) -> None:
    """Put a row that was just taken back into the schedule with fresh attempts: it has more to do."""
    await uow.session.execute(
        update(_O)
        .where(_O.c.tenant_id == uow.tenant_id, _O.c.outbox_id == outbox_id)
        .values(state="pending", run_at=run_at, attempts=0, finished_at=None)
    )
    if run_at <= uow.now:
        uow.wake = True


async def rest_work(uow: OpenUnit, outbox_id: UUID, *, error: str, run_at: datetime) -> bool:
    """Note a failed attempt and let the row rest; False when it is no longer sent."""
    rows = await _rows(
        uow,
        _change(uow, _free(uow, (outbox_id,), _O.c.state == "sent"))
        .values(state="pending", run_at=run_at, lease_until=None, last_error=error)
        .returning(_O.c.outbox_id),
    )
    return bool(rows)


async def bury_work(
    uow: OpenUnit, *, outbox_ids: Collection[UUID], error: str, only_expired: bool = False
) -> list[Work]:
    """Give sent rows up: they are dead, audited, told to live pages, and wait for a person; return them."""
    conditions = [_O.c.state == "sent"] + ([_O.c.lease_until <= uow.now] if only_expired else [])
    free = _free(uow, outbox_ids, *conditions)
    values = {"state": "dead", "lease_until": None, "finished_at": uow.now, "last_error": error}
    buried = [Work(*row) for row in await _rows(uow, _change(uow, free).values(values).returning(*_WORK))]
    for work in buried:
        details = {"task": work.task, "attempts": work.attempts, "error": error}
        uow.audit("job.dead", "job", work.outbox_id, details)
    if buried:
        uow.publish(TOPIC, {"kind": "dead", "count": len(buried)})
    return buried


async def give_back(uow: OpenUnit, *, outbox_ids: Collection[UUID], started: bool) -> None:
    """Return sent rows to the schedule as they were; `started` takes the counted attempt back, too."""
    values: dict[str, Any] = {"state": "pending", "lease_until": None}
    if started:
        values["attempts"] = _O.c.attempts - 1
    await uow.session.execute(_change(uow, _free(uow, outbox_ids, _O.c.state == "sent")).values(values))
    uow.wake = True


async def return_expired(uow: OpenUnit, *, outbox_ids: Collection[UUID]) -> list[UUID]:
    """Return sent rows whose lease ran out to the schedule; their started attempts stay counted."""
    free = _free(uow, outbox_ids, _O.c.state == "sent", _O.c.lease_until <= uow.now)
    values = {"state": "pending", "lease_until": None}
    rows = await _rows(uow, _change(uow, free).values(values).returning(_O.c.outbox_id))
    return [row.outbox_id for row in rows]


async def extend_lease(uow: OpenUnit, *, outbox_ids: Collection[UUID], lease_until: datetime) -> None:
    """Keep the rows of a job that is still running from being sent again."""
    # A row that is locked is being worked on: waiting for it would hold this connection as long as the work takes.
    free = _free(uow, outbox_ids, _O.c.state == "sent")
    await uow.session.execute(_change(uow, free).values(lease_until=lease_until))
