"""Picks whom to try rules on: members close to a threshold that the tried ladder moves, for there it shows first."""

from uuid import UUID

from sqlalchemy import func, select

from core.backtests.standings import get_standings
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from core.uow import Reader

FIVE = 5


async def list_suggested(reader: Reader, *, program: Program, live: Program | None, limit: int = FIVE) -> list[UUID]:
    """Return the members closest to a threshold that is new or moved; without one, closest to any threshold."""
    ladder = program.ladder
    asked = moved_thresholds(ladder, live.ladder if live else None)
    standing = await get_standings(reader, ladder)
    distances = [func.abs(standing.c.value - one) for one in asked]
    near = func.least(*distances) if len(distances) > 1 else distances[0] if distances else standing.c.value.desc()
    query = select(standing.c.customer_id).order_by(near, standing.c.customer_id.desc()).limit(limit)
    return list(await reader.session.scalars(query))


def moved_thresholds(ladder: TierLadder | None, live: TierLadder | None) -> tuple[int, ...]:
    """Thresholds above the lowest tier that the other ladder has not; all of them when none is."""
    mine = [ladder.threshold(tier) for tier in ladder.tiers[1:]] if ladder else []
    same = ladder is not None and live is not None and ladder.basis == live.basis
    theirs = {live.threshold(tier) for tier in live.tiers} if live is not None and same else set()
    return tuple(one for one in mine if one not in theirs) or tuple(mine)
