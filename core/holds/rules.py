"""How many points somebody may hand out without a second pair of eyes."""

from collections.abc import Collection
from typing import Final

from core.hooks.records.loyalty.offers import Goodwill
from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.loyalty.program import Program

DEFAULT_POINTS: Final = 500
"""Where no goodwill rule says what a role may give, or points are worth no money."""


def points_limit(program: Program | None, roles: Collection[str]) -> int:
    """The points that these roles may grant alone.

    A goodwill rule limits roles in fen; a point is worth what the (dearest) redeem rule pays for it. A role that the
    rule does not name grants nothing alone: whoever wrote limits down meant them.
    """
    limits = [limit for rule in program.live(Goodwill) for limit in rule.limits] if program else []
    worth = max((rule.fen_per_point for rule in program.live(Redeem)), default=0) if program else 0
    if not limits or not worth:
        return DEFAULT_POINTS
    return max((limit.max_fen for limit in limits if limit.role in roles), default=0) // worth
