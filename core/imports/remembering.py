"""Remembers how a tenant maps its lists: each heading by itself, and whole lists by all of their headings."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import one_of, table_of
from core.imports.models import ImportMapping, ImportRecall
from core.imports.rules.columns import Header, header_key, signature_of
from core.imports.rules.plan import ImportPlan
from core.uow import UnitOfWork

_M, _L = table_of(ImportMapping), table_of(ImportRecall)


async def remember_headers(uow: UnitOfWork, plan: ImportPlan) -> None:
    chosen = {
        header_key(plan.header.label(column)): target
        for column, target in enumerate(plan.mapping)
        if header_key(plan.header.names[column])
    }
    rows = [
        {"tenant_id": uow.tenant_id, "header": header, "target": target, "used_at": uow.now}
        for header, target in chosen.items()
    ]
    if rows:
        fresh = upsert(_M)
        newer = {"target": fresh.excluded.target, "used_at": fresh.excluded.used_at}
        await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "header"], set_=newer), rows)


async def remember_list(uow: UnitOfWork, plan: ImportPlan) -> None:
    fresh = upsert(_L).values(
        tenant_id=uow.tenant_id,
        signature=signature_of(plan.header),
        names=list(plan.header.names),
        mapping=list(plan.mapping),
        existing=plan.existing,
        take_second_phone=plan.take_second_phone,
        times=1,
        used_at=uow.now,
        used_by=uow.actor.id,
        used_by_name=uow.actor.name,
    )
    names = ("mapping", "existing", "take_second_phone", "used_at", "used_by", "used_by_name")
    newer = {name: fresh.excluded[name] for name in names} | {"times": _L.c.times + 1}
    await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "signature"], set_=newer))


async def forget_list(uow: UnitOfWork, header: Header) -> None:
    """Forget both for the headings of one list."""
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.signature == signature_of(header))
    await uow.session.execute(delete(_L).where(*mine))
    keys = [header_key(header.label(column)) for column in range(len(header.names))]
    await uow.session.execute(delete(_M).where(_M.c.tenant_id == uow.tenant_id, one_of(_M.c.header, keys)))
