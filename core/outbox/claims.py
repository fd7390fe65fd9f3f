"""The life of claimed work inside one tenant: claimed, started, taken and done, failed, or given back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    any_,
    bindparam,
    column,
    exists,
    select,
    table,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from core.db import one_of, table_of
from core.outbox.models import Outbox
from core.outbox.ports import OpenReader, OpenUnit
from core.outbox.rules import TOPIC, DueKey, Work

_O = table_of(Outbox)
_TENANT = table("tenant", column("tenant_id", Uuid()), column("state"))
_WORK = tuple(_O.c[name] for name in Work.__struct_fields__)
_KEY = tuple(_O.c[name] for name in DueKey.__struct_fields__)

_IN_TENANT: Final = bindparam("in_tenant", type_=Uuid())
_LEASE: Final = bindparam("new_lease", type_=_O.c.lease_until.type)
_NOW: Final = bindparam("at", type_=_O.c.run_at.type)
_ERROR: Final = bindparam("error", type_=_O.c.last_error.type)
_SENT: Final = _O.c.state == "sent"


def _change(*conditions: ColumnElement[bool], returning: Sequence[Any], **values: Any) -> ReturningUpdate[Any]:
    """Make a statement that locks those of the rows `ids` that nobody else holds, and changes them.

    It is made once: building it would cost a third of running it. The lock names its tenant, as a cluster wants it.
    """
    wanted = _O.c.outbox_id == any_(bindparam("ids", type_=ARRAY(Uuid())))
    free = (
        select(_O.c.outbox_id)
        .where(_O.c.tenant_id == _IN_TENANT, wanted, *conditions)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    mine = (_O.c.tenant_id == _IN_TENANT, _O.c.outbox_id == free.c.outbox_id)
    return update(_O).where(*mine).values(values).returning(*returning)


_CLAIM: Final = _change(_O.c.state == "pending", returning=_KEY, state="sent", lease_until=_LEASE)
_START: Final = _change(
    _SENT,
    _O.c.task == bindparam("of_task", type_=_O.c.task.type),
    returning=_KEY,
    attempts=_O.c.attempts + 1,
    lease_until=_LEASE,
)
_TAKE: Final = _change(
    _SENT,
    exists().where(_TENANT.c.tenant_id == _IN_TENANT, _TENANT.c.state != "closed"),
    returning=_WORK,
    state="done",
    finished_at=_NOW,
    lease_until=None,
    last_error=None,
)
_REST: Final = _change(
    _SENT,
    returning=(_O.c.outbox_id,),
    state="pending",
    run_at=bindparam("next_run", type_=_O.c.run_at.type),
    lease_until=None,
    last_error=_ERROR,
)
_DEAD: Final[dict[str, Any]] = {"state": "dead", "lease_until": None, "finished_at": _NOW, "last_error": _ERROR}
_BURY: Final = _change(_SENT, returning=_WORK, **_DEAD)
_BURY_EXPIRED: Final = _change(_SENT, _O.c.lease_until <= _NOW, returning=_WORK, **_DEAD)
_GIVE_BACK: Final = _change(
    _SENT,
    returning=(_O.c.outbox_id,),
    state="pending",
    lease_until=None,
    attempts=_O.c.attempts - bindparam("begun", type_=_O.c.attempts.type),
)
_RETURN_EXPIRED: Final = _change(
    _SENT, _O.c.lease_until <= _NOW, returning=(_O.c.outbox_id,), state="pending", lease_until=None
)
_EXTEND: Final = _change(_SENT, returning=(_O.c.outbox_id,), lease_until=_LEASE)


async def _run(
    uow: OpenUnit, statement: ReturningUpdate[Any], outbox_ids: Collection[UUID], **values: Any
) -> Sequence[Any]:
    bound = {"in_tenant": uow.tenant_id, "ids": list(outbox_ids)} | values
    rows: Sequence[Any] = (await uow.session.execute(statement, bound)).all()
    return rows


def _in_due_order(rows: Sequence[Any]) -> list[DueKey]:
    return sorted((DueKey(*row) for row in rows), key=lambda key: (key.run_at, key.outbox_id))


async def claim_work(uow: OpenUnit, *, outbox_ids: Collection[UUID], lease_until: datetime) -> list[DueKey]:
    """Mark pending rows as sent and return those that were won, in due order; a rival relay gets the others."""
    return _in_due_order(await _run(uow, _CLAIM, outbox_ids, new_lease=lease_until))


async def start_work(uow: OpenUnit, *, task: str, outbox_ids: Collection[UUID], lease_until: datetime) -> list[DueKey]:
    """Count an attempt of each row before it runs, so that one which kills its worker dies in the end too.

    Returns the rows that are sent, belong to the unit's tenant and to the task; whoever names others gets none.
    """
    return _in_due_order(await _run(uow, _START, outbox_ids, of_task=task, new_lease=lease_until))


async def read_payloads(uow: OpenReader, *, outbox_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Return what sent rows carry, without a lock: for locking what their work changes before the rows are taken."""
    wanted = (_O.c.tenant_id == uow.tenant_id, _SENT, one_of(_O.c.outbox_id, outbox_ids))
    return list((await uow.session.execute(select(_O.c.payload).where(*wanted))).scalars())


async def take_work(uow: OpenUnit, *, outbox_ids: Collection[UUID]) -> list[Work]:
    """Lock rows, mark them done in this transaction, and return them in due order for the work to be done in it.

    A row that is locked, done, taken out of the schedule or of a closed tenant is not returned: run it not.
    """
    rows = await _run(uow, _TAKE, outbox_ids, at=uow.now)
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
    return bool(await _run(uow, _REST, (outbox_id,), error=error, next_run=run_at))


async def bury_work(
    uow: OpenUnit, *, outbox_ids: Collection[UUID], error: str, only_expired: bool = False
) -> list[Work]:
    """Give sent rows up: they are dead, audited, told to live pages, and wait for a person; return them."""
    statement = _BURY_EXPIRED if only_expired else _BURY
    buried = [Work(*row) for row in await _run(uow, statement, outbox_ids, error=error, at=uow.now)]
    for work in buried:
        details = {"task": work.task, "attempts": work.attempts, "error": error}
        uow.audit("job.dead", "job", work.outbox_id, details)
    if buried:
        uow.publish(TOPIC, {"kind": "dead", "count": len(buried)})
    return buried


async def give_back(uow: OpenUnit, *, outbox_ids: Collection[UUID], started: bool) -> None:
    """Return sent rows to the schedule as they were; `started` takes the counted attempt back, too."""
    await _run(uow, _GIVE_BACK, outbox_ids, begun=int(started))
    uow.wake = True


async def return_expired(uow: OpenUnit, *, outbox_ids: Collection[UUID]) -> list[UUID]:
    """Return sent rows whose lease ran out to the schedule; their started attempts stay counted."""
    return [row.outbox_id for row in await _run(uow, _RETURN_EXPIRED, outbox_ids, at=uow.now)]


async def extend_lease(uow: OpenUnit, *, outbox_ids: Collection[UUID], lease_until: datetime) -> None:
    """Keep the rows of a running job from being sent again; the row at work is locked, which keeps it as well."""
    await _run(uow, _EXTEND, outbox_ids, new_lease=lease_until)
