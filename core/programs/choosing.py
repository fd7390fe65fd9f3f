"""Which of the offered programs a tenant picks, and whether a second person approves its versions."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import table_of
from core.errors import NotFound
from core.programs.drafts import allow, lock_programs
from core.programs.effects import get_shown
from core.programs.models import ProgramChoice
from core.programs.queries import get_choice, get_live, list_offered
from core.programs.refusals import NeedsApprover
from core.tenancy.actions import raise_plugin_epoch
from core.uow import UnitOfWork

IN_FORCE_TASK: Final = "loyalty.program_in_force"
"""Due when a version begins: members' tiers are looked at again under its ladder. Payload: program, number."""
_C = table_of(ProgramChoice)


async def pick_program(
    uow: UnitOfWork, *, program_id: str, effect_digest: str = "", accept_lowering: bool = False
) -> None:
    """Pick one of the offered programs; while another is in force, only with the effect of the change having been shown.

    Its rules are not checked here: what does not fit this tenant is put right in its draft, after it was picked.

    Raises:
        NotFound: no plugin of the tenant offers it. EffectNotSeen, LowersTiers: as publish.
    """
    allow(uow)
    await lock_programs(uow)
    if program_id not in {one.id for one in list_offered(uow)}:
        raise NotFound("no such program")
    before, after = await get_live(uow), await get_live(uow, program_id)
    assert after is not None
    if before is not None and before.program.id != program_id:
        if (await get_choice(uow)).second_approver:
            raise NeedsApprover
        await get_shown(uow, before, after.program, effect_digest, accept_lowering=accept_lowering)
        await announce(uow, program_id, after.number, uow.now)
    await choose(uow, program_id=program_id)
    await raise_plugin_epoch(uow)
    uow.audit("program.pick", "program", None, {"program": program_id, "before": before.program.id if before else ""})


async def set_second_approver(uow: UnitOfWork, *, wanted: bool) -> None:
    """Say whether another person must approve each version before it is published."""
    allow(uow)
    await lock_programs(uow)
    await choose(uow, second_approver=wanted)
    await raise_plugin_epoch(uow)
    uow.audit("program.second_approver", "program", None, {"wanted": wanted})


async def announce(uow: UnitOfWork, program_id: str, number: int, at: datetime) -> None:
    """Let members' tiers be looked at again when these rules begin."""
    payload = {"program": program_id, "number": number}
    key = f"program:{program_id}:{number}:{at.isoformat()}"
    await uow.enqueue(IN_FORCE_TASK, payload, run_at=at, dedupe_key=key)


async def choose(uow: UnitOfWork, **values: Any) -> None:
    """Change the tenant's choice; its row is made with the first one."""
    stamp = {"changed_at": uow.now, "changed_by": uow.actor.id, "changed_by_name": uow.actor.name}
    first = {"tenant_id": uow.tenant_id, "program_id": None, "second_approver": False}
    statement = upsert(_C).values(first | values | stamp)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values | stamp))
