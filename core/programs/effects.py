"""What trying rules showed: kept for exactly these rules against exactly those in force, and asked for by name."""

import msgspec
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import table_of
from core.hooks.records.loyalty.program import Program
from core.programs.models import ProgramEffect
from core.programs.ports import Effect
from core.programs.queries import Live, get_effect, get_live
from core.programs.refusals import EffectNotSeen, LowersTiers
from core.programs.rules.digests import digest as digest_of
from core.programs.rules.versions import EFFECT_KEEPS, StoredEffect, effect_digest
from core.uow import UnitOfWork

_E = table_of(ProgramEffect)


async def store_effect(uow: UnitOfWork, *, digest: str, effect: Effect, program_id: str = "") -> StoredEffect:
    """Keep what trying rules showed, in the place of what was shown before for the same rules against the same ones.

    `effect` is the backtest's record (a msgspec struct); its `live_version` names the rules it was compared with.
    """
    live = await get_live(uow)
    values = {
        "effect": msgspec.to_builtins(effect),
        "lowered": effect.falling,
        "made_at": uow.now,
        "made_by_name": uow.actor.name,
    }
    values["effect_digest"] = effect_digest(values["effect"])
    key = {
        "tenant_id": uow.tenant_id,
        "program_id": program_id or (live.program.id if live else ""),
        "digest": digest,
        "base_digest": effect.live_version,
    }
    statement = upsert(_E).values(key | values).on_conflict_do_update(index_elements=list(key), set_=values)
    await uow.session.execute(statement)
    stored = await get_effect(uow, digest=digest, base_digest=effect.live_version, program_id=str(key["program_id"]))
    assert stored is not None
    return stored


async def get_shown(uow: UnitOfWork, live: Live, program: Program, seen: str, *, accept_lowering: bool) -> StoredEffect:
    """The effect of exactly these rules on those in force, as it was shown to whoever publishes."""
    name = digest_of(program)
    effect = await get_effect(uow, digest=name, base_digest=live.digest, program_id=program.id)
    why = "missing" if effect is None else "changed" if effect.effect_digest != seen else ""
    if effect is None or why:
        raise EffectNotSeen(why=why)
    if effect.made_at < uow.now - EFFECT_KEEPS:
        raise EffectNotSeen(why="old")
    if effect.lowered and not accept_lowering:
        raise LowersTiers(count=effect.lowered)
    return effect
